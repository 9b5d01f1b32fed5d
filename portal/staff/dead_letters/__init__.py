"""The desk of dead letters: messages of the link that nothing could be done with, each kept until somebody decides."""

from pyramid.config import Configurator

from portal.staff.dead_letters import views
from portal.web.permissions import Permission


def includeme(config: Configurator) -> None:
    """Routes and views."""
    config.add_route("staff.dead_letters", "/staff/dead-letters")
    config.add_view(
        views.letters,
        route_name="staff.dead_letters",
        renderer="staff/dead_letters.jinja2",
        permission=Permission.DEAD_LETTERS_READ,
        request_method="GET",
    )
    config.add_route("staff.dead_letters.act", "/staff/dead-letters/act")
    config.add_view(
        views.act,
        route_name="staff.dead_letters.act",
        permission=Permission.DEAD_LETTERS_ACT,
        request_method="POST",
    )
