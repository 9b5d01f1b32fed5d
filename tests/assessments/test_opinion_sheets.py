"""The opinions as Excel: a job writes them, in parts, and a page says how far it is; names are in none, and after a day they are gone."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import procrastinate
import psycopg
import pytest
from openpyxl import load_workbook

from portal.staff.assessments.opinions import jobs as opinion_jobs
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


def jobs_of(databases: Databases, one: Consulted) -> list[dict[str, Any]]:
    """What the list holds for a consultation, the oldest first."""
    with psycopg.connect(databases.admin_url) as owner:
        rows = owner.execute(
            "SELECT args FROM jobs.procrastinate_jobs WHERE task_name = %s AND args->>'consultation' = %s ORDER BY id",
            (sheets.TASK, str(one.consultation)),
        ).fetchall()
    return [row[0] for row in rows]


def wish(databases: Databases, one: Consulted, which: int = -1) -> datetime:
    """The moment of a wish, as its job knows it."""
    return datetime.fromisoformat(jobs_of(databases, one)[which]["wish"])


def make(databases: Databases, clock: FixedClock, one: Consulted, which: int = -1) -> str:
    """Do a job of the list as the worker does."""
    return sheets.make(databases.worker, clock, TENANT, one.consultation, wish(databases, one, which))


def ask(databases: Databases, clock: FixedClock, one: Consulted) -> bool:
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        return sheets.ask(tx, clock, one.consultation, ["列"] * sheets.COLUMNS, "x")


def standing(databases: Databases, clock: FixedClock, one: Consulted) -> sheets.Sheets:
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        return sheets.standing(tx, clock, one.consultation)


def during_the_second_part(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], None]) -> None:
    """Let something happen once, while a making that has one part written is at the next."""
    write, made = sheets.as_workbook, count(1)

    def slow(*given: Any) -> bytes:
        if next(made) == 2:
            happens()
        return write(*given)

    monkeypatch.setattr(sheets, "MOST_ROWS", 1)
    monkeypatch.setattr(sheets, "as_workbook", slow)


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

    assert make(databases, time, ended) == "ready"
    assert make(databases, time, ended) == "gone"
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
    make(databases, time, ended)
    browser = counter.of(COORDINATOR)
    links = [one["href"] for one in browser.get(f"{ended.desk}/opinions/files").html.select("a[download]")]
    assert len(links) == 2
    found = [row[0] for link in links for row in cells(browser.get(link).body)[1:]]
    assert len(found) == len(set(found)) == 3
    assert found == sorted(found)
    monkeypatch.undo()
    # Made anew, nothing of the former parts is left.
    press(counter, ended)
    make(databases, time, ended)
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
    make(databases, time, ended)
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        assert [one.opinions for one in sheets.standing(tx, time, ended.consultation).parts] == [2, 1]


def test_a_failure_is_told_and_can_be_asked_for_again(
    counter: Counter, databases: Databases, time: FixedClock, ended: Consulted
) -> None:
    press(counter, ended)
    sheets.fail(databases.worker, time, TENANT, ended.consultation, wish(databases, ended))
    page = counter.of(COORDINATOR).get(f"{ended.desk}/opinions/files")
    assert "ファイルを作れませんでした" in page.text
    assert "順番を待っています" in press(counter, ended).text


def test_a_wish_that_was_lost_can_be_made_again_from_the_page(
    counter: Counter, databases: Databases, now: FixedClock, ended: Consulted
) -> None:
    press(counter, ended)
    now.advance(minutes=29)
    path = f"{ended.desk}/opinions/files"
    assert "順番を待っています" in counter.of(COORDINATOR).get(path).text
    now.advance(minutes=2)
    assert "ファイルを作れませんでした" in counter.of(COORDINATOR).get(path).text
    assert "順番を待っています" in press(counter, ended).text
    assert make(databases, now, ended) == "ready"


def test_the_job_in_the_hand_of_a_dead_worker_does_not_hold_up_the_next_wish(
    databases: Databases, now: FixedClock, ended: Consulted
) -> None:
    with psycopg.connect(
        databases.admin_url, autocommit=True, options="-c search_path=jobs,madoguchi,public"
    ) as owner:
        owner.execute("TRUNCATE procrastinate_jobs CASCADE")

        def take() -> Any:
            worker = owner.execute("SELECT * FROM procrastinate_register_worker_v1()").fetchone()
            assert worker is not None
            row = owner.execute("SELECT args FROM procrastinate_fetch_job_v2(NULL, %s)", worker).fetchone()
            assert row is not None
            return row[0]

        assert ask(databases, now, ended)
        dead = take()
        now.advance(minutes=31)
        assert ask(databases, now, ended)
        alive = take()
    assert alive is not None
    assert alive["wish"] > dead["wish"]


def test_a_job_that_comes_back_leaves_a_newer_wish_alone(
    databases: Databases, now: FixedClock, ended: Consulted
) -> None:
    assert ask(databases, now, ended)
    now.advance(minutes=31)
    assert ask(databases, now, ended)
    assert make(databases, now, ended, 0) == "gone"
    sheets.fail(databases.worker, now, TENANT, ended.consultation, wish(databases, ended, 0))
    assert standing(databases, now, ended).state == "waiting"
    assert make(databases, now, ended, 1) == "ready"
    sheets.fail(databases.worker, now, TENANT, ended.consultation, wish(databases, ended, 1))
    assert standing(databases, now, ended).state == "ready"


@pytest.mark.parametrize("anew", [True, False], ids=["for a newer wish", "for the same wish"])
def test_who_is_overtaken_while_it_writes_stops_and_mixes_nothing_in(
    databases: Databases, now: FixedClock, ended: Consulted, monkeypatch: pytest.MonkeyPatch, anew: bool
) -> None:
    assert ask(databases, now, ended)
    ends: list[str] = []

    def overtaken() -> None:
        monkeypatch.setattr(sheets, "MOST_ROWS", 2)
        if anew:
            now.advance(minutes=31)
            assert ask(databases, now, ended)
        ends.append(make(databases, now, ended))

    during_the_second_part(monkeypatch, overtaken)
    assert make(databases, now, ended) == "gone"
    assert ends == ["ready"]
    found = standing(databases, now, ended)
    assert (found.state, found.done) == ("ready", 3)
    assert [one.opinions for one in found.parts] == [2, 1]


def test_who_is_overtaken_while_the_other_still_writes_leaves_its_parts_alone(
    databases: Databases, now: FixedClock, ended: Consulted, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(databases, now, ended)

    class Killed(Exception):
        pass

    def overtaken() -> None:
        monkeypatch.undo()
        during_the_second_part(monkeypatch, killed)
        with pytest.raises(Killed):
            make(databases, now, ended)

    def killed() -> None:
        raise Killed

    during_the_second_part(monkeypatch, overtaken)
    assert make(databases, now, ended) == "gone"
    found = standing(databases, now, ended)
    assert (found.state, found.done) == ("making", 1)


def test_two_wishes_of_one_moment_are_two(databases: Databases, time: FixedClock, ended: Consulted) -> None:
    assert ask(databases, time, ended)
    assert make(databases, time, ended) == "ready"
    assert ask(databases, time, ended)
    assert wish(databases, ended, 0) < wish(databases, ended, 1)
    assert make(databases, time, ended, 0) == "gone"


def test_the_worker_knows_the_job_by_what_the_list_holds(
    databases: Databases, time: FixedClock, ended: Consulted, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = procrastinate.App(connector=procrastinate.PsycopgConnector())
    opinion_jobs.register(app, databases.worker, time)
    assert ask(databases, time, ended)
    (given,) = jobs_of(databases, ended)
    with monkeypatch.context() as broken:
        broken.setattr(sheets, "WIDTHS", None)
        app.tasks[sheets.TASK].func(**given)
    assert standing(databases, time, ended).state == "failed"
    assert ask(databases, time, ended)
    app.tasks[sheets.TASK].func(**jobs_of(databases, ended)[-1])
    assert standing(databases, time, ended).state == "ready"


def test_after_a_day_the_files_are_gone_for_the_page_and_then_for_good(
    counter: Counter, databases: Databases, now: FixedClock, ended: Consulted
) -> None:
    press(counter, ended)
    make(databases, now, ended)
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
    make(databases, past, ended)
    assert sheets.sweep(databases.worker) >= 1


@pytest.mark.parametrize("tail", ["", "/1.xlsx"])
def test_only_the_office_has_them(
    counter: Counter, databases: Databases, time: FixedClock, ended: Consulted, tail: str
) -> None:
    press(counter, ended)
    make(databases, time, ended)
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
    make(databases, time, one)
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        assert cells(sheets.content(tx, time, one.consultation, 1) or b"") == [["列"] * sheets.COLUMNS]
