"""The staff's side of a third-party review: who may enter the room until when, findings and answers, the result."""

from typing import Any

from pyramid.config import Configurator

from portal.staff.assessments.links import Link, add_link
from portal.staff.assessments.review_room import answers, people, result, views
from portal.web.permissions import Permission
from privacy_assessment.statements.models import Statement
from workflows.engine import CaseView

FOLDER = "staff/assessments/review_room"
ROOM = "/staff/assessments/{statement:[0-9a-f-]{36}}/review"
READ, COORDINATE, ACT = (
    Permission.ASSESSMENTS_READ,
    Permission.ASSESSMENTS_COORDINATE,
    Permission.ASSESSMENTS_ACT,
)
BEFORE = frozenset({"planned", "threshold_done", "drafting", "consulting", "dropped"})


def _view(
    config: Configurator, name: str, path: str, template: str | None, *views_: tuple[str, Any, Permission]
) -> None:
    config.add_route(name, path)
    renderer = f"{FOLDER}/{template}.jinja2" if template else None
    for method, view, permission in views_:
        config.add_view(
            view, route_name=name, renderer=renderer, permission=permission, request_method=method
        )


def _something(statement: Statement, case: CaseView | None) -> bool:
    return statement.kind == "full" and case is not None and case.state not in BEFORE


def includeme(config: Configurator) -> None:
    """Routes and views."""
    _view(config, "review_room", ROOM, "room", ("GET", views.page, READ), ("POST", people.act, COORDINATE))
    _view(
        config,
        "review_room.answer",
        f"{ROOM}/findings/{{finding:[0-9a-f-]{{36}}}}",
        None,
        ("POST", answers.answer, ACT),
    )
    _view(
        config,
        "review_room.result",
        f"{ROOM}/result",
        "result",
        ("GET", result.page, READ),
        ("POST", result.record, COORDINATE),
    )
    add_link(
        config, Link("review", "/staff/assessments/{statement}/review", "第三者点検", READ.value, _something)
    )
