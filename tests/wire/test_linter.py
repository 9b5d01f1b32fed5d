"""The five things never leave: by key, by value, through nesting, disguise and both schemes of check digit."""

from __future__ import annotations

import string
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.wire.conftest import inquiry
from workflows.linkage.wire import linter
from workflows.linkage.wire.problems import Problem

FULL = str.maketrans("0123456789", "０１２３４５６７８９")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
SEPARATORS = ["", " ", "-", "－", "　", ".", "・", "\u200b", "_", ", ", "/", "ー"[:0] + "‐"]
DAWN = datetime(2026, 1, 1)  # noqa: DTZ001
DUSK = datetime(2030, 1, 1)  # noqa: DTZ001
FIELDS = ["purpose", "case_ref", "id", "danban", "affair", "memo", "payload"]

bodies = st.text(alphabet=string.digits, min_size=11, max_size=11)
numbers = st.builds(
    lambda body, add: body + str((linter.check_digit(body) + add) % 10), bodies, st.sampled_from([0, 5])
)


def disguise(number: str, cuts: list[int], separator: str, table: dict[int, str] | None) -> str:
    parts, previous = [], 0
    for cut in sorted(set(cuts)):
        parts.append(number[previous:cut])
        previous = cut
    parts.append(number[previous:])
    text = separator.join(part for part in parts if part)
    return text.translate(table) if table else text


disguised = st.builds(
    disguise,
    numbers,
    st.lists(st.integers(1, 11), max_size=4),
    st.sampled_from(SEPARATORS),
    st.sampled_from([None, FULL, ARABIC]),
)
wrapping = st.recursive(
    st.just("@"),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=2), st.dictionaries(st.sampled_from(FIELDS), inner, min_size=1)
    ),
    max_leaves=3,
)


def put(shape: Any, value: Any) -> Any:
    if isinstance(shape, list):
        return [put(inner, value) for inner in shape]
    if isinstance(shape, dict):
        return {key: put(inner, value) for key, inner in shape.items()}
    return value


def kinds(document: Any) -> set[str]:
    return {finding.kind for finding in linter.findings(document)}


@settings(max_examples=400)
@given(
    disguised,
    wrapping,
    st.sampled_from(["", "番号 ", "x", "（", "\n"]),
    st.sampled_from(["", " です", "y", "）"]),
)
def test_a_number_never_leaves_however_it_is_dressed(text: str, shape: Any, before: str, after: str) -> None:
    assert "number" in kinds(put(shape, before + text + after))


@settings(max_examples=200)
@given(
    numbers,
    st.sampled_from(["purpose", "memo"]),
    st.text(string.digits, max_size=6),
    st.text(string.digits, max_size=6),
)
def test_a_number_glued_into_longer_digits_does_not_leave_in_free_text(
    number: str, field: str, before: str, after: str
) -> None:
    assert "number" in kinds({field: before + number + after})


KANJI = str.maketrans("0123456789", "〇一二三四五六七八九")


@settings(max_examples=200)
@given(numbers, st.sampled_from(["年", " の ", "番 ", "（つぎ）", "―まで―"]), st.booleans())
def test_a_number_does_not_leave_in_kanji_figures_or_with_words_between_its_groups(
    number: str, between: str, mixed: bool
) -> None:
    text = number[:4].translate(KANJI) + number[4:] if mixed else number.translate(KANJI)
    assert "number" in kinds({"purpose": f"番号{text}です"})
    assert "number" in kinds({"purpose": f"第{between.join((number[:4], number[4:8], number[8:]))}号"})


LEGAL = str.maketrans("0123456789", "零壱弐参肆伍陸漆捌玖")


@settings(max_examples=100)
@given(numbers, st.integers(1, 11), st.integers(1, 11), st.booleans())
def test_a_number_does_not_leave_in_the_figures_of_deeds_nor_in_pieces_of_a_list(
    number: str, first: int, second: int, figures: bool
) -> None:
    assert "number" in kinds({"purpose": f"番号{number.translate(LEGAL)}です"})
    cuts = sorted({0, first, second, 12})
    pieces: list[Any] = [number[a:b] for a, b in pairwise(cuts)]
    assert "number" in kinds({"items": pieces})
    assert "number" in kinds({"items": [piece.translate(FULL) for piece in pieces]})
    if figures and not any(piece.startswith("0") for piece in pieces):
        assert "number" in kinds({"items": [int(piece) for piece in pieces]})


@settings(max_examples=200)
@given(numbers, st.integers(0, 999))
def test_a_number_does_not_leave_inside_a_longer_json_number(number: str, more: int) -> None:
    assume(number[0] != "0")
    assert "number" in kinds({"a": int(f"{number}{more}")})


@settings(max_examples=200)
@given(numbers)
def test_a_number_does_not_leave_as_a_json_number_or_a_key(number: str) -> None:
    assert "number" in kinds({number: "x"})
    assume(int(number) >= 10**9)
    assert "number" in kinds({"a": [int(number)]})
    assert "number" in kinds({"a": float(number)})


