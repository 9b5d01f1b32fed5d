"""The law calendar: counting days, office days, months and fiscal years, and the data behind it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.law import calendar as cal
from workflows.law.terms import BadTerm, NoSuchTerm, Term, closures, parse_term, term, terms

CALENDAR = cal.LawCalendar()
DAYS = st.dates(date(1993, 1, 1), date(2060, 12, 31))


def rule(unit: str, amount: int, **more: object) -> Term:
    return parse_term({"unit": unit, "amount": amount, "source": "試験", **more}, "rule")


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 11, 21), "日曜日・土曜日"),
        (date(2026, 11, 22), "日曜日・土曜日"),
        (date(2026, 11, 23), "国民の祝日"),
        (date(2026, 11, 24), None),
        (date(2026, 12, 28), None),
        (date(2026, 12, 29), "年末年始"),
        (date(2026, 12, 31), "年末年始"),
        (date(2027, 1, 1), "国民の祝日"),
        (date(2024, 1, 3), "年末年始"),
        (date(2024, 1, 4), None),
        (date(2026, 9, 22), "国民の祝日"),  # a day between two holidays is a holiday (祝日法3条3項)
        (date(2026, 5, 6), "国民の祝日"),  # 振替休日
        (date(1991, 6, 15), None),  # Saturdays were office days then
    ],
)
def test_offices_are_closed_by_the_rule_in_force_that_day(day: date, why: str | None) -> None:
    assert CALENDAR.closed_because(day) == why


def test_an_ordinance_can_close_one_office() -> None:
    founding = date(2026, 6, 1)
    assert CALENDAR.is_business_day(founding)
    assert cal.LawCalendar([founding]).closed_because(founding) == "条例で定める休日"


@pytest.mark.parametrize(
    ("counted", "start", "last"),
    [
        (rule("days", 30), date(2026, 11, 22), date(2026, 12, 22)),
        (
            rule("days", 30, first_day="included"),
            date(2015, 5, 19),
            date(2015, 6, 17),
        ),  # a real consultation, both ends
        (rule("days", 30, roll="next"), date(2026, 11, 30), date(2027, 1, 4)),
        (rule("days", 30, roll="previous"), date(2026, 11, 30), date(2026, 12, 28)),
        (rule("days", 3, direction="before"), date(2026, 3, 1), date(2026, 2, 26)),
        (rule("weeks", 2), date(2026, 11, 2), date(2026, 11, 16)),
        (rule("business_days", 5), date(2026, 11, 20), date(2026, 11, 30)),
        (rule("business_days", 1, first_day="included"), date(2026, 11, 20), date(2026, 11, 20)),
        (rule("business_days", 1, first_day="included"), date(2026, 11, 21), date(2026, 11, 24)),
        (rule("business_days", 2, direction="before"), date(2026, 11, 24), date(2026, 11, 19)),
        (rule("months", 1), date(2026, 1, 31), date(2026, 2, 28)),
        (rule("months", 1), date(2026, 1, 30), date(2026, 2, 28)),
        (rule("months", 1), date(2024, 1, 30), date(2024, 2, 29)),
        (rule("months", 3), date(2026, 11, 22), date(2027, 2, 22)),
        (rule("months", 1, first_day="included"), date(2026, 4, 1), date(2026, 4, 30)),
        (rule("months", 1, direction="before"), date(2026, 3, 31), date(2026, 3, 1)),
        (rule("years", 1), date(2024, 2, 28), date(2025, 2, 28)),
        (rule("years", 7), date(2026, 11, 22), date(2033, 11, 22)),
        (rule("month_end", 0), date(2026, 2, 3), date(2026, 2, 28)),
        (rule("month_end", 2), date(2026, 12, 31), date(2027, 2, 28)),
        (rule("fiscal_year_end", 0), date(2026, 3, 31), date(2026, 3, 31)),
        (rule("fiscal_year_end", 0), date(2026, 4, 1), date(2027, 3, 31)),
        (rule("fiscal_year_end", 1), date(2026, 11, 22), date(2028, 3, 31)),
    ],
)
def test_last_day_of_a_term(counted: Term, start: date, last: date) -> None:
    assert CALENDAR.last_day(counted, start) == last


def test_a_term_ends_with_the_end_of_its_last_day_in_japan() -> None:
    # 22:00 UTC is already the next morning in Japan.
    due = CALENDAR.due(rule("days", 1), datetime(2026, 11, 22, 22, tzinfo=UTC))
    assert due.day == date(2026, 11, 24)
    assert due.at == datetime(2026, 11, 24, 15, tzinfo=UTC)
    assert "2026-11-24" in due.text
    assert "根拠: 試験" in due.text


def test_a_term_can_end_at_an_hour() -> None:
    due = CALENDAR.due(rule("business_days", 1, at="09:00"), datetime(2026, 11, 20, 1, tzinfo=UTC))
    assert due.at == datetime(2026, 11, 24, 0, tzinfo=UTC)


def test_clock_terms_run_to_the_second() -> None:
    start = datetime(2026, 11, 22, 1, 0, 7, tzinfo=UTC)
    assert CALENDAR.due(rule("seconds", 60), start).at == start + timedelta(seconds=60)
    with pytest.raises(cal.CannotCount):
        CALENDAR.last_day(rule("minutes", 15), start.date())


def test_fiscal_years_and_both_ends() -> None:
    assert cal.fiscal_year(date(2026, 3, 31)) == 2025
    assert cal.fiscal_year_days(2026) == (date(2026, 4, 1), date(2027, 3, 31))
    assert cal.days_between(date(2015, 5, 19), date(2015, 6, 17), both_ends=True) == 30
    assert cal.days_between(date(2015, 5, 19), date(2015, 6, 17)) == 29


@settings(deadline=None)  # the first day counted also reads the data
@given(DAYS, st.integers(1, 60))
def test_office_days_counted_forward_are_as_many_as_asked(start: date, amount: int) -> None:
    last = CALENDAR.last_day(rule("business_days", amount), start)
    assert CALENDAR.is_business_day(last)
    assert CALENDAR.business_days(start + timedelta(days=1), last) == amount


@settings(deadline=None)  # the first day counted also reads the data
@given(DAYS, st.integers(1, 120))
def test_months_end_on_the_day_of_the_same_number_or_with_the_month(start: date, amount: int) -> None:
    last = CALENDAR.last_day(rule("months", amount), start)
    months = (last.year - start.year) * 12 + last.month - start.month
    assert months == amount
    # 民法143条: the month after a month's last day ends with the next month's last day.
    whole = start == cal.month_end(start)
    assert last.day == (cal.month_end(last).day if whole else min(start.day, cal.month_end(last).day))


@settings(deadline=None)  # the first day counted also reads the data
@given(DAYS, st.integers(0, 400), st.sampled_from(["excluded", "included"]))
def test_rolling_never_shortens_and_lands_on_an_office_day(start: date, amount: int, first_day: str) -> None:
    plain = CALENDAR.last_day(rule("days", amount + 1, first_day=first_day), start)
    rolled = CALENDAR.last_day(rule("days", amount + 1, first_day=first_day, roll="next"), start)
    assert plain <= rolled <= plain + timedelta(days=11)
    assert CALENDAR.is_business_day(rolled)


@pytest.mark.parametrize(
    "data",
    [
        {"unit": "fortnights", "amount": 1, "source": "x"},
        {"unit": "days", "amount": 0, "source": "x"},
        {"unit": "days", "amount": True, "source": "x"},
        {"unit": "days", "amount": 1},
        {"unit": "days", "amount": 1, "source": "x", "roll": "sideways"},
        {"unit": "days", "amount": 1, "source": "x", "at": "25:00"},
        {"unit": "days", "amount": 1, "source": "x", "colour": "red"},
    ],
)
def test_a_term_that_cannot_be_counted_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(BadTerm, match=r"^bad: "):
        parse_term(data, "bad")


def test_every_row_has_its_source_and_versions_do_not_overlap() -> None:
    assert all(closure.source for closure in closures())
    for name, versions in terms().items():
        for day in (date(1990, 1, 1), date(2022, 6, 1), date(2026, 11, 22), date(2050, 1, 1)):
            assert sum(version.in_force(day) for version in versions) <= 1, name
            assert all(version.source for version in versions)


def test_a_term_is_found_by_the_day_it_is_in_force() -> None:
    assert term("disclosure.decision", date(2026, 11, 22)).amount == 30
    with pytest.raises(NoSuchTerm, match="2020-01-01"):
        term("disclosure.decision", date(2020, 1, 1))
    with pytest.raises(NoSuchTerm):
        term("no.such", date(2026, 11, 22))
