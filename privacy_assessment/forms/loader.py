"""Reads the forms from ``data/*.yaml``: one file holds all editions of a form, each item says in which it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from privacy_assessment.forms.model import (
    CERTAINTIES,
    FILE,
    TYPES,
    Condition,
    Edition,
    Form,
    FormError,
    Item,
    Option,
    Section,
)

# The same reader in C where it is there: a form is read in a tenth of the time, in every process that starts.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FORM_IDS = ("form1", "form2", "form3", "form4")
KIND_FORM = {"plan": "form1", "basic": "form2", "focused": "form3", "full": "form4"}
_ITEM = frozenset(
    [
        "key",
        "number",
        "number_in",
        "label",
        "label_in",
        "heading",
        "type",
        "options",
        "certainty",
        "required",
        "material",
        "stage",
        "when",
        "unless",
        "since",
        "until",
        "items",
        "note",
    ]
)
_SECTION = frozenset(["key", "number", "title", "per", "since", "until", "headings", "items"])


@lru_cache(maxsize=1)
def editions() -> tuple[Edition, ...]:
    """Every edition, oldest first."""
    return _editions(_read("editions.yaml"))


def _editions(data: Mapping[str, Any]) -> tuple[Edition, ...]:
    return tuple(
        Edition(r["id"], r["printed"], _day(r["from"]), r["usable"], r["certainty"], r["source"])
        for r in data["editions"]
    )


def edition(edition_id: str) -> Edition:
    """An edition by its id, e.g. ``H28.1``.

    :raises FormError: there is none.
    """
    for one in editions():
        if one.id == edition_id:
            return one
    raise FormError(f"no edition {edition_id!r}; known: {', '.join(one.id for one in editions())}")


def edition_on(day: date) -> Edition:
    """The newest edition a document begun on ``day`` is written on.

    :raises FormError: before the first edition.
    """
    found = [one for one in editions() if one.usable and one.first_day <= day]
    if not found:
        raise FormError(f"no edition of the forms was in force on {day.isoformat()}")
    return found[-1]


@lru_cache(maxsize=64)
def load_form(form_id: str, edition_id: str) -> Form:
    """A form in an edition.

    :param form_id: ``form1`` to ``form4``.
    :raises FormError: unknown form or edition, or an edition whose items are not known.
    """
    if form_id not in FORM_IDS:
        raise FormError(f"no form {form_id!r}; known: {', '.join(FORM_IDS)}")
    wanted = edition(edition_id)
    if not wanted.usable:
        raise FormError(f"the items of edition {edition_id} are not known well enough to write on it")
    return build_form(_read(f"{form_id}.yaml"), _lists(), wanted, editions())


def build_form(
    data: Mapping[str, Any],
    lists: Mapping[str, Sequence[Option]],
    wanted: Edition,
    known: Sequence[Edition],
) -> Form:
    """Make one edition of a form from its data.

    :raises FormError: naming the item that is wrong; nothing is half-built.
    """
    builder = _Builder(lists, wanted, [one.id for one in known])
    sections = tuple(
        builder.section(one) for one in data["sections"] if builder.stands(one, one.get("key", "?"))
    )
    form = Form(data["form"], data["kind"], data["number"], data["name"], data["rule"], wanted, sections)
    if len(form.by_key) != len(form.all_items):
        twice = sorted({one.key for one in form.all_items if form.by_key[one.key] is not one})
        raise FormError(f"{form.number}: keys used twice: {', '.join(twice)}")
    for item in form.all_items:
        for condition in (item.when, item.unless):
            if condition is not None and condition.item not in form.by_key:
                raise FormError(f"{item.key}: its condition names {condition.item!r}, which does not exist")
    return form


def load_from(folder: Path, form_id: str, edition_id: str) -> Form:
    """A form in an edition from a folder like ``data/``: to look at a new edition before it is taken over.

    :param folder: holds ``editions.yaml``, ``options.yaml`` and the form.
    :raises FormError: unknown form or edition, or data that are wrong; names the item.
    """

    def read(name: str) -> Any:
        return yaml.load((folder / name).read_text("utf-8"), Loader=_LOADER)  # noqa: S506 (a SafeLoader)

    known = _editions(read("editions.yaml"))
    wanted = next((one for one in known if one.id == edition_id), None)
    if wanted is None or form_id not in FORM_IDS:
        raise FormError(f"no {form_id} in edition {edition_id}; known: {', '.join(one.id for one in known)}")
    return build_form(read(f"{form_id}.yaml"), _options(read("options.yaml")), wanted, known)


class _Builder:
    def __init__(self, lists: Mapping[str, Sequence[Option]], wanted: Edition, order: list[str]) -> None:
        self.lists = lists
        self.edition = wanted.id
        self.order = order

    def stands(self, data: Mapping[str, Any], place: str) -> bool:
        """Whether something with ``since`` and ``until`` (last edition) stands in the wanted edition."""
        for name in ("since", "until"):
            if data.get(name) is not None and data[name] not in self.order:
                raise FormError(f"{place}: {name} names the unknown edition {data[name]!r}")
        here = self.order.index(self.edition)
        since = self.order.index(data["since"]) if data.get("since") else 0
        until = self.order.index(data["until"]) if data.get("until") else len(self.order)
        return since <= here <= until

    def section(self, data: Mapping[str, Any]) -> Section:
        _known(data, _SECTION, str(data.get("key")))
        per_file = data.get("per") == FILE
        repeats = (FILE,) if per_file else ()
        headings = {str(number): text for number, text in (data.get("headings") or {}).items()}
        items = self.items(data["items"], data["key"], repeats)
        return Section(data["key"], data["number"], data["title"], per_file, headings, items)

    def items(
        self, rows: Sequence[Mapping[str, Any]], section: str, repeats: tuple[str, ...]
    ) -> tuple[Item, ...]:
        return tuple(
            self.item(row, section, repeats) for row in rows if self.stands(row, str(row.get("key")))
        )

    def item(self, row: Mapping[str, Any], section: str, repeats: tuple[str, ...]) -> Item:
        key = row.get("key")
        if not isinstance(key, str):
            raise FormError(f"section {section}: an item has no key")
        _known(row, _ITEM, key)
        if row.get("type") not in TYPES:
            raise FormError(f"{key}: type is one of {', '.join(sorted(TYPES))}")
        if row.get("certainty") not in CERTAINTIES:
            raise FormError(f"{key}: certainty is one of {', '.join(CERTAINTIES)}")
        options = row.get("options")
        if options is not None and options not in self.lists:
            raise FormError(f"{key}: no list of choices {options!r}")
        if row["type"] in ("select", "multicheck") and options is None:
            raise FormError(f"{key}: a choice needs its options")
        return Item(
            key=key,
            number=str(self._dated(row, "number", "")),
            label=str(self._dated(row, "label", "")),
            type=row["type"],
            section=section,
            certainty=row["certainty"],
            heading=row.get("heading", ""),
            required=row.get("required", True),
            material=row.get("material", False),
            stage=row.get("stage", "draft"),
            options=tuple(self.lists[options]) if options else (),
            when=_condition(row.get("when")),
            unless=_condition(row.get("unless")),
            repeats=repeats,
            items=self.items(row.get("items", ()), section, (*repeats, key)),
            note=row.get("note", ""),
        )

    def _dated(self, row: Mapping[str, Any], name: str, default: str) -> Any:
        """A value that may differ in some editions (``number_in``, ``label_in``)."""
        return (row.get(f"{name}_in") or {}).get(self.edition, row.get(name, default))


def _condition(row: Mapping[str, Any] | None) -> Condition | None:
    return None if row is None else Condition(row["item"], frozenset(str(one) for one in row["has"]))


@lru_cache(maxsize=1)
def _lists() -> dict[str, tuple[Option, ...]]:
    return _options(_read("options.yaml"))


def _options(data: Mapping[str, Any]) -> dict[str, tuple[Option, ...]]:
    return {
        name: tuple(Option(r["code"], r["label"], r.get("text", False), r.get("group")) for r in rows)
        for name, rows in data.items()
    }


@lru_cache(maxsize=8)
def _read(name: str) -> Any:
    text = (files("privacy_assessment.forms") / "data" / name).read_text("utf-8")
    return yaml.load(text, Loader=_LOADER)  # noqa: S506 (a SafeLoader)


def _known(row: Mapping[str, Any], allowed: frozenset[str], place: str) -> None:
    unknown = sorted(str(key) for key in row if key not in allowed)
    if unknown:
        raise FormError(f"{place}: unknown keys {', '.join(unknown)}")


def _day(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
