"""情報提供: answering what another body asks for."""
