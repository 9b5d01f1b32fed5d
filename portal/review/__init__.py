"""The room of outside reviewers (第三者点検): the whole text, for those named, until a day."""

from typing import Any

from pyramid.config import Configurator

from portal.review import saying, views
from portal.web.permissions import Permission

FOLDER = "review"
ROOM = "/review/{room:[0-9a-f-]{36}}"
READ, ACT = Permission.REVIEW_ROOM, Permission.REVIEW_ROOM_ACT


def _view(
    config: Configurator, name: str, path: str, template: str | None, get: Any = None, post: Any = None
) -> None:
    config.add_route(name, path)
    renderer = f"{FOLDER}/{template}.jinja2" if template else None
    for view, method, permission in ((get, "GET", READ), (post, "POST", ACT)):
        if view is not None:
            config.add_view(
                view, route_name=name, renderer=renderer, permission=permission, request_method=method
            )


def includeme(config: Configurator) -> None:
    """Routes and views."""
    _view(config, "review", "/review/", "list", views.listing)
    _view(config, "review.room", ROOM, "room", views.room)
    _view(config, "review.text", f"{ROOM}/text", "text", views.text)
    _view(config, "review.opinions", f"{ROOM}/opinions", "opinions", views.opinions)
    _view(config, "review.find", f"{ROOM}/find", "find", saying.find_page, saying.find)
    _view(config, "review.say", f"{ROOM}/findings/{{finding:[0-9a-f-]{{36}}}}", None, post=saying.say)
    _view(config, "review.vote", f"{ROOM}/conclusion", "vote", saying.vote_page, saying.vote)
