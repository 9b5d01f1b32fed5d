"""The inquiry desk: ask another body for an item, and read what came back (番号法19条8号, 21条)."""

from pyramid.config import Configurator

from portal.staff.inquiries import views
from portal.web.permissions import Permission


def includeme(config: Configurator) -> None:
    """Routes and views."""
    config.add_route("staff.inquiry.new", "/staff/cases/{case_id:[0-9a-f-]{36}}/inquiries/new")
    asking = {"route_name": "staff.inquiry.new", "permission": Permission.INQUIRY_OPEN}
    config.add_view(views.new, renderer="staff/inquiry_new.jinja2", request_method="GET", **asking)
    config.add_view(views.ask, renderer="staff/inquiry_new.jinja2", request_method="POST", **asking)
    config.add_route("staff.inquiry", "/staff/inquiries/{case_id:[0-9a-f-]{36}}")
    config.add_view(
        views.inquiry,
        route_name="staff.inquiry",
        renderer="staff/inquiry.jinja2",
        permission=Permission.INQUIRY_READ,
        request_method="GET",
    )
