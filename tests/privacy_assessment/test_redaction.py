"""Redaction: by ground and form, text taken away and not covered, numbers found before they are published."""

from __future__ import annotations

import json

import pytest

from privacy_assessment.forms import FILE, Place, load_form
from privacy_assessment.redaction import (
    BadRedaction,
    Redaction,
    check,
    find_personal,
    gap,
    problems,
    public,
    text_digest,
)
from tests.privacy_assessment.samples import filled, number

FORM4, FORM2 = load_form("form4", "R6.10"), load_form("form2", "R6.10")
SECRET = "型番ABC-9000の装置を第2サーバ室に置く"


def secret_document():
    document = filled("form4")
    file = document.rows_of(FILE)[0]
    place = Place("f4.2.6.1", (file,))
    document.set(place, f"入退室を管理する。{SECRET}。記録を残す。")
    return document, place


def span(document, place, text=SECRET, ground="10-2"):
    whole = document.get(place)
    starts = whole.index(text)
    return Redaction(place, ground, "攻撃の手がかりになる", starts, starts + len(text), text_digest(whole))


def test_a_span_is_taken_away_and_the_gap_names_the_ground():
    document, place = secret_document()
    shown = public(document, FORM4, [span(document, place)], "first")
    assert shown.texts[str(place)] == f"入退室を管理する。{gap('規則10条2項')}。記録を残す。"
    assert SECRET not in json.dumps(shown.document.to_json(), ensure_ascii=False)
    assert SECRET not in "".join(shown.texts.values())
    assert document.get(place).count(SECRET) == 1
    assert shown.gaps == {str(place): ("規則10条2項",)}


def test_overlapping_spans_leave_one_gap():
    document, place = secret_document()
    one, other = span(document, place), span(document, place, "第2サーバ室に置く。記録")
    shown = public(document, FORM4, [other, one], "first")
    assert shown.texts[str(place)] == f"入退室を管理する。{gap('規則10条2項')}を残す。"


def test_a_whole_item_goes_only_on_the_ground_of_investigation():
    document, place = secret_document()
    with pytest.raises(BadRedaction, match="一部だけ"):
        check(document, FORM4, Redaction(place, "10-2", "理由"), "first")
    everything = Redaction(place, "10-2", "理由", 0, len(document.get(place)))
    with pytest.raises(BadRedaction, match="全部"):
        check(document, FORM4, everything, "first")
    shown = public(document, FORM4, [Redaction(place, "10-1", "捜査に支障")], "first")
    assert shown.texts[str(place)] == gap("規則10条1項")


def test_a_first_basic_statement_knows_only_the_first_ground():
    document = filled("form2")
    one = Redaction(Place("f2.1.1.2"), "10-2", "理由", 0, 5)
    assert "規則5条2項" in problems(document, FORM2, [one], "first")[0]
    assert problems(document, FORM2, [one], "amended") == []
    assert problems(document, FORM2, [Redaction(Place("f2.1.1.2"), "10-1", "理由", 0, 5)], "first") == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reason": " "}, "理由"),
        ({"ground": "99"}, "根拠"),
        ({"starts": 5, "ends": 5}, "範囲"),
        ({"starts": 0, "ends": 10**6}, "範囲"),
        ({"starts": 3, "ends": 1}, "範囲"),
        ({"digest": b"x" * 32}, "文章が変わりました"),
    ],
)
def test_a_redaction_that_does_not_fit_is_refused_with_what_to_do(change, words):
    document, place = secret_document()
    given = {"ground": "10-2", "reason": "理由", "starts": 0, "ends": 4, **change}
    with pytest.raises(BadRedaction, match=words):
        check(document, FORM4, Redaction(place, **given), "first")


def test_a_choice_cannot_be_left_out_in_part():
    document = filled("form4")
    with pytest.raises(BadRedaction, match="文章の項目"):
        check(document, FORM4, Redaction(Place("f4.1.1.3"), "10-2", "理由", 0, 1), "first")


def test_what_is_not_an_item_of_the_form_is_not_shown():
    document = filled("form4")
    document.values["f9.secret"] = SECRET
    shown = public(document, FORM4, [], "first")
    assert SECRET not in json.dumps(shown.document.to_json(), ensure_ascii=False) + "".join(
        shown.texts.values()
    )


@pytest.mark.parametrize("shift", [0, 5])
@pytest.mark.parametrize("style", ["{}", "番号は{}です", "{0[0]}"])
def test_twelve_digits_with_a_right_check_digit_stop_the_publication(shift, style):
    digits = number(shift)
    hyphens = "-".join((digits[:4], digits[4:8], digits[8:]))
    text = style.format(digits) if "[0]" not in style else hyphens
    (found,) = [one for one in find_personal({"p": text}) if one.kind in ("number", "digits")]
    assert found.stops


def test_full_width_digits_are_digits_and_places_stay_right():
    digits = number(0).translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    (found,) = find_personal({"p": f"㍿{digits}。"})
    assert (found.kind, found.starts, found.ends) == ("number", 1, 13)


def test_other_digits_phones_and_mail_ask_somebody_to_look():
    kinds = [one.kind for one in find_personal({"p": f"{number(1)} 電話 03-1234-5678 a@b.example"})]
    assert kinds == ["digits", "phone", "mail"]
    assert not any(one.stops for one in find_personal({"p": number(1)}))
    assert find_personal({"p": "1234567890123 と 2026年11月22日"}) == []
