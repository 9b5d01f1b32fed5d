"""The page of one consultation: what it is about, how to take part, and the whole text with a place to write at each item."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any
from urllib.parse import quote
from uuid import UUID

from markupsafe import Markup
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.public.consultations.window import announced
from portal.web.errors import not_found
from portal.web.templates import render
from privacy_assessment import pictures
from privacy_assessment.consultation import announcement
from privacy_assessment.consultation.announcement import Announced, Rendering
from privacy_assessment.reading import Line, Reading, read_document
from storage.database import NOWHERE

# A text of real size is a megabyte in each language.
KEPT = 12
NUMBER = "-"
DRAWINGS = (pictures.flow, pictures.who_gets_what, pictures.risk_matrix)


class Laid:
    """A frozen text as this process reads it, with the text it was read from. Nothing in it can change."""

    def __init__(self, rendering: Rendering) -> None:
        self.rendering = rendering
        self._readings: dict[str, Reading] = {}
        self._shown: dict[tuple[str, bool, bool], Markup] = {}

    def reading(self, language: str) -> Reading:
        """The text in the words of a language."""
        if language not in self._readings:
            one = self.rendering
            self._readings[language] = read_document(
                one.document, one.form, language, texts=one.texts, gaps=one.gaps
            )
        return self._readings[language]

    def shown(self, request: Request, path: str, is_open: bool) -> Markup:
        """The pictures and the text as a piece of the page, made once for each language; nothing in it depends on who reads.

        :param is_open: whether each item has a link to write about it.
        """
        key = (*request.display, is_open)
        if key not in self._shown:
            language = "en" if request.language == "en" else "ja"
            document, form = self.rendering.document, self.rendering.form
            drawn = [draw(document, form, language) for draw in DRAWINGS]

            def link(line: Line) -> tuple[str, str] | None:
                return (
                    (f"{path}/write?at={quote(line.place)}", "この項目に意見を書く") if line.place else None
                )

            html = render(
                "public/consultations/text.jinja2",
                request,
                reading=self.reading(language),
                pictures=[one for one in drawn if one.drawn],
                item_link=link if is_open else None,
            )
            self._shown[key] = Markup(html)  # noqa: S704 - the output of an escaping template
        return self._shown[key]

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
    today = request.clock.today()
    is_open = found.open_on(today)
    return {
        "one": found,
        "is_open": is_open,
        "left": found.left(today),
        "office": request.office_name(found.tenant),
        "text": laid(request, found).shown(request, found.path, is_open),
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
