"""Taking a read document into one that is being written: fields the file has are put in, fields it lacks stay, nothing is emptied.

Files of our own name their rows, so a row comes back to where it was, also when rows were moved since. Rows of other files are matched
by their order. Items are matched by key, so a statement on an old edition fits into one on a newer edition.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from privacy_assessment.forms import FILE, Document, Form, Item, Place, citation, places, plain
from privacy_assessment.forms.document import Value

NEW, CHANGED, SAME, LEFT = "new", "changed", "same", "left"


@dataclass(frozen=True, slots=True)
class Change:
    """One value of the file and what it would do.

    :param source: its place in the file's document. :param place: where it would go; None when the edition has no such item.
    :param kind: new, changed, same, or left (no place for it).
    """

    source: str
    place: str | None
    where: str
    before: str
    after: str
    kind: str


@dataclass(frozen=True)
class Merged:
    """The document after an import, and what the import does to it."""

    document: Document
    changes: tuple[Change, ...]

    def of(self, kind: str) -> list[Change]:
        """The changes of a kind."""
        return [one for one in self.changes if one.kind == kind]


def merge(
    current: Document,
    form: Form,
    incoming: Document,
    incoming_form: Form,
    *,
    own: bool = False,
    skip: Collection[str] = (),
) -> Merged:
    """What ``current`` would be with ``incoming`` taken in.

    :param own: the incoming file was written by this system from a document with the same row names.
    :param skip: places of the file (``Change.source``) that a person chose not to take.
    """
    document = current.copy()
    rows = _Rows(document, incoming, form, own)
    changes = []
    for item, source in places(incoming, incoming_form):
        value = incoming.get(source)
        if value is None:
            continue
        target = form.by_key.get(item.key)
        if target is None or not target.stored or target.repeats != item.repeats:
            where = citation(incoming_form, item, incoming, source.rows)
            changes.append(Change(str(source), None, where, "", plain(item, value), LEFT))
            continue
        place = Place(item.key, rows.path(item.repeats, source.rows))
        changes.append(_change(document, form, target, source, place, value))
        if str(source) not in skip:
            document.set(place, value)
    return Merged(document, tuple(changes))


def _change(document: Document, form: Form, item: Item, source: Place, place: Place, value: Value) -> Change:
    before = document.get(place)
    kind = NEW if before is None else (SAME if before == value else CHANGED)
    where = citation(form, item, document, place.rows)
    return Change(str(source), str(place), where, plain(item, before), plain(item, value), kind)


class _Rows:
    """Finds, or makes, the row of a document that a row of the file belongs to."""

    def __init__(self, document: Document, incoming: Document, form: Form, own: bool) -> None:
        self.document, self.incoming, self.own = document, incoming, own
        self.known: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}
        if any(section.per_file for section in form.sections):
            self._all(FILE, (), ())

    def path(self, repeats: tuple[str, ...], rows: tuple[str, ...]) -> tuple[str, ...]:
        """Rows of the document for rows of the file."""
        target: tuple[str, ...] = ()
        for depth, repeat in enumerate(repeats):
            around = rows[:depth]
            if (repeat, rows[: depth + 1]) not in self.known:
                self._all(repeat, around, target)
            target = self.known[repeat, rows[: depth + 1]]
        return target

    def _all(self, repeat: str, around: tuple[str, ...], target: tuple[str, ...]) -> None:
        there = list(self.document.rows_of(repeat, target))
        for number, name in enumerate(self.incoming.rows_of(repeat, around)):
            row = next(self._candidates(name, number, there), None)
            if row is None:
                row = self.document.add_row(repeat, target)
            self.known[repeat, (*around, name)] = (*target, row)

    def _candidates(self, name: str, number: int, there: list[str]) -> Iterator[str]:
        if self.own:
            yield from [name] if name in there else []
        elif number < len(there):
            yield there[number]
