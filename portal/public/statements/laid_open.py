"""Public texts as this process reads them. What a version says never changes, so the last few are kept as they were read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cached_property
from threading import Lock
from typing import Any

from markupsafe import Markup

from portal.web.templates import environment
from privacy_assessment import pictures
from privacy_assessment.pictures import Picture
from privacy_assessment.publication.read import forms_of
from privacy_assessment.publication.rows import PublicForm
from privacy_assessment.publication.summary import Question, summarise
from privacy_assessment.reading import Reading

KEPT = 16
Key = tuple[str, str, str, str, int]


class LaidOpen:
    """The forms of one public version, with what is made from them."""

    def __init__(self, forms: Mapping[str, PublicForm]) -> None:
        self.forms = dict(forms)
        self._readings: dict[tuple[str, str], Reading] = {}
        self._pictures: dict[tuple[str, str], list[Picture]] = {}
        self._parts: dict[tuple[str, ...], Markup] = {}

    @property
    def main(self) -> str:
        """The form with the most in it."""
        return max(self.forms)

    def reading(self, form: str, language: str) -> Reading:
        """A form ready to be read."""
        key = (form, language)
        if key not in self._readings:
            self._readings[key] = self.forms[form].reading(language)
        return self._readings[key]

    @cached_property
    def summary(self) -> list[Question]:
        """The plain summary of the main form."""
        return summarise(self.forms[self.main], self.reading(self.main, "ja"))

    def pictures(self, form: str, language: str) -> list[Picture]:
        """The drawings that show something."""
        key = (form, language)
        if key not in self._pictures:
            one = self.forms[form]
            made = [
                draw(one.document, one.form, language)
                for draw in (pictures.flow, pictures.who_gets_what, pictures.risk_matrix)
            ]
            self._pictures[key] = [picture for picture in made if picture.drawn]
        return self._pictures[key]

    def part(self, name: str, form: str, display: tuple[str, bool]) -> Markup:
        """A piece of the page that says the same to everybody who reads in this language: made once.

        :param name: a template under ``public/statements`` that sees ``reading`` and ``pictures``.
        :param display: language and ふりがな of the page.
        """
        key = (name, form, display[0], str(display[1]))
        if key not in self._parts:
            two = "en" if display[0] == "en" else "ja"
            html = (
                environment(*display)
                .get_template(f"public/statements/{name}.jinja2")
                .render(reading=self.reading(form, two), pictures=self.pictures(form, "ja"))
            )
            self._parts[key] = Markup(html)  # noqa: S704 - the output of an escaping template
        return self._parts[key]


class Shelf:
    """The last few public versions this process read."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, LaidOpen] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key, load: Callable[[], Mapping[str, Any]]) -> LaidOpen:
        """A version, its content loaded when it is not at hand."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        found = LaidOpen(forms_of(load()))
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found