@settings(max_examples=200)
@given(numbers)
def test_findings_and_problems_never_repeat_the_number(number: str) -> None:
    document = {"payload": {number: {"x": number}}, "purpose": f"番号は{number}"}
    with pytest.raises(Problem) as caught:
        linter.lint(document)
    assert number not in repr(list(linter.findings(document)))
    assert number not in str(caught.value.to_dict())


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("氏名", "name"),
        ("氏名カナ", "name"),
        ("name", "name"),
        ("fullName", "name"),
        ("full_name", "name"),
        ("Given-Name", "name"),
        ("住所", "address"),
        ("address", "address"),
        ("postal_code", "address"),
        ("生年月日", "birth"),
        ("birth_date", "birth"),
        ("dob", "birth"),
        ("性別", "sex"),
        ("gender", "sex"),
        ("個人番号", "number"),
        ("my_number", "number"),
        ("ｍｙｎｕｍｂｅｒ", "number"),
        ("住民票コード", "number"),
        ("本人氏名", "name"),
        ("氏\u200b名", "name"),
    ],
)
def test_forbidden_keys_are_found_at_any_depth(key: str, kind: str) -> None:
    assert kinds({"payload": [{"deep": {key: "-"}}]}) == {kind}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("見本 花子", "name"),
        ("見本　花子", "name"),
        ("髙﨑　𠮷子", "name"),
        ("葛\U000e0100城　架空", "name"),
        ("ミホン ハナコ", "name"),
        ("ﾐﾎﾝ ﾊﾅｺ", "name"),
        ("見本花子様の照会", "name"),
        ("氏名：みほん", "name"),
        ("甲野市本町1丁目2番3号", "address"),
        ("乙川市川端５－１２", "address"),
        ("住所は次のとおり", "address"),
        ("昭和50年1月2日生", "birth"),
        ("1988年4月12日生まれ", "birth"),
        ("生年月日:1988", "birth"),
        ("女", "sex"),
        (" 男性 ", "sex"),
        ("Female", "sex"),
        ("ミホン・ハナコ", "name"),
        ("ﾐﾎﾝ･ﾊﾅｺ", "name"),
        ("ハナコさんの審査", "name"),
        ("花子ちゃんの手当", "name"),
        ("Hanako Mihon", "name"),
        ("MIHON, HANAKO", "name"),
        ("Mihon Taro", "name"),
        ("Grace Hall", "name"),
        ("Child Mary", "name"),
        ("CARE, ANNA", "name"),
        ("Anna Grant", "name"),
        ("Hanako Incomes", "name"),
        ("ＭＩＨＯＮ　ＨＡＮＡＫＯ", "name"),
        ("Name: H. M.", "name"),
        ("full name=x", "name"),
        ("My Number: see file", "number"),
        ("DOB: 1988-04-12", "birth"),
        ("date of birth = 12 April", "birth"),
        ("sex: f", "sex"),
        ("1-2-3 Honcho, Kono-shi", "address"),
        ("S50.1.2", "birth"),
    ],
)
def test_forbidden_values_are_found_without_a_telling_key(text: str, kind: str) -> None:
    assert kind in kinds({"memo": [text]})


@pytest.mark.parametrize(
    "text",
    [
        "児童手当の審査のため",
        "甲野市 税務課",
        "2026-11-22T06:15:30.123456Z",
        "令和8年度分",
        "2026年11月22日",
        "番号法19条8号・別表81の項",
        "000000000000018",
        "TM00000000000001",
        "local-tax",
        "お問い合わせの件",
        "令和八年度分二〇二六年十一月",
        "法人番号7000012050002",
        "お子さんの手当のため",
        "Kono City",
        "Tax Office",
        "For the child allowance",
        "Child Allowance",
        "Income Certificate",
        "CHILD ALLOWANCE",
        "Housing Benefit",
        "Medical Care",
        "Disability Pension",
        "School Support",
        "Application Review",
        "Nursing Insurance",
        "Eligibility Confirmation",
        "username: x",
        "081-01",
    ],
)
def test_ordinary_words_pass(text: str) -> None:
    assert not kinds({"id": text})
    assert not kinds({"items": [text]})


@settings(max_examples=300)
@given(st.integers(0, 10**14 - 1), st.datetimes(min_value=DAWN, max_value=DUSK))
def test_correct_messages_are_not_refused_whatever_their_ids_and_times(serial: int, at: datetime) -> None:
    message = inquiry(at.replace(tzinfo=UTC))
    message["subject"] = {"danban": f"{serial:014d}7"}
    linter.lint(message)


def test_unsealed_content_cannot_pass_as_sealed() -> None:
    for value in ("plain text", "a.b.c.d.e", "eyJhbGciOiJub25lIn0.a.b.c.d"):
        assert kinds({"payload_jwe": value}) == {"unsealed"}
    assert kinds({"x": b"bytes"}) == {"unsealed"}


def test_values_the_caller_knows_are_found_without_spaces() -> None:
    assert {f.kind for f in linter.findings({"memo": "件名 みほん はなこ 分"}, known=["みほんはなこ"])} == {
        "known"
    }


@settings(max_examples=200)
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
        ),
        max_leaves=20,
    )
)
def test_any_document_is_judged_without_an_error(document: Any) -> None:
    assert isinstance(list(linter.findings(document)), list)
