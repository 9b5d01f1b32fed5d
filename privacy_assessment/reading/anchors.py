"""Ids of items for links: ``III-2-r1-b`` for Ⅲ-2-リスク1. ASCII, so that a copied link stays short and readable.

The first file's sections have no number in them, the second's begin with ``III_2``, so that links to the first stay good when a
second file is added to the statement.
"""

from __future__ import annotations

import re

from privacy_assessment.forms import FILE, Form, Item

_ROMAN = {"Ⅰ": "I", "Ⅱ": "II", "Ⅲ": "III", "Ⅳ": "IV", "Ⅴ": "V", "Ⅵ": "VI"}
_CIRCLED = {chr(0x2460 + number): f"-{number + 1}" for number in range(20)}


class Anchors:
    """The ids of one form. Two fields of a document never get the same."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._tails: dict[str, str] = {}
        taken = {self.section(section.number or section.key) for section in form.sections}
        for item in form.all_items:
            section = form.by_section[item.section]
            base = self._base(self.section(section.number or section.key), item)
            tail = next(one for one in self._candidates(item) if f"{base}{one}" not in taken)
            taken.add(f"{base}{tail}")
            self._tails[item.key] = tail

    def section(self, number: str, file: int = 1) -> str:
        """The id of a section; ``file`` counts from 1."""
        found = _ROMAN.get(number) or (
            "cover" if number == "表紙" else _bare(number.replace("別添", "a")) or "s"
        )
        return f"{found}_{file}" if file > 1 else found

    def heading(self, section: str, text: str) -> str:
        """The id of a heading between items."""
        return f"h-{section}-{_number(text)}"

    def row(self, section: str, repeat: Item, number: int) -> str:
        """The id of a row's heading: ``II-5-p3``."""
        return f"h-{section}-{self._row(repeat, number)}"

    def item(self, section: str, item: Item, rows: tuple[int, ...] = ()) -> str:
        """The id of a field.

        :param rows: the numbers of its rows in the repeats around it (files left out), from 1.
        """
        parts = [section]
        repeats = [self._form.item(key) for key in item.repeats if key != FILE]
        parts += [self._row(repeat, number) for repeat, number in zip(repeats, rows, strict=True)]
        number = _number(item.number)
        if number or not repeats:
            parts.append(number)
        return "-".join(part for part in parts if part) + self._tails[item.key]

    def _row(self, repeat: Item, number: int) -> str:
        letter = re.sub(r"[^a-z]", "", repeat.key.rpartition(".")[2])[-1:] or "x"
        return "-".join(part for part in (_number(repeat.number), f"{letter}{number}") if part)

    def _base(self, section: str, item: Item) -> str:
        """The id without what tells two fields of one number apart."""
        repeats = [self._form.item(key) for key in item.repeats if key != FILE]
        parts = [section, *(self._row(repeat, 0) for repeat in repeats), _number(item.number)]
        return "-".join(part for part in parts if part)

    @staticmethod
    def _candidates(item: Item) -> list[str]:
        last = item.key.rpartition(".")[2]
        letters = re.sub(r"^\d+", "", last)
        bare = [f"-{letters}"] if letters else []
        first = [""] if item.number or item.type == "repeat" else []
        return [*first, *bare, f"-{last}", f"-{_bare(item.key)}"]


def _number(text: str) -> str:
    """``7リスク1⑨`` as ``7-r1-9``."""
    spelled = "".join(_CIRCLED.get(char, char) for char in text.replace("リスク", "-r"))
    return re.sub(r"-+", "-", _bare(spelled)).strip("-")


def _bare(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]", "", text.replace(".", "-"))
