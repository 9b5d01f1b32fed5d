"""The desks of an office, one package for each."""

from pyramid.config import Configurator

PARTS: tuple[str, ...] = ()


def includeme(config: Configurator) -> None:
    """Include each function."""
    for part in PARTS:
        config.include(part)
