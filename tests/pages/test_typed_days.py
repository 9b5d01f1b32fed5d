"""Days and a period that contradict each other: what the person changed wins, and the form shows which it was."""

from __future__ import annotations

from datetime import date

import pytest

from portal.resident.provision_records.filters import read_filters
from tests.web.conftest import Counter
from tests.web.people import RESIDENT
from workflows.law.loader import shipped

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize("period", ["", "month", "quarter", "year", "own", "nonsense"])
def test_typed_days_win_over_a_period_and_the_form_shows_so(period: str) -> None:
    form = read_filters({"period": period, "from": "令和2年4月1日", "to": "2021年3月31日"}, TODAY, shipped())
    assert (form.filters.from_day, form.filters.to_day) == (date(2020, 4, 1), date(2021, 3, 31))
    assert form.values["period"] == "own"
    assert not form.errors


@pytest.mark.parametrize(
    ("period", "first"), [("", None), ("month", date(2026, 11, 1)), ("year", date(2025, 11, 22))]
)
@pytest.mark.parametrize("days", [{"from": "2025-01-01", "to": "2025-02-01"}, {"to": "いつか"}])
def test_a_period_chosen_over_days_that_stood_there_wins_and_the_days_are_gone(
    period: str, first: date | None, days: dict[str, str]
) -> None:
    form = read_filters({"period": period, "was": "own", **days, "words": "税"}, TODAY, shipped())
    assert (form.filters.from_day, form.filters.to_day) == (first, None)
    assert dict(form.values) == ({"period": period} if period else {}) | {"words": "税"}
    assert not form.errors


@pytest.mark.parametrize("more", [{"period": "own"}, {"period": "nonsense"}, {}])
def test_days_that_stood_there_stay_while_no_other_period_is_chosen(more: dict[str, str]) -> None:
    form = read_filters({"was": "own", "from": "2025-01-01", **more}, TODAY, shipped())
    assert (form.values["period"], form.filters.from_day) == ("own", date(2025, 1, 1))


@pytest.mark.parametrize("was", ["month", "", "nonsense"])
def test_typed_days_win_when_none_stood_there(was: str) -> None:
    form = read_filters({"period": "month", "was": was, "from": "2025-01-01"}, TODAY, shipped())
    assert (form.values["period"], form.filters.from_day) == ("own", date(2025, 1, 1))


@pytest.mark.parametrize("path", ["/my/records", "/my/records/flow"])
def test_a_period_chosen_after_a_day_of_the_calendar_is_what_the_page_shows(
    counter: Counter, path: str
) -> None:
    browser = counter.of(RESIDENT)
    form = browser.get(f"{path}?period=own&from=2026-11-20&to=2026-11-20").forms
    (form,) = [one for one in form.values() if "period" in one.fields]
    form["period"] = "year"
    page = form.submit()
    (form,) = [one for one in page.forms.values() if "period" in one.fields]
    assert [form[name].value for name in ("period", "from", "to")] == ["year", "", ""]
    assert "was" not in form.fields
    form["from"] = "2026-11-01"
    page = form.submit()
    (form,) = [one for one in page.forms.values() if "period" in one.fields]
    assert [form[name].value for name in ("period", "from", "to")] == ["own", "2026-11-01", ""]


def test_what_is_no_day_is_an_error_whatever_the_period() -> None:
    form = read_filters({"period": "year", "to": "いつか"}, TODAY, shipped())
    assert list(form.errors) == ["to"]
    assert form.values["to"] == "いつか"


def test_a_period_alone_stays_a_period() -> None:
    form = read_filters({"period": "month"}, TODAY, shipped())
    assert (form.values["period"], form.filters.from_day) == ("month", date(2026, 11, 1))
