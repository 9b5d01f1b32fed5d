"""The staff's side of a consultation: opinions, copies, answers, the table of results."""

from typing import Any

from pyramid.config import Configurator

from portal.staff.assessments.links import Link, add_link
from portal.staff.assessments.opinions import exports, groups, inbox, opinion, results
from portal.web.permissions import Permission
from privacy_assessment.statements.models import Statement
from workflows.engine import CaseView

FOLDER = "staff/assessments/opinions"
ROOM = "/staff/assessments/{statement:[0-9a-f-]{36}}/opinions"
READ, ACT = Permission.OPINIONS_READ, Permission.OPINIONS_ACT
# A consultation belongs to 全項目評価; before the first there is nothing in the room.
BEFORE = frozenset({"planned", "threshold_done", "drafting", "dropped"})


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


def _something(statement: Statement, case: CaseView | None) -> bool:
    return statement.kind == "full" and case is not None and case.state not in BEFORE


def includeme(config: Configurator) -> None:
    """Routes and views."""
    _view(config, "opinions", ROOM, "inbox", inbox.inbox, inbox.act)
    _view(config, "opinions.groups", f"{ROOM}/groups", "groups", groups.groups, groups.ask)
    _view(config, "opinions.results", f"{ROOM}/results", "results", results.table, results.lay_open)
    _view(
        config,
        "opinions.line",
        f"{ROOM}/results/{{row:[0-9a-z-]+}}",
        "line",
        results.line,
        results.keep,
    )
    _view(config, "opinions.drop", f"{ROOM}/results/{{row:[0-9a-z-]+}}/drop", None, post=results.drop)
    config.add_route("opinions.files", f"{ROOM}/files")
    page = {"route_name": "opinions.files", "permission": READ}
    config.add_view(exports.files, renderer=f"{FOLDER}/files.jinja2", request_method="GET", **page)
    # Whoever may read the opinions may have them as a file.
    config.add_view(exports.ask, request_method="POST", **page)
    _view(config, "opinions.file", f"{ROOM}/files/{{part:[1-9][0-9]{{0,4}}}}.xlsx", None, exports.file)
    _view(config, "opinions.table", f"{ROOM}/results.xlsx", None, exports.table)
    _view(config, "opinion", f"{ROOM}/{{receipt:[0-9a-f-]+}}", "opinion", opinion.page, opinion.act)
    add_link(
        config,
        Link("opinions", "/staff/assessments/{statement}/opinions", "意見", READ.value, _something),
    )
