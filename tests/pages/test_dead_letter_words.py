"""The desk of dead letters says in words what a message is about and why it lies there; the code stays beside the words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.staff.dead_letters.words import HOURS, cause, traffic
from portal.web.language import texts
from workflows.linkage.wire.codes import RESULT_CLASSES
from workflows.linkage.wire.codes import words as outcome_words
from workflows.linkage.wire.retry import budget_over


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("inquiry.answer", "情報照会"),
        ("inquiry", "情報照会"),
        ("copies:local-tax", "副本"),
        ("something.new", None),
        ("", None),
    ],
)
def test_a_type_or_a_lane_is_named_by_its_first_part(code: str, words: str | None) -> None:
    assert traffic(code) == words


def test_a_cause_is_told_by_its_head_and_else_by_the_result_code_in_it() -> None:
    assert cause("TOO_LATE:answered", "ja") == "案件がもう先に進んでいます"
    known = next(iter(RESULT_CLASSES))
    assert [cause(known, language) for language in ("ja", "en")] == [
        outcome_words(known, language) for language in ("ja", "en")
    ]
    assert [cause(code, "ja") for code in (None, "", "NOBODY_KNOWS", "x:y")] == [None] * 4


def test_a_message_that_was_tried_too_long_says_for_how_many_hours() -> None:
    began = datetime(2026, 11, 22, tzinfo=UTC)
    hours = timedelta(hours=HOURS)
    assert budget_over(began, began + hours)
    assert not budget_over(began, began + hours - timedelta(seconds=1))
    words = cause("BUDGET_OVER:UNREACHABLE", "en")
    assert words is not None
    said = {language: texts(language, False).plain(words, hours=HOURS) for language in ("ja", "en")}
    assert said == {
        "ja": "24時間、送りなおしても届きませんでした",
        "en": "Not delivered in 24 hours of trying",
    }
