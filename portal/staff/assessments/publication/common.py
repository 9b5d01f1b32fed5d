"""What the pages of publication begin with: the statement, its drafts, what is left out of them, and which grounds hold now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyramid.request import Request

from portal.staff.assessments.gate import AtDesk, statement_at
from portal.web.errors import not_found
from privacy_assessment.forms import BadPlace, Item, Place, check_place
from privacy_assessment.publication.rows import PublicForm
from privacy_assessment.redaction import Ground, allowed, grounds, problems, public
from privacy_assessment.statements.left_words import publication_of
from privacy_assessment.statements.models import Draft
from privacy_assessment.statements.redactions import Kept, in_force
from privacy_assessment.statements.store import read_drafts

OVER = frozenset({"ended", "expired", "dropped", "handed_over"})


@dataclass(frozen=True)
class Room:
    """A statement on its way to the public.

    :param publication: ``first`` or ``amended``: which grounds hold for the next publication.
    :param kept: what is left out, by form.
    """

    found: AtDesk
    drafts: dict[str, Draft]
    publication: str
    kept: dict[str, list[Kept]]

    @property
    def path(self) -> str:
        """Address of the room."""
        return f"{self.found.path}/publication"

    @property
    def open(self) -> bool:
        """Whether there will be a next publication, so that something can still be left out of it."""
        return self.found.case.state not in OVER

    def grounds(self, form: str) -> list[tuple[Ground, bool]]:
        """Every ground of the closed list with whether it holds for this form now."""
        codes, _ = allowed(form, self.publication)
        return [(one, one.code in codes) for one in grounds().values()]

    def article(self, form: str) -> str:
        """The article that says which grounds hold."""
        return allowed(form, self.publication)[1]

    def problems(self, form: str) -> list[str]:
        """What stands against publishing with what is left out."""
        draft = self.drafts[form]
        return problems(
            draft.document, draft.form, [one.redaction for one in self.kept[form]], self.publication
        )

    def public(self, form: str) -> PublicForm:
        """The public rendering as it would be now; redactions that cannot stand are left aside (they stop the publication)."""
        draft = self.drafts[form]
        good = [
            one.redaction
            for one in self.kept[form]
            if not problems(draft.document, draft.form, [one.redaction], self.publication)
        ]
        made = public(draft.document, draft.form, good, self.publication)
        return PublicForm(made.document, made.texts, made.gaps)


def room_of(request: Request) -> Room:
    """The room of the statement of the address."""
    found = statement_at(request)
    drafts = read_drafts(request.tx, found.statement.id)
    forms = [form for form in found.statement.forms if form in drafts]
    publication = publication_of(found.case.state)
    return Room(
        found,
        {form: drafts[form] for form in forms},
        publication,
        in_force(request.tx, found.statement.id, forms),
    )


def draft_of(request: Request, room: Room) -> Draft:
    """The draft of the form of the address."""
    draft = room.drafts.get(request.matchdict["form"])
    if draft is None:
        not_found()
    return draft


def item_of(draft: Draft, typed: Any) -> tuple[Item, Place]:
    """The item of a place that came in an address or a form."""
    try:
        place = Place.parse(str(typed or ""))
        return check_place(draft.document, draft.form, place), place
    except BadPlace:
        not_found()
