"""Writing a statement part by part: what is on a page, what a save does, who may, and that nothing written is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from webtest import TestRequest

from privacy_assessment.statements.store import read_statement
from storage.database import Scope
from tests.assessments.writing import TENANT, Writing, save
from tests.web.people import CLERK, COORDINATOR, NO_ROLE, RESIDENT, REVIEWER, SUPERVISOR, Person

TEXT = "f4.1.1.2"


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


def test_two_people_in_different_items_of_one_page_do_not_disturb_each_other(writing: Writing) -> None:
    mine, hers = writing.fields("1"), writing.fields("1", COORDINATOR)
    hers["v:f4.1.1.1"] = "取りまとめ課の名前"
    save(hers)
    mine[f"v:{TEXT}"] = "担当課の内容"
    assert "/sections/1" in save(mine).location
    assert writing.value("f4.1.1.1") == "取りまとめ課の名前"
    assert writing.value(TEXT) == "担当課の内容"


def clash(writing: Writing) -> Any:
    """Two people save one item; the page the second one lands on."""
    mine, hers = writing.fields("1"), writing.fields("1", COORDINATOR)
    hers[f"v:{TEXT}"] = "先の人の文"
    save(hers)
    mine[f"v:{TEXT}"] = "後の人の文"
    mine["v:f4.1.5"] = "後の人のもう一つ"
    answer = save(mine)
    assert answer.location.endswith("/conflicts")
    return answer.follow()


def test_two_people_in_one_item_see_both_texts_and_what_did_not_clash_is_saved(writing: Writing) -> None:
    page = clash(writing)
    assert "先の人の文" in page.text.replace("<del>", "").replace("</del>", "")
    sides = [one.get_text() for one in page.html.select(".md-side .md-written-block")]
    assert sides == ["先の人の文", "後の人の文"]
    assert COORDINATOR.display_name not in page.html.select(".md-side")[1].get_text()
    assert (writing.value(TEXT), writing.value("f4.1.5")) == ("先の人の文", "後の人のもう一つ")


@pytest.mark.parametrize(
    ("word", "left"), [("theirs", "先の人の文"), ("mine", "後の人の文"), ("merged", "合わせた文")]
)
def test_a_clash_is_settled_by_theirs_mine_or_a_text_of_both(writing: Writing, word: str, left: str) -> None:
    page = clash(writing)
    form = page.forms[1]
    form[f"c:{TEXT}"] = word
    form[f"x:{TEXT}"] = "合わせた文"
    after = form.submit().follow()
    assert after.status_code == 200
    assert writing.value(TEXT) == left
    assert "決めるのを待っている文はありません" in writing.counter.of(CLERK).get(page.request.path).text


def test_a_merged_text_too_long_is_refused_and_both_texts_go_on_waiting(writing: Writing) -> None:
    page = clash(writing)
    form = page.forms[1]
    form[f"c:{TEXT}"], form[f"x:{TEXT}"] = "merged", "a" * 1_000_001
    answer = form.submit(expect_errors=True)
    assert answer.status_code == 409
    assert "1,000,001字あります" in answer.text
    again = writing.counter.of(CLERK).get(page.request.path)
    assert [one.get_text() for one in again.html.select(".md-side .md-written-block")] == [
        "先の人の文",
        "後の人の文",
    ]


def test_an_undecided_clash_waits_and_every_page_of_the_form_says_so(writing: Writing) -> None:
    page = clash(writing)
    again = page.forms[1].submit()
    assert again.location.endswith("/conflicts")
    assert "決めるのを待っています" in writing.open("6").text
    assert "決めるのを待っています" not in writing.open("6", COORDINATOR).text


def test_a_clash_that_was_overtaken_again_is_a_clash_again(writing: Writing) -> None:
    page = clash(writing)
    form = page.forms[1]
    hers = writing.fields("1", COORDINATOR)
    hers[f"v:{TEXT}"] = "三番目の文"
    save(hers)
    form[f"c:{TEXT}"] = "mine"
    answer = form.submit()
    assert answer.location.endswith("/conflicts")
    assert writing.value(TEXT) == "三番目の文"
    assert "三番目の文" in "".join(one.get_text() for one in answer.follow().html.select(".md-side"))


def test_a_text_for_a_row_that_somebody_took_out_is_put_aside(writing: Writing) -> None:
    system = writing.draft().document.rows_of("f4.1.2")[1]
    mine, hers = writing.fields("1"), writing.fields("1", COORDINATOR)
    save(hers, f"remove:f4.1.2:{system}")
    mine[f"v:f4.1.2.func@{system}"] = "消えた行に書いた文"
    page = save(mine).follow()
    assert "ほかの人が消しました" in page.text
    assert "消えた行に書いた文" in page.text


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


def test_somebody_else_who_is_here_is_named_with_the_part(writing: Writing) -> None:
    writing.open("1", SUPERVISOR)
    assert f"{SUPERVISOR.display_name}さんもこの節を開いています" in writing.open("1").text
    page = writing.open("6").text
    assert f"{SUPERVISOR.display_name}さんが「Ⅰ 基本情報」を開いています" in page
    assert CLERK.display_name not in writing.open("1").html.select_one("#people").get_text()


def present(writing: Writing, person: Person, **more: str) -> Any:
    """What the script asks every half minute."""
    form = writing.fields("1", person)
    sent = {"csrf_token": form["csrf_token"].value, "part": "1", **more}
    path = f"{writing.root}/forms/form4/presence"
    return form.response.goto(path, method="post", params=sent, expect_errors=True)


def test_a_script_is_told_who_is_here_until_she_leaves(writing: Writing) -> None:
    present(writing, SUPERVISOR)
    told = present(writing, CLERK).json
    assert SUPERVISOR.display_name in told["others"]
    assert told["version"] == writing.draft().version
    present(writing, SUPERVISOR, leaving="1")
    assert present(writing, CLERK).json["others"] == ""
    assert present(writing, CLERK, part="99").status_code == 404


def test_somebody_who_said_nothing_for_minutes_is_taken_to_have_left(writing: Writing) -> None:
    present(writing, SUPERVISOR)
    writing.desk.clock.advance(minutes=6)
    assert present(writing, CLERK).json["others"] == ""


def test_a_script_saves_single_fields_and_is_told_the_version_and_who_is_here(writing: Writing) -> None:
    form = writing.fields("1")
    writing.open("1", SUPERVISOR)
    sent = [("csrf_token", form["csrf_token"].value), ("seen", form["seen"].value), (f"v:{TEXT}", "自動保存")]
    told = form.response.goto(
        form.action, method="post", params=sent, headers={"Accept": "application/json"}
    ).json
    assert told["version"] == writing.draft().version
    assert told["changed"]
    assert SUPERVISOR.display_name in told["others"]
    assert writing.value(TEXT) == "自動保存"
    more = [*sent[:2], (f"s:{TEXT}", str(told["version"])), (f"v:{TEXT}", "続き")]
    told = form.response.goto(
        form.action, method="post", params=more, headers={"Accept": "application/json"}
    ).json
    assert told["aside"] == []
    assert writing.value(TEXT) == "続き"


def test_a_script_that_saved_one_field_does_not_overwrite_another_that_changed_meanwhile(
    writing: Writing,
) -> None:
    form = writing.fields("1")
    hers = writing.fields("1", COORDINATOR)
    hers["v:f4.1.5"] = "ほかの人の根拠"
    save(hers)
    base = [("csrf_token", form["csrf_token"].value), ("seen", form["seen"].value)]
    headers = {"Accept": "application/json"}
    form.response.goto(form.action, method="post", params=[*base, (f"v:{TEXT}", "一")], headers=headers)
    told = form.response.goto(
        form.action, method="post", params=[*base, ("v:f4.1.5", "自分の根拠")], headers=headers
    ).json
    assert told["aside"] == ["f4.1.5"]
    assert told["conflicts"].endswith("/conflicts")
    assert writing.value("f4.1.5") == "ほかの人の根拠"


def test_in_a_state_where_nobody_edits_the_page_is_read_and_a_late_save_gives_the_text_back(
    writing: Writing,
) -> None:
    form = writing.fields("1")
    form[f"v:{TEXT}"] = "間に合わなかった文"
    with writing.worker.transaction(Scope(tenant=TENANT)) as tx:
        desk, found = writing.desk, read_statement(tx, writing.id)
        desk.fill(tx, found)
        desk.step(tx, found, "consult", opens=desk.today, closes=desk.today + timedelta(days=29))
    page = writing.open("1")
    assert page.html.select_one("#fields") is None
    assert "記載を変えられません" in page.text
    version = writing.draft().version
    answer = save(form)
    assert answer.status_code == 409
    assert "間に合わなかった文" in answer.text
    assert writing.draft().version == version


def test_a_text_that_waits_can_be_given_up_but_not_put_in_when_nobody_edits(writing: Writing) -> None:
    page = clash(writing)
    with writing.worker.transaction(Scope(tenant=TENANT)) as tx:
        desk, found = writing.desk, read_statement(tx, writing.id)
        desk.fill(tx, found)
        desk.step(tx, found, "consult", opens=desk.today, closes=desk.today + timedelta(days=29))
    form = page.forms[1]
    form[f"c:{TEXT}"] = "mine"
    refused = form.submit(expect_errors=True)
    assert refused.status_code == 409
    assert "後の人の文" in refused.text
    form[f"c:{TEXT}"] = "theirs"
    form.submit().follow()
    assert "決めるのを待っている文はありません" in writing.counter.of(CLERK).get(page.request.path).text


def test_a_lost_sign_in_gives_the_text_back_and_it_can_be_sent_again(writing: Writing) -> None:
    form = writing.fields("1")
    form[f"v:{TEXT}"] = "ログインが切れたときの文"
    form.response.test_app.extra_environ["madoguchi.test.identity"] = None
    answer = save(form)
    assert answer.status_code == 403
    assert "この画面を閉じないでください" in answer.text
    assert writing.value(TEXT) != "ログインが切れたときの文"
    form.response.test_app.extra_environ["madoguchi.test.identity"] = CLERK
    answer.forms[0].submit().follow()
    assert writing.value(TEXT) == "ログインが切れたときの文"


def test_an_old_page_gives_the_text_back_and_it_can_be_sent_again(writing: Writing) -> None:
    form = writing.fields("1")
    form[f"v:{TEXT}"] = "古い画面の文"
    form["csrf_token"] = "x" * 40
    answer = save(form)
    assert answer.status_code == 400
    resend = next(one for one in answer.forms.values() if "seen" in one.fields)
    resend.submit().follow()
    assert writing.value(TEXT) == "古い画面の文"


def test_a_script_is_told_by_a_status_that_the_sign_in_was_lost(writing: Writing) -> None:
    form = writing.fields("1")
    form.response.test_app.extra_environ["madoguchi.test.identity"] = None
    sent = [("csrf_token", form["csrf_token"].value), ("seen", "1"), (f"v:{TEXT}", "x")]
    answer = form.response.goto(
        form.action, method="post", params=sent, headers={"Accept": "application/json"}, expect_errors=True
    )
    assert answer.status_code in (401, 403)


@pytest.mark.parametrize("person", [NO_ROLE, RESIDENT, REVIEWER], ids=["no role", "resident", "reviewer"])
def test_who_has_no_right_is_refused(writing: Writing, person: Any) -> None:
    answer = writing.counter.of(person).get(writing.section("1"), expect_errors=True)
    assert answer.status_code == 403


def test_another_office_is_told_that_there_is_nothing_in_the_same_bytes(writing: Writing) -> None:
    stranger = replace(CLERK, tenant="992020")
    browser = writing.counter.of(stranger)
    browser.get("/help/")
    there = browser.get(writing.section("1"), expect_errors=True)
    nowhere = browser.get(
        "/staff/assessments/01900000-0000-7000-8000-00000000dead/forms/form4/sections/1", expect_errors=True
    )
    assert there.status_code == nowhere.status_code == 404
    assert there.body.replace(str(writing.id).encode(), b"") == nowhere.body.replace(
        b"01900000-0000-7000-8000-00000000dead", b""
    )


@pytest.mark.parametrize(
    "path", ["forms/form3/sections/3", "forms/form4/sections/99", "forms/form4/sections/2@99", "forms/form9/"]
)
def test_a_form_or_part_that_the_statement_does_not_have_is_not_there(writing: Writing, path: str) -> None:
    assert writing.counter.of(CLERK).get(f"{writing.root}/{path}", expect_errors=True).status_code == 404


def test_fields_that_are_no_fields_are_left_alone(writing: Writing) -> None:
    form = writing.fields("1")
    version = writing.draft().version
    sent = [
        ("csrf_token", form["csrf_token"].value), ("seen", "-5"), ("v:", "x"), ("v", "x"), ("t:x", "y"), ("m:nothing", "1"),
        ("action", "fly"),
    ]  # fmt: skip
    answer = form.response.goto(form.action, method="post", params=sent)
    assert answer.status_code == 303
    assert writing.draft().version == version


def test_a_text_for_an_item_this_form_does_not_have_is_put_aside(writing: Writing) -> None:
    form = writing.fields("1")
    sent = [("csrf_token", form["csrf_token"].value), ("seen", "1"), ("v:f4.99.1", "行き場のない文")]
    page = form.response.goto(form.action, method="post", params=sent).follow()
    assert "行き場のない文" in page.text
