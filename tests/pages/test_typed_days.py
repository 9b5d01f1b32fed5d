"""A day somebody typed is never passed over because a period was left standing above it."""

from __future__ import annotations

from datetime import date

import pytest

from portal.resident.provision_records.filters import read_filters
from workflows.law.loader import shipped

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize("period", ["", "month", "quarter", "year", "own", "nonsense"])
def test_typed_days_win_over_a_period_and_the_form_shows_so(period: str) -> None:
    form = read_filters({"period": period, "from": "令和2年4月1日", "to": "2021年3月31日"}, TODAY, shipped())
    assert (form.filters.from_day, form.filters.to_day) == (date(2020, 4, 1), date(2021, 3, 31))
    assert form.values["period"] == "own"
    assert not form.errors


def test_what_is_no_day_is_an_error_whatever_the_period() -> None:
    form = read_filters({"period": "year", "to": "いつか"}, TODAY, shipped())
    assert list(form.errors) == ["to"]
    assert form.values["to"] == "いつか"


def test_a_period_alone_stays_a_period() -> None:
    form = read_filters({"period": "month"}, TODAY, shipped())
    assert (form.values["period"], form.filters.from_day) == ("month", date(2026, 11, 1))
