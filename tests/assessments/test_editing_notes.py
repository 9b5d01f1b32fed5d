"""What surrounds the writing: ready sentences, comments and proposals, history and undo, checks with reasons, attachments."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from webtest import Upload

from privacy_assessment.editing.attachments import MOST
from storage.database import Scope
from storage.encryption import KeyRing
from tests.assessments.desk import actor
from tests.assessments.writing import TENANT, TEXT, Writing, save, writings
from tests.conftest import Databases
from tests.web.people import CLERK, COORDINATOR, SUPERVISOR, Person

PNG = b"\x89PNG\r\n\x1a\n" + b"picture" * 200_000
CLERK_ID, SUPERVISOR_ID = str(CLERK.account_id), str(SUPERVISOR.account_id)
SENTENCES = "/staff/assessments/sentences"


@pytest.fixture(scope="module")
def writing(databases: Databases, key_ring: KeyRing) -> Writing:
    """A statement for the whole module."""
    return next(writings(databases, key_ring))


@pytest.fixture(autouse=True)
def _text(writing: Writing) -> None:
    """Each test begins with the same text in the item."""
    with writing.worker.transaction(Scope(tenant=TENANT)) as tx:
        writing.desk.drafts.save(
            tx, writing.id, "form4", writing.draft().version, {TEXT: "はじめの文"}, actor(CLERK)
        )


def item(writing: Writing, place: str = TEXT, person: Person = CLERK, words: str = "") -> Any:
    """The page of an item."""
    query = {"place": place, **({"words": words} if words else {})}
    return writing.counter.of(person).get(f"{writing.root}/forms/form4/item", query)


def sentences(writing: Writing, person: Person = CLERK, words: str = "") -> Any:
    """The page of ready sentences."""
    return writing.counter.of(person).get(SENTENCES, {"words": words})


def press(page: Any, action: str, nth: int = 0, **fields: str) -> Any:
    """Press a button of an item's page, with its form's fields filled in."""
    found = [
        form
        for form in page.forms.values()
        if any(
            button._value == action for button in form.fields.get("action", []) if hasattr(button, "_value")
        )
    ][nth]
    for name, value in fields.items():
        found[name] = value
    sent = [(name, value) for name, value in found.submit_fields() if name != "action"]
    return page.goto(found.action, method="post", params=[*sent, ("action", action)], expect_errors=True)


def comment(page: Any, **fields: str) -> Any:
    """Write a new comment."""
    given = {"type": "question", "text": "これは何ですか。", **fields}
    return press(page, "open", **given)


def test_a_ready_sentence_is_put_at_the_end_of_the_item_and_into_its_history(writing: Writing) -> None:
    place = "f4.4.2.d"
    page = item(writing, place)
    assert "研修" in page.html.select_one(".md-sentence").get_text()
    before = writing.value(place)
    after = press(page, "insert").follow()
    assert "例文を項目の終わりに入れました" in after.text
    assert writing.value(place).startswith(f"{before}\n新しく配属された")
    assert writing.history(place)[0].kind == "sentence"


def test_a_sentence_that_would_make_the_item_too_long_is_refused_and_the_item_stays(writing: Writing) -> None:
    place = "f4.4.1.1.d"
    with writing.worker.transaction(Scope(tenant=TENANT)) as tx:
        long = {place: "長" * 999_990}
        writing.desk.drafts.save(tx, writing.id, "form4", writing.draft().version, long, actor(CLERK))
    answer = press(item(writing, place), "insert")
    assert answer.status_code == 409
    assert "字までです" in answer.html.select_one(".govuk-error-summary").get_text()
    assert len(writing.value(place)) == 999_990
    with writing.worker.transaction(Scope(tenant=TENANT)) as tx:
        writing.desk.drafts.save(
            tx, writing.id, "form4", writing.draft().version, {place: "短い"}, actor(CLERK)
        )


def test_sentences_are_found_by_words_and_a_hostile_search_finds_nothing(writing: Writing) -> None:
    assert item(writing, TEXT, words="生体認証").html.select(".md-sentence")
    for words in ("%", "_", "'; DROP TABLE x", "\\"):
        assert not item(writing, TEXT, words=words).html.select(".md-sentence"), words


def last(page: Any) -> Any:
    """The last form of a page."""
    return page.forms[max(number for number in page.forms if isinstance(number, int))]


def keep_sentence(writing: Writing, person: Person = CLERK, **fields: str) -> Any:
    """Keep a sentence by the page."""
    form = last(sentences(writing, person))
    for name, value in {"title": "自分の例文", "text": "この役所のやり方。", "item": TEXT, **fields}.items():
        form[name] = value
    return form.submit()


def test_an_office_keeps_changes_and_takes_out_its_own_sentences(writing: Writing) -> None:
    assert "例文を残しました" in keep_sentence(writing).follow().text
    assert "この役所のやり方。" in item(writing).html.select_one(".md-sentence").get_text()
    page = sentences(writing, words="自分の例文")
    changed = page.click("直す", index=0)
    form = last(changed)
    assert form["text"].value.strip() == "この役所のやり方。"
    form["text"] = "直したやり方。"
    form.submit()
    page = sentences(writing, words="直したやり方")
    remove = next(one for one in page.forms.values() if "sentence" in one.fields)
    page.goto(remove.action, method="post", params=[*remove.submit_fields(), ("action", "remove")])
    assert "直したやり方" not in writing.counter.of(CLERK).get(SENTENCES).text


@pytest.mark.parametrize(
    "fields", [{"title": ""}, {"text": "  "}, {"title": "長" * 101}, {"text": "長" * 20_001}]
)
def test_a_sentence_without_content_is_refused_and_what_was_typed_stays(
    writing: Writing, fields: dict[str, str]
) -> None:
    answer = keep_sentence(writing, **fields)
    assert "保存していません" in answer.text
    assert answer.html.title.get_text().startswith("エラー：")
    form = last(answer)
    assert form["title"].value == fields.get("title", "自分の例文")


def test_a_shared_sentence_is_read_by_other_offices_and_only_its_own_can_change_it(writing: Writing) -> None:
    keep_sentence(writing, COORDINATOR, title="分けた例文", shared="1")
    keep_sentence(writing, CLERK, title="分けない例文")
    with writing.worker.transaction(Scope(tenant=TENANT)) as tx:
        (shared,) = tx.raw.execute(
            "SELECT id FROM madoguchi.assessment_sentence WHERE title = '分けた例文'"
        ).fetchone()
    other = replace(CLERK, tenant="992020")
    page = writing.counter.of(other).get(SENTENCES)
    assert "分けた例文" in page.text
    assert "甲野市の例文" in page.text
    assert "分けない例文" not in page.text
    assert page.goto(f"{SENTENCES}?change={shared}", expect_errors=True).status_code == 404
    form = last(page)
    sent = [*form.submit_fields(), ("sentence", str(shared)), ("title", "奪う"), ("text", "奪う")]
    assert page.goto(SENTENCES, method="post", params=sent, expect_errors=True).status_code == 404
    with writing.worker.transaction(Scope()) as tx:
        assert tx.raw.execute("SELECT count(*) FROM madoguchi.assessment_sentence").fetchone() == (0,)


def test_a_clerk_cannot_share(writing: Writing) -> None:
    form = last(sentences(writing))
    assert "shared" not in form.fields
    form["title"], form["text"] = "こっそり分ける", "文"
    form.response.goto(SENTENCES, method="post", params=[*form.submit_fields(), ("shared", "1")])
    assert "こっそり分ける" not in writing.counter.of(replace(CLERK, tenant="992020")).get(SENTENCES).text


def test_a_comment_is_given_to_somebody_answered_resolved_and_waits_in_her_list(writing: Writing) -> None:
    page = comment(
        item(writing, "f4.1.5"), text="根拠の条番号は", assignee=SUPERVISOR_ID, due_on="令和8年11月30日"
    )
    page = page.follow()
    assert "コメントを書きました" in page.text
    mine = writing.counter.of(SUPERVISOR).get("/staff/assessments/threads")
    assert "根拠の条番号は" in mine.text
    assert "11月30日" in mine.text
    assert "コメント1" in writing.open("1").text
    page = press(item(writing, "f4.1.5", SUPERVISOR), "reply", text="直しました")
    assert "直しました" in page.follow().text
    page = press(item(writing, "f4.1.5"), "resolve", text="")
    assert "解決済み" in page.follow().text
    assert "根拠の条番号は" not in writing.counter.of(SUPERVISOR).get("/staff/assessments/threads").text
    shown = writing.counter.of(CLERK).get(f"{writing.root}/threads")
    assert "根拠の条番号は" not in shown.text
    assert "根拠の条番号は" in writing.counter.of(CLERK).get(f"{writing.root}/threads?shown=all").text


def test_a_comment_can_be_given_to_somebody_else_with_another_day(writing: Writing) -> None:
    page = comment(item(writing, "f4.1.8"), text="だれか見てください").follow()
    press(page, "assign", assignee=CLERK_ID, due_on="2026-12-01")
    assert "だれか見てください" in writing.counter.of(CLERK).get(f"{writing.root}/threads?shown=mine").text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text": " "}, "本文"), ({"due_on": "2026-02-30"}, "日付として読めません"), ({"due_on": "2026-01-01"}, "過去"),
        ({"text": "長" * 20_001}, "本文"), ({"type": "proposal", "proposal": ""}, "提案の文"),
    ],
)  # fmt: skip
def test_a_comment_that_cannot_be_kept_is_refused_with_its_text_in_the_field(
    writing: Writing, fields: dict[str, str], words: str
) -> None:
    answer = comment(item(writing, "f4.1.4.1"), **{"text": "書いた文", **fields})
    assert answer.status_code == 409
    assert words in answer.html.select_one(".govuk-error-summary").get_text()
    assert answer.html.select_one("#new-text").get_text().strip() == fields.get("text", "書いた文").strip()
    assert not item(writing, "f4.1.4.1").html.select("article.md-thread")


def test_a_proposal_is_taken_into_the_item_once_and_only_while_somebody_may_write(writing: Writing) -> None:
    page = comment(item(writing), type="proposal", text="こうしては", proposal="提案された\r\n文").follow()
    after = press(page, "accept").follow()
    assert "提案の文を項目に入れました" in after.text
    assert writing.value(TEXT) == "提案された\n文"
    assert writing.history(TEXT)[0].kind == "proposal"
    again = press(page, "accept")
    assert again.status_code == 409
    assert "もう取り入れてあります" in again.text


def test_threads_of_other_statements_and_made_up_ones_are_not_there(writing: Writing) -> None:
    page = item(writing)
    token = last(page)["csrf_token"].value
    for thread in ("x", "01900000-0000-7000-8000-00000000dead"):
        sent = {"csrf_token": token, "place": TEXT, "thread": thread, "action": "reply", "text": "x"}
        path = f"{writing.root}/forms/form4/item"
        assert page.goto(path, method="post", params=sent, expect_errors=True).status_code == 404


def test_the_history_of_an_item_shows_what_changed_and_any_entry_comes_back(writing: Writing) -> None:
    form = writing.fields("1")
    form[f"v:{TEXT}"] = "あとの文"
    save(form)
    page = item(writing)
    past = page.html.select_one(".md-past")
    assert [one.get_text() for one in past.select("del, ins")] == ["はじめ", "あと"]
    version = writing.history(TEXT)[1].version
    after = press(page, "restore").follow()
    assert "この版の文に戻しました" in after.text
    assert writing.value(TEXT) == "はじめの文"
    assert version


def test_a_version_that_never_was_is_refused(writing: Writing) -> None:
    page = item(writing)
    token = last(page)["csrf_token"].value
    for version in ("0", "x", "-1", "99999999999"):
        sent = {"csrf_token": token, "place": "f4.1.6.2", "version": version, "action": "restore"}
        answer = page.goto(f"{writing.root}/forms/form4/item", method="post", params=sent, expect_errors=True)
        assert answer.status_code == 409
        assert "何も変更していません" in answer.text


def test_the_history_of_a_form_goes_save_by_save_and_takes_back_one_of_them(writing: Writing) -> None:
    form = writing.fields("1")
    form["v:f4.1.7.1"], form["v:f4.1.7.2"] = "ゑゐ", "ヱヰ"
    save(form)
    page = writing.counter.of(CLERK).get(f"{writing.root}/forms/form4/history")
    newest = page.html.select_one("section.md-card")
    assert CLERK.display_name in newest.get_text()
    assert {"ゑゐ", "ヱヰ"} <= {one.get_text() for one in newest.select("ins")}
    undo = next(one for one in page.forms.values() if one.action.endswith("/undo"))
    undo.submit().follow()
    assert writing.value("f4.1.7.1") != "ゑゐ"


def test_the_history_is_read_page_by_page(writing: Writing) -> None:
    for number in range(22):
        form = writing.fields("6")
        form["v:f4.6.2.2"] = f"第{number}の期間"
        save(form)
    first = writing.counter.of(CLERK).get(f"{writing.root}/forms/form4/history")
    assert len(first.html.select("section.md-card")) == 20
    second = first.click("次のページへ")
    assert "の期間" in second.text
    assert len(second.html.select("section.md-card")) >= 2
    odd = writing.counter.of(CLERK).get(f"{writing.root}/forms/form4/history?before=x")
    assert odd.status_code == 200


def test_the_checks_lead_to_each_item_and_a_warning_takes_its_reason(writing: Writing) -> None:
    form = writing.fields("1")
    form["v:f4.1.7.1"], form["v:f4.1.4.2"] = "資産税課", ""
    save(form)
    page = writing.counter.of(CLERK).get(f"{writing.root}/checks")
    lines = page.html.select(".md-remark")
    error = next(one for one in lines if "実現が期待されるメリット" in one.get_text())
    assert "誤り" in error.get_text()
    target = writing.counter.of(CLERK).get(error.a["href"])
    assert target.html.select_one("#" + error.a["href"].rpartition("#")[2]) is not None
    warning = next(
        one
        for one in page.forms.values()
        if "place" in one.fields and one["place"].value == "f4.1.7.1" and one["code"].value == "forms_differ"
    )
    refused = warning.submit()
    assert "理由が書かれていません" in refused.text
    warning["reason"] = "来月移管するため"
    after = warning.submit().follow()
    assert "理由を保存しました" in after.text
    assert "来月移管するため" in after.text


def test_a_reason_for_a_warning_that_is_gone_is_refused(writing: Writing) -> None:
    page = writing.counter.of(CLERK).get(f"{writing.root}/checks")
    form = next(one for one in page.forms.values() if "reason" in one.fields)
    form["place"], form["reason"] = "f4.99", "x"
    answer = form.submit(expect_errors=True)
    assert answer.status_code == 409
    assert "この注意は、もうありません" in answer.text


def test_a_row_that_a_check_leads_to_stands_open(writing: Writing) -> None:
    system = writing.draft().document.rows_of("f4.1.2")[3]
    form = writing.fields("1")
    form[f"v:f4.1.2.func@{system}"] = ""
    save(form)
    page = writing.counter.of(CLERK).get(f"{writing.root}/checks")
    link = next(one.a["href"] for one in page.html.select(".md-remark") if "システムの機能" in one.get_text())
    row = writing.counter.of(CLERK).get(link).html.select("details.md-row")[3]
    assert row.has_attr("open")


def attach(writing: Writing, name: str, data: bytes, person: Person = CLERK) -> Any:
    """Attach a file by the page."""
    page = item(writing, "f4.a1.fig", person)
    form = next(one for one in page.forms.values() if "file" in one.fields)
    form["file"] = Upload(name, data)
    return form.submit(expect_errors=True)


def test_a_file_is_kept_sealed_and_comes_back_byte_for_byte(writing: Writing) -> None:
    page = attach(writing, "C:\\図\\流れ 図.png", PNG).follow()
    link = next(one for one in page.html.select("#files ~ .md-file a") if "流れ 図.png" in one.get_text())
    answer = writing.counter.of(CLERK).get(link["href"])
    assert answer.body == PNG
    assert answer.content_type == "image/png"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%E6%B5%81")
    assert "sandbox" in answer.headers.getall("Content-Security-Policy")[0]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    shown = writing.counter.of(CLERK).get(f"{link['href']}?show")
    assert shown.headers["Content-Disposition"].startswith("inline")
    with writing.worker.transaction(Scope(tenant=TENANT)) as tx:
        parts = tx.raw.execute(
            "SELECT sealed FROM madoguchi.assessment_attachment_part WHERE attachment_id::text = %s",
            (link["href"].rpartition("/")[2],),
        ).fetchall()
    assert len(parts) == 3
    assert all(b"picturepicture" not in bytes(sealed) for (sealed,) in parts)
    assert "流れ 図.png" in writing.counter.of(CLERK).get(f"{writing.root}/attachments").text
    other = writing.counter.of(replace(CLERK, tenant="992020")).get(link["href"], expect_errors=True)
    assert other.status_code == 404
    files = page.html.select("#files ~ .md-file")
    press(page, "detach", next(place for place, one in enumerate(files) if link["href"] in str(one)))
    assert writing.counter.of(CLERK).get(link["href"], expect_errors=True).status_code == 404


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("program.pdf", b"MZ\x90\x00\x03"), ("page.txt", b"<html><script>alert(1)</script>"), ("图.png", b"%PDF-1.7"),
        ("table.xlsx", b"PK\x03\x04"), ("empty.txt", b""), ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("shell.txt", b"#!/bin/sh\nrm -rf /"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_it_says_or_not_of_a_kind_that_is_taken_is_refused(
    writing: Writing, name: str, data: bytes
) -> None:
    answer = attach(writing, name, data)
    assert answer.status_code == 409
    assert "保存していません" in answer.text
    assert "そのまま残っています" in answer.text
    assert name not in writing.counter.of(CLERK).get(f"{writing.root}/attachments").text


@pytest.mark.parametrize("name", ["説明.txt", "人数.csv"])
def test_japanese_text_of_either_encoding_is_taken(writing: Writing, name: str) -> None:
    for data in ("説明です\n".encode(), "説明です\r\n".encode("cp932")):
        assert attach(writing, name, data).status_code == 303


def test_a_file_larger_than_the_limit_is_refused(writing: Writing) -> None:
    answer = attach(writing, "large.txt", b"a" * (MOST + 1))
    assert answer.status_code == 409
    assert "20MBまで" in answer.text


def test_no_file_chosen_is_said(writing: Writing) -> None:
    page = item(writing, "f4.a1.fig")
    form = next(one for one in page.forms.values() if "file" in one.fields)
    answer = form.submit(expect_errors=True)
    assert "ファイルが選ばれていません" in answer.text


def test_a_file_is_taken_nowhere_else(writing: Writing) -> None:
    page = writing.open("1")
    form = page.forms["fields"]
    sent = [("csrf_token", form["csrf_token"].value), ("seen", "1")]
    answer = writing.counter.of(CLERK).post(
        writing.section("1"), sent, upload_files=[("v:f4.1.1.2", "x.txt", b"x")], expect_errors=True
    )
    assert answer.status_code == 400


def test_the_drawing_of_the_flows_stands_above_their_table_and_follows_it(writing: Writing) -> None:
    page = writing.open("a1")
    row = writing.draft().document.rows_of("f4.a1.flow")[0]
    form = page.forms["fields"]
    form[f"v:f4.a1.flow.from@{row}"] = "甲野市の住民"
    form[f"v:f4.a1.flow.to@{row}"] = "市民税課の窓口"
    after = save(form).follow()
    drawing = after.html.select_one("figure.md-statement-picture svg").get_text()
    assert "甲野市の住民" in drawing
    assert re.search("市民税課の窓口", drawing)
