"""What somebody wrote on a form: values by place, and rows with names of their own.

A place is an item's key and the row of each repeat around it, written ``f4.2.4n.who@1.3``. Rows have names that are never given
twice, so taking a row out does not move what was said about the rows after it; their order is kept beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from privacy_assessment.forms.model import FILE, Form, Item

Value = str | bool | dict[str, Any]
MAX_ROWS = 500


class BadPlace(ValueError):
    """A place that this form does not have, or rows that do not exist."""


@dataclass(frozen=True, slots=True)
class Place:
    """One field of a document: an item's key and the names of the rows it is in, outermost first."""

    key: str
    rows: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.key}@{'.'.join(self.rows)}" if self.rows else self.key

    @classmethod
    def parse(cls, text: str) -> Place:
        """Read what ``str`` wrote."""
        key, _, rows = text.partition("@")
        return cls(key, tuple(rows.split(".")) if rows else ())


def choice(*codes: str, **texts: str) -> dict[str, Any]:
    """The value of a multiple choice: ``choice("1", "3", **{"3": "free text"})``."""
    return {"chosen": list(codes), "texts": dict(texts)}


@dataclass
class Document:
    """Values of one form in one edition. ``rows`` maps a repeat (``f4.2.4n@1``) to the names of its rows in order."""

    form_id: str
    edition: str
    values: dict[str, Value] = field(default_factory=dict)
    rows: dict[str, list[str]] = field(default_factory=dict)
    last_row: int = 0

    def get(self, place: Place | str) -> Value | None:
        """What stands at a place, or None."""
        return self.values.get(str(place))

    def set(self, place: Place | str, value: Value | None) -> None:
        """Write at a place; None or an empty text empties it."""
        if value is None or value == "" or value is False or value == {"chosen": [], "texts": {}}:
            self.values.pop(str(place), None)
        else:
            self.values[str(place)] = value

    def rows_of(self, repeat: str, around: tuple[str, ...] = ()) -> list[str]:
        """Names of the rows of a repeat, in order."""
        return self.rows.get(str(Place(repeat, around)), [])

    def add_row(self, repeat: str, around: tuple[str, ...] = (), before: str | None = None) -> str:
        """Add a row at the end, or before another one.

        :returns: its name.
        :raises BadPlace: when there are too many.
        """
        names = self.rows.setdefault(str(Place(repeat, around)), [])
        if len(names) >= MAX_ROWS:
            raise BadPlace(f"{repeat} has {MAX_ROWS} rows already")
        self.last_row += 1
        name = str(self.last_row)
        names.insert(names.index(before) if before in names else len(names), name)
        return name

    def remove_row(self, form: Form, repeat: str, row: str, around: tuple[str, ...] = ()) -> None:
        """Take a row out with all that stands in it.

        :raises BadPlace: when there is no such row.
        """
        names = self.rows_of(repeat, around)
        if row not in names:
            raise BadPlace(f"{repeat} has no row {row}")
        names.remove(row)
        inside = {one.key for one in form.all_items if repeat in one.repeats}
        depth = len(around)
        path = (*around, row)
        for store in (self.values, self.rows):
            for text in [one for one in store if "@" in one]:
                place = Place.parse(text)
                if place.key in inside and place.rows[: depth + 1] == path:
                    del store[text]

    def copy(self) -> Document:
        """An independent copy."""
        return Document(
            self.form_id,
            self.edition,
            {place: _copied(value) for place, value in self.values.items()},
            {place: list(names) for place, names in self.rows.items()},
            self.last_row,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data; ``from_json`` reads it back without loss."""
        return {
            "form": self.form_id,
            "edition": self.edition,
            "values": self.values,
            "rows": self.rows,
            "last_row": self.last_row,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Document:
        """A document from plain data.

        :raises BadPlace: when the data are not of this shape.
        """
        try:
            rows = {str(place): [str(one) for one in names] for place, names in data["rows"].items()}
            return cls(
                str(data["form"]), str(data["edition"]), dict(data["values"]), rows, int(data["last_row"])
            )
        except (KeyError, TypeError, AttributeError, ValueError) as broken:
            raise BadPlace("these data are not a document of a form") from broken


def row_sets(document: Document, item: Item) -> Iterator[tuple[str, ...]]:
    """Every set of rows in which an item stands, in order."""
    yield from _row_sets(document, item.repeats, ())


def _row_sets(
    document: Document, repeats: tuple[str, ...], around: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    if not repeats:
        yield around
        return
    # The files are counted once for the whole document, every other repeat inside the rows around it.
    for row in document.rows_of(repeats[0], () if repeats[0] == FILE else around):
        yield from _row_sets(document, repeats[1:], (*around, row))


def places(document: Document, form: Form) -> Iterator[tuple[Item, Place]]:
    """Every field the document has, filled in or not, in the order of the form; a section of files once for each file."""
    for section in form.sections:
        for rows in [(row,) for row in document.rows_of(FILE)] if section.per_file else [()]:
            for item in section.items:
                yield from _places_in(document, item, rows)


def _places_in(document: Document, item: Item, rows: tuple[str, ...]) -> Iterator[tuple[Item, Place]]:
    if item.type == "repeat":
        for row in document.rows_of(item.key, rows):
            for inner in item.items:
                yield from _places_in(document, inner, (*rows, row))
    else:
        yield item, Place(item.key, rows)


def check_place(document: Document, form: Form, place: Place) -> Item:
    """The item a place belongs to.

    :raises BadPlace: when the form has no such item or the document no such rows.
    """
    item = form.by_key.get(place.key)
    if item is None or not item.stored or len(place.rows) != len(item.repeats):
        raise BadPlace(f"{form.number} has no field {place}")
    for depth, repeat in enumerate(item.repeats):
        around = () if repeat == FILE else place.rows[:depth]
        if place.rows[depth] not in document.rows_of(repeat, around):
            raise BadPlace(f"{place}: there is no such row any more")
    return item


def answers(value: Value | None) -> frozenset[str]:
    """The codes a value answers with: one for a choice, several for a multiple one, ``"1"`` for a tick."""
    if value is True:
        return frozenset({"1"})
    if isinstance(value, str):
        return frozenset({value})
    if isinstance(value, dict):
        return frozenset(str(one) for one in value.get("chosen", ()))
    return frozenset()


def applies(document: Document, item: Item, rows: tuple[str, ...]) -> bool:
    """Whether an item has to be looked at, given the answers it depends on (in the same rows)."""
    for condition, wanted in ((item.when, True), (item.unless, False)):
        if condition is None:
            continue
        met = any(
            not condition.has.isdisjoint(answers(document.get(Place(condition.item, rows[:depth]))))
            for depth in range(len(rows), -1, -1)
        )
        if met is not wanted:
            return False
    return True


def _copied(value: Value) -> Value:
    if isinstance(value, dict):
        return {"chosen": list(value.get("chosen", ())), "texts": dict(value.get("texts", {}))}
    return value


def plain(item: Item, value: Value | None) -> str:
    """A value as a person reads it: labels instead of codes."""
    if value is None:
        return ""
    if item.type == "select":
        option = item.choices.get(str(value))
        return option.label if option else str(value)
    if item.type == "multicheck" and isinstance(value, dict):
        return "、".join(_named(item, str(code), value.get("texts", {})) for code in value.get("chosen", ()))
    if item.type == "check":
        return "○" if value is True else ""
    return str(value)


def _named(item: Item, code: str, texts: Mapping[str, str]) -> str:
    option = item.choices.get(code)
    label = option.label if option else code
    return f"{label}（{texts[code]}）" if texts.get(code) else label
