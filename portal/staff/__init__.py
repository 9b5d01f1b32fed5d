"""The desks of an office, one package for each."""

from pyramid.config import Configurator

PARTS = (
    "portal.staff.desk",
    "portal.staff.cases",
    "portal.staff.inquiries",
    "portal.staff.dead_letters",
    "portal.staff.assessments",
)


def includeme(config: Configurator) -> None:
    """Include each desk."""
    for part in PARTS:
        config.include(part)
