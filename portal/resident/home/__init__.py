"""The resident's first page: what to do now, and the newest exchanges."""

from pyramid.config import Configurator

from portal.resident.home import views
from portal.web.permissions import Permission


def includeme(config: Configurator) -> None:
    """Route and view."""
    config.add_route("my", "/my/")
    config.add_view(
        views.home,
        route_name="my",
        renderer="resident/home.jinja2",
        permission=Permission.HOME,
        request_method="GET",
    )
