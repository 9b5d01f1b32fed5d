"""The desk of opinions: originals stay, copies say why, groups are answered once, names are looked at on the record, results laid open."""

from __future__ import annotations

import io
import time as stopwatch
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from openpyxl import load_workbook

from privacy_assessment.consultation import grouping, inbox
from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import KeyRing
from tests.assessments import consulted
from tests.assessments.consulted import TENANT, Consulted
from tests.conftest import Databases
from tests.web.conftest import Counter
from tests.web.people import CLERK, COORDINATOR, NO_ROLE, OUTSIDER

LETTER = (
    "委託先の選定基準が評価書からは読み取れません。再委託を認めるのであれば、その条件と監督の方法を具体的に書いてください。"
    "漏えいが起きたときに市民へ知らせる手順も書くべきです。"
)
NAME = "仮名 さくら"


@pytest.fixture(scope="module")
def first(databases: Databases, time: FixedClock, key_ring: KeyRing) -> Consulted:
    return consulted.ended(databases.worker, time, key_ring)[0]


@pytest.fixture(scope="module")
def running(databases: Databases, time: FixedClock, key_ring: KeyRing) -> Consulted:
    return consulted.opened(databases.worker, time, key_ring)


@pytest.fixture
def ended(
    databases: Databases, time: FixedClock, key_ring: KeyRing, first: Consulted
) -> tuple[Consulted, list[str]]:
    texts = (LETTER, LETTER, LETTER.replace("市民", "区民"), "図が小さい。")
    one, given = consulted.another(databases.worker, time, key_ring, first, texts)
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        grouping.regroup(tx, time, one.consultation)
    return one, [receipt.number for receipt in given]


def posting(page: Any, action: str) -> Any:
    return next(
        one for one in page.forms.values() if one.action.endswith(action) and one.method.lower() == "post"
    )


def with_action(page: Any, action: str) -> Any:
    return next(
        one for one in page.forms.values() if "action" in one.fields and one["action"].value == action
    )


def write_line(browser: Any, desk: str, query: str, answer: str, **more: str) -> Any:
    form = posting(browser.get(f"{desk}/opinions/results/new{query}"), "/results/new")
    form["summary"], form["answer"] = "概要", answer
    for name, value in more.items():
        form[name] = value
    return form.submit(expect_errors=True)


def test_a_group_is_answered_once_and_the_results_are_laid_open(counter: Counter, ended: Any) -> None:
    one, receipts = ended
    browser = counter.of(COORDINATOR)
    page = browser.get(f"{one.desk}/opinions/groups")
    assert "ほとんど同じ文" in page.text
    assert (
        write_line(
            browser, one.desk, "?group=1", "選定基準を加えました。", changed="1", change_note="Ⅱ-4に加えた"
        ).status_code
        == 303
    )
    page = browser.get(f"{one.desk}/opinions/results")
    assert "考え方がまだの意見が1件" in page.text
    assert (
        write_line(browser, one.desk, f"?receipt={receipts[3]}", "大きな図を載せました。").status_code == 303
    )
    done = posting(browser.get(f"{one.desk}/opinions/results"), "/opinions/results").submit().follow()
    assert "結果を公表しました" in done.text
    public = counter.of(None).get(f"{one.path}/results")
    assert "同じ文、またはほとんど同じ文：3件" in public.text
    assert "修正：有" in public.text
    assert not [receipt for receipt in receipts if receipt in public.text]


def test_the_published_table_comes_as_excel_csv_and_json_without_formulas(
    counter: Counter, ended: Any
) -> None:
    one, _ = ended
    browser = counter.of(COORDINATOR)
    write_line(browser, one.desk, "?group=1", "=1+1 と書かれた式", add="g2")
    posting(browser.get(f"{one.desk}/opinions/results"), "/opinions/results").submit()
    anyone = counter.of(None)
    sheet = load_workbook(io.BytesIO(anyone.get(f"{one.path}/results.xlsx").body)).active
    assert sheet is not None
    assert [cell.value for cell in sheet[1]][:3] == ["番号", "項目", "意見の概要"]
    assert sheet["E2"].value == "=1+1 と書かれた式"
    assert sheet["E2"].data_type == "s"
    text = anyone.get(f"{one.path}/results.csv").body.decode("utf-8-sig")
    assert "'=1+1" in text
    data = anyone.get(f"{one.path}/results.json").json
    assert data["opinions"] == 4
    assert data["days"] == 30
    assert data["lines"][0]["opinions"] == 4


