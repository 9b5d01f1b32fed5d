"""A document read: every item once, ids that link, public texts only where the public reads."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from portal.web.templates import environment
from privacy_assessment.forms import FILE, Document, Place, editions, load_form
from privacy_assessment.forms.document import places
from privacy_assessment.reading import read_document
from privacy_assessment.redaction import Redaction, public
from tests.privacy_assessment.samples import EDITION, filled, real_size

ASCII_ID = re.compile(r"^[A-Za-z][A-Za-z0-9_-]*$")
USABLE = [one.id for one in editions() if one.usable]


@pytest.mark.parametrize("edition", USABLE)
@pytest.mark.parametrize("form_id", ["form1", "form2", "form3", "form4"])
def test_every_id_is_ascii_and_stands_once(form_id: str, edition: str) -> None:
    form = load_form(form_id, edition)
    reading = read_document(filled(form_id, edition, files=3, rows=4), form)
    ids = [one.anchor for one in reading.sections] + [one.anchor for one in reading.lines]
    assert [one for one, times in Counter(ids).items() if times > 1] == []
    assert [one for one in ids if not ASCII_ID.match(one)] == []


def test_ids_are_those_people_would_guess() -> None:
    reading = read_document(real_size(), load_form("form4", EDITION))
    by_id = {one.anchor: one for one in reading.lines}
    assert by_id["III-2-r1"].address == "Ⅲ(1)-2-リスク1"
    assert by_id["III-7-r1-9"].label.startswith("過去3年以内")
    assert by_id["II_2-5-p3-1"].address == "Ⅱ(2)-5-提供先3①"


def test_a_second_file_leaves_the_links_to_the_first_as_they_were() -> None:
    form = load_form("form4", EDITION)
    one, two = (read_document(filled("form4", files=files), form) for files in (1, 2))
    assert {line.anchor for line in one.lines} <= {line.anchor for line in two.lines}


@pytest.mark.parametrize("form_id", ["form2", "form3", "form4"])
def test_whatever_is_written_is_read(form_id: str) -> None:
    form = load_form(form_id, EDITION)
    document = filled(form_id, files=2, rows=3)
    read = read_document(document, form).by_place
    written = {str(place) for item, place in places(document, form) if document.get(place) is not None}
    assert written <= set(read)


def test_changes_are_a_table_and_choices_tell_what_was_not_chosen_too() -> None:
    form = load_form("form2", EDITION)
    document = filled("form2")
    row = document.add_row("f2.chg")
    document.set(Place("f2.chg.item", (row,)), "Ⅰ-1②")
    document.set(Place("f2.chg.changed_on", (row,)), "2026-04-01")
    reading = read_document(document, form)
    table = next(line for line in reading.lines if line.kind == "table")
    assert table.columns[:2] == ("変更日", "項目")
    assert [cell.text for cell in table.rows[0]][:2] == ["令和8年4月1日", "Ⅰ-1②"]
    choice = next(line for line in reading.lines if line.key == "f2.2.2")
    assert choice.values == ("500人以上",)
    assert [one.chosen for one in choice.marks] == [True, False]


def test_the_result_of_the_threshold_is_worked_out_from_the_answers() -> None:
    form = load_form("form2", EDITION)
    document = filled("form2")
    for persons, handlers, words in (
        ("2", "1", "基礎項目評価の"),
        ("4", "2", "重点"),
        ("4", "1", "全項目"),
        ("1", "1", "義務付けられない"),
    ):
        document.set("f2.2.1", persons)
        document.set("f2.2.2", handlers)
        document.set("f2.2.3", "2")
        assert words in read_document(document, form).text_of("f2.3")
    document.set("f2.2.1", None)
    assert read_document(document, form).text_of("f2.3") == ""


def test_the_public_reading_knows_only_the_public_text() -> None:
    form = load_form("form4", EDITION)
    document = filled("form4")
    place = Place("f4.1.1.2")
    text = "課税の資料を名寄せする。機器の型番はXZ-9。"
    document.set(place, text)
    starts = text.index("XZ-9")
    shown = public(document, form, [Redaction(place, "10-2", "攻撃の手掛かり", starts, starts + 4)], "first")
    reading = read_document(shown.document, form, texts=shown.texts, gaps=shown.gaps)
    line = reading.by_place[str(place)]
    assert "XZ-9" not in repr(reading)
    assert line.redacted is not None
    assert line.redacted.article == "規則10条2項"
    assert [one.gap for one in line.pieces] == [False, True, False]


def test_a_whole_choice_left_out_shows_no_choice() -> None:
    form = load_form("form4", EDITION)
    document = filled("form4")
    place = Place("f4.1.1.3")
    shown = public(document, form, [Redaction(place, "10-1", "捜査に支障")], "first")
    line = read_document(shown.document, form, texts=shown.texts, gaps=shown.gaps).by_place[str(place)]
    assert (line.kind, line.values, line.marks) == ("text", (), ())
    assert "10条1項" in line.text


def test_an_empty_document_can_be_read() -> None:
    for form_id in ("form2", "form3", "form4"):
        form = load_form(form_id, EDITION)
        assert list(read_document(Document(form_id, EDITION), form).lines)


def test_rows_and_files_that_are_names_of_each_other_do_not_mix() -> None:
    form = load_form("form4", EDITION)
    document = Document("form4", EDITION)
    for name in ("甲ファイル", "乙ファイル"):
        document.set(Place("f4.2.1", (document.add_row(FILE),)), name)
    files = [one.file for one in read_document(document, form).sections if one.key == "2"]
    assert files == ["甲ファイル", "乙ファイル"]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_page_says_in_words_what_signs_mean_and_escapes_what_was_written(language: str) -> None:
    form = load_form("form4", EDITION)
    document = filled("form4")
    document.set("f4.1.1.2", "<b>太字</b>\n次の行 葛󠄀城 𠮷子")
    shown = public(document, form, [Redaction(Place("f4.1.3"), "10-1", "捜査に支障")], "first")
    reading = read_document(shown.document, form, language, texts=shown.texts, gaps=shown.gaps)
    module = environment(language, False).get_template("statement/reading.jinja2").module
    html = str(
        module.statement_reading(
            reading,
            item_link=lambda line: (f"/x/{line.anchor}", "意見を書く") if line.key else None,
            marks={"f4.1.1.3": "changed"},
        )
    )
    assert "&lt;b&gt;太字&lt;/b&gt;" in html
    assert "葛󠄀城 𠮷子" in html
    assert ("変更あり" if language == "ja" else "Changed") in html
    assert ("重要な変更になる" if language == "ja" else "material change") in html
    assert "規則10条1項" in html
    assert 'href="/x/I-1-2"' in html
    assert len(re.findall(r"<dt", html)) == len(re.findall(r"</dt>", html))
