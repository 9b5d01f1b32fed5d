"""Published statements, for anyone: search, reading, comparison, open data."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Routes and views."""
