"""What every page of a statement begins with: the statement of the address, its case, and who stands at the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pyramid.request import Request

from portal.staff.assessments.gate import statement_at
from portal.web.dates import read_date
from privacy_assessment.statements.models import Body, Statement
from privacy_assessment.statements.store import read_body
from workflows.engine import Actor, CaseView, Definition, Engine


@dataclass(frozen=True)
class Found:
    """A statement with the case that leads it now.

    :param definition: the machine of the case, in the version the case stands under.
    """

    statement: Statement
    case: CaseView
    definition: Definition
    body: Body
    actor: Actor

    @property
    def path(self) -> str:
        """Address of the statement's home."""
        return f"/staff/assessments/{self.statement.id}"


def statement_of(request: Request) -> Found:
    """The statement of the address; one that is not there and one that may not be seen are the same page."""
    statement, case, actor = statement_at(request)
    return Found(
        statement,
        case,
        request.assessments.engine.definition(case),
        read_body(request.tx, statement.body),
        actor,
    )


def machine(engine: Engine, kind: str, version: int) -> Definition:
    """A machine in a version, for lists that have no case at hand."""
    return engine.registry.kind(kind).decider(version).definition


def typed_day(text: str) -> date | None:
    """A day as people type it; None for an empty field.

    :raises ValueError: when it is no day.
    """
    return read_date(text) if text.strip() else None
