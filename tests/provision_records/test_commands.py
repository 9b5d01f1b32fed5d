"""`madoguchi proof verify` and `madoguchi audit`: what they print and how they end."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
import rfc8785
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives import serialization

from sandbox.pki.tsa import TimeStampAuthority
from storage.audit.commands import fingerprints
from storage.audit.jobs import AuditJobs
from storage.audit.keys import LogKeys
from storage.audit.service import AuditService
from storage.audit.stamping import HttpTimeStamper
from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import FileMasterKey, KeyRing
from tests.audit.authority import Answer
from tests.conftest import Databases
from workflows.provision_records.commands import audit, proof, sources
from workflows.provision_records.proof_file import proof_file
from workflows.provision_records.signer import PortalSigner

from .people import record, writer

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
ME = (("992011", "A0000001"),)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TimeStampAuthority:
    return TimeStampAuthority.create(tmp_path_factory.mktemp("tsa"), NOW)


@pytest.fixture(scope="module")
def roots(authority: TimeStampAuthority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("roots") / "tsa.pem"
    path.write_bytes(authority.root.public_bytes(serialization.Encoding.PEM))
    return path


def installed(databases: Databases, ring: KeyRing, authority: TimeStampAuthority) -> AuditJobs:
    """An office with eight records of a resident, sealed and stamped."""
    clock = FixedClock(NOW)
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        writer(clock).write_many(tx, [record(n) for n in range(8)])
    client = httpx.Client(transport=Answer(authority, clock))
    stamper = HttpTimeStamper(client, "http://tsa.invalid/", [authority.root])
    service = AuditService(LogKeys(ring, clock), clock)
    jobs = AuditJobs(databases.worker, service, sources(), stamper, lambda: timedelta(hours=4))
    jobs.advance_everywhere()
    return jobs


@pytest.fixture(scope="module", autouse=True)
def installation(databases: Databases, key_ring: KeyRing, authority: TimeStampAuthority) -> AuditJobs:
    return installed(databases, key_ring, authority)


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    """The keys of an installation that a test may damage."""
    return KeyRing(FileMasterKey.create(tmp_path / "master.key"))


@pytest.fixture
def run(databases: Databases, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MADOGUCHI_DATABASE_WORKER", databases.url("worker"))

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(
            audit if arguments[0] != "proof" else proof, arguments[arguments[0] == "proof" :]
        )

    return call


@pytest.fixture
def file(databases: Databases, key_ring: KeyRing, tmp_path: Path) -> Path:
    path, clock = tmp_path / "proof.json", FixedClock(NOW)
    signer = PortalSigner(databases.worker, LogKeys(key_ring, clock))
    path.write_bytes(proof_file(databases.worker, ME, (), clock, signer))
    return path


def test_an_honest_installation_verifies(run, roots: Path) -> None:
    done = run("verify", "--roots", str(roots))
    assert done.exit_code == 0, done.output
    assert "すべて合っています" in done.output
    assert "992011 provision_records: 記録 8" in done.output


def test_the_proof_verifies_with_the_published_keys(run, file: Path, tmp_path: Path, roots: Path) -> None:
    trust = tmp_path / "trust.json"
    assert run("trust", "--out", str(trust), "--roots", str(roots)).exit_code == 0
    done = run("proof", "verify", str(file), "--trust", str(trust))
    assert done.exit_code == 0, done.output
    assert "証明は成り立ちます" in done.output
    assert "証明したのは次の団体の記録だけです: 992011（8 件）" in done.output
    assert "一覧に責任を持つのは窓口で、団体ではありません" in done.output
    assert "見せる記録がないと言っています: 000000、992020" in done.output
    english = run("proof", "verify", str(file), "--trust", str(trust), "--language", "en")
    assert "The proof holds." in english.output
    assert "these offices and no other: 992011 (8 records)" in english.output
    assert "the portal that vouches for the list, not the offices" in english.output


def test_without_published_keys_it_ends_with_three_and_shows_the_fingerprint(
    run, file: Path, databases: Databases
) -> None:
    done = run("proof", "verify", str(file))
    assert done.exit_code == 3
    (fingerprint,) = fingerprints(databases.web, "992011")
    assert fingerprint[:4] + " " + fingerprint[4:8] in done.output


def test_a_changed_proof_ends_with_one(run, file: Path) -> None:
    value = json.loads(file.read_bytes())
    value["parts"][0]["records"].pop()
    file.write_bytes(rfc8785.dumps(value))
    done = run("proof", "verify", str(file))
    assert done.exit_code == 1
    assert "抜けています" in done.output


def test_an_office_that_was_expected_and_is_not_there_ends_with_one(
    run, file: Path, tmp_path: Path, roots: Path
) -> None:
    trust = tmp_path / "trust.json"
    run("trust", "--out", str(trust), "--roots", str(roots))
    words = ("proof", "verify", str(file), "--trust", str(trust))
    assert run(*words, "--office", "992011").exit_code == 0
    done = run(*words, "--office", "992011", "--office", "992020")
    assert done.exit_code == 1
    assert "× 992020" in done.output


def test_an_office_that_the_portal_says_has_nothing_is_not_called_cut_out(
    run, file: Path, tmp_path: Path, roots: Path
) -> None:
    trust = tmp_path / "trust.json"
    run("trust", "--out", str(trust), "--roots", str(roots))
    done = run("proof", "verify", str(file), "--trust", str(trust), "--office", "992020")
    assert done.exit_code == 1
    assert "見せる記録がないと署名しています" in done.output
    assert "切り取られた" not in done.output


def test_another_file_ends_with_two(run, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text("{}")
    assert run("proof", "verify", str(other)).exit_code == 2


def test_a_trust_file_that_cannot_be_read_is_explained(run, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "trust.json"
    other.write_text("{}")
    done = run("proof", "verify", str(file), "--trust", str(other))
    # 1 would say that the proof does not hold.
    assert done.exit_code == 2
    assert "もう一度受け取って" in done.output
    assert "証明はまだ確かめていません" in done.output


@pytest.mark.parametrize("code", ["1", "992012", "９９２０１１", "portal", ""])
def test_a_slip_in_an_offices_code_is_no_office_that_the_proof_lacks(run, file: Path, code: str) -> None:
    done = run("proof", "verify", str(file), "--office", code)
    assert done.exit_code == 2
    assert "証明はまだ確かめていません" in done.output
    assert "切り取られた" not in done.output


@pytest.mark.parametrize("body", ["[]\n", "null ", '{"format": "madoguchi-trust/1"}'])
def test_other_json_is_not_called_a_proof_somebody_wrote_anew(run, tmp_path: Path, body: str) -> None:
    other = tmp_path / "other.json"
    other.write_text(body)
    done = run("proof", "verify", str(other))
    assert done.exit_code == 2
    assert "この種類の証明ファイルではありません" in done.output
    assert "書き直されて" not in done.output


@pytest.mark.parametrize("code", ["12", "132012", "portal"])
def test_a_tenant_that_is_not_here_is_not_called_whole(run, code: str) -> None:
    done = run("verify", "--tenant", code)
    assert done.exit_code == 2
    assert "何も確かめていません" in done.output
    assert "992011" in done.output
    assert "すべて合っています" not in done.output


def test_certificates_that_cannot_be_read_are_explained(run, tmp_path: Path) -> None:
    other = tmp_path / "roots.pem"
    other.write_text("x")
    done = run("verify", "--roots", str(other))
    assert done.exit_code == 1
    assert "PEM" in done.output


def test_tampering_is_told_and_ends_with_one(
    run, alone: Databases, ring: KeyRing, authority: TimeStampAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(alone, ring, authority)
    monkeypatch.setenv("MADOGUCHI_DATABASE_WORKER", alone.url("worker"))
    with psycopg.connect(alone.admin_url) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute(
            "UPDATE madoguchi.provision_record SET outcome = 'X' WHERE record_id = %s", (record(3).record_id,)
        )
    done = run("verify", "--tenant", "992011", "--all")
    assert done.exit_code == 1
    assert str(record(3).record_id) in done.output
    assert "最初に合わないところ" in done.output


def test_one_tenants_trouble_does_not_hold_up_the_next(
    alone: Databases, ring: KeyRing, authority: TimeStampAuthority
) -> None:
    jobs = installed(alone, ring, authority)
    with alone.worker.transaction(Scope(tenant="992020")) as tx:
        writer(FixedClock(NOW), "b").write_many(tx, [record(1, "B1", "992020")])
    with psycopg.connect(alone.admin_url) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE madoguchi.audit_key SET sealed = '\\x00' WHERE tenant = '992011'")
    with alone.worker.transaction(Scope(tenant="992011")) as tx:
        writer(FixedClock(NOW), "c").write_many(tx, [record(70)])
    with pytest.raises(Exception):  # noqa: B017 - whatever the ring says, the next tenant has had its turn
        jobs.advance_everywhere()
    (rows,) = alone.worker.read(
        Scope(tenant="992020"), ("SELECT size FROM madoguchi.audit_log WHERE log = 'provision_records'", ())
    )
    assert rows == [(1,)]
