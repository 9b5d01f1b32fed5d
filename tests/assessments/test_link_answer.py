"""The answer the link needs (番号法28条6項), the whole way: refused and named, then published by its procedure, then asked, then over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from privacy_assessment.statements.missing import missing_statements
from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import KeyRing
from tests.assessments.desk import Desk
from tests.conftest import Databases
from tests.pages import office
from tests.web.conftest import Counter, open_portal
from tests.web.forms import form_of
from tests.web.people import CLERK
from workflows.law.statements import published

TENANT = "992011"
AFFAIR = "child-rearing-allowance"


@pytest.fixture(scope="module")
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))


@pytest.fixture(scope="module")
def counter(databases: Databases, clock: FixedClock, key_ring: KeyRing) -> Counter:
    office.furnish(databases.worker, clock, key_ring)
    return open_portal(databases, clock, ring=key_ring)


@pytest.fixture(scope="module")
def asking(counter: Counter) -> str:
    """The page where a clerk would ask for an applicant of this affair."""
    browser = counter.of(CLERK)
    form = form_of(browser.get("/staff/cases/new"), "/staff/cases/new")
    form["affair"], form["addressee"] = AFFAIR, office.ADDRESSEE
    return f"{form.submit().follow().request.path}/inquiries/new"


def card(page) -> str:
    """The card that names the missing statement."""
    found = page.html.select("section.md-card--warn")
    assert len(found) == 1
    return found[0].get_text(" ", strip=True)


def test_the_refusal_names_what_is_missing_until_it_is_published(
    counter: Counter, asking: str, databases: Databases, clock: FixedClock
) -> None:
    browser = counter.of(CLERK)
    page = browser.get(asking)
    assert not page.html.select("input[name=choice]")
    assert "この事務の評価書は、まだ計画されていません。" in card(page)

    desk = Desk(clock)
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        statement = desk.drafting(
            tx,
            "basic",
            number="77",
            title="児童扶養手当の支給に関する事務",
            affairs=[AFFAIR],
            office="子育て支援課",
        )
    page = browser.get(asking)
    told = card(page)
    for words in (
        "77 児童扶養手当の支給に関する事務",
        "基礎項目評価書",
        "甲野市長",
        "作成中",
        "子育て支援課",
        "総務部情報政策課",
    ):
        assert words in told
    assert page.html.select_one("section.md-card--warn a")["href"] == f"/staff/assessments/{statement.id}"
    assert not page.html.select("input[name=choice]")

    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        desk.step(tx, statement, "submit")
    assert "提出済み" in card(browser.get(asking))

    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        desk.step(tx, statement, "publish")
        found = published(tx, TENANT, AFFAIR, clock.today())
    assert found is not None
    assert found.statement_number == "mayor-77"
    page = browser.get(asking)
    assert page.html.select("input[name=choice]")
    assert not page.html.select("section.md-card--warn")


def test_the_answer_is_by_day_and_ends_with_the_years_of_public_keeping(
    databases: Databases, clock: FixedClock
) -> None:
    later = FixedClock(clock.now())
    desk = Desk(later)
    affair = "single-parent-benefit"
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        statement = desk.drafting(
            tx, "basic", number="78", title="給付金の支給に関する事務", affairs=[affair]
        )
        desk.procedure(tx, statement)
        assert published(tx, TENANT, affair, later.today() - timedelta(days=1)) is None
        assert published(tx, TENANT, affair, later.today()) is not None
        later.advance(days=10)
        desk.step(tx, statement, "end", stopped_on=later.today())
        assert missing_statements(tx, desk.engine, [affair], later.today()) == {}
        later.advance(days=3 * 366)
        desk.engine.fire_due_deadlines(tx)
        assert desk.state(tx, statement) == "expired"
        gone = missing_statements(tx, desk.engine, [affair], later.today())[affair]
    # An expired statement is not on its way to anything: a new one has to be planned.
    assert gone.title is None
    assert gone.body == "甲野市長"


def test_another_office_of_the_same_installation_does_not_see_it(
    databases: Databases, clock: FixedClock
) -> None:
    desk = Desk(clock)
    with databases.worker.transaction(Scope(tenant="992020")) as tx:
        found = missing_statements(tx, desk.engine, [AFFAIR], clock.today())[AFFAIR]
    assert found.title is None
    assert found.body == ""
