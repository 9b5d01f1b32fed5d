"""Pages for anyone: the front page, help, accessibility, words, the keys of the published logs."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Add the public routes."""
    config.include("portal.public.views")
