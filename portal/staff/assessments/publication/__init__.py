"""Making a statement public: what is left out and why, preview, day of publication, printed form."""

from pyramid.config import Configurator

from portal.staff.assessments.links import Link, add_link
from portal.staff.assessments.publication import choosing, overview, preview
from portal.web.permissions import Permission

FOLDER = "staff/assessments/publication"
ROOM = "/staff/assessments/{statement:[0-9a-f-]{36}}/publication"
READ, ACT = Permission.ASSESSMENTS_READ, Permission.ASSESSMENTS_ACT


def includeme(config: Configurator) -> None:
    """Routes and views."""
    config.add_route("publication", ROOM)
    config.add_view(
        overview.page,
        route_name="publication",
        renderer=f"{FOLDER}/room.jinja2",
        permission=READ,
        request_method="GET",
    )
    config.add_route("publication.lift", f"{ROOM}/lift")
    config.add_view(overview.lift_one, route_name="publication.lift", permission=ACT, request_method="POST")
    config.add_route("publication.stand", f"{ROOM}/stand")
    config.add_view(
        overview.stand,
        route_name="publication.stand",
        renderer=f"{FOLDER}/room.jinja2",
        permission=ACT,
        request_method="POST",
    )
    config.add_route("publication.withdraw", f"{ROOM}/withdraw")
    config.add_view(
        overview.withdraw, route_name="publication.withdraw", renderer=f"{FOLDER}/room.jinja2",
        permission=Permission.ASSESSMENTS_COORDINATE, request_method="POST",
    )  # fmt: skip
    config.add_route("publication.items", f"{ROOM}/{{form}}/")
    config.add_view(
        choosing.items,
        route_name="publication.items",
        renderer=f"{FOLDER}/items.jinja2",
        permission=READ,
        request_method="GET",
    )
    config.add_route("publication.item", f"{ROOM}/{{form}}/item")
    shown = {"route_name": "publication.item", "renderer": f"{FOLDER}/item.jinja2"}
    config.add_view(choosing.item, permission=READ, request_method="GET", **shown)
    config.add_view(choosing.leave_out, permission=ACT, request_method="POST", **shown)
    config.add_route("publication.preview", f"{ROOM}/{{form}}/preview")
    config.add_view(
        preview.page,
        route_name="publication.preview",
        renderer=f"{FOLDER}/preview.jinja2",
        permission=READ,
        request_method="GET",
    )
    add_link(
        config,
        Link("publication", "/staff/assessments/{statement}/publication", "公表と非公表の部分", READ.value),
    )
