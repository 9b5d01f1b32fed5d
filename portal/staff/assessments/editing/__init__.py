"""Writing a statement: section by section, with guidance, threads, history and checks."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Routes and views."""
