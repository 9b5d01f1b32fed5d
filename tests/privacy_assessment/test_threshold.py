"""しきい値判断 at every border, with both limbs of the accident rule."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy_assessment.threshold import (
    KINDS,
    Accident,
    CannotJudge,
    Figures,
    NoTable,
    covers,
    drift,
    judge,
    table_on,
)

TODAY = date(2026, 11, 22)
TABLE = table_on(TODAY)
YEAR_AGO = date(2025, 11, 22)


def figures(persons: int, handlers: int = 10, *accidents: Accident) -> Figures:
    return Figures(persons, date(2026, 11, 1), handlers, date(2026, 11, 1), accidents)


def serious(happened: date | None, known: date, persons: int = 101, **more) -> Accident:
    return Accident(happened, known, "leak", persons, **more)


def owed(persons: int, handlers: int = 10, *accidents: Accident) -> str:
    return judge(figures(persons, handlers, *accidents), TABLE, TODAY).owed


@pytest.mark.parametrize(
    ("persons", "quiet", "strict"),
    [
        (0, "none", "none"),
        (999, "none", "none"),
        (1_000, "basic", "basic"),
        (9_999, "basic", "basic"),
        (10_000, "basic", "focused"),
        (99_999, "basic", "focused"),
        (100_000, "focused", "full"),
        (299_999, "focused", "full"),
        (300_000, "full", "full"),
    ],
)
@pytest.mark.parametrize("handlers", [499, 500])
@pytest.mark.parametrize("accident", [None, "within", "before", "learned"])
def test_each_border_of_the_table(persons, quiet, strict, handlers, accident):
    accidents = {
        None: (),
        "within": (serious(YEAR_AGO, YEAR_AGO),),
        "before": (serious(YEAR_AGO - timedelta(days=1), YEAR_AGO - timedelta(days=1)),),
        "learned": (serious(date(2023, 1, 1), YEAR_AGO),),
    }[accident]
    expected = strict if handlers >= 500 or accident in ("within", "learned") else quiet
    assert owed(persons, handlers, *accidents) == expected


@pytest.mark.parametrize(
    ("happened", "known", "counted"),
    [
        (YEAR_AGO, YEAR_AGO, True),
        (YEAR_AGO - timedelta(days=1), YEAR_AGO - timedelta(days=1), False),
        (YEAR_AGO - timedelta(days=1), YEAR_AGO, True),
        (date(2020, 4, 1), TODAY, True),
        (None, TODAY, True),
        (None, YEAR_AGO - timedelta(days=1), False),
    ],
)
def test_an_accident_counts_when_it_happened_or_became_known_within_a_year(happened, known, counted):
    found = judge(figures(10_000, 10, serious(happened, known)), TABLE, TODAY)
    assert found.accident is counted
    assert found.owed == ("focused" if counted else "basic")


@pytest.mark.parametrize(
    ("accident", "counted"),
    [
        (serious(TODAY, TODAY, 100), False),
        (serious(TODAY, TODAY, 101), True),
        (serious(TODAY, TODAY, 1, intentional=True), True),
        (serious(TODAY, TODAY, 50, own_staff=900), False),
        (serious(TODAY, TODAY, 5000, delivery_without_fault=True), False),
        (serious(TODAY, TODAY, 5000, specific=False), False),
        (Accident(TODAY, TODAY, "rumour", 5000), False),
    ],
)
def test_what_is_a_serious_accident(accident, counted):
    assert judge(figures(10_000, 10, accident), TABLE, TODAY).accident is counted


def test_the_year_before_a_leap_day_begins_on_the_28th():
    day = date(2028, 2, 29)
    found = judge(
        Figures(10_000, day, 1, day, (serious(date(2027, 2, 28), date(2027, 2, 28)),)), table_on(day), day
    )
    assert found.accident


def test_the_reasons_name_the_counts_and_the_articles():
    why = " ".join(judge(figures(5_000, 600, serious(TODAY, TODAY)), TABLE, TODAY).why)
    assert "5,000人" in why
    assert "規則4条8号イ" in why
    assert "影響しません" in why
    assert "基礎項目評価" in why


@pytest.mark.parametrize(
    "wrong",
    [
        figures(-1),
        figures(10, -1),
        figures(10**10),
        Figures(10, TODAY + timedelta(days=1), 1, TODAY),
        figures(10, 1, serious(TODAY, TODAY + timedelta(days=1))),
        figures(10, 1, serious(TODAY, YEAR_AGO)),
        figures(10, 1, serious(TODAY, TODAY, -5)),
    ],
)
def test_figures_that_cannot_be_true_are_not_judged(wrong):
    with pytest.raises(CannotJudge, match="判断していません"):
        judge(wrong, TABLE, TODAY)


def test_there_is_no_table_before_the_rule():
    with pytest.raises(NoTable):
        table_on(date(2013, 1, 1))


def test_the_count_crossing_a_border_is_told_with_what_would_follow():
    last = judge(figures(9_000, 600), TABLE, TODAY)
    assert drift(last, 9_100, TABLE).state == "steady"
    assert drift(last, 9_600, TABLE).state == "near"
    crossed = drift(last, 10_000, TABLE)
    assert (crossed.state, crossed.outcome) == ("crossed", "focused")
    assert "やり直してください" in crossed.text
    assert drift(judge(figures(10_200), TABLE, TODAY), 9_990, TABLE).state == "crossed"


def test_a_higher_kind_may_be_chosen_but_not_a_lower_one():
    assert covers("full", "focused")
    assert covers("basic", "none")
    assert not covers("basic", "focused")


@given(
    st.integers(0, 10**7),
    st.integers(0, 10**4),
    st.dates(date(2020, 1, 1), TODAY),
    st.dates(date(2020, 1, 1), TODAY),
)
def test_more_people_more_handlers_or_an_accident_never_lower_what_is_owed(
    persons, handlers, happened, known
):
    accidents = (serious(happened, known),) if happened <= known else ()
    base = KINDS.index(owed(persons, handlers))
    assert KINDS.index(owed(persons, handlers, *accidents)) >= base
    assert KINDS.index(owed(persons + 1, handlers)) >= base
    assert KINDS.index(owed(persons, handlers + 1)) >= base
