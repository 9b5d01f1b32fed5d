"""What every page of the editor begins with: the statement, whether this person may write now, and the working copy."""

from __future__ import annotations

from collections import OrderedDict
from datetime import date
from threading import Lock
from typing import Any

from pyramid.request import Request

from portal.staff.assessments.editing import addresses
from portal.staff.assessments.gate import AtDesk
from portal.web.errors import not_found
from privacy_assessment.editing.model import Part
from privacy_assessment.editing.parts import parts, states
from privacy_assessment.forms import Document, Form, Place, citation
from privacy_assessment.forms.validation import SectionState
from privacy_assessment.statements.models import FORM_NAMES, Draft, NoSuchStatement
from privacy_assessment.statements.store import read_draft

STATES = {"empty": "未入力", "started": "入力中", "done": "入力済み", "to_fix": "要修正"}
TONES = {"empty": "none", "started": "wait", "done": "done", "to_fix": "stop"}
REMEMBERED = 256


def open_draft(request: Request, opened: AtDesk) -> Draft:
    """The working copy of the form of the address."""
    form = request.matchdict["form"]
    if form not in opened.statement.forms:
        not_found()
    try:
        return read_draft(request.tx, opened.id, form)
    except NoSuchStatement:
        not_found()


class Remembered:
    """How far the parts of a working copy are, kept while its version stands: counting them takes longer than reading them."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[Any, ...], dict[str, SectionState]] = OrderedDict()
        self._lock = Lock()

    def states(self, tenant: str, draft: Draft, today: date) -> dict[str, SectionState]:
        """The state of each part, by its key."""
        key = (tenant, draft.statement, draft.form_id, draft.version, draft.updated_at, today)
        with self._lock:
            found = self._known.get(key)
        if found is None:
            found = states(draft.document, draft.form, today)
            with self._lock:
                self._known[key] = found
                while len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
        return found


REMEMBER = Remembered()


def navigation(request: Request, opened: AtDesk, draft: Draft, here: str = "") -> list[dict[str, Any]]:
    """The parts of a form with how far each is, for the list beside the page."""
    known = REMEMBER.states(request.tx.tenant, draft, request.clock.today())
    return [
        {
            "part": part,
            "path": addresses.part_path(opened.id, draft.form_id, part.key),
            "here": part.key == here,
            "wanted": known[part.key].wanted,
            "filled": known[part.key].filled,
            "errors": known[part.key].errors,
            "state": STATES[known[part.key].state],
            "tone": TONES[known[part.key].state],
        }
        for part in parts(draft.document, draft.form)
    ]


def frame(request: Request, opened: AtDesk, draft: Draft | None = None, **more: Any) -> dict[str, Any]:
    """What the frame of every page shows."""
    forms = [
        (form, FORM_NAMES[form], addresses.form_path(opened.id, form)) for form in opened.statement.forms
    ]
    return {
        "opened": opened,
        "statement": opened.statement,
        "forms": forms,
        "draft": draft,
        "form_name": FORM_NAMES[draft.form_id] if draft is not None else "",
        "form_path": addresses.form_path(opened.id, draft.form_id) if draft is not None else "",
        **more,
    }


def part_named(draft: Draft, key: str) -> Part:
    """A part by its key; one that the form does not have is not there."""
    found = next((one for one in parts(draft.document, draft.form) if one.key == key), None)
    if found is None:
        not_found()
    return found


def where(document: Document, form: Form, place: str) -> tuple[str, str]:
    """(citation, label) of a place, for lists; the place itself when the form has no such item any more."""
    at = Place.parse(place.removeprefix("rows:"))
    item = form.by_key.get(at.key)
    if item is None:
        return place, ""
    return citation(form, item, document, at.rows), item.label
