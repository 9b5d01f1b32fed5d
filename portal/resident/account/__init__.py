"""The account: the sign-ins that are open, and stopping one."""

from pyramid.config import Configurator


def includeme(_config: Configurator) -> None:
    """Routes and views."""
