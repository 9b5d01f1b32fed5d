"""Statements in and out: Excel, JSON."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Routes and views."""
