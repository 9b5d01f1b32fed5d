"""The staff's side of a third-party review: who may enter the room until when, findings and answers."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Routes and views."""
