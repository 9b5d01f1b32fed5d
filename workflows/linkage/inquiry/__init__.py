"""情報照会: asking another body for an item, and receiving its answer."""
