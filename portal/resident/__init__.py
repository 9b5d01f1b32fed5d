"""The resident's pages, one package for each function."""

from pyramid.config import Configurator

PARTS = (
    "portal.resident.home",
    "portal.resident.provision_records",
    "portal.resident.account",
)


def includeme(config: Configurator) -> None:
    """Include each function."""
    for part in PARTS:
        config.include(part)
