"""Making a statement public: what is left out and why, preview, day of publication, printed form."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Routes and views."""
