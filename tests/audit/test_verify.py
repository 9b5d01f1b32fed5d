"""`madoguchi audit verify`: an honest log holds; whatever the owner of the database changes behind the triggers is named."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pytest

from sandbox.pki.tsa import TimeStampAuthority
from storage.audit.keys import LogKeys
from storage.audit.service import AuditService
from storage.audit.sources import StepSource
from storage.audit.stamping import HttpTimeStamper
from storage.audit.verify import Report, verify_log
from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import KeyRing
from tests.audit.authority import Answer
from tests.conftest import Databases
from tests.engine.conftest import make_registry, sample_tables
from tests.engine.helpers import command, opened
from tests.provision_records.people import record, writer
from workflows.engine import Engine
from workflows.engine.journal import broken_links
from workflows.provision_records.log import RecordSource

__all__ = ["sample_tables"]
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
RECORDS = "provision_records"
NUMBERS = itertools.count()


class World:
    """One tenant with 600 records in three checkpoints and some cases, stamped."""

    def __init__(self, databases: Databases, key_ring: KeyRing, authority: TimeStampAuthority) -> None:
        self.tenant = f"96{next(NUMBERS):04d}"
        self.databases, self.authority = databases, authority
        self.clock = FixedClock(NOW)
        self.service = AuditService(LogKeys(key_ring, self.clock), self.clock)
        for turn in range(3):
            self.write(*range(turn * 200, turn * 200 + 200))
        engine = Engine(make_registry(), self.clock)
        with databases.worker.transaction(Scope(tenant=self.tenant)) as tx:
            self.cases = [opened(engine, tx, f"open-{n}").case_id for n in range(4)]
        self.advance(StepSource())
        with databases.worker.transaction(Scope(tenant=self.tenant)) as tx:
            engine.apply(tx, command(self.cases[0], "submit", amount=5))
        self.advance(StepSource())
        with httpx.Client(transport=Answer(authority, self.clock)) as client:
            stamper = HttpTimeStamper(client, "http://tsa.invalid/", [authority.root])
            self.service.stamp_newest(databases.worker, self.tenant, RECORDS, stamper)

    def write(self, *numbers: int) -> None:
        with self.databases.worker.transaction(Scope(tenant=self.tenant)) as tx:
            made = [record(n, f"A{n % 7:07d}", self.tenant) for n in numbers]
            writer(self.clock, f"{self.tenant}{numbers[0]}").write_many(tx, made)
        self.advance(RecordSource())

    def advance(self, source: Any) -> None:
        self.service.advance_all(self.databases.worker, self.tenant, source)

    def verify(self, log: str = RECORDS) -> Report:
        source: Any = RecordSource() if log == RECORDS else StepSource(broken_links)
        with self.databases.worker.transaction(Scope(tenant=self.tenant)) as tx:
            return verify_log(tx, source, [self.authority.root])

    def tamper(self, sql: str, **values: Any) -> None:
        """Change the database as its owner could, with every trigger out of the way."""
        with psycopg.connect(self.databases.admin_url) as owner:
            owner.execute("SET session_replication_role = replica")
            done = owner.execute(sql, {"tenant": self.tenant, **values})
            assert done.rowcount > 0, "the attack must have hit something"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TimeStampAuthority:
    return TimeStampAuthority.create(tmp_path_factory.mktemp("tsa"), NOW)


@pytest.fixture
def world(sample_tables: Databases, key_ring: KeyRing, authority: TimeStampAuthority) -> World:
    return World(sample_tables, key_ring, authority)


def test_an_honest_log_holds(world: World) -> None:
    report = world.verify()
    assert report.findings == []
    assert (report.leaves, report.checkpoints, report.stamps, report.waiting) == (600, 3, 1, 0)
    steps = world.verify("steps")
    assert steps.findings == []
    assert (steps.leaves, steps.checkpoints) == (5, 2)


def test_an_office_that_came_after_the_planner_counted_is_verified_as_quickly(
    world: World, sample_tables: Databases, key_ring: KeyRing, authority: TimeStampAuthority
) -> None:
    with psycopg.connect(world.databases.admin_url, autocommit=True) as owner:
        owner.execute("ANALYZE")
    late = World(sample_tables, key_ring, authority)
    with late.databases.worker.transaction(Scope(tenant=late.tenant)) as tx:
        # Joined the long way round, the trees of six hundred records take twenty seconds.
        tx.raw.execute("SET LOCAL statement_timeout = '4s'")
        assert verify_log(tx, RecordSource(), [authority.root]).findings == []


def test_what_is_not_placed_yet_is_counted_as_waiting(world: World) -> None:
    with world.databases.worker.transaction(Scope(tenant=world.tenant)) as tx:
        writer(world.clock, "late").write_many(tx, [record(999, "A0000001", world.tenant)])
    report = world.verify()
    assert report.holds
    assert report.waiting == 1


def at(seq: int) -> str:
    return (
        "record_id = (SELECT ref FROM madoguchi.audit_position WHERE tenant = %(tenant)s"
        f" AND log = 'provision_records' AND seq = {seq})"
    )


MINE = "WHERE tenant = %(tenant)s AND log = 'provision_records'"
ATTACKS = {
    "a field of a record": (
        f"UPDATE madoguchi.provision_record SET purpose = 'なし' WHERE tenant = %(tenant)s AND {at(217)}",
        217,
        "書き換え",
    ),
    "who asked": (
        f"UPDATE madoguchi.provision_record SET asker_code = '992020-01' WHERE tenant = %(tenant)s AND {at(3)}",
        3,
        "書き換え",
    ),
    "the addressee": (
        f"UPDATE madoguchi.provision_record SET addressee = 'A0000006' WHERE tenant = %(tenant)s AND {at(0)}",
        0,
        "書き換え",
    ),
    "a time by a microsecond": (
        (
            "UPDATE madoguchi.provision_record SET requested_at = requested_at + interval '1 microsecond'"
            f" WHERE tenant = %(tenant)s AND {at(599)}"
        ),
        599,
        "書き換え",
    ),
    "record and seal together": (
        "WITH r AS (UPDATE madoguchi.provision_record SET purpose = 'なし' WHERE tenant = %(tenant)s AND "
        + at(42)
        + " RETURNING record_id) UPDATE madoguchi.provision_leaf l SET leaf = sha256('other') FROM r"
        " WHERE l.tenant = %(tenant)s AND l.record_id = r.record_id",
        42,
        "書き換え",
    ),
    "a seal taken away": (
        f"DELETE FROM madoguchi.provision_leaf WHERE tenant = %(tenant)s AND {at(100)}",
        100,
        "封がなくなって",
    ),
    "a place taken away": (
        f"DELETE FROM madoguchi.audit_position {MINE} AND seq = 300",
        300,
        "抜けています",
    ),
    "the last place taken away": (
        f"DELETE FROM madoguchi.audit_position {MINE} AND seq = 599",
        599,
        "抜けています",
    ),
    "two places swapped": (
        (
            "UPDATE madoguchi.audit_position SET seq = CASE seq WHEN 10 THEN 1000011 ELSE 1000010 END"
            f" {MINE} AND seq IN (10, 11);"
            f"UPDATE madoguchi.audit_position SET seq = seq - 1000000 {MINE} AND seq > 1000000"
        ),
        10,
        "違います",
    ),
    "a hash in a tile": (
        (
            f"UPDATE madoguchi.audit_tile SET hashes = overlay(hashes placing sha256('x') from 1 + 32 * 5) {MINE}"
            " AND level = 0 AND tile = 1"
        ),
        261,
        "違います",
    ),
    "a tile taken away": (
        f"DELETE FROM madoguchi.audit_tile {MINE} AND level = 0 AND tile = 1",
        256,
        "タイル 0/1",
    ),
    "the level above": (
        f"UPDATE madoguchi.audit_tile SET hashes = overlay(hashes placing sha256('x') from 1) {MINE} AND level = 1",
        -1,
        "段 1",
    ),
    "a column of a checkpoint": (
        f"UPDATE madoguchi.audit_checkpoint SET size = 399 {MINE} AND number = 2",
        399,
        "署名された本文と違い",
    ),
    "the root of a checkpoint": (
        (
            f"UPDATE madoguchi.audit_checkpoint SET root = sha256('x'), body = convert_to(replace(convert_from(body,"
            f" 'UTF8'), encode(root, 'hex'), encode(sha256('x'), 'hex')), 'UTF8') {MINE} AND number = 2"
        ),
        399,
        "根が、台帳と合いません",
    ),
    "a signature": (
        f"UPDATE madoguchi.audit_checkpoint SET signature = decode(repeat('00', 64), 'hex') {MINE} AND number = 3",
        600,
        "署名が合いません",
    ),
    "the key": (
        "UPDATE madoguchi.audit_key SET public = sha256('x') WHERE tenant = %(tenant)s",
        200,
        "署名が合いません",
    ),
    "a checkpoint taken away": (
        f"DELETE FROM madoguchi.audit_checkpoint {MINE} AND number = 2",
        600,
        "つながりません",
    ),
    "a stamp": (
        f"UPDATE madoguchi.audit_stamp SET token = '\\x3000' {MINE}",
        600,
        "タイムスタンプ",
    ),
    "a person's count": (
        (
            f"UPDATE madoguchi.audit_map_entry SET count = count - 1 {MINE} AND key = (SELECT min(key)"
            f" FROM madoguchi.audit_map_entry {MINE})"
        ),
        -1,
        "件数",
    ),
    "a person's root": (
        (
            f"UPDATE madoguchi.audit_map_entry SET root = sha256('x') {MINE} AND key = (SELECT min(key)"
            f" FROM madoguchi.audit_map_entry {MINE})"
        ),
        -1,
        "件数",
    ),
    "a person who is nobody": (
        (
            "INSERT INTO madoguchi.audit_map_entry (tenant, log, bucket, key, count, root, edge)"
            " VALUES (%(tenant)s, 'provision_records', 0, decode(repeat('00', 31) || '01', 'hex'), 1, sha256('x'), '')"
        ),
        -1,
        "件数",
    ),
    "a hidden record made visible without a mark": (
        f"UPDATE madoguchi.provision_record SET disclosure = 'withheld' WHERE tenant = %(tenant)s AND {at(5)}",
        -1,
        "その人の記録と合いません",
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_tampering_is_found_and_the_place_named(world: World, name: str) -> None:
    sql, seq, words = ATTACKS[name]
    for statement in sql.split(";"):
        world.tamper(statement)
    report = world.verify()
    assert not report.holds
    first = report.first()
    assert first is not None
    assert first.seq == seq, report.findings[:5]
    assert words in first.words


STEP = "WHERE tenant = %(tenant)s AND case_id = %(case)s"
STEP_ATTACKS = {
    "content": f"UPDATE madoguchi.step SET purpose = 'なし' {STEP} AND seq = 1",
    "actor": f"UPDATE madoguchi.step SET actor_id = 'x' {STEP} AND seq = 2",
    "the last step gone": f"DELETE FROM madoguchi.step {STEP} AND seq = 2",
    "the first step gone": f"DELETE FROM madoguchi.step {STEP} AND seq = 1",
    "the whole case gone": f"DELETE FROM madoguchi.step {STEP}",
    "the state moved": "UPDATE madoguchi.case_file SET state = 'x' WHERE tenant = %(tenant)s AND id = %(case)s",
}


@pytest.mark.parametrize("name", STEP_ATTACKS)
def test_tampering_with_a_case_is_found_and_names_the_case(world: World, name: str) -> None:
    world.tamper(STEP_ATTACKS[name], case=world.cases[0])
    report = world.verify("steps")
    first = report.first()
    assert first is not None
    assert str(world.cases[0]) in first.words


def test_a_history_rewritten_whole_still_breaks_on_the_signature(world: World) -> None:
    """An owner who rewrites record, seal, tile and map alike cannot sign the checkpoint that would fit."""
    world.tamper(
        f"UPDATE madoguchi.provision_record SET purpose = 'なし' WHERE tenant = %(tenant)s AND {at(42)}"
    )
    with world.databases.worker.transaction(Scope(tenant=world.tenant)) as tx:
        forged = next(one for one in RecordSource().recompute(tx) if one.seq == 42)
    assert forged.leaf is not None
    world.tamper(
        f"UPDATE madoguchi.provision_leaf SET leaf = %(leaf)s WHERE tenant = %(tenant)s AND {at(42)}",
        leaf=forged.leaf,
    )
    world.tamper(
        f"UPDATE madoguchi.audit_tile SET hashes = overlay(hashes placing %(leaf)s from 1 + 32 * 42) {MINE}"
        " AND level = 0 AND tile = 0",
        leaf=forged.leaf,
    )
    report = world.verify()
    assert any("根が、台帳と合いません" in finding.words for finding in report.findings)


def test_progress_is_told(world: World) -> None:
    seen: list[int] = []
    with world.databases.worker.transaction(Scope(tenant=world.tenant)) as tx:
        verify_log(tx, RecordSource(), progress=lambda log, done: seen.append(done))
    assert sum(seen) == 600


def test_the_size_of_the_report_is_bounded(world: World) -> None:
    world.tamper("UPDATE madoguchi.provision_record SET purpose = 'なし' WHERE tenant = %(tenant)s")
    report = world.verify()
    assert 600 <= len(report.findings) <= 1000
