"""Pages for anyone: the front page, help, accessibility, words, the keys of the published logs."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Add the public routes."""
    for part in ("portal.public.views", "portal.public.statements", "portal.public.consultations"):
        config.include(part)
