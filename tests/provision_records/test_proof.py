"""The proof file: whole and right it convinces; whatever is changed in it, the checker says no and says what."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from sandbox.pki.tsa import TimeStampAuthority
from storage.audit.checkpoint import stamped_message
from storage.audit.keyed_map import bucket_of
from storage.audit.keys import LogKeys, public_keys
from storage.audit.service import AuditService
from storage.audit.stamping import HttpTimeStamper
from storage.audit.trust import TRUST_FORMAT
from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import FileMasterKey, KeyRing
from tests.audit.authority import Answer
from tests.conftest import Databases
from workflows.provision_records import findings, proof
from workflows.provision_records.log import RecordSource
from workflows.provision_records.manifest import listed, parse
from workflows.provision_records.models import person_key
from workflows.provision_records.proof_file import proof_file
from workflows.provision_records.proof_format import read, write
from workflows.provision_records.proof_words import WORDS
from workflows.provision_records.trust import BadTrust, PortalKey, Trust, read_trust

from .attacks import ATTACKS, changed, part
from .people import AnyPortal, record, steady_bytes, writer

A, B, COMMISSION = "992011", "992020", "000000"
HANAKO = ((A, "A0000001"), (B, "B0000001"))
TARO = ((A, "A0000002"),)
PORTAL = AnyPortal()
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TimeStampAuthority:
    return TimeStampAuthority.create(tmp_path_factory.mktemp("tsa"), NOW)


def sealed(databases: Databases, key_ring: KeyRing, authority: TimeStampAuthority) -> Trust:
    """Two offices with records of two people each, in three turns; returns what a checker trusts."""
    clock = FixedClock(NOW)
    service = AuditService(LogKeys(key_ring, clock), clock)
    for tenant, mine, other in ((A, "A0000001", "A0000002"), (B, "B0000001", "B0000002")):
        for turn in range(3):
            with databases.worker.transaction(Scope(tenant=tenant)) as tx:
                both = [record(turn * 100 + n, mine, tenant) for n in range(5)]
                both += [record(turn * 100 + n, other, tenant) for n in range(3)]
                writer(clock, f"{tenant}{turn}").write_many(tx, both)
            service.advance_all(databases.worker, tenant, RecordSource())
        with httpx.Client(transport=Answer(authority, clock)) as client:
            stamper = HttpTimeStamper(client, "http://tsa.invalid/", [authority.root])
            service.stamp_newest(databases.worker, tenant, "provision_records", stamper)
    service.advance_all(databases.worker, COMMISSION, RecordSource())
    with databases.web.transaction() as tx:
        keys = {tenant: frozenset(public_keys(tx, tenant).values()) for tenant in (A, B)}
    return Trust(keys, (authority.root,), (PortalKey(PORTAL.public, NOW - timedelta(days=1), None),))


@pytest.fixture(scope="module")
def trust(databases: Databases, key_ring: KeyRing, authority: TimeStampAuthority) -> Trust:
    return sealed(databases, key_ring, authority)


@pytest.fixture(scope="module")
def good(databases: Databases, trust: Trust) -> bytes:
    return proof_file(databases.worker, HANAKO, (), FixedClock(NOW), PORTAL, steady_bytes())


def codes(raw: bytes, trust: Trust | None) -> list[str]:
    return [line.code for line in proof.verify(raw, trust).lines]


def signed(raw: bytes) -> bytes:
    """The file as a portal would hand it out that lies about its parts as this file does."""
    found = read(raw)
    said = replace(parse(found.manifest.body), parts=tuple(listed(part) for part in found.parts))
    return write(found.parts, PORTAL(said.body()))


def test_a_whole_proof_holds_and_says_so_in_both_languages(good: bytes, trust: Trust) -> None:
    result = proof.verify(good, trust)
    assert result.exit_code == 0
    assert result.records == 30
    assert [line.code for line in result.lines] == [
        "signature-holds",
        "stamp-holds",
        "records-sealed",
        "records-whole",
    ] * 2 + ["list-signed", "list-nothing"]
    assert "抜けている記録はありません" in result.lines[3].words("ja")
    assert "no record is missing" in result.lines[3].words("en")


def test_without_trusted_keys_it_never_says_all_is_well(good: bytes) -> None:
    result = proof.verify(good, None)
    assert result.exit_code == 3
    assert "signature-key-unchecked" in [line.code for line in result.lines]
    assert "指紋" in next(line for line in result.lines if line.code == "signature-key-unchecked").words("ja")


def test_two_proofs_of_the_same_state_are_the_same_bytes(databases: Databases, good: bytes) -> None:
    again = proof_file(databases.worker, HANAKO, (), FixedClock(NOW), PORTAL, steady_bytes())
    assert again == good


def test_an_emptied_list_under_another_salt_of_the_same_bucket_is_not_called_whole(
    good: bytes, trust: Trust
) -> None:
    def emptied(value: dict[str, Any]) -> None:
        one = part(value)
        person = (one["tenant"], one["addressee"])
        wanted = bucket_of(person_key(*person, bytes.fromhex(one["person_salt"])))
        salts = (number.to_bytes(32, "big") for number in range(10_000_000))
        salt = next(salt for salt in salts if bucket_of(person_key(*person, salt)) == wanted)
        one.update(person_salt=salt.hex(), records=[])

    result = proof.verify(signed(changed(good, emptied)), trust)
    assert all(line.holds is not False for line in result.lines)
    assert result.exit_code == findings.UNPROVEN


def test_a_list_the_portal_made_too_short_names_what_it_speaks_of_and_fails_who_expects_the_office(
    good: bytes, trust: Trust
) -> None:
    cut = signed(changed(good, lambda value: value["parts"].pop()))
    found = proof.verify(cut, trust)
    assert (found.exit_code, found.offices) == (findings.OK, {A: 15})
    (silent,) = [line for line in found.lines if line.code == "offices-silent"]
    assert silent.holds is None
    assert B in silent.words()
    expecting = proof.verify(cut, trust, offices=(A, B))
    assert expecting.exit_code == findings.BROKEN
    assert [line.about["tenant"] for line in expecting.lines if line.code == "office-missing"] == [B]
    whole = proof.verify(good, trust, offices=(A, B))
    assert (whole.exit_code, whole.offices) == (findings.OK, {A: 15, B: 15})
    assert "offices-silent" not in [line.code for line in whole.lines]


def test_an_office_whose_list_was_emptied_is_not_counted_as_covered(good: bytes, trust: Trust) -> None:
    def empty(value: dict[str, Any]) -> None:
        value["parts"][1]["records"] = []

    assert B not in proof.verify(signed(changed(good, empty)), trust, offices=(B,)).offices


def test_a_record_written_in_as_not_sealed_yet_is_not_called_whole(good: bytes, trust: Trust) -> None:
    def write_in(value: dict[str, Any]) -> None:
        one = part(value)
        one["pending"].append(one["records"][0]["content"] | {"purpose": "written in"})

    assert proof.verify(signed(changed(good, write_in)), trust).exit_code == findings.UNPROVEN


def test_what_the_file_says_cannot_play_with_the_terminal_it_is_printed_on(good: bytes, trust: Trust) -> None:
    def escape(value: dict[str, Any]) -> None:
        part(value)["records"][0]["content"]["record_id"] = "\x1b[2J\x1b[H○ \u202e" + "x" * 5000

    words = [line.words("ja") for line in proof.verify(changed(good, escape), trust).lines]
    assert all(text.isprintable() and len(text) < 400 for text in words)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_an_attack_is_found_and_named(
    good: bytes, trust: Trust, attack: Callable[[dict[str, Any]], None]
) -> None:
    result = proof.verify(changed(good, attack), trust)
    assert result.exit_code == 1
    assert ATTACKS[attack] in [line.code for line in result.lines if line.holds is False]
    for line in result.lines:
        if line.holds is False:
            assert "ください" in line.words("ja")
        assert line.words("ja")
        assert line.words("en")


def test_a_record_of_somebody_else_cannot_be_added(databases: Databases, good: bytes, trust: Trust) -> None:
    taro = json.loads(proof_file(databases.worker, TARO, (), FixedClock(NOW), PORTAL))

    def add(value: dict[str, Any]) -> None:
        part(value)["records"].append(part(taro)["records"][-1])

    assert "record-of-another" in codes(signed(changed(good, add)), trust)


def test_the_part_of_another_person_is_no_proof_about_me(
    databases: Databases, good: bytes, trust: Trust
) -> None:
    taro = json.loads(proof_file(databases.worker, TARO, (), FixedClock(NOW), PORTAL))

    def swap(value: dict[str, Any]) -> None:
        part(taro)["addressee"] = "A0000001"
        value["parts"][0] = part(taro)

    assert "record-of-another" in codes(signed(changed(good, swap)), trust)


def test_a_stamp_of_an_untrusted_authority_does_not_count(good: bytes, trust: Trust, tmp_path: Path) -> None:
    other = TimeStampAuthority.create(tmp_path, NOW)
    assert "stamp-broken" in codes(good, replace(trust, roots=(other.root,)))

    def restamp(value: dict[str, Any]) -> None:
        one = part(value)
        message = stamped_message(one["checkpoint"].encode(), bytes.fromhex(one["signature"]))
        ask = (
            TimestampRequestBuilder()
            .data(message)
            .hash_algorithm(HashAlgorithm.SHA256)
            .cert_request(cert_request=True)
        )
        one["stamp"] = base64.b64encode(other.stamp(ask.build().as_bytes(), NOW)).decode()

    assert "stamp-broken" in codes(signed(changed(good, restamp)), trust)


def test_an_unstamped_checkpoint_is_a_warning(good: bytes, trust: Trust) -> None:
    def unstamp(value: dict[str, Any]) -> None:
        part(value)["stamp"] = None

    result = proof.verify(signed(changed(good, unstamp)), trust)
    assert result.exit_code == 0
    assert "stamp-none" in [line.code for line in result.lines]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda raw: b"", "file-not-json"),
        (lambda raw: b"%PDF-1.7", "file-not-json"),
        (lambda raw: raw[:-500], "file-not-json"),
        (lambda raw: raw[: len(raw) // 2], "file-not-json"),
        (lambda raw: b"\xff\xfe" + raw, "file-not-json"),
        (lambda raw: b"[" * 100_000, "file-not-json"),
        (lambda raw: raw + b"\n", "file-not-canonical"),
        (lambda raw: b"\xef\xbb\xbf" + raw, "file-not-canonical"),
        (lambda raw: json.dumps(json.loads(raw), indent=1).encode(), "file-not-canonical"),
        (lambda raw: raw.replace(b'"format"', b'"f\\u006frmat"'), "file-not-canonical"),
        (lambda raw: raw.replace(b'{"format"', b'{"format":"x","format"', 1), "file-duplicate-key"),
        (
            lambda raw: raw.replace(b'"outcome":"OK"', b'"outcome":"NO","outcome":"OK"', 1),
            "file-duplicate-key",
        ),
        (lambda raw: raw.replace(b'"seq":0', b'"seq":0.0'), "file-wrong-shape"),
        (lambda raw: raw.replace(b'"seq":0', b'"seq":-1'), "file-wrong-shape"),
        (lambda raw: raw.replace(b'"seq":0', b'"seq":NaN'), "file-wrong-shape"),
        (lambda raw: raw.replace(b'"seq":0', b'"seq":true'), "file-wrong-shape"),
        (lambda raw: raw.replace(b'"seq":0', b'"seq":' + b"9" * 5000), "file-not-json"),
        (lambda raw: raw.replace(b"madoguchi-proof/2", b"madoguchi-proof/3"), "file-unknown-format"),
        (lambda raw: b"{}", "file-unknown-format"),
        (lambda raw: b"null", "file-unknown-format"),
        (lambda raw: b" " * (65 * 1024 * 1024), "file-too-large"),
    ],
)
def test_what_is_not_the_file_that_was_handed_out_is_refused(
    good: bytes, trust: Trust, spoil: Callable[[bytes], bytes], code: str
) -> None:
    spoiled = spoil(good)
    assert spoiled != good
    result = proof.verify(spoiled, trust)
    assert [line.code for line in result.lines] == [code]
    assert result.exit_code == 2


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**6), st.integers(1, 255))
def test_no_single_changed_byte_goes_unnoticed(good: bytes, trust: Trust, where: int, by: int) -> None:
    place = where % len(good)
    spoiled = good[:place] + bytes([(good[place] + by) % 256]) + good[place + 1 :]
    assert proof.verify(spoiled, trust).exit_code != 0


def leaves(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every single value of a file."""
    inner = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    )
    if inner is None:
        yield place
        return
    for name, one in inner:
        yield from leaves(one, (*place, name))


