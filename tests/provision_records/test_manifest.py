"""What the portal signs about a whole proof file: nothing may be cut, added or exchanged, and the key must be the portal's own."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import rfc8785

from storage.audit.commands import trust_file
from storage.audit.keys import PORTAL, LogKeys
from storage.audit.service import AuditService
from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import KeyRing
from tests.conftest import Databases
from workflows.provision_records.findings import BROKEN, NOT_A_PROOF, OK, UNPROVEN, Result
from workflows.provision_records.log import RecordSource
from workflows.provision_records.manifest import parse
from workflows.provision_records.proof import verify
from workflows.provision_records.proof_file import Person, proof_file
from workflows.provision_records.proof_format import Signed, read, write
from workflows.provision_records.signer import PortalSigner
from workflows.provision_records.trust import PortalKey, read_trust

from .attacks import changed
from .people import AnyPortal, record, steady_bytes, writer

A, B, COMMISSION = "992011", "992020", "000000"
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NUMBERS = itertools.count()


class World:
    """Two offices with records of Hanako and Taro, sealed at NOW, and the installation's own key."""

    def __init__(self, databases: Databases, key_ring: KeyRing, a: str = A, b: str = B) -> None:
        self.db, self.keys, self.tenants = databases.worker, key_ring, (a, b)
        self.hanako = ((a, "A0000001"), (b, "B0000001"))
        self.taro = ((a, "A0000002"), (b, "B0000002"))
        self.write(NOW, 0)
        self.good = self.file()
        self.trust = read_trust(trust_file(self.db, []).encode())

    def write(self, at: datetime, number: int) -> None:
        """One more record of everybody everywhere, sealed at once."""
        clock = FixedClock(at)
        service = AuditService(LogKeys(self.keys, clock), clock)
        for people in zip(self.hanako, self.taro, strict=True):
            tenant = people[0][0]
            with self.db.transaction(Scope(tenant=tenant)) as tx:
                made = [record(number, who, tenant) for _, who in people]
                writer(clock, f"{tenant}{number}").write_many(tx, made)
            service.advance_all(self.db, tenant, RecordSource())
        service.advance_all(self.db, COMMISSION, RecordSource())

    def file(
        self,
        people: tuple[Person, ...] | None = None,
        at: datetime = NOW,
        unasked: tuple[str, ...] = (),
        sign: Callable[[bytes], Signed] | None = None,
    ) -> bytes:
        clock = FixedClock(at)
        signer = sign or PortalSigner(self.db, LogKeys(self.keys, clock))
        return proof_file(
            self.db, self.hanako if people is None else people, unasked, clock, signer, steady_bytes()
        )


@pytest.fixture(scope="module")
def world(databases: Databases, key_ring: KeyRing) -> World:
    return World(databases, key_ring)


@pytest.fixture
def moving(databases: Databases, key_ring: KeyRing, world: World) -> World:
    """Two offices of this test's own, whose logs it may let grow."""
    number = next(NUMBERS)
    return World(databases, key_ring, f"97{number:03d}1", f"97{number:03d}2")


def wrong(result: Result) -> set[tuple[str, str]]:
    return {(line.code, line.about.get("tenant", "")) for line in result.lines if line.holds is False}


def body(raw: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.loads(raw)["manifest"]["body"])
    return found


def test_what_is_signed_names_each_part_and_every_other_office(world: World) -> None:
    said = body(world.file(world.hanako[:1]))
    (part,) = json.loads(world.file(world.hanako[:1]))["parts"]
    assert [(one["tenant"], one["count"]) for one in said["parts"]] == [(A, 1)]
    assert (said["nothing"], said["unanswered"]) == ([COMMISSION, B], [])
    assert said["parts"][0]["digest"] == hashlib.sha256(rfc8785.dumps(part)).hexdigest()
    assert said["parts"][0]["root"] == next(root for _, count, root in part["bucket"] if count)
    result = verify(world.file(world.hanako[:1]), world.trust)
    assert result.exit_code == OK
    (signed,) = [line for line in result.lines if line.code == "list-signed"]
    assert "団体ではありません" in signed.words("ja")
    assert "not the offices" in signed.words("en")


