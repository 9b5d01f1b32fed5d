"""The door of the room: who may come in is looked up at every request, and that she came in is written down before she reads.

After the last day, after the room was ended, for somebody taken out and for a room that never was there is the same page: not found.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from pyramid.request import Request

from portal.web.errors import not_found
from privacy_assessment.consultation import rooms
from privacy_assessment.consultation.rooms import Member, Room
from privacy_assessment.forms import load_form
from privacy_assessment.reading import Reading, read_document
from privacy_assessment.statements.models import Statement
from privacy_assessment.statements.store import read_statement


@dataclass(frozen=True)
class Inside:
    """A reviewer in a room."""

    room: Room
    member: Member
    statement: Statement
    left: int

    @property
    def path(self) -> str:
        """Address of the room."""
        return f"/review/{self.room.id}"


def enter(request: Request, page: str) -> Inside:
    """Come in.

    :param page: what is read, as the journal of readings keeps it.
    """
    account: UUID | None = request.identity.account_id
    try:
        wanted = UUID(request.matchdict["room"])
    except ValueError:
        not_found()
    found = rooms.enter(request.tx, request.clock, wanted, account) if account is not None else None
    if found is None or account is None:
        not_found()
    room, member = found
    rooms.note_reading(request.tx, request.clock, room.id, account, page)
    left = (room.until - request.clock.today()).days + 1
    return Inside(room, member, read_statement(request.tx, room.statement), left)


def reading_in(request: Request, inside: Inside) -> Reading:
    """The whole text in the room, to be read."""
    document = rooms.text_in(request.tx, inside.room)
    language = "en" if request.language == "en" else "ja"
    return read_document(document, load_form(document.form_id, document.edition), language)
