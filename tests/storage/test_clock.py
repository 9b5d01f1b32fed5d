"""How a moment is written where it is signed or published: one writing each, and no other is read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.clock import JAPAN, from_second_text, second_text

AT = datetime(2026, 11, 22, 1, 0, 9, tzinfo=UTC)


def test_a_moment_is_written_in_utc_whatever_zone_it_came_in() -> None:
    assert second_text(AT) == second_text(AT.astimezone(JAPAN)) == "2026-11-22T01:00:09Z"


def test_parts_of_a_second_are_cut_off_not_rounded() -> None:
    assert second_text(AT.replace(microsecond=999_999)) == "2026-11-22T01:00:09Z"


def test_a_time_without_its_zone_is_not_written() -> None:
    with pytest.raises(ValueError, match="time zone"):
        second_text(AT.replace(tzinfo=None))


@given(st.integers(0, 2**33))
def test_what_was_written_reads_back(seconds: int) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    read = from_second_text(second_text(at))
    assert (read, read.tzinfo) == (at, UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-11-22T01:00:09",
        "2026-11-22T01:00:09+00:00",
        "2026-11-22T10:00:09+09:00",
        "2026-11-22T01:00:09.000000Z",
        "2026-11-22 01:00:09Z",
        "2026-11-22T1:0:9Z",
        "2026-11-22T01:00:60Z",
        "2026-11-22T01:00:09Z ",
        "２０２６-11-22T01:00:09Z",
        "2026-02-29T01:00:09Z",
    ],
)
def test_another_writing_of_a_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"time|day|second|unconverted"):
        from_second_text(text)
