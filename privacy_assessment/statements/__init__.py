"""Statements (評価書): who plans, writes, discusses, freezes and publishes them."""