def test_nothing_is_laid_open_while_the_consultation_runs_or_opinions_wait(
    counter: Counter, running: Consulted, ended: Any
) -> None:
    browser = counter.of(COORDINATOR)
    for one in (running, ended[0]):
        token = browser.get(f"{one.desk}/opinions/groups").forms[1]["csrf_token"].value
        page = browser.post(f"{one.desk}/opinions/results", {"csrf_token": token}, expect_errors=True)
        assert page.status_code == 400
        assert "まだ公表していません" in counter.of(None).get(f"{one.path}/results").text
        assert counter.of(None).get(f"{one.path}/results.csv", expect_errors=True).status_code == 404


def test_a_correction_needs_its_reason_and_both_stay(counter: Counter, ended: Any) -> None:
    one, _ = ended
    browser = counter.of(COORDINATOR)
    write_line(browser, one.desk, "?group=1", "考え方", add="g2")
    posting(browser.get(f"{one.desk}/opinions/results"), "/opinions/results").submit()
    form = posting(browser.get(f"{one.desk}/opinions/results"), "/opinions/results")
    assert "どこを直したかを書いてください" in form.submit(expect_errors=True).text
    form["note"] = "件数の誤りを直した"
    form.submit()
    public = counter.of(None).get(f"{one.path}/results")
    assert "件数の誤りを直した" in public.text
    assert "最初の公表" in public.text


def test_a_writers_name_stops_the_table(
    databases: Databases, counter: Counter, time: FixedClock, key_ring: KeyRing, first: Consulted
) -> None:
    one, _ = consulted.another(databases.worker, time, key_ring, first)
    past = FixedClock(datetime(2026, 11, 21, 3, 0, tzinfo=UTC))
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        given = consulted.service(past, key_ring).give(
            tx, one.consultation, "委託について", (), {"name": NAME}
        )
    browser = counter.of(COORDINATOR)
    write_line(browser, one.desk, f"?receipt={given.number}", "仮名　さくら様のご意見を踏まえました。")
    form = posting(browser.get(f"{one.desk}/opinions/results"), "/opinions/results")
    refused = form.submit(expect_errors=True)
    assert refused.status_code == 400
    assert "氏名か連絡先" in refused.text
    assert counter.of(None).get(f"{one.path}/results.json", expect_errors=True).status_code == 404


def test_a_name_is_seen_with_a_reason_that_is_kept_and_nowhere_else(
    databases: Databases, counter: Counter, time: FixedClock, key_ring: KeyRing, running: Consulted
) -> None:
    one = running
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        given = consulted.service(time, key_ring).give(
            tx, one.consultation, "委託について", (), {"name": NAME}
        )
    browser = counter.of(COORDINATOR)
    page = browser.get(f"{one.desk}/opinions/{given.number}")
    assert NAME not in page.text
    assert NAME not in browser.get(f"{one.desk}/opinions").text
    form = with_action(page, "name")
    assert NAME not in form.submit(expect_errors=True).text
    form["why"] = "意味を確かめるため"
    shown = form.submit()
    assert NAME in shown.text
    assert shown.request.path_qs == f"{one.desk}/opinions/{given.number}"
    again = browser.get(f"{one.desk}/opinions/{given.number}")
    assert NAME not in again.text
    assert "意味を確かめるため" in again.text


def test_a_copy_says_who_and_why_and_adds_nothing(counter: Counter, ended: Any) -> None:
    one, receipts = ended
    browser = counter.of(COORDINATOR)
    form = with_action(browser.get(f"{one.desk}/opinions/{receipts[0]}"), "copy")
    form["copy"], form["reason"] = LETTER + "つけ足し", "個人名"
    assert "原文にない文" in form.submit(expect_errors=True).text
    form["copy"] = LETTER.replace("市民", "■")
    form["reason"] = " "
    assert "理由を書いてください" in form.submit(expect_errors=True).text
    form["reason"] = "個人名"
    page = form.submit().follow()
    assert "今の写し" in page.text
    assert LETTER in page.text


def test_tags_are_put_on_many_at_once(counter: Counter, ended: Any) -> None:
    one, receipts = ended
    browser = counter.of(COORDINATOR)
    form = with_action(browser.get(f"{one.desk}/opinions"), "tag")
    form["tags"] = "委託、監査"
    assert "意見を選んでから" in form.submit(expect_errors=True).text
    for number, field in enumerate(form.fields["receipt"]):
        field.checked = number < 2
    form.submit().follow()
    page = browser.get(f"{one.desk}/opinions?{urlencode({'tag': '委託'})}")
    assert receipts[0] in page.text
    assert receipts[3] not in page.text


