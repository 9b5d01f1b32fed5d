"""The desk of dead letters says in words what a message is about and why it lies there; the code stays beside the words."""

from __future__ import annotations

import pytest

from portal.staff.dead_letters.words import cause, traffic
from workflows.linkage.wire.codes import RESULT_CLASSES
from workflows.linkage.wire.codes import words as outcome_words


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
