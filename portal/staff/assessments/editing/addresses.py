"""Where the pages of the editor are, for every page that links to an item."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from portal.web.pages import address
from privacy_assessment.editing.parts import anchor_of, part_of
from privacy_assessment.forms import Document, Form, Place

ROOT = "/staff/assessments"


def home(statement: UUID) -> str:
    """The statement's home, which belongs to the register."""
    return f"{ROOT}/{statement}"


def form_path(statement: UUID, form: str) -> str:
    """A form's list of parts."""
    return f"{ROOT}/{statement}/forms/{form}/"


def part_path(statement: UUID, form: str, part: str) -> str:
    """One part of a form."""
    return f"{form_path(statement, form)}sections/{quote(part, safe='@')}"


def item_path(statement: UUID, form: str, place: str) -> str:
    """Everything about one item: sentences, comments, history, attachments."""
    return address(f"{form_path(statement, form)}item", {"place": place})


def place_path(statement: UUID, document: Document, form: Form, place: str, **query: object) -> str:
    """An item in its part: the row it is in stands open, and the page is at it."""
    at = Place.parse(place)
    path = part_path(statement, form.id, part_of(document, form, at))
    anchor = anchor_of(document, form, at)
    return address(path, {**query, "at": place}) + (f"#{anchor}" if anchor else "")
