"""What a page of the editor shows, as plain values: parts, blocks, rows, fields, choices."""

from __future__ import annotations

from dataclasses import dataclass, field

from privacy_assessment.forms import Section

# A field has at least this many lines.
LEAST_ROWS = 3


@dataclass(frozen=True, slots=True)
class Part:
    """One page of the editor.

    :param key: as it stands in an address: the section, with ``@`` and the file's row where it stands once for each file.
    """

    key: str
    section: Section
    file: str | None
    number: str
    title: str
    file_name: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One official choice as it is offered; ``note`` is what stands beside it, ``open`` whether something may."""

    code: str
    label: str
    chosen: bool
    open: bool
    note: str
    group: str = ""


@dataclass(slots=True)
class Field:
    """One item as it is filled in.

    :param kind: ``text``, ``longtext``, ``date``, ``number``, ``select``, ``multicheck``, ``check``, ``file`` or ``computed``.
    :param material: ※ on the form. :param wanted: whether it has to be filled in now.
    :param off: the answer of another item says that nothing has to stand here; ``off_by`` names that item.
    """

    place: str
    key: str
    address: str
    anchor: str
    label: str
    kind: str
    text: str
    choices: tuple[Choice, ...]
    material: bool
    wanted: bool
    off: bool
    off_by: str
    rows: int = LEAST_ROWS

    @property
    def missing(self) -> bool:
        """Whether something has to be written here and is not."""
        return self.wanted and not self.text and not any(one.chosen for one in self.choices)


@dataclass(slots=True)
class Row:
    """One row of a repeat."""

    name: str
    anchor: str
    title: str
    fields: list[Field]
    missing: int


@dataclass(slots=True)
class Block:
    """A heading with fields below it, or a repeat with its rows.

    :param repeat: place of the repeat; empty for plain fields. :param table: whether the rows are short enough to stand as a table.
    """

    heading: str = ""
    level: int = 3
    anchor: str = ""
    fields: list[Field] = field(default_factory=list)
    repeat: str = ""
    word: str = ""
    rows: list[Row] = field(default_factory=list)
    table: bool = False
    off: bool = False
    off_by: str = ""
