"""The forms of one sending put together by statement: 様式2 and 様式4 with the same number belong to one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from privacy_assessment.exchange.imports import Incoming
from privacy_assessment.exchange.preview import bare

_KIND = {"form4": "full", "form3": "focused", "form2": "basic"}
_SUFFIX = re.compile(r"[ 　]*(基礎|重点|全)項目評価書(\(案\)|（案）)?$")


@dataclass(frozen=True)
class Group:
    """What will become, or go into, one statement.

    :param position: its number in the sending, from 1.
    """

    position: int
    items: tuple[Incoming, ...]

    @property
    def number(self) -> str:
        """評価書番号 as the covers say it."""
        return next((one.number for one in self.items if one.number), "")

    @property
    def title(self) -> str:
        """The name of the affair: 評価書名 without the name of the form."""
        found = next((one.title for one in self.items if one.title), "")
        return _SUFFIX.sub("", found).strip() or found

    @property
    def kind(self) -> str:
        """What kind of assessment has these forms."""
        forms = {one.form_id for one in self.items}
        return next((kind for form, kind in _KIND.items() if form in forms), "basic")

    @property
    def taken(self) -> bool:
        """Whether all of it was taken."""
        return all(one.taken_at is not None for one in self.items)


def grouped(items: Sequence[Incoming]) -> list[Group]:
    """Readable forms by statement, in the order of the files; two of the same form are never one statement."""
    found: list[list[Incoming]] = []
    for one in items:
        if one.problem is not None or one.form_id not in _KIND:
            continue
        home = next((group for group in found if _belongs(one, group)), None)
        if home is None:
            found.append([one])
        else:
            home.append(one)
    return [Group(position, tuple(group)) for position, group in enumerate(found, 1)]


def _belongs(one: Incoming, group: Sequence[Incoming]) -> bool:
    if any(other.form_id == one.form_id for other in group) or {one.form_id, *(o.form_id for o in group)} >= {
        "form3",
        "form4",
    }:
        return False
    return any(_same(one, other) for other in group)


def _same(one: Incoming, other: Incoming) -> bool:
    """Whether two covers name the same statement: by number, or by title where a number is missing."""
    if one.number and other.number:
        return one.number == other.number
    first, second = (bare(_SUFFIX.sub("", each.title)) for each in (one, other))
    return bool(first) and first == second
