"""The opinions as Excel: a job writes them, in parts, and a page says how far it is; names are in none, and after a day they are gone."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from openpyxl import load_workbook

from privacy_assessment.consultation import sheets
from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import KeyRing
from tests.assessments import consulted
from tests.assessments.consulted import TENANT, Consulted
from tests.conftest import Databases
from tests.web.conftest import Counter
from tests.web.people import COORDINATOR, NO_ROLE, OUTSIDER, Person

NAME = "見本 さくら"
TEXTS = ("=1+1", "範囲\x0bの外\u202e。🙂𠮷葛\U000e0100", "あ" * 10_000)


@pytest.fixture
def ended(databases: Databases, time: FixedClock, key_ring: KeyRing) -> Consulted:
    """A consultation of three opinions and one withdrawn; the first was changed and has a name and a copy."""
    past = FixedClock(time.now())
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        consulted.make_keys(tx, key_ring)
        one = consulted.begin(tx, past)
        service = consulted.service(past, key_ring)
        given = [service.give(tx, one.consultation, text, ["f4.1.1.2"]) for text in (*TEXTS, "取り下げます")]
        service.edit(
            tx, one.consultation, given[0].number, given[0].edit_key, f"{TEXTS[0]}です", (), {"name": NAME}
        )
        service.withdraw(tx, one.consultation, given[3].number, given[3].edit_key)
        service.redact(tx, one.consultation, given[0].number, "=■です", "個人名", "boss")
    return one


def cells(data: bytes) -> list[list[Any]]:
    book = load_workbook(io.BytesIO(data))
    return [[cell.value for cell in row] for row in book.active.rows]  # type: ignore[union-attr]


def press(counter: Counter, one: Consulted, person: Person = COORDINATOR) -> Any:
    page = counter.of(person).get(f"{one.desk}/opinions/files")
    return next(form for form in page.forms.values() if form.action.endswith("/files")).submit().follow()


def test_the_files_are_made_by_the_worker_and_a_page_says_how_far(
    counter: Counter, databases: Databases, time: FixedClock, ended: Consulted
) -> None:
    browser, path = counter.of(COORDINATOR), f"{ended.desk}/opinions/files"
    assert "今の意見でファイルを作る" in browser.get(path).text
    page = press(counter, ended)
    assert "順番を待っています" in page.text
    assert "3件のうち0件" in page.text
    assert not [one for one in page.forms.values() if one.action.endswith("/files")]
    browser.get(f"{path}/1.xlsx", status=404)

    assert sheets.make(databases.worker, time, TENANT, ended.consultation) == "ready"
    assert sheets.make(databases.worker, time, TENANT, ended.consultation) == "gone"
    page = browser.get(path)
    assert "3件の意見が入っています" in page.text
    answer = browser.get(page.html.select_one("a[download]")["href"])
    assert answer.headers["Content-Disposition"] == 'attachment; filename="opinions-1.xlsx"'
    head, *rows = cells(answer.body)
    assert head[0] == "受付番号"
    assert [row[4] for row in rows] == ["=1+1です", "範囲\ufffdの外\u202e。🙂𠮷葛\U000e0100", TEXTS[2]]
    assert rows[1][3].startswith("Ⅰ-1")
    assert [row[8] for row in rows] == ["=■です", None, None]
    assert not [one for row in rows for one in row if isinstance(one, str) and "さくら" in one]
    sheet = load_workbook(io.BytesIO(answer.body)).active
    assert {cell.data_type for row in sheet.rows for cell in row} <= {"s", "inlineStr"}, "no formula"  # type: ignore[union-attr]


def test_many_opinions_make_parts_that_meet(
    counter: Counter,
    databases: Databases,
    time: FixedClock,
    ended: Consulted,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 2)
    press(counter, ended)
    sheets.make(databases.worker, time, TENANT, ended.consultation)
    browser = counter.of(COORDINATOR)
    links = [one["href"] for one in browser.get(f"{ended.desk}/opinions/files").html.select("a[download]")]
    assert len(links) == 2
    found = [row[0] for link in links for row in cells(browser.get(link).body)[1:]]
    assert len(found) == len(set(found)) == 3
    assert found == sorted(found)
    monkeypatch.undo()
    # Made anew, nothing of the former parts is left.
    press(counter, ended)
    sheets.make(databases.worker, time, TENANT, ended.consultation)
    browser.get(links[1], status=404)


def test_a_part_ends_by_its_characters_too(
    databases: Databases, time: FixedClock, ended: Consulted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MOST_CHARACTERS", 500)
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        assert sheets.ask(tx, time, ended.consultation, ["列"] * sheets.COLUMNS, "x")
        assert not sheets.ask(tx, time, ended.consultation, ["列"] * sheets.COLUMNS, "x"), (
            "one making at a time"
        )
    sheets.make(databases.worker, time, TENANT, ended.consultation)
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        assert [one.opinions for one in sheets.standing(tx, time, ended.consultation).parts] == [2, 1]


def test_a_failure_is_told_and_can_be_asked_for_again(
    counter: Counter, databases: Databases, time: FixedClock, ended: Consulted
) -> None:
    press(counter, ended)
    sheets.fail(databases.worker, time, TENANT, ended.consultation)
    page = counter.of(COORDINATOR).get(f"{ended.desk}/opinions/files")
    assert "ファイルを作れませんでした" in page.text
    assert "順番を待っています" in press(counter, ended).text


def test_a_wish_that_was_lost_does_not_block_the_next(
    counter: Counter, databases: Databases, now: FixedClock, ended: Consulted
) -> None:
    press(counter, ended)
    now.advance(minutes=31)
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        assert sheets.ask(tx, now, ended.consultation, ["列"], "x")


def test_after_a_day_the_files_are_gone_for_the_page_and_then_for_good(
    counter: Counter, databases: Databases, now: FixedClock, ended: Consulted
) -> None:
    press(counter, ended)
    sheets.make(databases.worker, now, TENANT, ended.consultation)
    now.advance(days=1)
    browser = counter.of(COORDINATOR)
    assert "今の意見でファイルを作る" in browser.get(f"{ended.desk}/opinions/files").text
    browser.get(f"{ended.desk}/opinions/files/1.xlsx", status=404)
    with databases.worker.transaction(Scope(tenant="992020")) as tx:
        assert tx.raw.execute("SELECT count(*) FROM madoguchi.opinion_sheet").fetchone() == (0,)
    past = FixedClock(now.now() - timedelta(days=3650))
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        tx.raw.execute(
            "UPDATE madoguchi.opinion_sheets SET state = 'waiting' WHERE consultation_id = %s",
            (ended.consultation,),
        )
    sheets.make(databases.worker, past, TENANT, ended.consultation)
    assert sheets.sweep(databases.worker) >= 1


@pytest.mark.parametrize("tail", ["", "/1.xlsx"])
def test_only_the_office_has_them(
    counter: Counter, databases: Databases, time: FixedClock, ended: Consulted, tail: str
) -> None:
    press(counter, ended)
    sheets.make(databases.worker, time, TENANT, ended.consultation)
    path = f"{ended.desk}/opinions/files{tail}"
    for person in (NO_ROLE, OUTSIDER):
        counter.of(person).get(path, status=403)
    other = Person(
        "staff", "仮名 二郎", COORDINATOR.account_id, "992020", COORDINATOR.roles, COORDINATOR.office
    )
    counter.of(other).get(path, status=404)
    counter.of(None).get(path, status=303)
    for wrong in ("0", "2", "99999", "-1", "1e1", "%EF%BC%91"):
        counter.of(COORDINATOR).get(f"{ended.desk}/opinions/files/{wrong}.xlsx", status=404)


def test_a_consultation_without_opinions_is_a_file_with_its_head(
    databases: Databases, time: FixedClock, key_ring: KeyRing
) -> None:
    one = consulted.opened(databases.worker, time, key_ring)
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        sheets.ask(tx, time, one.consultation, ["列"] * sheets.COLUMNS, "x")
    sheets.make(databases.worker, time, TENANT, UUID(str(one.consultation)))
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        assert cells(sheets.content(tx, time, one.consultation, 1) or b"") == [["列"] * sheets.COLUMNS]
