"""The account: the sign-ins that are open, what happened before, and stopping one."""

from pyramid.config import Configurator

from portal.resident.account import views
from portal.web.permissions import Permission


def includeme(config: Configurator) -> None:
    """Routes and views."""
    config.add_route("sessions", "/my/sessions")
    config.add_view(
        views.sessions,
        route_name="sessions",
        renderer="resident/sessions.jinja2",
        permission=Permission.SESSIONS_READ,
        request_method="GET",
    )
    revoke = {"permission": Permission.SESSIONS_REVOKE, "request_method": "POST"}
    config.add_route("sessions.end", "/my/sessions/{session_id:[0-9a-f-]{36}}/end")
    config.add_view(views.end_one, route_name="sessions.end", **revoke)
    config.add_route("sessions.end_others", "/my/sessions/end-others")
    config.add_view(views.end_others, route_name="sessions.end_others", **revoke)
