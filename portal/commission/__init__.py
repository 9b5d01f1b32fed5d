"""The desks of the privacy commission (個人情報保護委員会)."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Include each desk."""
    config.include("portal.commission.assessments")
