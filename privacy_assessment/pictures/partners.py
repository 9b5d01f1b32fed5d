"""Everybody a statement names: where information comes from, who uses it, who gets it, and what the form says they get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

import yaml

from privacy_assessment.forms import FILE, Document, Form, Item, Place, answers
from privacy_assessment.forms.document import plain

OWN, SOURCE, ENTRUST, SUB, PROVIDE, TRANSFER = "own", "source", "entrust", "sub", "provide", "transfer"
NAMED, WHOLE, PART = "named", "whole", "part"


@dataclass(frozen=True, slots=True)
class Partner:
    """One line about somebody, merged over the files that say the same.

    :param role: own, source, entrust, sub, provide or transfer.
    :param text: what is handed over, in the statement's own words.
    :param kinds: kind of information to how it is known: named in the text, whole file, part of the file.
    :param ways: how it goes, in the form's choices.
    :param rows: the files it is about.
    """

    role: str
    name: str
    text: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)
    ways: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()

    @property
    def extent(self) -> str:
        """whole, part, or empty when only the text says."""
        found = set(self.kinds.values()) - {NAMED}
        return found.pop() if found else ""


def can_tell(form: Form) -> bool:
    """Whether the form has fields about entrustment and handing over (様式3 and 様式4 do)."""
    return f"f{form.id[-1]}.2.4n" in form.by_key


def partners(document: Document, form: Form) -> list[Partner]:
    """Everybody, in the order source, own, entrusted (each with its sub-entrusted), provided, transferred."""
    if not can_tell(form):
        return []
    reader = _Reader(document, form)
    found = [one for file in document.rows_of(FILE) for one in reader.of_file(file)]
    order = (SOURCE, OWN, ENTRUST, SUB, PROVIDE, TRANSFER)
    merged: dict[tuple[str, str, str, tuple[str, ...]], Partner] = {}
    for one in found:
        key = (one.role, one.name, one.text, one.ways)
        old = merged.get(key)
        merged[key] = (
            one
            if old is None
            else Partner(
                one.role, one.name, one.text, {**one.kinds, **old.kinds}, one.ways, (*old.rows, *one.rows)
            )
        )
    return sorted(merged.values(), key=lambda one: order.index(one.role))


def kinds_of(document: Document, form: Form) -> list[str]:
    """The kinds of information the files hold (主な記録項目), in the order of the form; free ones by their text."""
    item = form.by_key.get(f"f{form.id[-1]}.2.2.4b")
    if item is None:
        return []
    found: dict[str, None] = {}
    for option in item.options:
        for file in document.rows_of(FILE):
            value = document.get(Place(item.key, (file,)))
            if option.code in answers(value):
                text = value.get("texts", {}).get(option.code) if isinstance(value, dict) else None
                found[text or option.label] = None
    return list(found)


class _Reader:
    def __init__(self, document: Document, form: Form) -> None:
        self.document, self.form = document, form
        self.base = f"f{form.id[-1]}.2"
        self.kinds = kinds_of(document, form)

    def text(self, key: str, rows: tuple[str, ...]) -> str:
        item = self.form.by_key.get(key)
        return "" if item is None else plain(item, self.document.get(Place(key, rows)))

    def choices(self, key: str, rows: tuple[str, ...]) -> tuple[str, ...]:
        """Each chosen answer on its own, with its text."""
        item = self.form.by_key.get(key)
        value = self.document.get(Place(key, rows))
        if item is None or not isinstance(value, dict):
            return ()
        texts = value.get("texts", {})
        return tuple(
            f"{option.label}（{texts[option.code]}）" if texts.get(option.code) else option.label
            for option in item.options
            if option.code in answers(value)
        )

    def of_file(self, file: str) -> list[Partner]:
        found = [
            Partner(SOURCE, name, ways=self.choices(f"{self.base}.3.2", (file,)), rows=(file,))
            for name in self.choices(f"{self.base}.3.1", (file,))
        ]
        department = self._department(file)
        if department:
            found.append(Partner(OWN, department, kinds=dict.fromkeys(self._held(file), WHOLE), rows=(file,)))
        for row in self.document.rows_of(f"{self.base}.4n", (file,)):
            found += self._entrusted(file, (file, row))
        for repeat, role in ((f"{self.base}.5p", PROVIDE), (f"{self.base}.5m", TRANSFER)):
            for row in self.document.rows_of(repeat, (file,)):
                rows = (file, row)
                text = self.text(f"{repeat}.what", rows)
                ways = self.choices(f"{repeat}.way", rows)
                name = self.text(f"{repeat}.to", rows)
                found.append(Partner(role, name, text, named_in(text, self.kinds), ways, (file,)))
        return found

    def _held(self, file: str) -> list[str]:
        item: Item = self.form.item(f"{self.base}.2.4b")
        value = self.document.get(Place(item.key, (file,)))
        texts = value.get("texts", {}) if isinstance(value, dict) else {}
        return [texts.get(o.code) or o.label for o in item.options if o.code in answers(value)]

    def _department(self, file: str) -> str:
        for key in (f"{self.base}.3.7a", f"{self.base}.3.4a", f"{self.base}.2.6"):
            if text := self.text(key, (file,)):
                return text
        return ""

    def _entrusted(self, file: str, rows: tuple[str, ...]) -> list[Partner]:
        base = f"{self.base}.4n"
        name, title = self.text(f"{base}.who", rows), self.text(f"{base}.title", rows)
        scope = self.document.get(Place(f"{base}.scope", rows))
        kinds = dict.fromkeys(self._held(file), WHOLE if scope == "1" else PART) if scope else {}
        what = self.text(f"{base}.what", rows)
        if not scope:
            kinds = named_in(what, self.kinds)
        ways = self.choices(f"{base}.way", rows)
        found = [Partner(ENTRUST, name or title, title if name else what, kinds, ways, (file,))]
        if self.document.get(Place(f"{base}.sub", rows)) == "1":
            text = self.text(f"{base}.sub_what", rows)
            found.append(Partner(SUB, name or title, text, named_in(text, self.kinds), (), (file,)))
        return found


def named_in(text: str, kinds: list[str]) -> dict[str, str]:
    """The kinds of information whose words stand in a text."""
    words = _words()
    return {kind: NAMED for kind in kinds if any(word in text for word in words.get(kind, (kind,)))}


@lru_cache(maxsize=1)
def _words() -> dict[str, tuple[str, ...]]:
    data = yaml.safe_load((files("privacy_assessment.pictures") / "kinds.yaml").read_text("utf-8"))
    return {kind: tuple(str(word) for word in words) for kind, words in data.items()}
