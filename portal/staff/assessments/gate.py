"""The one way to a statement from an address at a desk of the office."""

from __future__ import annotations

from uuid import UUID

from pyramid.request import Request

from portal.staff.actors import actor_of
from portal.web.errors import not_found
from privacy_assessment.statements.models import NoSuchStatement, Statement
from privacy_assessment.statements.store import read_statement
from workflows.engine import Actor, CaseView


def statement_at(request: Request) -> tuple[Statement, CaseView, Actor]:
    """The statement of the address, the case that leads it, and who stands at the desk.

    One that is not there, one that no case leads, and one that this person may not read are the same page.

    :raises HTTPNotFound: for all three.
    """
    engine, actor = request.assessments.engine, actor_of(request)
    try:
        statement = read_statement(request.tx, UUID(request.matchdict["statement"]))
    except (NoSuchStatement, ValueError):
        not_found()
    if statement.case_id is None:
        not_found()
    case = engine.case(request.tx, statement.case_id)
    if not engine.may_read(case, actor):
        not_found()
    return statement, case, actor
