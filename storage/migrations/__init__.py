"""Migrations, numbered and linear. Each works with the release before it."""