def test_an_office_that_was_not_asked_is_named_and_the_file_not_called_whole(world: World) -> None:
    raw = world.file(world.hanako[:1], unasked=(A, B))
    assert (body(raw)["nothing"], body(raw)["unanswered"]) == ([COMMISSION], [B])
    assert verify(raw, world.trust).exit_code == UNPROVEN


def test_an_office_whose_log_is_not_sealed_yet_has_not_answered(world: World) -> None:
    raw = world.file((*world.hanako, ("999999", "X")))
    assert body(raw)["unanswered"] == ["999999"]


def test_a_person_nobody_has_records_of_gets_a_file_that_claims_nothing(world: World) -> None:
    result = verify(world.file(()), world.trust)
    assert (result.exit_code, result.offices) == (UNPROVEN, {})
    assert "list-empty" in [line.code for line in result.lines]


@pytest.mark.parametrize("place", [0, 1])
def test_a_part_that_was_cut_is_missed_by_name(world: World, place: int) -> None:
    result = verify(changed(world.good, lambda value: value["parts"].pop(place)), world.trust)
    assert result.exit_code == BROKEN
    assert wrong(result) == {("list-cut", (A, B)[place])}


def test_all_parts_cut_are_missed(world: World) -> None:
    result = verify(changed(world.good, lambda value: value["parts"].clear()), world.trust)
    assert wrong(result) == {("list-cut", A), ("list-cut", B)}


def test_a_part_that_was_added_is_found(world: World) -> None:
    whole = json.loads(world.good)["parts"][1]
    result = verify(
        changed(world.file(world.hanako[:1]), lambda value: value["parts"].append(whole)), world.trust
    )
    assert result.exit_code == BROKEN
    assert wrong(result) == {("list-added", B)}


def test_parts_in_another_order_are_not_the_file(world: World) -> None:
    result = verify(changed(world.good, lambda value: value["parts"].reverse()), world.trust)
    assert wrong(result) == {("list-changed", A), ("list-changed", B)}


def test_a_part_of_another_persons_file_is_found(world: World) -> None:
    theirs = json.loads(world.file(world.taro))["parts"][1]
    result = verify(changed(world.good, lambda value: value["parts"].__setitem__(1, theirs)), world.trust)
    assert result.exit_code == BROKEN
    assert wrong(result) == {("list-changed", B)}


def test_parts_and_manifests_of_two_days_do_not_fit_each_other(moving: World) -> None:
    _, b = moving.tenants
    old = moving.good
    moving.write(NOW + HOUR, 1)
    new = moving.file(at=NOW + HOUR)
    assert ("list-changed", b) not in wrong(verify(new, moving.trust))
    replayed = changed(new, lambda value: value.update(manifest=json.loads(old)["manifest"]))
    assert wrong(verify(replayed, moving.trust)) == {("list-older", "")}
    mixed = changed(new, lambda value: value["parts"].__setitem__(1, json.loads(old)["parts"][1]))
    assert wrong(verify(mixed, moving.trust)) == {("list-changed", b)}
    for whole in (old, new):
        assert wrong(verify(whole, moving.trust)) == set()


def test_an_old_manifest_under_new_parts_sealed_in_the_same_minute_is_found(world: World) -> None:
    fewer = json.loads(world.file(world.hanako[:1]))["manifest"]
    result = verify(changed(world.good, lambda value: value.update(manifest=fewer)), world.trust)
    assert ("list-added", B) in wrong(result)


