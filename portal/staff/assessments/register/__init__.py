"""The register of an office's assessments: plan, threshold, the way of each statement, its changes and its calendar."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Routes and views."""
