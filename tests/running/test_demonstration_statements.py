"""The demonstration's statements: every state of the law's tables, the link's answer, and nothing done twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
import yaml

from portal.running.demonstration import COMMISSION, OTHERS, STAFF, TENANTS
from portal.running.demonstration_statements import populate_statements, print_few
from portal.running.demonstration_statements.writing import affairs
from privacy_assessment.forms import load_form, places, plain, validate
from privacy_assessment.machines.machine import HERE, KINDS
from privacy_assessment.redaction.personal import find_personal
from privacy_assessment.statements.store import list_statements, read_drafts
from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import FileMasterKey, KeyRing
from storage.ids import new_id
from tests.conftest import Databases
from workflows.law.loader import shipped
from workflows.law.statements import PublishedStatement, publish, published_affairs

BODIES = ("992011", "992020", "999016")
Staff = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))


@pytest.fixture(scope="module")
def staff() -> Staff:
    return {
        key: {"tenant": tenant, "account": str(new_id()), "roles": roles, "office": office}
        for tenant, key, _, office, roles in STAFF
    }


@pytest.fixture(scope="module")
def made(
    databases: Databases, clock: FixedClock, staff: Staff, tmp_path_factory: pytest.TempPathFactory
) -> KeyRing:
    """The population, written once."""
    ring = KeyRing(FileMasterKey.create(tmp_path_factory.mktemp("keys") / "master.key"), clock)
    with databases.migrator.transaction() as tx:
        tx.raw.cursor().executemany(
            "INSERT INTO madoguchi.tenant (code, name, name_en, name_kana) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (*TENANTS, *OTHERS),
        )
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        # As the first release left it: a statement that nobody had written.
        publish(
            tx,
            PublishedStatement(
                "992011",
                "school-health-aid",
                "9",
                date(2025, 4, 1),
                "学校の医療費援助に関する事務 評価書（実演）",
            ),
        )
    assert populate_statements(databases.worker, ring, shipped(), clock, staff) >= 40
    print_few(databases.migrator)
    return ring


def states(databases: Databases, *tenants: str) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for tenant in tenants:
        (rows,) = databases.worker.read(
            Scope(tenant=tenant), ("SELECT kind, state FROM madoguchi.case_file WHERE tenant = %s", (tenant,))
        )
        found |= {tuple(row) for row in rows}
    return found


def test_every_state_of_every_table_is_there_at_least_once(made: KeyRing, databases: Databases):
    wanted = set()
    for kind in KINDS:
        definition = yaml.safe_load(
            (HERE / kind.removeprefix("assessment_") / "workflow.yaml").read_text("utf-8")
        )
        wanted |= set(definition["states"])
    assert {state for _, state in states(databases, *BODIES)} >= wanted


def test_the_commission_has_work_in_several_states(made: KeyRing, databases: Databases):
    found = {state for _, state in states(databases, COMMISSION)}
    assert found >= {"received", "checking", "questions_out", "awaiting_signature", "filed"}


def test_the_link_finds_a_published_statement_for_the_demonstrated_affairs(
    made: KeyRing, databases: Databases, clock: FixedClock
):
    law = shipped()
    with databases.worker.transaction(Scope(tenant="992020")) as tx:
        assert published_affairs(tx, "992020", clock.today()) == frozenset(law.affairs)
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        # Two are on their way, so that a clerk can see a refusal that names them.
        missing = frozenset(law.affairs) - published_affairs(tx, "992011", clock.today())
    assert missing == {"school-health-aid", "single-parent-benefit"}


def test_what_stands_in_the_forms_has_no_error_and_no_persons_number(
    made: KeyRing, databases: Databases, clock: FixedClock
):
    looked_at = 0
    for tenant in BODIES:
        with databases.worker.transaction(Scope(tenant=tenant)) as tx:
            for statement in list_statements(tx, limit=100):
                looked_at += 1
                for draft in read_drafts(tx, statement.id).values():
                    document, form = draft.document, load_form(draft.form_id, draft.document.edition)
                    texts = {
                        str(place): plain(item, document.get(place)) for item, place in places(document, form)
                    }
                    assert not [one for one in find_personal(texts) if one.stops]
                    assert not any("{" in text for text in texts.values())
                    if document.get("c.published_on"):
                        errors = [
                            one for one in validate(document, form, clock.today()) if one.level == "error"
                        ]
                        assert not errors, (statement.title, errors[:2])
    assert looked_at > 40


def test_one_consultation_is_open_with_opinions_some_of_them_alike(
    made: KeyRing, databases: Databases, clock: FixedClock
):
    from privacy_assessment.consultation.opinions import OpinionService

    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        rows = tx.raw.execute(
            "SELECT id FROM madoguchi.consultation WHERE tenant = '992011' AND %s BETWEEN opens AND closes",
            (clock.today(),),
        ).fetchall()
        assert len(rows) == 1
        service = OpinionService(clock, made, lambda: "unused")
        assert len(service.inbox(tx, rows[0][0])) >= 8
        assert any(len(group.receipts) > 1 for group in service.groups(tx, rows[0][0]))


def test_journals_go_forward_in_time(made: KeyRing, databases: Databases):
    for tenant in (*BODIES, COMMISSION):
        (rows,) = databases.worker.read(
            Scope(tenant=tenant),
            (
                (
                    "SELECT 1 FROM (SELECT at - lag(at) OVER (PARTITION BY case_id ORDER BY seq) AS gap FROM madoguchi.step"
                    " WHERE tenant = %s) AS s WHERE gap < interval '0' LIMIT 1"
                ),
                (tenant,),
            ),
        )
        assert not rows


def test_the_printer_is_left_to_what_is_open_now(made: KeyRing, databases: Databases):
    with databases.worker.transaction() as tx:
        rows = tx.raw.execute(
            "SELECT DISTINCT args ->> 'stage' FROM jobs.procrastinate_jobs WHERE task_name = 'statements.make_file'"
            " AND status = 'todo'"
        ).fetchall()
    assert rows == [("consulted",)]


def test_a_second_start_writes_nothing(made: KeyRing, databases: Databases, clock: FixedClock, staff: Staff):
    before = states(databases, *BODIES, COMMISSION)
    assert populate_statements(databases.worker, made, shipped(), clock, staff) == 0
    assert states(databases, *BODIES, COMMISSION) == before


def test_every_affair_of_the_plan_is_described(made: KeyRing):
    assert set(shipped().affairs) <= set(affairs())
