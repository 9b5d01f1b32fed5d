"""The one way to a statement from an address at a desk of the office, and what every page of it begins with."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from pyramid.request import Request

from portal.staff.actors import actor_of
from portal.staff.cases import presenting
from portal.web.errors import not_found
from privacy_assessment.statements.models import NoSuchStatement, Statement
from privacy_assessment.statements.store import read_statement
from workflows.engine import Actor, CaseView, Definition


@dataclass(frozen=True)
class AtDesk:
    """A statement with the case that leads it now, and who stands at the desk.

    :param definition: the machine of the case, in the version the case stands under.
    :param editable: whether the state lets this person write. :param state: the state in words.
    """

    statement: Statement
    case: CaseView
    definition: Definition
    actor: Actor
    editable: bool
    state: str

    @property
    def id(self) -> UUID:
        """The statement's identifier."""
        return self.statement.id

    @property
    def path(self) -> str:
        """Address of the statement's home."""
        return f"/staff/assessments/{self.statement.id}"


def statement_at(request: Request) -> AtDesk:
    """The statement of the address.

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
    state = presenting.state_label(engine, case, request.language)
    return AtDesk(statement, case, engine.definition(case), actor, engine.may_edit(case, actor), state)
