"""The national side, stood in for on one machine. Never part of a production installation."""
