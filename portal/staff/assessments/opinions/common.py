"""What every page of the room begins with: the statement, its consultation, the text that was laid open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pyramid.request import Request

from portal.public.consultations.reading import Laid, laid
from portal.staff.assessments.gate import statement_at
from portal.web.errors import not_found
from privacy_assessment.consultation import announcement
from privacy_assessment.consultation.announcement import Announced
from privacy_assessment.consultation.inbox import Counts, counts
from privacy_assessment.consultation.store import Consultation, consultations_of
from privacy_assessment.statements.models import Statement
from workflows.engine import Actor


@dataclass(frozen=True)
class Room:
    """A statement's newest consultation (or the one chosen) as the desk sees it."""

    statement: Statement
    consultation: Consultation
    every: tuple[Consultation, ...]
    announced: Announced
    text: Laid
    counts: Counts
    actor: Actor

    @property
    def path(self) -> str:
        """Address of the inbox."""
        return f"/staff/assessments/{self.statement.id}/opinions"

    @property
    def key(self) -> UUID:
        """The consultation's id."""
        return self.consultation.id

    def address(self, place: str) -> str:
        """How people cite an item; the place itself when the text has it no more."""
        line = self.text.line(place)
        return line.address if line is not None else place

    def citations(self, places: Sequence[str]) -> dict[str, tuple[str, str]]:
        """(address, anchor) of items."""
        found = {}
        for place in places:
            line = self.text.line(place)
            if line is not None:
                found[place] = (f"{line.address} {line.label}", line.anchor)
        return found


def room_of(request: Request) -> Room:
    """The room of the address; a missing statement, one that may not be seen and one without a consultation are the same page."""
    tx = request.tx
    desk = statement_at(request)
    statement, actor = desk.statement, desk.actor
    every = consultations_of(tx, statement.id)
    if not every:
        not_found()
    wanted = request.params.get("consultation", "")
    chosen = next((one for one in every if str(one.id) == wanted), every[0])
    rows = tx.raw.execute(*announcement.one(tx.tenant, chosen.id)).fetchall()
    if not rows:
        not_found()
    found = Announced(*rows[0])
    return Room(statement, chosen, tuple(every), found, laid(request, found), counts(tx, chosen.id), actor)


def tabs(room: Room, here: str) -> list[tuple[str, str, bool]]:
    """The parts of the room: address, name, whether it is this one."""
    parts = (("", "意見"), ("/groups", "同じ文のまとまり"), ("/results", "結果の表"))
    return [(f"{room.path}{path}", name, path == here) for path, name in parts]
