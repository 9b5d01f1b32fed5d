"""Writing a statement part by part: what is on a page, what a save does, who may, and that nothing written is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from webtest import TestRequest

from tests.assessments.writing import TEXT, Writing, save
from tests.web.people import CLERK


def test_a_part_shows_each_kind_of_item_with_its_official_choices_its_star_and_what_to_write(
    writing: Writing,
) -> None:
    page = writing.open("1").html
    assert page.h1.get_text(strip=True) == "Ⅰ 基本情報"
    text = page.select_one("#I-1-2 textarea")
    assert text["name"] == f"v:{TEXT}"
    assert "変えると重要な変更になる項目" in page.select_one("#I-1-2").get_text()
    options = [one.get_text() for one in page.select("#I-1-3 option")]
    assert options[:2] == ["選んでください", "1）1,000人未満(任意実施)"]
    assert (
        "番号を付けて" in page.select_one("#I-1-2 .md-guide").get_text() or "順に書きます" in page.get_text()
    )
    assert len(page.select("details.md-row")) == 5


def test_every_part_of_both_forms_can_be_opened_and_names_no_field_twice(writing: Writing) -> None:
    for form in ("form2", "form4"):
        writing = replace(writing, form=form)
        listed = writing.counter.of(CLERK).get(f"{writing.root}/forms/{form}/").html
        links = [one["href"] for one in listed.select(".md-overview__link")]
        assert len(links) == (6 if form == "form2" else 13)
        for link in links:
            page = writing.counter.of(CLERK).get(link).html
            ids = [one["id"] for one in page.select("[id]")]
            assert len(ids) == len(set(ids)), link
            texts = [one["name"] for one in page.select("#fields textarea, #fields select")]
            assert len(texts) == len(set(texts)), link


def test_saving_makes_a_version_and_only_what_was_changed_enters_the_history(writing: Writing) -> None:
    form = writing.fields("1")
    form[f"v:{TEXT}"] = "新しい内容\r\n二行目"
    answer = save(form).follow()
    assert "保存しました" in answer.text
    assert writing.value(TEXT) == "新しい内容\n二行目"
    assert [one.version for one in writing.history(TEXT)] == [writing.draft().version]
    assert writing.history("f4.1.1.1") == []
    again = save(writing.fields("1")).follow()
    assert "変わったところはありませんでした" in again.text


def test_each_kind_of_value_is_saved_as_the_form_knows_it(writing: Writing) -> None:
    document = writing.draft().document
    system = document.rows_of("f4.1.2")[0]
    form = writing.fields("1")
    form["v:f4.1.1.3"] = "4"
    links = f"f4.1.2.links@{system}"
    for box in form.fields[f"v:{links}"]:
        box.checked = box._value in ("2", "7")
    form[f"t:{links}:7"] = "既存の庁内システム"
    save(form)
    assert writing.value("f4.1.1.3") == "4"
    assert writing.value(links) == {"chosen": ["2", "7"], "texts": {"7": "既存の庁内システム"}}
    form = writing.fields("1")
    for box in form.fields[f"v:{links}"]:
        box.checked = False
    form[f"t:{links}:7"] = ""
    save(form)
    assert writing.value(links) is None


def test_a_text_beside_a_choice_that_is_unticked_stays(writing: Writing) -> None:
    system = writing.draft().document.rows_of("f4.1.2")[0]
    links = f"f4.1.2.links@{system}"
    form = writing.fields("1")
    form[f"t:{links}:7"] = "まだ印を付けていない"
    save(form)
    assert writing.value(links)["texts"] == {"7": "まだ印を付けていない"}


@pytest.mark.parametrize(
    "text",
    [
        "葛\U000e0100城 髙﨑 𠮷子",
        "タブ\tと制御\x1b文字",
        "\n先頭の改行",
        "<script>alert(1)</script>&amp;",
        "長" * 60_000,
    ],
    ids=["rare characters", "control character", "leading line", "markup", "long"],
)
def test_what_can_be_kept_comes_back_as_it_was_written(writing: Writing, text: str) -> None:
    form = writing.fields("1")
    form[f"v:{TEXT}"] = text
    save(form).follow()
    assert writing.value(TEXT) == text
    assert writing.fields("1")[f"v:{TEXT}"].value.replace("\r\n", "\n").lstrip("\n") == text.lstrip("\n")


def test_a_text_too_long_is_refused_alone_and_stays_in_its_field(writing: Writing) -> None:
    form = writing.fields("1")
    form[f"v:{TEXT}"] = "長" * 1_000_001
    form["v:f4.1.1.1"] = "一緒に送った名前"
    before = writing.value(TEXT)
    answer = save(form)
    assert answer.status_code == 200
    assert answer.html.title.get_text().startswith("エラー：")
    assert "ほかの項目は保存しました" in answer.text
    assert answer.html.select_one(".govuk-error-summary a")["href"] == "#v-I-1-2"
    assert len(answer.forms["fields"][f"v:{TEXT}"].value.strip()) == 1_000_001
    assert (writing.value(TEXT), writing.value("f4.1.1.1")) == (before, "一緒に送った名前")


def test_more_than_the_portal_takes_is_refused_with_words_and_nothing_changes(writing: Writing) -> None:
    version = writing.draft().version
    sent = TestRequest.blank(writing.section("1"), method="POST", body=b"seen=1")
    sent.content_length = 13 * 1024 * 1024
    answer = writing.counter.of(CLERK).do_request(sent, expect_errors=True)
    assert answer.status_code == 413
    assert "何も保存していません" in answer.text
    assert writing.draft().version == version


def test_rows_are_added_and_taken_out_with_what_was_typed_saved_first_and_a_row_comes_back(
    writing: Writing,
) -> None:
    before = writing.draft().document
    form = writing.fields("1")
    form[f"v:{TEXT}"] = "行を足す前に書いた文"
    page = save(form, "add:f4.1.2").follow()
    assert len(page.html.select("details.md-row")) == 6
    assert writing.value(TEXT) == "行を足す前に書いた文"
    row = before.rows_of("f4.1.2")[0]
    page = save(page.forms["fields"], f"remove:f4.1.2:{row}").follow()
    assert len(page.html.select("details.md-row")) == 5
    undone = next(form for form in page.forms.values() if form.action.endswith("/undo")).submit().follow()
    assert len(undone.html.select("details.md-row")) == 6
    assert writing.value(f"f4.1.2.name@{row}") == before.get(f"f4.1.2.name@{row}")


@pytest.mark.parametrize(
    "action", ["add:f4.9", "add:f4.2.4n@99", "remove:f4.1.2:99", "remove:f4.1.1.1:1", "add:", "remove:"]
)
def test_rows_that_cannot_be_are_refused_with_words(writing: Writing, action: str) -> None:
    version = writing.draft().version
    answer = save(writing.fields("1"), action)
    assert answer.status_code == 409
    assert "残っています" in answer.text
    assert writing.draft().version == version


def test_a_second_file_gets_parts_of_its_own_and_goes_again_with_undo(writing: Writing) -> None:
    path = f"{writing.root}/forms/form4/"
    page = writing.counter.of(CLERK).get(path)
    form = next(one for one in page.forms.values() if one.action.endswith("/files"))
    page = form.submit().follow()
    assert len(page.html.select(".md-overview__link")) == 16
    undo = next(one for one in page.forms.values() if one.action.endswith("/undo"))
    assert len(undo.submit().follow().html.select(".md-overview__link")) == 13


def test_saving_can_lead_to_the_next_part_and_from_the_last_to_the_form(writing: Writing) -> None:
    assert "/sections/a1" in save(writing.fields("1"), "next").location
    assert "/sections/c" in save(writing.fields("1"), "previous").location
    assert save(writing.fields("a3"), "next").location.split("?")[0].endswith("/forms/form4/")


def test_an_undo_is_refused_when_something_was_written_on_top(writing: Writing) -> None:
    form = writing.fields("1")
    form[f"v:{TEXT}"] = "一"
    page = save(form).follow()
    form = writing.fields("1")
    form[f"v:{TEXT}"] = "二"
    save(form)
    undo = next(one for one in page.forms.values() if one.action.endswith("/undo"))
    answer = undo.submit(expect_errors=True)
    assert answer.status_code == 409
    assert "そのまま残っています" in answer.text
    assert writing.value(TEXT) == "二"
