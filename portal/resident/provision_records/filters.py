"""The filter form above the list. Its state is the address, so a filtered list can be kept as a bookmark."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from portal.web.dates import read_date
from portal.web.pages import address
from workflows.law.table import LawTable
from workflows.linkage.wire.codes import RESULT_CLASSES
from workflows.provision_records.service import RecordFilters

PERIODS = {"": "すべて", "month": "今月", "quarter": "この3か月", "year": "この1年", "own": "自分で決める"}
OUTCOMES = {"": "すべて", "provided": "提供あり", "none": "提供なし", "waiting": "確認中"}
ORIGINS = {"": "すべて", "mine": "自分の申請によるもの", "other": "自分の申請ではないもの"}
FAMILIES = {
    "child": "子ども・子育て",
    "tax": "税",
    "welfare": "福祉",
    "medical": "医療・介護",
    "pension": "年金",
    "housing": "住まい",
    "education": "教育",
    "health": "健康",
    "disaster": "災害",
    "employment": "しごと",
}
MAX_WORDS = 100
OWN = "own"
"""The period that is not named but typed as days."""


@dataclass(frozen=True)
class FilterForm:
    """What was asked for, as text, and what it means.

    :param values: the fields that say something, for the form and for the links to other pages.
    :param filters: what the service understands.
    :param errors: field name to sentence; with errors nothing is searched.
    """

    values: Mapping[str, str]
    filters: RecordFilters
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def narrowed(self) -> bool:
        """Whether anything was asked for at all."""
        return bool(self.values)

    def link(self, path: str, **more: str | None) -> str:
        """An address of this filtered list."""
        return address(path, {**self.values, **more})


def read_filters(query: Mapping[str, str], today: date, law: LawTable) -> FilterForm:
    """Read the form from the address; choices that do not exist are ignored, days that are none are an error.

    Days and a period that contradict each other: what the person changed wins. ``was`` is ``own`` when the form came with days in it; then
    another period is what she changed. Otherwise she typed the days, and the period was left standing.
    """
    allowed: dict[str, Collection[str]] = {
        "period": PERIODS,
        "outcome": OUTCOMES,
        "origin": ORIGINS,
        "subject": law.families(),
    }
    values = {
        name: query[name] for name, choices in allowed.items() if query.get(name) in choices and query[name]
    }
    left = query.get("was") == OWN and query.get("period", OWN) in PERIODS.keys() - {OWN}
    for name in ("words", "agency") if left else ("from", "to", "words", "agency"):
        text = query.get(name, "").strip()[:MAX_WORDS]
        if text:
            values[name] = text
    if "from" in values or "to" in values:
        values["period"] = OWN
    errors: dict[str, str] = {}
    from_day, to_day = _days(values, today, errors)
    filters = RecordFilters(
        from_day=from_day,
        to_day=to_day,
        agency=_code(values.get("agency")),
        affairs=law.families().get(values.get("subject", ""), ()),
        outcomes=_outcomes(values.get("outcome", "")),
        from_application={"mine": True, "other": False}.get(values.get("origin", "")),
        words=values.get("words"),
    )
    return FilterForm(values, filters, errors)


def _days(values: dict[str, str], today: date, errors: dict[str, str]) -> tuple[date | None, date | None]:
    period = values.get("period", "")
    if period == "month":
        return today.replace(day=1), None
    if period == "quarter":
        return today - timedelta(days=91), None
    if period == "year":
        return today - timedelta(days=365), None
    days: dict[str, date] = {}
    for name in ("from", "to"):
        if name in values:
            try:
                days[name] = read_date(values[name])
                # The period ends with the first moment of the day after, which must be a day too.
                days[name] + timedelta(days=1)
            except (ValueError, OverflowError):
                errors[name] = "日付を「令和8年11月22日」か「2026年11月22日」のように入れてください"
    if len(days) == 2 and days["from"] > days["to"]:
        errors["to"] = "終わりの日を、始まりの日より後にしてください"
    return days.get("from"), days.get("to")


def _outcomes(choice: str) -> tuple[str, ...]:
    codes = RESULT_CLASSES.values()
    if choice == "provided":
        return tuple(c.code for c in codes if c.provided)
    if choice == "waiting":
        return tuple(c.code for c in codes if not c.final)
    if choice == "none":
        return tuple(c.code for c in codes if c.final and not c.provided)
    return ()


def _code(text: str | None) -> str | None:
    """An organisation code (992011-01) or a tenant; anything else narrows nothing."""
    if text and text.replace("-", "").isalnum() and text.isascii():
        return text
    return None
