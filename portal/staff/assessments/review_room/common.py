"""What every page of this side begins with: the statement, its newest room, the text in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pyramid.request import Request

from portal.staff.assessments.gate import statement_at
from portal.web.errors import not_found
from privacy_assessment.consultation import findings, rooms
from privacy_assessment.consultation.findings import Kept, Vote
from privacy_assessment.consultation.rooms import Member, Room
from privacy_assessment.forms import load_form
from privacy_assessment.reading import Reading, read_document
from privacy_assessment.statements.models import Statement
from workflows.engine import Actor, CaseView


@dataclass(frozen=True)
class Review:
    """A statement under review as its office sees it; ``room`` is None before the first was opened."""

    statement: Statement
    case: CaseView
    actor: Actor
    today: date
    every: tuple[Room, ...]
    members: tuple[Member, ...]
    found: tuple[Kept, ...]
    votes: dict[UUID, Vote]

    @property
    def path(self) -> str:
        """Address of this side of the room."""
        return f"/staff/assessments/{self.statement.id}/review"

    @property
    def room(self) -> Room | None:
        """The newest room."""
        return self.every[0] if self.every else None

    @property
    def is_open(self) -> bool:
        """Whether anybody may be in the newest room."""
        return self.room is not None and self.room.open_on(self.today)

    @property
    def names(self) -> dict[UUID, str]:
        """Reviewers by account."""
        return {one.account: one.name for one in self.members if one.account is not None}


def review_of(request: Request) -> Review:
    """The review of the address; a missing statement and one that may not be seen are the same page."""
    tx = request.tx
    desk = statement_at(request)
    statement, case, actor = desk.statement, desk.case, desk.actor
    if statement.kind != "full":
        not_found()
    every = tuple(rooms.rooms_of(tx, statement.id))
    newest = every[0].id if every else None
    return Review(
        statement,
        case,
        actor,
        request.clock.today(),
        every,
        tuple(rooms.members_of(tx, newest)) if newest else (),
        tuple(findings.findings_of(tx, newest)) if newest else (),
        findings.votes_of(tx, newest) if newest else {},
    )


def reading_of(request: Request, room: Room, language: str = "ja") -> Reading:
    """The whole text in a room, to be read."""
    document = rooms.text_in(request.tx, room)
    return read_document(document, load_form(document.form_id, document.edition), language)
