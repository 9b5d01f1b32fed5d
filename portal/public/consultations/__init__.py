"""Consultations (意見聴取), for anyone, without an account."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Routes and views."""