def test_a_value_of_another_kind_anywhere_is_answered_never_an_error(good: bytes, trust: Trust) -> None:
    # One of each: what stands in another row of the same list is read by the same code.
    ways = {tuple(name for name in way if isinstance(name, str)): way for way in leaves(json.loads(good))}
    assert len(ways) > 20
    for *way, last in ways.values():
        for wrong in ("é", None, [1]):

            def put(value: Any, way: list[Any] = way, last: Any = last, wrong: Any = wrong) -> None:
                for name in way:
                    value = value[name]
                value[last] = wrong

            raw = changed(good, put)
            assert raw == good or proof.verify(raw, trust).exit_code in (1, 2)


def test_every_finding_has_words_in_both_languages() -> None:
    for code, words in WORDS.items():
        assert set(words) == {"ja", "en"}, code


def test_the_trust_file_is_read_strictly(trust: Trust) -> None:
    pem = trust.roots[0].public_bytes(serialization.Encoding.PEM).decode()
    own = {"key": PORTAL.public.hex(), "from": "2026-11-21T01:00:00Z", "until": None}
    body = {
        "format": TRUST_FORMAT,
        "keys": {tenant: [key.hex() for key in keys] for tenant, keys in trust.keys.items()},
        "portal": [own],
        "tsa_roots": [pem],
    }
    assert read_trust(json.dumps(body).encode()) == trust
    for broken in (
        *(json.dumps({n: value for n, value in body.items() if n != lacking}).encode() for lacking in body),
        b"",
        b"{}",
        b"[]",
        json.dumps(body | {"keys": {}}).encode(),
        json.dumps(body | {"keys": 3}).encode(),
        json.dumps(body | {"portal": [own | {"from": "2026-11-21T01:00:00"}]}).encode(),
        json.dumps(body | {"portal": [own | {"until": "soon"}]}).encode(),
        json.dumps(body | {"portal": [PORTAL.public.hex()]}).encode(),
    ):
        with pytest.raises(BadTrust):
            read_trust(broken)


def test_records_newer_than_the_seal_are_listed_apart_and_then_sealed(
    alone: Databases, authority: TimeStampAuthority, clock: FixedClock, tmp_path: Path
) -> None:
    ring = KeyRing(FileMasterKey.create(tmp_path / "master.key"))
    trust = sealed(alone, ring, authority)
    late = ((A, "A0000077"),)
    with alone.worker.transaction(Scope(tenant=A)) as tx:
        writer(clock, "late").write_many(tx, [record(1, "A0000077")])
    result = proof.verify(proof_file(alone.worker, late, (), clock, PORTAL), trust)
    assert {"pending", "records-none"} <= {line.code for line in result.lines}
    AuditService(LogKeys(ring, clock), clock).advance_all(alone.worker, A, RecordSource())
    result = proof.verify(proof_file(alone.worker, late, (), clock, PORTAL), trust)
    assert "records-whole" in [line.code for line in result.lines]
