"""The commission's desk for assessment statements: queue, review, questions, decision."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Routes and views."""
