"""Any file as it comes in: old Excel like new, JSON that lies, numbers of persons; and taking what was read into what is there."""

from __future__ import annotations

import contextlib
import io

import orjson
import pytest
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy_assessment.exchange import BadFile, to_json, write_workbook
from privacy_assessment.exchange.any_file import read_file
from privacy_assessment.exchange.merging import CHANGED, NEW, SAME, merge
from privacy_assessment.forms import FILE, Place, load_form
from tests.privacy_assessment.samples import EDITION, filled

FULL = load_form("form4", EDITION)


def old_book(sheets: dict[str, list[tuple[int, int, object]]], merged: bool = False) -> bytes:
    made = xlwt.Workbook(encoding="utf-8")
    for name, cells in sheets.items():
        page = made.add_sheet(name)
        for row, column, value in cells:
            if merged and column == 1:
                page.write_merge(row, row + 1, 1, 4, value)
            else:
                page.write(row, column, value)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


CELLS: list[tuple[int, int, object]] = [
    (0, 0, "[平成26年4月 様式2]"),
    (2, 0, "①事務の名称"),
    (2, 1, "国民年金に関する事務"),
    (4, 0, "②事務の概要"),
    (4, 1, "届出の受付"),
    (8, 0, "③システムの名称"),
    (8, 1, xlwt.Formula('"年金"&"システム"')),
]


@pytest.mark.parametrize("merged", [False, True])
def test_an_old_workbook_is_read_by_its_labels_also_where_cells_are_merged(merged: bool):
    (preview,) = read_file(old_book({"Ⅰ": CELLS}, merged))
    assert preview.document.values == {"f2.1.1.1": "国民年金に関する事務", "f2.1.1.2": "届出の受付"}
    assert preview.cells == {"f2.1.1.1": "Ⅰ!B3", "f2.1.1.2": "Ⅰ!B5"}
    assert [(one.at, one.why) for one in preview.not_understood] == [
        ("Ⅰ!B9", "数式は取り込みません。値にしてください。")
    ]


OLD = old_book({"Ⅰ": CELLS})


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=24))
def test_an_old_workbook_with_bytes_changed_is_read_or_refused_but_never_worse(place: int, noise: bytes):
    data = bytearray(OLD)
    at = place % len(data)
    data[at : at + len(noise)] = noise
    with contextlib.suppress(BadFile):
        read_file(bytes(data))


def document_json(**parts: object) -> bytes:
    body = {
        "form": "form4",
        "edition": EDITION,
        "values": {},
        "rows": {"file": ["1"]},
        "last_row": 1,
        **parts,
    }
    return orjson.dumps({"format": "madoguchi.assessment/1", "statement": {}, "documents": [body]})


@pytest.mark.parametrize(
    "parts",
    [
        {"rows": {"file": ["1", "1"]}},
        {"rows": {"file": ["1", "二"]}},
        {"rows": {"file": ["1.2"]}},
        {"rows": {"file": [str(number) for number in range(501)]}},
        {"last_row": "x"},
        {"edition": "R7.7"},
    ],
)
def test_json_whose_rows_cannot_be_is_refused(parts: dict[str, object]):
    with pytest.raises(BadFile):
        read_file(document_json(**parts))


@pytest.mark.parametrize(
    "value", [{"chosen": 1}, {"chosen": [1]}, {"chosen": ["1"], "texts": {"1": 2}}, 5, None, ["x"], True]
)
def test_a_value_of_the_wrong_kind_is_listed_and_the_rest_is_taken(value: object):
    if not isinstance(value, str | bool | dict):
        with pytest.raises(BadFile):
            read_file(document_json(values={"f4.1.1.1": value}))
        return
    (preview,) = read_file(document_json(values={"f4.1.1.1": value, "f4.1.1.2": "文"}))
    assert preview.document.values == {"f4.1.1.2": "文"}
    assert len(preview.not_understood) == 1


def test_row_names_of_a_file_are_never_given_again():
    (preview,) = read_file(document_json(rows={"file": ["7"]}, last_row=-3))
    assert preview.document.add_row(FILE) == "8"


@pytest.mark.parametrize(
    "digits", ["123456789018", "１２３４５６７８９０１８", "1234-5678-9018", "123456789013"]
)
def test_a_field_with_a_persons_number_is_not_taken_and_the_digits_are_nowhere(digits: str):
    document = filled("form2")
    document.set("f2.1.1.2", f"見本 {digits} のとおり")
    for data in (to_json([document]), write_workbook(document, load_form("form2", EDITION))):
        (preview,) = read_file(data)
        assert preview.document.get("f2.1.1.2") is None
        assert [one for one in preview.not_understood if "個人番号" in one.why]
        told = " ".join(f"{one.at} {one.text} {one.why}" for one in preview.not_understood)
        assert digits not in told


def test_a_file_of_ours_finds_its_rows_and_a_foreign_one_goes_by_order():
    current = filled("form4", rows=2)
    file = current.rows_of(FILE)[0]
    first, second = current.rows_of("f4.2.5p", (file,))
    incoming = current.copy()
    incoming.set(Place("f4.2.5p.to", (file, first)), "新しい相手")
    current.rows[f"f4.2.5p@{file}"] = [second, first]
    own = merge(current, FULL, incoming, FULL, own=True)
    assert own.document.get(Place("f4.2.5p.to", (file, first))) == "新しい相手"
    assert len(own.of(CHANGED)) == 1
    foreign = merge(current, FULL, incoming, FULL, own=False)
    assert foreign.document.get(Place("f4.2.5p.to", (file, second))) == "新しい相手"


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 3), st.integers(0, 3))
def test_merging_empties_nothing_and_a_second_time_changes_nothing(here: int, there: int):
    current, incoming = filled("form3", rows=here), filled("form3", rows=there)
    form = load_form("form3", EDITION)
    before = set(current.values)
    once = merge(current, form, incoming, form)
    assert before <= set(once.document.values)
    again = merge(once.document, form, incoming, form)
    assert again.document == once.document
    assert not again.of(NEW) + again.of(CHANGED)
    assert len(again.of(SAME)) == len(incoming.values)
