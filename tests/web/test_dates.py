"""Dates are read as people write them and written as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.web.dates import date_words, era_year, iso, read_date, stamp, time_words


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 22), "令和8年（2026年）11月22日（日）"),
        (date(2019, 5, 1), "令和元年（2019年）5月1日（水）"),
        (date(2019, 4, 30), "平成31年（2019年）4月30日（火）"),
        (date(1989, 1, 7), "昭和64年（1989年）1月7日（土）"),
        (date(1989, 1, 8), "平成元年（1989年）1月8日（日）"),
        (date(1926, 12, 25), "昭和元年（1926年）12月25日（土）"),
        (date(1912, 7, 29), "明治45年（1912年）7月29日（月）"),
    ],
)
def test_a_day_in_words_carries_both_years(day: date, words: str) -> None:
    assert date_words(day) == words


def test_easy_japanese_puts_the_western_year_first_and_english_says_the_weekday() -> None:
    day = date(2026, 11, 22)
    assert date_words(day, "ja_easy") == "2026年（令和8年）11月22日（日）"
    assert date_words(day, "en") == "Sunday 22 November 2026"


def test_a_moment_is_shown_as_the_clock_in_japan_shows_it() -> None:
    late = datetime(2026, 12, 31, 15, 5, tzinfo=UTC)
    assert date_words(late).startswith("令和9年（2027年）1月1日")
    assert time_words(late) == "0時05分"
    assert time_words(late, "en") == "00:05"
    assert stamp(late) == "2027-01-01 00:05"
    assert iso(late) == "2027-01-01T00:05:00+09:00"


def test_there_is_no_era_year_before_the_gregorian_calendar() -> None:
    with pytest.raises(ValueError, match="1873"):
        era_year(date(1872, 12, 31))


@pytest.mark.parametrize(
    "text",
    [
        "R8.11.22",
        "r8/11/22",
        "令和8年11月22日",
        "2026-11-22",
        "2026/11/22",
        "20261122",
        "２０２６年１１月２２日",
        "Ｒ８．１１．２２",
        " 2026−11−22 ",
        "平成38年11月22日",
        "令和8-11-22",
    ],
)
def test_every_usual_way_to_write_a_day_is_read(text: str) -> None:
    assert read_date(text) == date(2026, 11, 22)


@pytest.mark.parametrize(
    "text", ["", "abc", "2026-13-01", "2026-02-30", "R8", "11-22", "令和0x年1月1日", "20261131", "9" * 50]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_date(text)


@given(st.dates(min_value=date(1873, 1, 1), max_value=date(2200, 1, 1)))
def test_a_day_written_by_era_is_read_back_as_itself(day: date) -> None:
    assert read_date(f"{era_year(day)}{day.month}月{day.day}日") == day
    assert read_date(day.isoformat()) == day
