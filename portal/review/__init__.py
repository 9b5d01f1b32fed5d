"""The room of outside reviewers (第三者点検): the whole text, for those named, until a day."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Routes and views."""
