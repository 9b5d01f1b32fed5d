"""The log in the database: nothing lost, nothing twice, whatever is committed when; and what is placed stays."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from sandbox.pki.tsa import TimeStampAuthority
from storage.audit import merkle
from storage.audit.checkpoint import GENESIS, CheckpointError, link, parse, signature_holds, stamped_message
from storage.audit.keys import LogKeys, public_keys
from storage.audit.rows import load_tiles
from storage.audit.service import AuditService, latest
from storage.audit.stamping import HttpTimeStamper, StampBroken, StampUnavailable, verify_stamp
from storage.audit.tiles import TileTree
from storage.clock import FixedClock
from storage.database import Database, Scope
from storage.encryption import KeyRing
from tests.audit.authority import Answer
from tests.conftest import Databases
from tests.provision_records.people import record, writer
from workflows.provision_records.log import RecordSource

LOG = "provision_records"
SOURCE = RecordSource()
NUMBERS = itertools.count()


@pytest.fixture
def service(key_ring: KeyRing, clock: FixedClock) -> AuditService:
    return AuditService(LogKeys(key_ring, clock), clock)


@pytest.fixture
def tenant(databases: Databases) -> str:
    """A tenant that no other test writes in."""
    return f"98{next(NUMBERS):04d}"


def write(db: Database, clock: FixedClock, tenant: str, *numbers: int, who: str = "A0000001") -> None:
    with db.transaction(Scope(tenant=tenant)) as tx:
        made = [record(n, who, tenant) for n in numbers]
        assert writer(clock, str(numbers)).write_many(tx, made) == len(numbers)


def placed(db: Database, tenant: str) -> list[str]:
    (rows,) = db.read(
        Scope(tenant=tenant),
        ("SELECT seq, ref FROM madoguchi.audit_position WHERE tenant = %s ORDER BY seq", (tenant,)),
    )
    assert [seq for seq, _ in rows] == list(range(len(rows))), "the places have no gap"
    return [str(ref) for _, ref in rows]


def test_everything_written_is_placed_once(
    databases: Databases, service: AuditService, clock: FixedClock, tenant: str
) -> None:
    write(databases.worker, clock, tenant, *range(30))
    assert service.advance_all(databases.worker, tenant, SOURCE, limit=7) == 30
    assert service.advance_all(databases.worker, tenant, SOURCE) == 0
    write(databases.worker, clock, tenant, 30, 31)
    assert service.advance_all(databases.worker, tenant, SOURCE) == 2
    assert sorted(placed(databases.worker, tenant)) == sorted(
        str(record(n, tenant=tenant).record_id) for n in range(32)
    )


def test_a_slow_transaction_is_neither_lost_nor_in_the_way(
    databases: Databases, service: AuditService, clock: FixedClock, tenant: str
) -> None:
    with databases.worker.transaction(Scope(tenant=tenant)) as slow:
        writer(clock, "slow").write_many(slow, [record(1, tenant=tenant)])
        write(databases.worker, clock, tenant, 2, who="A0000002")
        assert service.advance_all(databases.worker, tenant, SOURCE) == 1
        write(databases.worker, clock, tenant, 3, who="A0000003")
        assert service.advance_all(databases.worker, tenant, SOURCE) == 1
    assert service.advance_all(databases.worker, tenant, SOURCE) == 1
    assert len(placed(databases.worker, tenant)) == 3


def test_what_is_rolled_back_is_never_placed(
    databases: Databases, service: AuditService, clock: FixedClock, tenant: str
) -> None:
    with pytest.raises(ZeroDivisionError), databases.worker.transaction(Scope(tenant=tenant)) as tx:
        writer(clock).write_many(tx, [record(1, tenant=tenant)])
        raise ZeroDivisionError
    assert service.advance_all(databases.worker, tenant, SOURCE) == 0


def test_an_advance_that_fails_leaves_nothing_behind_and_is_done_again(
    databases: Databases, service: AuditService, clock: FixedClock, tenant: str
) -> None:
    write(databases.worker, clock, tenant, 1, 2, 3)
    with pytest.raises(ZeroDivisionError), databases.worker.transaction(Scope(tenant=tenant)) as tx:
        service.advance(tx, SOURCE)
        raise ZeroDivisionError
    assert placed(databases.worker, tenant) == []
    assert service.advance_all(databases.worker, tenant, SOURCE) == 3


def test_checkpoints_are_signed_and_chained_and_each_tree_begins_the_next(
    databases: Databases, service: AuditService, clock: FixedClock, tenant: str
) -> None:
    before, body_before = None, b""
    for turn in range(4):
        write(databases.worker, clock, tenant, *range(turn * 10, turn * 10 + 7))
        clock.advance(minutes=1)
        service.advance_all(databases.worker, tenant, SOURCE)
        with databases.web.transaction() as tx:
            made = latest(tx, tenant, LOG)
            keys = public_keys(tx, tenant)
            row = tx.raw.execute(
                "SELECT body, key_id, signature FROM madoguchi.audit_checkpoint WHERE tenant = %s"
                " ORDER BY number DESC LIMIT 1",
                (tenant,),
            ).fetchone()
            assert made is not None
            assert row is not None
            assert signature_holds(keys[row[1]], bytes(row[0]), bytes(row[2]))
            assert made.previous == (link(body_before) if before else GENESIS)
            assert (made.number, made.size) == (turn + 1, (turn + 1) * 7)
            if before:
                tree = TileTree(made.size, lambda places, tx=tx: load_tiles(tx, LOG, places, tenant))
                path = tree.consistency(before.size)
                assert merkle.verify_consistency(before.size, made.size, before.root, made.root, path)
            before, body_before = made, bytes(row[0])


def test_nothing_new_makes_no_new_checkpoint(
    databases: Databases, service: AuditService, clock: FixedClock, tenant: str
) -> None:
    service.advance_all(databases.worker, tenant, SOURCE)
    service.advance_all(databases.worker, tenant, SOURCE)
    with databases.worker.transaction(Scope(tenant=tenant)) as tx:
        made = latest(tx, tenant, LOG)
    assert made is not None
    assert made.number == 1
    assert made.root == merkle.EMPTY_ROOT


@pytest.mark.parametrize(
    "attack",
    [
        "DELETE FROM madoguchi.provision_leaf",
        "UPDATE madoguchi.provision_leaf SET leaf = leaf",
        "UPDATE madoguchi.provision_record SET purpose = 'なし'",
        "DELETE FROM madoguchi.provision_record",
        "TRUNCATE madoguchi.provision_record",
        "DELETE FROM madoguchi.audit_position",
        "UPDATE madoguchi.audit_checkpoint SET size = 0",
        "DELETE FROM madoguchi.audit_checkpoint",
        "DELETE FROM madoguchi.audit_stamp",
        "UPDATE madoguchi.audit_tile SET hashes = decode(repeat('00', 32), 'hex')",
        "DELETE FROM madoguchi.audit_tile",
        "TRUNCATE madoguchi.audit_tile",
        "TRUNCATE madoguchi.provision_leaf",
        "DELETE FROM madoguchi.provision_mark",
    ],
)
def test_the_database_refuses_to_change_what_is_placed(
    databases: Databases, service: AuditService, clock: FixedClock, tenant: str, attack: str
) -> None:
    write(databases.worker, clock, tenant, 1, 2)
    service.advance_all(databases.worker, tenant, SOURCE)
    with psycopg.connect(databases.admin_url) as owner:
        owner.execute("INSERT INTO madoguchi.audit_stamp VALUES (%s, %s, 1, 'x', now())", (tenant, LOG))
        owner.execute(
            "INSERT INTO madoguchi.provision_mark VALUES (%s, gen_random_uuid(), gen_random_uuid(), 'visible', 'g',"
            " 'a', 'b', now(), 'x')",
            (tenant,),
        )
        owner.commit()
        with pytest.raises(psycopg.errors.IntegrityError):
            owner.execute(attack)


@pytest.fixture
def authority(tmp_path: Path, clock: FixedClock) -> TimeStampAuthority:
    (tmp_path / "tsa").mkdir()
    return TimeStampAuthority.create(tmp_path / "tsa", clock.now())


@pytest.fixture
def answer(authority: TimeStampAuthority, clock: FixedClock) -> Answer:
    return Answer(authority, clock)


@pytest.fixture
def stamper(answer: Answer, authority: TimeStampAuthority) -> Iterator[HttpTimeStamper]:
    with httpx.Client(transport=answer) as client:
        yield HttpTimeStamper(client, "http://tsa.invalid/", [authority.root])


def test_a_checkpoint_is_stamped_once(
    databases: Databases, service: AuditService, clock: FixedClock, tenant: str, stamper: HttpTimeStamper
) -> None:
    write(databases.worker, clock, tenant, 1)
    service.advance_all(databases.worker, tenant, SOURCE)
    assert service.stamp_newest(databases.worker, tenant, LOG, stamper)
    assert not service.stamp_newest(databases.worker, tenant, LOG, stamper)
    with databases.web.transaction() as tx:
        body, signature, token = tx.raw.execute(
            "SELECT c.body, c.signature, s.token FROM madoguchi.audit_checkpoint c JOIN madoguchi.audit_stamp s"
            " USING (tenant, log, number) WHERE tenant = %s",
            (tenant,),
        ).fetchone()  # type: ignore[misc]
    message = stamped_message(bytes(body), bytes(signature))
    assert verify_stamp(bytes(token), message, stamper.roots) == clock.now().replace(microsecond=0)
    with pytest.raises(StampBroken):
        verify_stamp(bytes(token), message + b"x", stamper.roots)
    with pytest.raises(StampBroken):
        verify_stamp(bytes(token), message, [])


@pytest.mark.parametrize("fault", ["down", "500", "noise", "long", "replay"])
def test_without_the_authority_the_log_goes_on_and_the_alarm_comes_after_four_hours(
    databases: Databases,
    service: AuditService,
    clock: FixedClock,
    tenant: str,
    stamper: HttpTimeStamper,
    answer: Answer,
    fault: str,
) -> None:
    stamper.stamp(b"an earlier message")
    answer.fault = fault
    write(databases.worker, clock, tenant, 1)
    service.advance_all(databases.worker, tenant, SOURCE)
    with pytest.raises(StampUnavailable):
        service.stamp_newest(databases.worker, tenant, LOG, stamper)
    limit = timedelta(hours=4)
    with databases.worker.transaction(Scope(tenant=tenant)) as tx:
        assert service.alarm(tx, LOG, limit) is None
        clock.advance(hours=5)
        assert service.alarm(tx, LOG, limit) is not None
    write(databases.worker, clock, tenant, 2)
    service.advance_all(databases.worker, tenant, SOURCE)
    answer.fault = ""
    assert service.stamp_newest(databases.worker, tenant, LOG, stamper)
    with databases.worker.transaction(Scope(tenant=tenant)) as tx:
        assert service.alarm(tx, LOG, limit) is None, "a later stamp covers the earlier checkpoint"


def test_a_stamp_of_another_authority_is_not_accepted(
    tmp_path: Path, clock: FixedClock, answer: Answer, authority: TimeStampAuthority
) -> None:
    (tmp_path / "other").mkdir()
    other = TimeStampAuthority.create(tmp_path / "other", clock.now())
    with httpx.Client(transport=answer) as client, pytest.raises(StampUnavailable):
        HttpTimeStamper(client, "http://tsa.invalid/", [other.root]).stamp(b"message")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"format":"madoguchi-checkpoint/1"}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_what_is_not_a_checkpoint_is_refused(body: bytes) -> None:
    with pytest.raises(CheckpointError):
        parse(body)


def test_a_checkpoint_in_another_form_of_the_same_json_is_refused(
    databases: Databases, service: AuditService, tenant: str
) -> None:
    service.advance_all(databases.worker, tenant, SOURCE)
    with databases.worker.transaction(Scope(tenant=tenant)) as tx:
        made = latest(tx, tenant, LOG)
    assert made is not None
    body = made.body()
    assert parse(body) == made
    for other in (
        body + b" ",
        body.replace(b",", b", ", 1),
        body.replace(b'"size":0', b'"size":0.0'),
        b" " + body,
    ):
        with pytest.raises(CheckpointError):
            parse(other)
