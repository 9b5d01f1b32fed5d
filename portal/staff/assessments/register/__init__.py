"""The register of an office's assessments: plan, threshold, the way of each statement, its changes and its calendar."""

from typing import Any

from pyramid.config import Configurator

from portal.staff.assessments.register import (
    acting,
    calendar,
    changes,
    home,
    listing,
    planning,
    settings,
    threshold,
)
from portal.web.permissions import Permission

FOLDER = "staff/assessments/register"
STATEMENT = "/staff/assessments/{statement:[0-9a-f-]{36}}"
READ, ACT, COORDINATE = (
    Permission.ASSESSMENTS_READ,
    Permission.ASSESSMENTS_ACT,
    Permission.ASSESSMENTS_COORDINATE,
)


def _page(
    config: Configurator, name: str, path: str, view: Any, template: str, permission: Permission
) -> None:
    config.add_route(name, path)
    config.add_view(
        view,
        route_name=name,
        renderer=f"{FOLDER}/{template}.jinja2",
        permission=permission,
        request_method="GET",
    )


def _post(config: Configurator, name: str, view: Any, template: str, permission: Permission) -> None:
    config.add_view(
        view,
        route_name=name,
        renderer=f"{FOLDER}/{template}.jinja2",
        permission=permission,
        request_method="POST",
    )


def includeme(config: Configurator) -> None:
    """Routes and views."""
    _page(config, "assessments", "/staff/assessments/", listing.register, "list", READ)
    _page(config, "assessments.plan", "/staff/assessments/plan", listing.plan, "plan", READ)
    config.add_route("assessments.plan.xlsx", "/staff/assessments/plan.xlsx")
    config.add_view(
        listing.workbook, route_name="assessments.plan.xlsx", permission=READ, request_method="GET"
    )
    _page(config, "assessments.new", "/staff/assessments/new", planning.new, "new", ACT)
    _post(config, "assessments.new", planning.enter, "new", ACT)
    _page(config, "assessments.settings", "/staff/assessments/settings", settings.page, "settings", READ)
    _post(config, "assessments.settings", settings.change, "settings", COORDINATE)
    _page(config, "assessments.calendar", "/staff/assessments/calendar", calendar.office, "calendar", READ)
    _page(config, "assessment", STATEMENT, home.home, "home", READ)
    _page(config, "assessment.calendar", f"{STATEMENT}/calendar", calendar.statement, "calendar", READ)
    _page(config, "assessment.threshold", f"{STATEMENT}/threshold", threshold.page, "threshold", READ)
    _post(config, "assessment.threshold", threshold.record, "threshold", ACT)
    config.add_route("assessment.count", f"{STATEMENT}/count")
    _post(config, "assessment.count", threshold.count, "threshold", ACT)
    _page(config, "assessment.act", f"{STATEMENT}/act/{{trigger}}", acting.ask, "act", READ)
    _post(config, "assessment.act", acting.act, "act", ACT)
    _page(config, "assessment.changes", f"{STATEMENT}/changes/{{form}}", changes.page, "changes", READ)
    _post(config, "assessment.changes", changes.decide, "changes", ACT)
