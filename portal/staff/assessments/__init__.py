"""The desks of 特定個人情報保護評価 in an office, one package for each."""

from pyramid.config import Configurator

PARTS = (
    "portal.staff.assessments.desk",
    "portal.staff.assessments.register",
    "portal.staff.assessments.editing",
    "portal.staff.assessments.publication",
    "portal.staff.assessments.exchange",
    "portal.staff.assessments.opinions",
    "portal.staff.assessments.review_room",
    "portal.staff.assessments.commission",
)


def includeme(config: Configurator) -> None:
    """Include each desk."""
    for part in PARTS:
        config.include(part)
