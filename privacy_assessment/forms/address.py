"""How people point at an item: ``Ⅲ-7-リスク1⑨``, ``Ⅱ(2)-4-委託事項3⑥``. 変更箇所 stores it, opinions cite it, pages use it as anchor.

A number printed beside several fields is told apart by the field's label: ``Ⅱ-2③ その必要性``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from privacy_assessment.forms.document import Document, Place, places
from privacy_assessment.forms.model import FILE, Form, Item

_SPLIT = re.compile(r"^(\d+)(リスク.*)$")
_SPACE = re.compile(r"[\s\u3000]+")
_ROMAN_WORDS = {"VI": "Ⅵ", "IV": "Ⅳ", "III": "Ⅲ", "II": "Ⅱ", "V": "Ⅴ", "I": "Ⅰ"}


def address(form: Form, item: Item, document: Document | None = None, rows: tuple[str, ...] = ()) -> str:
    """The address of an item, with the numbers of its rows when a document is given.

    A single file needs no number; from the second file on the section says which: ``Ⅱ(2)``.
    """
    section = form.by_section[item.section]
    head = section.number
    names = document.rows_of(FILE) if document is not None and section.per_file else []
    if len(names) > 1 and rows and rows[0] in names:
        head += f"({names.index(rows[0]) + 1})"
    return "-".join(part for part in (head, *_inner(form, item, document, rows)) if part)


def _inner(form: Form, item: Item, document: Document | None, rows: tuple[str, ...]) -> Iterator[str]:
    outer = [form.item(key) for key in item.repeats if key != FILE]
    if not outer:
        yield _number(item.number)
        return
    repeat = outer[-1]
    yield _number(repeat.number)
    place = ""
    if document is not None and rows:
        names = document.rows_of(repeat.key, rows[: len(item.repeats) - 1])
        if rows[len(item.repeats) - 1] in names:
            place = str(names.index(rows[len(item.repeats) - 1]) + 1)
    yield f"{_row_word(repeat)}{place}{item.number}"


def _row_word(repeat: Item) -> str:
    """The word before a row's number: long labels are cut to their last noun (「…使用するシステム」 → システム)."""
    return "システム" if repeat.label.endswith("システム") else repeat.label


def _number(number: str) -> str:
    found = _SPLIT.match(number)
    return f"{found[1]}-{found[2]}" if found else number


def citation(form: Form, item: Item, document: Document | None = None, rows: tuple[str, ...] = ()) -> str:
    """The address, with the label where the address alone would be ambiguous."""
    found = address(form, item, document, rows)
    label = _labels(form)[item.key]
    return f"{found} {label}" if label else found


def anchor(form: Form, item: Item, document: Document | None = None, rows: tuple[str, ...] = ()) -> str:
    """The citation as the id of an element: no spaces."""
    return _SPACE.sub("_", citation(form, item, document, rows))


def _labels(form: Form) -> dict[str, str]:
    """What follows each item's address: nothing for the first item with it, else what tells it from the others."""
    return _labels_of(_Same(form))


class _Same:
    """A form as a key of a cache: forms are the same when they are one object."""

    def __init__(self, form: Form) -> None:
        self.form = form

    def __hash__(self) -> int:
        return id(self.form)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.form is self.form


@lru_cache(maxsize=64)
def _labels_of(same: _Same) -> dict[str, str]:
    form, first, taken, found = same.form, set(), set(), {}
    for item in form.all_items:
        plain = address(form, item)
        label = item.label if plain in first else ""
        if (plain, label) in taken:
            # 「具体的な方法」 stands under several questions of one number: the question says which.
            question = form.by_key.get(item.key.rpartition(".")[0])
            label = f"{question.label}の{label}" if question is not None else f"{label}（{item.key}）"
        first.add(plain)
        taken.add((plain, label))
        found[item.key] = label
    return found


def resolve(form: Form, text: str, document: Document | None = None) -> list[Place]:
    """The fields somebody points at, as people write it: half or full width, with or without dashes and spaces.

    :returns: the fields of that address, best first; empty when it points at nothing. Without a document the places have no rows.
    """
    wanted = _loose(text)
    if not wanted:
        return []
    exact, near = [], []
    for item, rows in _candidates(form, document):
        if _loose(citation(form, item, document, rows)) == wanted:
            exact.append(Place(item.key, rows))
        elif _loose(address(form, item, document, rows)) == wanted:
            near.append(Place(item.key, rows))
    return exact + near


def _candidates(form: Form, document: Document | None) -> Iterator[tuple[Item, tuple[str, ...]]]:
    if document is None:
        yield from ((item, ()) for item in form.all_items)
    else:
        yield from ((item, place.rows) for item, place in places(document, form))


def _loose(text: str) -> str:
    """An address without what people write differently."""
    text = _SPACE.sub("", text)
    for plain in ("VI", "IV", "III", "II", "V", "I"):
        if text.startswith(plain):
            text = _ROMAN_WORDS[plain] + text[len(plain) :]
            break
    # NFKC would turn ① into 1 and Ⅲ into III, which are different numbers here; only widths and dashes are made alike.
    folded = "".join(
        char if unicodedata.category(char) in ("No", "Nl") else unicodedata.normalize("NFKC", char)
        for char in text
    )
    return re.sub(r"[-‐-―−ー－._・:：※]", "", folded)
