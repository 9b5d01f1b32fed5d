"""The desk of dead letters: messages of the link that nothing could be done with."""

from pyramid.config import Configurator


def includeme(_config: Configurator) -> None:
    """Routes and views."""
