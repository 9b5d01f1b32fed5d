"""The sample kind of case with its guards and effects, and an engine on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from storage.clock import FixedClock
from storage.database import Transaction
from tests.conftest import Databases
from workflows.engine import Applied, CaseView, Command, Engine, Reason, Registry

DEFINITIONS = Path(__file__).parent / "definitions"
LIMIT = 1000
SMALL = 10


def make_registry(path: Path = DEFINITIONS / "workflow.yaml") -> Registry:
    """The sample kind; its facts and its outbox are a real table of the test database."""
    registry = Registry()
    sample = registry.load(path)

    @sample.guard("not_frozen")
    def not_frozen(facts: Mapping[str, Any], given: Mapping[str, Any]) -> Reason | None:
        return Reason("not_frozen") if facts.get("frozen") else None

    @sample.guard("rich_enough")
    def rich_enough(facts: Mapping[str, Any], given: Mapping[str, Any]) -> Reason | None:
        return Reason("over_limit", limit=LIMIT) if _amount(given) > LIMIT else None

    @sample.guard("small")
    def small(facts: Mapping[str, Any], given: Mapping[str, Any]) -> Reason | None:
        return None if _amount(given) <= SMALL else Reason("small")

    @sample.guard("large")
    def large(facts: Mapping[str, Any], given: Mapping[str, Any]) -> Reason | None:
        return None if _amount(given) > SMALL else Reason("large")

    @sample.facts
    def facts(
        tx: Transaction, cases: Sequence[CaseView], commands: Sequence[Command]
    ) -> list[Mapping[str, Any]]:
        (rows,) = tx.ask(
            (
                "SELECT case_id FROM madoguchi.sample_freeze WHERE case_id = ANY (%s)",
                ([case.id for case in cases],),
            )
        )
        frozen = {row[0] for row in rows}
        return [{"frozen": case.id in frozen} for case in cases]

    sample.write_effect("outbox")(outbox)
    sample.job_effect("notify", "sample.notify")
    return registry


def outbox(tx: Transaction, applied: Sequence[Applied]) -> None:
    """What the sample kinds do: one row for each step, once."""
    with tx.raw.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO madoguchi.sample_outbox (case_id, seq) VALUES (%s, %s)",
            [(one.case_id, one.seq) for one in applied],
        )


def _amount(given: Mapping[str, Any]) -> int:
    amount = given.get("amount")
    return amount if isinstance(amount, int) else 0


SAMPLE_TABLES = """
    CREATE TABLE madoguchi.sample_freeze (case_id uuid PRIMARY KEY);
    CREATE TABLE madoguchi.sample_outbox (case_id uuid, seq int, PRIMARY KEY (case_id, seq));
    GRANT ALL ON madoguchi.sample_freeze, madoguchi.sample_outbox TO madoguchi_web, madoguchi_worker;
"""


def with_samples(databases: Databases) -> Databases:
    """A database with what the sample kind reads and writes."""
    with databases.migrator.transaction() as tx:
        tx.raw.execute(SAMPLE_TABLES)
    return databases


@pytest.fixture(scope="module")
def sample_tables(databases: Databases) -> Databases:
    """What the sample kind reads and writes, in this module's database."""
    return with_samples(databases)


@pytest.fixture
def engine(clock: FixedClock, sample_tables: Databases) -> Engine:
    """An engine with the sample kind, standing at the fixed clock."""
    return Engine(make_registry(), clock)
