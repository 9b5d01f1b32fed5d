"""What every request passes on its way to a view and back. Each module does one thing and is included by name."""

from pyramid.config import Configurator

PARTS = (
    "portal.web.headers",
    "portal.web.front",
    "portal.web.limits",
    "portal.web.transaction",
    "portal.web.csrf",
    "portal.web.permissions",
    "portal.web.language",
    "portal.web.keys",
    "portal.web.offices",
    "portal.web.assets",
    "portal.web.templates",
    "portal.web.errors",
)


def includeme(config: Configurator) -> None:
    """Include the parts, outermost first."""
    for part in PARTS:
        config.include(part)