def test_a_file_without_its_manifest_is_not_a_proof(world: World) -> None:
    for change, code in (
        (lambda value: value.pop("manifest"), "file-unknown-format"),
        (
            lambda value: (value.pop("manifest"), value.update(format="madoguchi-proof/1")),
            "file-unknown-format",
        ),
        (lambda value: value.update(manifest=None), "file-wrong-shape"),
        (lambda value: value["manifest"].pop("signature"), "file-wrong-shape"),
    ):
        result = verify(changed(world.good, change), world.trust)
        assert (result.exit_code, result.offices) == (NOT_A_PROOF, {})
        (said,) = result.lines
        assert said.code == code
        assert "ください" in said.words("ja")


def test_a_manifest_signed_with_another_key_is_refused(world: World) -> None:
    raw = world.file(sign=AnyPortal())
    assert wrong(verify(raw, world.trust)) == {("list-unknown-key", "")}
    own = json.loads(world.good)["manifest"]["public_key"]
    borrowed = changed(raw, lambda value: value["manifest"].update(public_key=own))
    assert wrong(verify(borrowed, world.trust)) == {("list-broken", "")}


def test_an_offices_key_is_not_the_portals(world: World) -> None:
    (office,) = world.trust.keys[A]
    as_portal = replace(world.trust, portal=(PortalKey(office, NOW, None),))
    assert wrong(verify(world.good, as_portal)) == {("list-unknown-key", "")}
    assert PORTAL not in world.trust.keys


def test_keys_published_before_the_portal_had_one_do_not_vouch_for_the_list(world: World) -> None:
    result = verify(world.good, replace(world.trust, portal=()))
    assert (result.exit_code, wrong(result)) == (UNPROVEN, set())
    assert "list-key-unchecked" in [line.code for line in result.lines]


def test_words_that_are_not_the_manifests_own_are_refused(world: World) -> None:
    portal = AnyPortal()
    trust = replace(world.trust, portal=(PortalKey(portal.public, NOW, None),))
    said = body(world.good)
    for changes in (
        {"format": "madoguchi-manifest/2"},
        {"made_at": "today"},
        {"parts": [1]},
        {"nothing": [7]},
        {"more": 1},
    ):
        signed = portal(rfc8785.dumps(said | changes))
        given = {"body": signed.body.decode(), "public_key": portal.public.hex()}
        given["signature"] = signed.signature.hex()
        raw = changed(world.good, lambda value, given=given: value.update(manifest=given))
        assert wrong(verify(raw, trust)) == {("list-malformed", "")}


@pytest.mark.parametrize("late", [timedelta(minutes=6), timedelta(days=400)])
def test_a_manifest_dated_after_the_end_of_its_key_is_refused(world: World, late: timedelta) -> None:
    portal = AnyPortal()
    ended = replace(world.trust, portal=(PortalKey(portal.public, NOW - HOUR, NOW + HOUR),))
    in_time = world.file(at=NOW + HOUR, sign=portal)
    assert verify(in_time, ended).exit_code == OK
    assert wrong(verify(world.file(at=NOW + HOUR + late, sign=portal), ended)) == {("list-key-ended", "")}


def test_a_manifest_dated_before_its_key_is_refused(world: World) -> None:
    portal = AnyPortal()
    coming = replace(world.trust, portal=(PortalKey(portal.public, NOW + 2 * HOUR, None),))
    assert wrong(verify(world.file(at=NOW + HOUR, sign=portal), coming)) == {("list-key-ended", "")}


def test_who_has_a_key_that_ended_cannot_date_a_file_back_before_its_seals(world: World) -> None:
    portal = AnyPortal()
    ended = replace(world.trust, portal=(PortalKey(portal.public, NOW - 9 * HOUR, NOW - HOUR),))
    said = replace(parse(json.loads(world.good)["manifest"]["body"].encode()), made_at=NOW - 2 * HOUR)
    raw = write(read(world.good).parts, portal(said.body()))
    assert wrong(verify(raw, ended)) == {("list-older", "")}


def test_the_manifest_reads_back_as_it_was_signed(world: World) -> None:
    raw = json.loads(world.good)["manifest"]["body"].encode()
    assert parse(raw).body() == raw
