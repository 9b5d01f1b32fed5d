"""What a reader sees of a document. Plain frozen values: no page, no database, no language of the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

GAP = re.compile(r"(［非公表（[^）]*）］)")


@dataclass(frozen=True, slots=True)
class Redacted:
    """Something was left out here.

    :param ground: the ground in words. :param article: the article, e.g. 規則10条2項; several are joined with 、.
    """

    ground: str
    article: str


@dataclass(frozen=True, slots=True)
class Mark:
    """One official choice of an item, taken or not, with what was written beside it."""

    code: str
    label: str
    chosen: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text; ``gap`` when it stands for words that were left out."""

    text: str
    gap: bool

    @property
    def article(self) -> str:
        """The article a gap names: 規則10条2項."""
        return self.text.partition("（")[2].removesuffix("）］")


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of a table's row."""

    place: str
    text: str
    redacted: Redacted | None = None

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The text cut at what was left out."""
        return _pieces(self.text, self.redacted)


@dataclass(frozen=True, slots=True)
class Line:
    """One item, or a heading between items.

    :param key: the item's key; empty for a heading. :param place: the field, as ``str(Place)``; of a table, the repeat's.
    :param address: as people cite it: ``Ⅲ-2-リスク1``. :param anchor: id of its element, ASCII, the same on every page.
    :param kind: ``text``, ``choice``, ``choices``, ``check``, ``date``, ``number``, ``table`` or ``heading``.
    :param text: what is written, in words; empty when nothing is. :param values: the choices taken, in words.
    :param marks: every official choice. :param columns: of a table. :param rows: of a table.
    :param starred: ※ on the form: a change counts as 重要な変更. :param level: 3 or 4 for headings, 0 for items.
    """

    key: str
    place: str
    address: str
    anchor: str
    label: str
    kind: str
    text: str = ""
    values: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    starred: bool = False
    redacted: Redacted | None = None
    level: int = 0

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The text cut at what was left out."""
        return _pieces(self.text, self.redacted)

    @property
    def empty(self) -> bool:
        """Whether nothing is written here."""
        return not (self.text or self.values or self.rows)


@dataclass(frozen=True, slots=True)
class Block:
    """A heading (or none) and the lines under it."""

    heading: Line | None
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Section:
    """One section of the form; one that stands for each file comes once a file, with the file's number in its address.

    :param file: the file's name and number in words, empty when the section stands once.
    """

    key: str
    address: str
    anchor: str
    title: str
    lines: tuple[Line, ...]
    file: str = ""

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Lines grouped under their headings."""
        found: list[tuple[Line | None, list[Line]]] = []
        for line in self.lines:
            if line.kind == "heading":
                found.append((line, []))
            elif found:
                found[-1][1].append(line)
            else:
                found.append((None, [line]))
        return tuple(Block(heading, tuple(lines)) for heading, lines in found)


@dataclass(frozen=True)
class Reading:
    """A document ready to be read."""

    form_id: str
    form_name: str
    number: str
    cover_mark: str
    language: str
    sections: tuple[Section, ...]

    @property
    def lines(self) -> Iterator[Line]:
        """Every line of every section."""
        return (line for section in self.sections for line in section.lines)

    @cached_property
    def by_place(self) -> dict[str, Line]:
        """Items by the field they show; a table also by each of its cells."""
        found = {}
        for line in self.lines:
            for row in line.rows:
                found.update({cell.place: line for cell in row})
            if line.place:
                found[line.place] = line
        return found

    def text_of(self, key: str) -> str:
        """What is written at the first field of an item, or an empty text."""
        return next((line.text for line in self.lines if line.key == key), "")


def _pieces(text: str, redacted: Redacted | None) -> tuple[Piece, ...]:
    if redacted is None:
        return (Piece(text, False),) if text else ()
    return tuple(Piece(part, GAP.fullmatch(part) is not None) for part in GAP.split(text) if part)
