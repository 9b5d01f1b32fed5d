"""The resident's pages, one package for each function."""

from pyramid.config import Configurator

PARTS: tuple[str, ...] = ()


def includeme(config: Configurator) -> None:
    """Include each function."""
    for part in PARTS:
        config.include(part)
