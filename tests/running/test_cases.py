"""``madoguchi cases``: open cases by version, and moving them when a person says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from portal.cli import main
from portal.running.cases import known_kinds
from storage.clock import FixedClock
from storage.database import Scope
from tests.conftest import Databases
from tests.engine.conftest import DEFINITIONS, make_registry, sample_tables
from tests.engine.helpers import BOSS, command, opened
from workflows.engine import Engine
from workflows.engine.check import all_definitions

__all__ = ["sample_tables"]
TENANTS = ("992011", "992020")


@pytest.fixture
def run(sample_tables: Databases, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command on this module's database, where the sample kind has a second version."""
    monkeypatch.setattr(
        "portal.running.cases.known_kinds", lambda: make_registry(DEFINITIONS / "next" / "workflow.yaml")
    )
    environment = {"MADOGUCHI_DATABASE_WORKER": sample_tables.url("worker")}
    return lambda *words: CliRunner(env=environment).invoke(main, ["cases", *words])


def test_open_cases_are_counted_by_version_and_moved_once(
    run: Callable[..., Result], sample_tables: Databases, clock: FixedClock
) -> None:
    engine = Engine(make_registry(), clock)
    found = []
    for tenant in TENANTS:
        with sample_tables.worker.transaction(Scope(tenant=tenant)) as tx:
            found += [(tenant, opened(engine, tx, f"open-{number}").case_id) for number in range(3)]
            engine.apply(tx, command(found[-1][1], "submit", amount=500))
            engine.apply(tx, command(found[-2][1], "submit", amount=5))
    assert found
    listed = run("list").output
    assert all(f"{tenant}  sample" in listed for tenant in TENANTS)
    assert listed.count("新しい版: 2") == 2
    assert "前の版の案件: 4 件" in listed
    done = run("move", "sample", "--purpose", "様式の改正による")
    assert done.exit_code == 0, done.output
    assert "第2版へ移しました: 4 件" in done.output
    newer = Engine(make_registry(DEFINITIONS / "next" / "workflow.yaml"), clock)
    for tenant, case_id in found:
        with sample_tables.worker.transaction(Scope(tenant=tenant)) as tx:
            case, last = newer.case(tx, case_id), newer.history(tx, case_id)[-1]
            assert newer.verify(tx, case_id) is None
        if case.state == "approved":
            assert (case.definition_version, last.trigger) == (1, "submit")
        else:
            assert (case.definition_version, last.trigger, last.purpose) == (2, "migrate", "様式の改正による")
    assert "どれも新しい版です" in run("list").output
    assert "0 件" in run("move", "sample").output
    tenant, submitted = found[2]
    with sample_tables.worker.transaction(Scope(tenant=tenant)) as tx:
        assert newer.apply(tx, command(submitted, "approve", BOSS)).after == "approved"


def test_a_case_somebody_holds_stays_and_is_told(
    run: Callable[..., Result], sample_tables: Databases, clock: FixedClock
) -> None:
    with sample_tables.worker.transaction(Scope(tenant="992011")) as tx:
        case_id = opened(Engine(make_registry(), clock), tx, "held").case_id
    with sample_tables.worker.transaction(Scope(tenant="992011")) as tx:
        tx.raw.execute("SELECT 1 FROM madoguchi.case_file WHERE id = %s FOR UPDATE", (case_id,))
        done = run("move", "sample")
    assert done.exit_code == 1
    assert "1 件は" in done.output
    assert run("move", "sample").exit_code == 0


@pytest.mark.parametrize("kind", ["nonsense", "inquiry"])
def test_a_kind_with_nothing_to_follow_is_refused(run: Callable[..., Result], kind: str) -> None:
    done = run("move", kind)
    assert done.exit_code == 2
    assert "何も変えていません" in done.output
    assert "sample" in done.output


def test_every_kind_of_the_house_is_known_with_all_its_versions() -> None:
    known = {
        (one.kind, one.version) for kind in known_kinds().kinds.values() for one in kind.versions.values()
    }
    assert known == {(one.kind, one.version) for one in all_definitions()}
    assert known
