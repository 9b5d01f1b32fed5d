"""Checking a card: its certificate, whether it was taken back, and what it signed."""
