"""The page of one consultation: what it is about, how to take part, and the whole text with a place to write at each item."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any
from urllib.parse import quote
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.public.consultations.window import announced
from portal.web.errors import not_found
from privacy_assessment import pictures
from privacy_assessment.consultation import announcement
from privacy_assessment.consultation.announcement import Announced, Rendering
from privacy_assessment.reading import Line, Reading, read_document
from storage.database import NOWHERE

KEPT = 24
NUMBER = "-"


class Laid:
    """A frozen text as this process reads it, with the text it was read from. Nothing in it can change."""

    def __init__(self, rendering: Rendering) -> None:
        self.rendering = rendering
        self._readings: dict[str, Reading] = {}
        self._pictures: dict[str, list[Any]] = {}

    def reading(self, language: str) -> Reading:
        """The text in the words of a language."""
        if language not in self._readings:
            one = self.rendering
            self._readings[language] = read_document(
                one.document, one.form, language, texts=one.texts, gaps=one.gaps
            )
        return self._readings[language]

    def pictures(self, language: str) -> list[Any]:
        """The drawings that show something."""
        if language not in self._pictures:
            document, form = self.rendering.document, self.rendering.form
            made = [
                draw(document, form, language)
                for draw in (pictures.flow, pictures.who_gets_what, pictures.risk_matrix)
            ]
            self._pictures[language] = [one for one in made if one.drawn]
        return self._pictures[language]

    def line(self, place: str) -> Line | None:
        """The item at a place, or None when the text has none there."""
        return self.reading("ja").by_place.get(place)


class Texts:
    """The last few frozen texts of this process."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, UUID], Laid] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[str, UUID], load: Callable[[], Laid]) -> Laid:
        """The text, loaded when it is not at hand."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = load()
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found


def laid(request: Request, found: Announced) -> Laid:
    """The frozen text of a consultation."""
    texts: Texts = request.registry.setdefault("consultation texts", Texts())

    def load() -> Laid:
        ((row,),) = request.registry["database"].read(NOWHERE, announcement.text_of(found.tenant, found.id))
        return Laid(announcement.read_rendering(row[0]))

    return texts.get((found.tenant, found.id), load)


def page(request: Request) -> dict[str, Any] | Response:
    """Read it; while it is open each item has a link to write about it."""
    _by_number(request)
    found = announced(request)
    language = "en" if request.language == "en" else "ja"
    text = laid(request, found)
    today = request.clock.today()
    is_open = found.open_on(today)

    def link(line: Line) -> tuple[str, str] | None:
        return (f"{found.path}/write?at={quote(line.place)}", "この項目に意見を書く") if line.place else None

    return {
        "one": found,
        "is_open": is_open,
        "left": found.left(today),
        "office": request.office_name(found.tenant),
        "reading": text.reading(language),
        "pictures": text.pictures(language),
        "item_link": link if is_open else None,
    }


def _by_number(request: Request) -> None:
    """An address with the number of the statement, as it is printed on paper, leads to its newest consultation.

    :raises HTTPSeeOther: when it is one.
    """
    tenant, key = request.matchdict["tenant"], request.matchdict["key"]
    try:
        UUID(key)
        return
    except ValueError:
        body, _, number = key.rpartition(NUMBER)
    if not body or not number:
        not_found()
    (rows,) = request.registry["database"].read(
        NOWHERE, announcement.newest_of(tenant, body[:100], number[:100], request.clock.today())
    )
    if not rows:
        not_found()
    raise HTTPSeeOther(location=f"/consultations/{tenant}/{rows[0][0]}")
