"""The installation's own key: sealed, out of the pages' reach, renewed with an end; and the worker's job that alone has things signed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner

from portal.keys import renew
from portal.resident import downloads
from portal.resident.provision_records import proof_job
from storage.audit.commands import trust_file
from storage.audit.keys import PORTAL, LogKeys, public_keys
from storage.audit.service import AuditService
from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import FileMasterKey, KeyRing
from storage.encryption.rotation import reseal, sealed_columns
from tests.conftest import Databases
from workflows.provision_records.findings import OK, UNPROVEN
from workflows.provision_records.log import RecordSource
from workflows.provision_records.proof import verify
from workflows.provision_records.signer import PortalSigner
from workflows.provision_records.trust import Trust, read_trust

from .people import record, writer

A, B, COMMISSION = "992011", "992020", "000000"
# The command that renews a key dates it by the clock on the wall.
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
OPENED = NOW - timedelta(days=300)
HANAKO, STRANGER = UUID(int=11), UUID(int=12)
TIES = {(A, HANAKO): "900000000000001", (B, HANAKO): "900000000000002"}


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "master.key"
    FileMasterKey.create(path)
    return path


@pytest.fixture(scope="module")
def ring(master: Path, databases: Databases) -> KeyRing:
    return installed(databases, master)


def installed(databases: Databases, master: Path) -> KeyRing:
    """The keys of an installation where two offices know Hanako and one has a record of her; a stranger has an account too."""
    ring, clock = KeyRing(FileMasterKey(master)), FixedClock(NOW)
    with psycopg.connect(databases.admin_url) as owner:
        owner.execute("UPDATE madoguchi.tenant SET opened_at = %s", (OPENED,))
        for account in (HANAKO, STRANGER):
            owner.execute(
                "INSERT INTO identity.account (id, kind, created_at, bound_at) VALUES (%s, 'resident', %s, %s)",
                (account, NOW, NOW),
            )
        for (tenant, account), number in TIES.items():
            owner.execute(
                "INSERT INTO madoguchi.addressee (tenant, number, kind, opened_at, updated_at)"
                " VALUES (%s, %s, 'resident', %s, %s)",
                (tenant, number, NOW, NOW),
            )
            owner.execute(
                "INSERT INTO madoguchi.account_addressee VALUES (%s, %s, %s, '', %s)",
                (tenant, account, number, NOW),
            )
    service = AuditService(LogKeys(ring, clock), clock)
    with databases.worker.transaction(Scope(tenant=A)) as tx:
        writer(clock).write_many(tx, [record(1, TIES[A, HANAKO]), record(2, "900000000000003")])
    for tenant in (A, B, COMMISSION):
        service.advance_all(databases.worker, tenant, RecordSource())
        with databases.worker.transaction(Scope(tenant=tenant)) as tx:
            ring.ensure(tx, tenant, "data")
    return ring


def signer(databases: Databases, ring: KeyRing, at: datetime = NOW) -> PortalSigner:
    return PortalSigner(databases.worker, LogKeys(ring, FixedClock(at)))


def made(databases: Databases, ring: KeyRing, account: UUID, at: datetime = NOW) -> bytes:
    """The file a person gets who asks for it: the page asks, the worker makes, the page hands out."""
    with databases.web.transaction(Scope(account=account)) as tx:
        download = proof_job.ask_for(tx, account, A, at)
    with databases.worker.transaction() as tx:
        (job,) = tx.raw.execute(
            "SELECT args FROM jobs.procrastinate_jobs WHERE task_name = %s ORDER BY id DESC LIMIT 1",
            (proof_job.TASK,),
        ).fetchone() or ({},)
    assert job == {"account": str(account), "tenant": A, "download": str(download)}
    sign = signer(databases, ring, at)
    for _ in range(2):
        proof_job.make(databases.worker, ring, sign, FixedClock(at), account, A, download)
    found = downloads.content(databases.web, ring, account, download, at)
    assert found is not None
    assert found[0] == "records-proof.json"
    return found[1]


def published(databases: Databases) -> Trust:
    return read_trust(trust_file(databases.worker, []).encode())


def test_the_file_is_made_of_who_the_register_says_the_account_is(
    databases: Databases, ring: KeyRing
) -> None:
    raw = made(databases, ring, HANAKO)
    result = verify(raw, published(databases))
    assert (result.exit_code, result.offices) == (OK, {A: 1})
    assert json.loads(json.loads(raw)["manifest"]["body"])["nothing"] == [COMMISSION, B]


def test_an_account_without_ties_gets_nobodys_records(databases: Databases, ring: KeyRing) -> None:
    assert json.loads(made(databases, ring, STRANGER))["parts"] == []


def test_an_office_that_came_or_did_not_answer_since_the_account_was_bound_has_not_answered(
    databases: Databases, ring: KeyRing
) -> None:
    with psycopg.connect(databases.admin_url) as owner:
        owner.execute(
            "UPDATE madoguchi.tenant SET opened_at = %s WHERE code = %s", (NOW + timedelta(days=1), B)
        )
    try:
        raw = made(databases, ring, HANAKO)
        assert json.loads(json.loads(raw)["manifest"]["body"])["unanswered"] == [B]
        assert verify(raw, published(databases)).exit_code == UNPROVEN
        with psycopg.connect(databases.admin_url) as owner:
            owner.execute("UPDATE identity.account SET bound_at = NULL WHERE id = %s", (STRANGER,))
        raw = made(databases, ring, STRANGER)
        assert json.loads(json.loads(raw)["manifest"]["body"])["unanswered"] == [COMMISSION, A, B]
    finally:
        with psycopg.connect(databases.admin_url) as owner:
            owner.execute("UPDATE madoguchi.tenant SET opened_at = %s", (OPENED,))
            owner.execute("UPDATE identity.account SET bound_at = %s", (NOW,))


def test_a_file_that_cannot_be_made_is_marked_and_keeps_nobody_waiting(
    databases: Databases, ring: KeyRing
) -> None:
    with databases.web.transaction(Scope(account=HANAKO)) as tx:
        download = proof_job.ask_for(tx, HANAKO, A, NOW)

    def refuse(body: bytes) -> None:
        raise RuntimeError

    proof_job.make(databases.worker, ring, refuse, FixedClock(NOW), HANAKO, A, download)  # type: ignore[arg-type]
    (rows,) = databases.web.read(
        Scope(account=HANAKO), ("SELECT state, sealed FROM madoguchi.download WHERE id = %s", (download,))
    )
    assert rows == [("failed", None)]


def test_pages_can_neither_read_nor_make_the_key(databases: Databases, ring: KeyRing) -> None:
    made(databases, ring, HANAKO)
    for statement in (
        "SELECT sealed FROM madoguchi.audit_key",
        "INSERT INTO madoguchi.audit_key (tenant, key_id, public, sealed, created_at) VALUES ('portal', 'x', '', '', now())",
        "UPDATE madoguchi.audit_key SET created_at = now()",
    ):
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            databases.web.transaction(Scope(tenant=PORTAL)) as tx,
        ):
            tx.raw.execute(statement)


def test_the_key_lies_sealed_and_is_sealed_anew_like_the_others(databases: Databases, ring: KeyRing) -> None:
    made(databases, ring, HANAKO)
    (column,) = [one for one in sealed_columns("worker") if one.table == "madoguchi.audit_key"]
    with databases.worker.transaction(Scope(tenant=PORTAL)) as tx:
        newest = ring.rotate(tx, PORTAL, column.purpose)
        assert column.count_old(tx, newest) == 1
    assert reseal(databases.worker, ring, PORTAL, column, newest) == 1
    assert verify(made(databases, ring, HANAKO), published(databases)).exit_code == OK


def test_a_new_key_ends_the_one_before_and_what_that_one_signed_stays_good(
    alone: Databases, master: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = installed(alone, master)
    before = made(alone, ring, HANAKO)
    monkeypatch.setenv("MADOGUCHI_DATABASE_WORKER", alone.url("worker"))
    monkeypatch.setenv("MADOGUCHI_MASTER_KEY", str(master))
    done = CliRunner().invoke(renew, [PORTAL])
    assert done.exit_code == 0, done.output
    trust = published(alone)
    old, new = trust.portal
    assert old.until == new.since
    assert new.until is None
    after = made(alone, ring, HANAKO, new.since + timedelta(hours=1))
    assert [json.loads(raw)["manifest"]["public_key"] for raw in (before, after)] == [
        old.public.hex(),
        new.public.hex(),
    ]
    assert verify(after, trust).exit_code == OK
    assert verify(before, trust).exit_code == OK


def test_the_keys_of_a_signer_nobody_knows_are_not_renewed(
    databases: Databases, master: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MADOGUCHI_DATABASE_WORKER", databases.url("worker"))
    monkeypatch.setenv("MADOGUCHI_MASTER_KEY", str(master))
    done = CliRunner().invoke(renew, ["992099"])
    assert done.exit_code == 1
    assert "鍵は変えていません" in done.output
    with databases.worker.transaction(Scope(tenant="992099")) as tx:
        assert public_keys(tx, "992099") == {}
