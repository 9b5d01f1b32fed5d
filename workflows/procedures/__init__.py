"""申請: a plain application at the counter."""
