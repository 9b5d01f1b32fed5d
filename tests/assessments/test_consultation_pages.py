"""Taking part without an account: reading, writing, receipt, changing, withdrawing, and what a hostile visitor gets."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import KeyRing
from tests.assessments import consulted
from tests.assessments.consulted import TENANT, Consulted
from tests.conftest import Databases
from tests.privacy_assessment.samples import number
from tests.web.conftest import Counter

LETTER = "再委託の条件と監督の方法を、具体的に書いてください。"


@pytest.fixture(scope="module")
def one(databases: Databases, time: FixedClock, key_ring: KeyRing) -> Consulted:
    return consulted.opened(databases.worker, time, key_ring)


def form(page: Any, action: str) -> Any:
    """The form whose hidden field ``action`` has this value."""
    return next(
        one for one in page.forms.values() if "action" in one.fields and one["action"].value == action
    )


def send(browser: Any, path: str, body: str, **fields: str) -> Any:
    """Write, look at the preview, send."""
    page = form(browser.get(f"{path}/write"), "preview")
    page["body"] = body
    for name, value in fields.items():
        page[name] = value
    return form(page.submit(), "send").submit()


def receipt_of(page: Any) -> tuple[str, str]:
    shown = [found.get_text() for found in page.html.select(".md-receipt__number")]
    return shown[0], shown[1]


def test_the_list_shows_what_is_open_with_the_days_left(counter: Counter, one: Consulted) -> None:
    page = counter.of(None).get("/consultations/")
    assert "あと30日（今日を含みます）" in page.text
    assert "30日間（初日と末日を含みます）" in page.text
    assert page.html.select_one(f"a[href='{one.path}']") is not None


def test_every_item_can_be_written_about(counter: Counter, one: Consulted) -> None:
    page = counter.of(None).get(one.path)
    links = page.html.select(".md-item__link a")
    assert len(links) > 50
    form_page = counter.of(None).get(links[3]["href"])
    chosen = form_page.html.select_one("input[name=place]")
    assert chosen is not None
    assert chosen.has_attr("checked")


def test_an_opinion_is_previewed_then_received_with_number_and_key(counter: Counter, one: Consulted) -> None:
    browser = counter.of(None)
    page = form(browser.get(f"{one.path}/write"), "preview")
    page["body"] = LETTER
    preview = page.submit()
    assert "まだ出していません" in preview.text
    page = form(preview, "send").submit()
    receipt, key = receipt_of(page)
    assert re.fullmatch(r"20261122-\d{5}", receipt)
    assert len(key.replace("-", "")) == 26
    assert page.request.path == f"{one.path}/write"
    assert not page.request.query_string


def test_the_same_form_sent_twice_is_one_opinion(counter: Counter, one: Consulted, now: FixedClock) -> None:
    page = form(counter.of(None).get(f"{one.path}/write"), "preview")
    page["body"] = "二度押しても一通です。"
    ready = form(page.submit(), "send")
    first = receipt_of(ready.submit())
    assert receipt_of(ready.submit()) == first
    now.advance(minutes=31)
    late = ready.submit(expect_errors=True)
    assert late.status_code == 409
    assert first[1] not in late.text
    assert "もう受け付けています" in late.text


def test_an_opinion_is_changed_and_withdrawn_with_its_key_only(counter: Counter, one: Consulted) -> None:
    browser = counter.of(None)
    receipt, key = receipt_of(send(browser, one.path, "初めの文"))
    ask = form(browser.get(f"{one.path}/mine"), "open")
    ask["receipt"], ask["key"] = receipt, "WRONG"
    refused = ask.submit(expect_errors=True)
    assert refused.status_code == 400
    assert "控えを確かめてください" in refused.text
    assert "初めの文" not in refused.text
    ask["key"] = key.lower().replace("-", " ")
    shown = ask.submit()
    change = form(shown, "save")
    change["body"] = "直した文"
    assert "意見を直しました" in change.submit().text
    sure = form(shown, "withdraw").submit()
    assert "取り下げますか" in sure.text
    assert "意見を取り下げました" in form(sure, "withdraw").submit().text


def test_unknown_offices_and_consultations_are_the_same_page(counter: Counter, one: Consulted) -> None:
    browser = counter.of(None)
    nothing = "01900000-0000-7000-8000-00000000dead"
    paths = [
        f"/consultations/{TENANT}/{nothing}", f"/consultations/992020/{one.consultation}",
        f"/consultations/000000/{one.consultation}", f"/consultations/{TENANT}/mayor-999", f"/consultations/{TENANT}/x",
        f"/consultations/{TENANT}/{nothing}/write", f"/consultations/{TENANT}/{nothing}/mine",
        f"/consultations/{TENANT}/{nothing}/results", f"/consultations/{TENANT}/{nothing}/results.csv",
    ]  # fmt: skip
    bodies = set()
    for path in paths:
        page = browser.get(path, expect_errors=True)
        assert page.status_code == 404, path
        bodies.add(page.text.replace(path.replace("/", "%2F"), "").replace(path, ""))
    assert len({re.sub(r"back=[^\"]*", "", body) for body in bodies}) == 1


def test_one_that_has_not_begun_is_not_there(
    databases: Databases, counter: Counter, key_ring: KeyRing, time: FixedClock
) -> None:
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        later = consulted.begin(tx, time, wait=5)
    assert counter.of(None).get(later.path, expect_errors=True).status_code == 404
    assert later.path not in counter.of(None).get("/consultations/").text


def test_the_number_on_paper_leads_to_the_newest(counter: Counter, one: Consulted) -> None:
    page = counter.of(None).get(f"/consultations/{TENANT}/local-mayor-{one.statement.number}")
    assert page.status_code == 303
    assert page.location.endswith(one.path)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("   ", "意見を書いてください"),
        ("長" * 10_001, "1万字まで"),
        (f"私の番号は{number(0)}です", "12けたの個人番号"),
    ],
)
def test_what_cannot_be_taken_is_said_and_nothing_typed_is_lost(
    counter: Counter, one: Consulted, body: str, says: str
) -> None:
    page = form(counter.of(None).get(f"{one.path}/write"), "preview")
    page["body"], page["name"] = body, "見本 花子"
    answer = page.submit(expect_errors=True)
    assert answer.status_code == 400
    assert says in answer.text
    again = form(answer, "preview")
    assert again["body"].value.strip() == body.strip()
    assert again["name"].value == "見本 花子"


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        '=HYPERLINK("http://x","y")',
        "葛󠄀城と𠮷子と髙﨑\u202e逆さ",
        "{{ 7 * 7 }} {% raw %}",
        "'; DROP TABLE madoguchi.opinion; --",
    ],
)
def test_hostile_text_is_text(counter: Counter, one: Consulted, body: str) -> None:
    page = send(counter.of(None), one.path, body)
    assert page.html.select(".md-written")[0].get_text() == body
    assert "<script>alert" not in page.text


def given(databases: Databases) -> int:
    """How many opinions have been given."""
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        row = tx.raw.execute("SELECT count(*) FROM madoguchi.opinion").fetchone()
    assert row is not None
    return int(row[0])


def test_machines_that_fill_every_field_are_turned_back(
    databases: Databases, counter: Counter, one: Consulted
) -> None:
    page = form(counter.of(None).get(f"{one.path}/write"), "preview")
    page["body"], page["website"] = "意見", "http://spam.example"
    before = given(databases)
    assert page.submit(expect_errors=True).status_code == 400
    assert given(databases) == before


def test_a_form_without_its_token_is_refused_and_keeps_nothing(
    databases: Databases, counter: Counter, one: Consulted
) -> None:
    fields = {"body": "意見", "action": "send", "request_key": "x"}
    before = given(databases)
    answer = counter.of(None).post(f"{one.path}/write", fields, expect_errors=True)
    assert answer.status_code == 400
    assert "何も変更していません" in answer.text
    assert given(databases) == before


def test_items_are_named_as_people_cite_them(counter: Counter, one: Consulted) -> None:
    page = form(counter.of(None).get(f"{one.path}/write"), "preview")
    page["body"], page["more"] = "意見", "Ⅰ-1、VI－1①"
    assert [one["value"] for one in page.submit().html.select("input[name=place]")][:2] == [
        "f4.1.1.1",
        "f4.6.1.1",
    ]
    page["more"] = "Ⅸ-99"
    wrong = page.submit(expect_errors=True)
    assert wrong.status_code == 400
    assert "評価書にない項目" in wrong.text


def test_a_name_stands_nowhere_but_sealed(
    databases: Databases, counter: Counter, one: Consulted, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "仮名 さくら"
    page = send(counter.of(None), one.path, "氏名を添えた意見", name=name, contact="sakura@example.test")
    receipt, key = receipt_of(page)
    assert name not in page.text
    ask = form(counter.of(None).get(f"{one.path}/mine"), "open")
    ask["receipt"], ask["key"] = receipt, key
    assert name not in ask.submit().text
    assert name not in counter.of(None).get(one.path).text
    told = capsys.readouterr()
    assert name not in told.out + told.err
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        row = tx.raw.execute(
            "SELECT opinion::text, encode(personal, 'escape') FROM madoguchi.opinion WHERE receipt = %s",
            (receipt,),
        ).fetchone()
        assert row is not None
        assert "さくら" not in "".join(row)


def test_one_network_is_slowed_down_and_keeps_what_it_typed(
    databases: Databases, counter: Counter, one: Consulted, now: FixedClock
) -> None:
    now.advance(hours=2)
    browser = counter.of(None)
    browser.extra_environ["REMOTE_ADDR"] = "203.0.113.9"
    for turn in range(30):
        receipt_of(send(browser, one.path, f"続けて{turn}通目"))
    busy = send_refused(browser, one.path, "これは多すぎる")
    assert busy.status_code == 429
    assert busy.headers["Retry-After"] == "900"
    assert "これは多すぎる" in form(busy, "preview")["body"].value
    other = counter.of(None)
    other.extra_environ["REMOTE_ADDR"] = "203.0.113.10"
    receipt_of(send(other, one.path, "別の回線"))
    with databases.web.transaction() as tx:
        kept = tx.raw.execute("SELECT encode(bucket, 'escape') FROM identity.throttle").fetchall()
    assert "203.0.113" not in str(kept)


def send_refused(browser: Any, path: str, body: str) -> Any:
    page = form(browser.get(f"{path}/write"), "preview")
    page["body"] = body
    return form(page.submit(), "send").submit(expect_errors=True)


def test_after_the_close_the_page_is_kind_and_keeps_what_was_typed(
    counter: Counter, one: Consulted, now: FixedClock
) -> None:
    page = form(counter.of(None).get(f"{one.path}/write"), "preview")
    page["body"] = "日付が変わってから出した"
    ready = form(page.submit(), "send")
    receipt, key = receipt_of(send(counter.of(None), one.path, "間に合った"))
    now.advance(days=29)
    assert "今日まで" in counter.of(None).get(one.path).text
    now.advance(days=1)
    late = ready.submit(expect_errors=True)
    assert late.status_code == 409
    assert "日付が変わってから出した" in late.text
    assert "受け付けていません" in late.text
    assert "受付は終わりました" in counter.of(None).get(f"{one.path}/write").text
    assert not counter.of(None).get(one.path).html.select(".md-item__link")
    ask = form(counter.of(None).get(f"{one.path}/mine"), "open")
    ask["receipt"], ask["key"] = receipt, key
    shown = ask.submit()
    assert "間に合った" in shown.text
    assert "直したり取り下げたりはできません" in shown.text
    posted = {
        "csrf_token": ask["csrf_token"].value,
        "receipt": receipt,
        "key": key,
        "action": "withdraw",
        "sure": "1",
    }
    assert shown.test_app.post(f"{one.path}/mine", posted, expect_errors=True).status_code == 409


def test_the_copy_is_a_pdf_made_by_the_worker(
    databases: Databases, counter: Counter, one: Consulted, key_ring: KeyRing, tmp_path: Path
) -> None:
    from portal.public.consultations import copies

    browser = counter.of(None)
    page = send(browser, one.path, "控えがほしい", name="見本 花子")
    receipt, _ = receipt_of(page)
    waiting = form(page, "copy").submit()
    assert "作っています" in waiting.text
    assert "作っています" in form(waiting, "fetch").submit().text
    copies.make(databases.worker, key_ring, TENANT, one.consultation, receipt)
    ready = form(waiting, "fetch").submit()
    assert ready.content_type == "application/pdf"
    assert ready.body.startswith(b"%PDF")
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        row = tx.raw.execute(
            "SELECT sealed FROM madoguchi.opinion_copy WHERE receipt = %s", (receipt,)
        ).fetchone()
        assert row is not None
        assert b"%PDF-1" not in bytes(row[0])


def test_an_opinion_of_one_consultation_cannot_be_reached_from_another(
    databases: Databases, counter: Counter, one: Consulted, key_ring: KeyRing, time: FixedClock
) -> None:
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        other = consulted.begin(tx, time)
    receipt, key = receipt_of(send(counter.of(None), one.path, "こちらの意見"))
    ask = form(counter.of(None).get(f"{other.path}/mine"), "open")
    ask["receipt"], ask["key"] = receipt, key
    assert ask.submit(expect_errors=True).status_code == 400


def test_both_ends_count(time: FixedClock, databases: Databases, one: Consulted) -> None:
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        row = tx.raw.execute(
            "SELECT opens, closes FROM madoguchi.public_consultation WHERE id = %s", (one.consultation,)
        ).fetchone()
    assert row is not None
    assert row[1] - row[0] == timedelta(days=29)
