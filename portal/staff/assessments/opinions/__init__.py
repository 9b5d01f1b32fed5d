"""The staff's side of a consultation: opinions, copies, answers, the table of results."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Routes and views."""
