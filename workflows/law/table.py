"""The law table in memory: may this body ask that body for this item, for this affair, on this day?

法19条8号 lets a 情報照会者 ask a 情報提供者 only for what the act and its order list; no row, no inquiry. The table is
data with dates (`data/law_table.yaml` or the database), never code. This module is pure: it answers from what it was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property


class LawDataError(ValueError):
    """The law data contradict themselves or lack something. Nothing was loaded; correct the named entry and load again."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A half-open period of days: in force from `valid_from` until the day before `valid_to` (None: open)."""

    valid_from: date
    valid_to: date | None = None

    def covers(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Affair:
    """事務: a row of the act's 別表. Texts are keyed by language: ja, en, ja_easy."""

    code: str
    clause: str
    family: str
    name: Mapping[str, str]
    purpose: Mapping[str, str]
    why: Mapping[str, str]
    text: str = ""
    official_code: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """特定個人情報の項目: what is handed over, with what it does and does not contain in plain words."""

    code: str
    name: Mapping[str, str]
    plain: Mapping[str, str]
    contains: Mapping[str, str]
    official_code: str | None = None


@dataclass(frozen=True, slots=True)
class LawRow:
    """One permission of the law: asker role, affair, item, holder role, and the days it holds.

    `source` is where this pairing stands in the order of 法19条8号; `read_from` is the first day of the text that was read.
    """

    id: str
    asker: str
    affair: str
    item: str
    holder: str
    clause: str
    certainty: str
    period: Dated
    table_version: str
    note: str = ""
    source: str = ""
    read_from: date | None = None

    def certainty_on(self, day: date) -> str:
        """How sure the row is for a day: what was read in a text counts from that text's first day, before it as practice."""
        unread = self.certainty == "read" and self.read_from is not None and day < self.read_from
        return "practice" if unread else self.certainty


@dataclass(frozen=True, slots=True)
class Rule:
    """A dated number of the law or of the profile, e.g. 7 years: value, unit, where it comes from and how sure that is."""

    code: str
    value: int
    unit: str
    source: str
    certainty: str
    period: Dated

    def duration(self) -> timedelta:
        """The value as a time span. Errors: ValueError for calendar units (years, business days): use the law calendar."""
        if self.unit not in {"seconds", "minutes", "hours", "days"}:
            raise ValueError(f"{self.code}: {self.unit} are counted by the law calendar, not as a fixed span")
        return timedelta(**{self.unit: self.value})


@dataclass(frozen=True, slots=True)
class OrganisationKind:
    """Which roles an organisation has: by the suffix of its 機関コード and the class of its body."""

    kind: str
    body: str
    roles: tuple[str, ...]


def body_of(tenant: str) -> str:
    """prefecture, city or town from a six-digit 団体コード: digits 3–5 are 000 for a prefecture, 1xx–2xx for cities and wards.

    Source: numbering of 全国地方公共団体コード. Unions (8xx, 9xx) count as prefecture-wide bodies here.
    """
    middle = int(tenant[2:5])
    if middle == 0 or middle >= 800:
        return "prefecture"
    return "city" if middle < 300 else "town"


@dataclass(frozen=True)
class LawTable:
    """Everything of one table version. Build it with `workflows.law.loader`."""

    table_version: str
    rows: tuple[LawRow, ...]
    affairs: Mapping[str, Affair]
    items: Mapping[str, Item]
    role_names: Mapping[str, Mapping[str, str]]
    kinds: tuple[OrganisationKind, ...]
    rules: tuple[Rule, ...] = ()
    digest: str = ""

    def roles_of(self, organisation: str) -> frozenset[str]:
        """Roles of a 機関コード such as 992011-01; a bare role code stands for itself. Unknown codes have no role."""
        if organisation in self.role_names:
            return frozenset({organisation})
        tenant, _, suffix = organisation.partition("-")
        if len(tenant) != 6 or not tenant.isascii() or not tenant.isdigit() or not suffix:
            return frozenset()
        body = body_of(tenant)
        return frozenset(r for k in self.kinds if k.kind == suffix and k.body == body for r in k.roles)

    def allows(
        self, row_id: str, asker: str, holder: str, affair: str, items: Iterable[str], on_date: date
    ) -> bool:
        """Whether this very row, not merely some row, allows this exchange on this day.

        Args: row_id: the row that the request will name; asker, holder: 機関コード (or a role code); affair, items: codes of this table;
        on_date: day in Asia/Tokyo.
        """
        askers, holders = self.roles_of(asker), self.roles_of(holder)
        wanted = tuple(items)
        row = next((one for one in self.rows if one.id == row_id), None)
        return (
            row is not None
            and row.period.covers(on_date)
            and row.asker in askers
            and row.holder in holders
            and wanted == (row.item,)
            and row.affair == affair
        )

    def row(self, row_id: str) -> LawRow:
        """The row with this id. Errors: KeyError."""
        return next((r for r in self.rows if r.id == row_id), None) or _missing(row_id)

    def possible(self, asker: str, on_date: date, affair: str | None = None) -> list[LawRow]:
        """What this body may ask on this day at all (for the inquiry desk's choices), in the table's order."""
        roles = self.roles_of(asker)
        return [
            r
            for r in self.rows
            if r.asker in roles and r.period.covers(on_date) and affair in (None, r.affair)
        ]

    def rule(self, code: str, on_date: date) -> Rule:
        """The dated number in force. Errors: KeyError when no rule of that code covers the day."""
        for rule in self.rules:
            if rule.code == code and rule.period.covers(on_date):
                return rule
        raise KeyError(f"no rule {code} in force on {on_date.isoformat()}")

    def families(self) -> dict[str, tuple[str, ...]]:
        """Subject families (child, tax, welfare ...) with their affair codes: the resident's subject filter."""
        return self._families

    @cached_property
    def _families(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for affair in self.affairs.values():
            found.setdefault(affair.family, []).append(affair.code)
        return {family: tuple(codes) for family, codes in found.items()}


def _missing(row_id: str) -> LawRow:
    raise KeyError(row_id)


def overlaps(rows: Iterable[LawRow]) -> list[tuple[str, str]]:
    """Pairs of row ids that allow the same exchange on a common day: a table must not contain any."""
    found = []
    seen: dict[tuple[str, str, str, str], list[LawRow]] = {}
    for row in rows:
        key = (row.asker, row.affair, row.item, row.holder)
        for other in seen.get(key, ()):
            first, second = sorted((other, row), key=lambda r: r.period.valid_from)
            if first.period.valid_to is None or second.period.valid_from < first.period.valid_to:
                found.append((other.id, row.id))
        seen.setdefault(key, []).append(row)
    return found
