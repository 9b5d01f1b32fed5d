"""窓口: the web. Nothing imports this package (see docs/architecture.md)."""
