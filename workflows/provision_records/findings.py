"""What checking a proof file finds, and the verdict that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from .proof_words import WORDS

OK, BROKEN, NOT_A_PROOF, KEYS_UNCHECKED, UNPROVEN = 0, 1, 2, 3, 4
NOT_PROVEN = frozenset({"records-none", "pending", "list-empty", "list-unanswered", "list-key-unchecked"})
"""Findings about something the file says that nothing vouches for: anybody can empty a list or write a pending record."""
MAX_SHOWN = 100
"""Characters of a value of the file that a finding repeats."""


class Line(NamedTuple):
    """One finding. holds: True, False, or None for what could not be judged (a warning)."""

    holds: bool | None
    code: str
    about: Mapping[str, str]

    def words(self, language: str = "ja") -> str:
        """The finding as a sentence in ja or en."""
        return WORDS[self.code][language].format_map(self.about)


@dataclass
class Result:
    """All findings, and the exit code: 0 holds, 1 broken, 2 not a proof file, 3 holds but nobody vouched for the keys,
    4 holds, but a part of it is not proven: an empty list, records not sealed yet, offices nobody vouches for."""

    lines: list[Line] = field(default_factory=list)
    trusted: bool = False
    records: int = 0
    offices: dict[str, int] = field(default_factory=dict)
    """What the verdict speaks of: records found sealed and whole, by tenant. Of any other office it says nothing."""

    @property
    def exit_code(self) -> int:
        if any(line.code.startswith("file-") and line.holds is False for line in self.lines):
            return NOT_A_PROOF
        if any(line.holds is False for line in self.lines):
            return BROKEN
        if not self.trusted:
            return KEYS_UNCHECKED
        return UNPROVEN if any(line.code in NOT_PROVEN for line in self.lines) else OK

    def say(self, holds: bool | None, code: str, **about: object) -> bool:
        """Add a finding; returns whether it holds."""
        self.lines.append(Line(holds, code, {name: _plain(str(value)) for name, value in about.items()}))
        return bool(holds)


def _plain(text: str) -> str:
    """What the file says of itself, fit to be printed: nothing that could move a terminal's cursor or turn its text around."""
    shown = "".join(one if one.isprintable() else "\ufffd" for one in text[:MAX_SHOWN])
    return shown if len(text) <= MAX_SHOWN else shown + "…"
