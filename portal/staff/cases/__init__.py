"""The desk of cases: the list of work, and one case with its picture, what can be done, and its history."""

from pyramid.config import Configurator

from portal.staff.cases import opening as opening_views
from portal.staff.cases import views
from portal.web.permissions import Permission


def includeme(config: Configurator) -> None:
    """Routes and views."""
    config.add_route("staff", "/staff/")
    config.add_view(
        views.worklist,
        route_name="staff",
        renderer="staff/worklist.jinja2",
        permission=Permission.CASES_READ,
        request_method="GET",
    )
    config.add_route("staff.case.new", "/staff/cases/new")
    opening = {"route_name": "staff.case.new", "permission": Permission.CASES_OPEN}
    config.add_view(opening_views.new, renderer="staff/case_new.jinja2", request_method="GET", **opening)
    config.add_view(opening_views.receive, renderer="staff/case_new.jinja2", request_method="POST", **opening)
    config.add_route("staff.case", "/staff/cases/{case_id:[0-9a-f-]{36}}")
    config.add_view(
        views.case,
        route_name="staff.case",
        renderer="staff/case.jinja2",
        permission=Permission.CASES_READ,
        request_method="GET",
    )
    config.add_route("staff.case.act", "/staff/cases/{case_id:[0-9a-f-]{36}}/act")
    config.add_view(
        views.act, route_name="staff.case.act", permission=Permission.CASES_ACT, request_method="POST"
    )