def test_two_writers_of_one_line_see_each_others_words(counter: Counter, ended: Any) -> None:
    one, _ = ended
    browser = counter.of(COORDINATOR)
    write_line(browser, one.desk, "?group=1", "初めの考え方")
    mine = posting(browser.get(f"{one.desk}/opinions/results/1"), "/results/1")
    theirs = posting(counter.of(CLERK).get(f"{one.desk}/opinions/results/1"), "/results/1")
    theirs["answer"] = "ほかの人の考え方"
    counter_time = theirs.submit()
    assert counter_time.status_code in (303, 400)
    mine["answer"] = "わたしの考え方"
    page = mine.submit(expect_errors=True)
    assert "ほかの人の考え方" in page.text
    assert "わたしの考え方" in page.text


@pytest.mark.parametrize(
    "path", ["", "/groups", "/results", "/results/new", "/files", "/results.xlsx", "/20261123-00001"]
)
def test_only_the_office_comes_in(counter: Counter, ended: Any, path: str) -> None:
    one, _ = ended
    address = f"{one.desk}/opinions{path}"
    for person in (NO_ROLE, OUTSIDER):
        assert counter.of(person).get(address, expect_errors=True).status_code == 403
    assert counter.of(None).get(address).status_code == 303


def test_unknown_statements_lines_and_receipts_are_not_there(counter: Counter, ended: Any) -> None:
    one, _ = ended
    browser = counter.of(COORDINATOR)
    nothing = "/staff/assessments/01900000-0000-7000-8000-00000000dead/opinions"
    for path in (
        nothing,
        f"{one.desk}/opinions/results/99",
        f"{one.desk}/opinions/20261122-99999",
        f"{one.desk}/opinions/0-0",
    ):
        assert browser.get(path, expect_errors=True).status_code == 404


def test_ten_thousand_opinions_stay_usable(
    databases: Databases, counter: Counter, time: FixedClock, key_ring: KeyRing, first: Consulted
) -> None:
    one, _ = consulted.another(databases.worker, time, key_ring, first)
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        tx.raw.execute(
            "INSERT INTO madoguchi.opinion (tenant, consultation_id, receipt, revision, kind, body, places, edit_key, at)"
            " SELECT %s, %s, '20261122-' || lpad(n::text, 5, '0'), 1, 'given', CASE WHEN n %% 2 = 0 THEN %s ELSE n || '番目の意見です。'"
            " || md5(n::text) || md5((n * 7)::text) END, ARRAY['f4.1.1.2'], 'x', %s FROM generate_series(1, 10000) AS n",
            (TENANT, one.consultation, LETTER, time.now()),
        )
        begun = stopwatch.process_time()
        grouping.regroup(tx, time, one.consultation)
        assert stopwatch.process_time() - begun < 30
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        tx.raw.execute("ANALYZE madoguchi.opinion")
    browser = counter.of(COORDINATOR)
    assert write_line(browser, one.desk, "?group=1", "まとめて答えます。").status_code == 303
    took = []
    for path in (
        "",
        "?after=20261122-09000",
        "?state=open",
        "/groups",
        "/results",
        "/20261122-05000",
        "/results/1",
    ):
        # The quickest of three: a busy machine may hold up one, a page that grows with the table holds up all.
        tries = []
        while len(tries) < 3 and min(tries, default=2.0) >= 1.5:
            begun = stopwatch.perf_counter()
            browser.get(f"{one.desk}/opinions{path}")
            tries.append(round(stopwatch.perf_counter() - begun, 3))
        took.append((path, min(tries)))
    assert max(seconds for _, seconds in took) < 1.5, took
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        assert inbox.counts(tx, one.consultation).unanswered == 5_000


def test_grouping_is_asked_for_once_and_anew_after_it_ran(
    databases: Databases, time: FixedClock, key_ring: KeyRing, first: Consulted
) -> None:
    one, _ = consulted.another(databases.worker, time, key_ring, first)
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        assert grouping.ask(tx, time, one.consultation)
        assert not grouping.ask(tx, time, one.consultation)
        assert grouping.ask(tx, time, one.consultation, at_once=True)
        grouping.regroup(tx, time, one.consultation)
        assert not grouping.standing(tx, one.consultation).waiting
        assert grouping.ask(tx, time, one.consultation)
