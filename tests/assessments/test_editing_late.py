"""Who comes too late, has lost the sign-in or has no right: nothing is changed, and what was written is given back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from privacy_assessment.statements.store import read_statement
from storage.database import Scope
from tests.assessments.writing import TENANT, TEXT, Writing, clash, save
from tests.web.people import CLERK, NO_ROLE, RESIDENT, REVIEWER


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
