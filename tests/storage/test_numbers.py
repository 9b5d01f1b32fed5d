"""Twelve digits are the same twelve digits wherever they are looked for, however they are written."""

from __future__ import annotations

import sys
import unicodedata
from time import process_time

import pytest

from privacy_assessment.redaction import find_personal, without_numbers
from storage import logs, numbers
from workflows.engine.inputs import holds_a_number
from workflows.linkage.wire import linter

NUMBER = "123456789018"  # right by the official check digit
LINE = numbers.Digits(numbers.SPACES_AND_HYPHENS, 1)


def written(figures: str) -> str:
    return NUMBER.translate(str.maketrans("0123456789", figures))


SPELLINGS = {
    "ascii": NUMBER,
    "wide": written("０１２３４５６７８９"),
    "arabic": written("٠١٢٣٤٥٦٧٨٩"),
    "devanagari": written("०१२३४५६७८९"),
    "circled": written("⓪①②③④⑤⑥⑦⑧⑨"),
    "kanji": written("〇一二三四五六七八九"),
    "zero": written("零一二三四五六七八九"),
    "deeds": written("零壱弐参肆伍陸漆捌玖"),
    "old deeds": written("零壹貳參肆伍陸漆捌玖"),
    "mixed": "壱弐参四五六七八九〇1８",
    "groups": "1234-5678-9018",
    "wide groups": "１２３４　５６７８　９０１８",
    "dashes": "1234−5678–9018",
    "unseen": "1234\u200b5678\u200b9018",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_every_place_knows_every_spelling(spelling: str) -> None:
    text = f"番号は{spelling}です"
    assert holds_a_number(text)
    assert logs.keep_people_out(None, "info", {"event": text})["event"] == f"番号は{logs.MASK}です"
    assert any(one.stops for one in find_personal({"at": text}))
    assert without_numbers(text, "＊") == "番号は＊です"
    # The wire stands alone and folds for itself; it must not know fewer spellings.
    assert {one.kind for one in linter.findings({"memo": text})} == {"number"}


@pytest.mark.parametrize("before", ["その一", "第二", "参"])
def test_a_figure_of_words_does_not_hide_the_number_after_it(before: str) -> None:
    text = f"{before}{NUMBER}"
    assert holds_a_number(text)
    assert any(one.stops for one in find_personal({"at": text}))
    assert NUMBER not in without_numbers(text, "＊")


@pytest.mark.parametrize(
    "text", ["番号は1234567890123です", "番号は１２３４５６７８９０１２３４です", "番号は一二三四五六七八九〇一二三です"]
)  # fmt: skip
def test_longer_runs_are_masked_and_refuse_nothing(text: str) -> None:
    assert without_numbers(text, "＊") == "番号は＊です"
    assert logs.keep_people_out(None, "info", {"event": text})["event"] == f"番号は{logs.MASK}です"
    assert not holds_a_number(text)
    assert not any(one.stops for one in find_personal({"at": text}))


@pytest.mark.parametrize(
    "text", ["2026-11-22 10:00", "2024、2025、2026", "〇二〇三", "第一条から第十二条まで", "1234-5678-901"]
)  # fmt: skip
def test_days_years_and_fewer_digits_stay(text: str) -> None:
    assert without_numbers(text, "＊") == text


def test_a_number_among_days_does_not_stay() -> None:
    assert without_numbers(f"2026-11-22 {NUMBER}3 2026-12-22", "＊") == "2026-11-22 ＊ 2026-12-22"


@pytest.mark.parametrize("text", ["01936c7e-0000-7000-8000-000000000001", f"A{NUMBER}", f"{NUMBER}-x"])
def test_a_longer_code_is_no_number_of_a_steps_input(text: str) -> None:
    assert not holds_a_number(text)


def test_a_reference_beside_a_number_stays_readable() -> None:
    reference = "01936c7e-0000-7000-8000-000000000001"
    event = {"event": f"{NUMBER} {reference} 2026-11-22 {reference}", "n": int(NUMBER), "rows": 10**11 - 1}
    assert logs.keep_people_out(None, "info", event) == {
        "event": f"{logs.MASK} {reference} 2026-11-22 {reference}",
        "n": logs.MASK,
        "rows": 10**11 - 1,
    }


def test_whatever_becomes_a_digit_is_looked_at() -> None:
    """The quick look before must let through every character that the slow one would fold."""
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    folded = numbers.readings(everything)[-1]
    assert len(folded) == len(everything)
    missed = [
        one
        for one, digit in zip(everything, folded, strict=True)
        if "0" <= digit <= "9" and not numbers.enough(one * 12)
    ]
    assert missed == []
    assert all(folded[ord(one)] == str(unicodedata.digit(one)) for one in "7７٧⑦⁷")
    assert not numbers.enough("児童手当" * 9)


@pytest.mark.parametrize("piece", ["a", "1 ", "1234 ", "一", "12-", "1" * 11 + "a"])
def test_a_long_text_costs_what_its_length_costs(piece: str) -> None:
    began = process_time()
    text = piece * (100_000 // len(piece))
    LINE.runs(text)
    list(LINE.twelve(text))
    assert process_time() - began < 3
