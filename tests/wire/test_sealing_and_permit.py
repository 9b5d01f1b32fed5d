"""Sealed content and permits: for whom, by whom, about what, until when."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest
from joserfc import jwe, jws
from joserfc.jwk import OKPKey

from tests.wire.conftest import ASKER, HOLDER, Ticking, World
from workflows.linkage.wire import core_word, permit, sealing
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.sealing import SealBroken

EXCHANGE = "01M80ZN4X79NJ33C2WQYZD05EM"
CONTEXT = {"exchange_id": EXCHANGE, "asker": ASKER, "holder": HOLDER}
SECRET = {"income": 1_234_567, "note": "秘密の中身"}


def sealed(world: World, sender: str = HOLDER) -> str:
    key = world.directory.sealing_key(ASKER)
    return sealing.seal_for(SECRET, CONTEXT, world.keys[sender], key.key, key.kid)


def test_what_was_sealed_opens_for_the_recipient_only(world: World) -> None:
    token = sealed(world)
    assert sealing.open_from(token, CONTEXT, world.keys[ASKER], world.directory, HOLDER) == SECRET
    for other in ("hub", "core", HOLDER):
        with pytest.raises(SealBroken):
            sealing.open_from(token, CONTEXT, world.keys[other], world.directory, HOLDER)


def test_content_written_by_the_hub_is_not_taken_for_the_holders(world: World) -> None:
    with pytest.raises(SealBroken, match="expected party"):
        sealing.open_from(sealed(world, "hub"), CONTEXT, world.keys[ASKER], world.directory, HOLDER)


def test_content_of_another_exchange_is_refused(world: World) -> None:
    with pytest.raises(SealBroken, match="another exchange"):
        sealing.open_from(
            sealed(world), {**CONTEXT, "exchange_id": "other"}, world.keys[ASKER], world.directory, HOLDER
        )


@pytest.mark.parametrize("broken", ["", "a.b.c", "x" * 200, "....", "eyJhbGciOiJub25lIn0.a.b.c.d"])
def test_rubbish_is_refused_without_its_text(world: World, broken: str) -> None:
    with pytest.raises(SealBroken) as caught:
        sealing.open_from(broken, CONTEXT, world.keys[ASKER], world.directory, HOLDER)
    assert len(broken) < 10 or broken not in str(caught.value)


def test_one_flipped_character_is_noticed(world: World) -> None:
    token = sealed(world)
    at = token.rindex(".") - 20
    flipped = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
    with pytest.raises(SealBroken):
        sealing.open_from(flipped, CONTEXT, world.keys[ASKER], world.directory, HOLDER)


def test_a_copy_opens_for_its_owner_and_only_as_what_it_is() -> None:
    key, other = sealing.own_key(b"k" * 32), sealing.own_key(b"o" * 32)
    context = {"danban": "000000000000018", "item": "local-tax", "version": "3", "as_of": "2026-06-01"}
    token = sealing.seal_own(SECRET, context, key, "copy-1")
    assert sealing.open_own(token, context, {"copy-1": key}) == SECRET
    for wrong in ({**context, "danban": "000000000000026"}, {**context, "version": "2"}):
        with pytest.raises(SealBroken, match="something else"):
            sealing.open_own(token, wrong, {"copy-1": key})
    with pytest.raises(SealBroken):
        sealing.open_own(token, context, {"copy-1": other})
    with pytest.raises(SealBroken, match="do not hold"):
        sealing.open_own(token, context, {})


def test_a_copy_key_is_32_bytes() -> None:
    with pytest.raises(ValueError, match="32"):
        sealing.own_key(b"short")


def issued(world: World, ticking: Ticking, signer: str = "core", audience: str = HOLDER) -> str:
    jwk = dict(world.directory.sealing_key(ASKER).key.as_dict(private=False))
    return permit.issue(
        world.keys[signer],
        audience=audience,
        exchange_id=EXCHANGE,
        subject="F" * 43,
        asker=ASKER,
        holder=HOLDER,
        affair="child-allowance",
        procedure="child-allowance",
        items=["local-tax"],
        law={"row": "081-01", "clause": "番号法19条8号", "table_version": "v"},
        request_digest="D" * 43,
        recipient_jwk=jwk,
        certificate="C" * 43,
        now=ticking(),
    )


def test_a_permit_says_who_what_and_by_which_law(world: World, ticking: Ticking) -> None:
    found = permit.verify(issued(world, ticking), world.directory, audience=HOLDER, now=ticking())
    assert (found.exchange_id, found.asker, found.holder, found.items) == (
        EXCHANGE,
        ASKER,
        HOLDER,
        ("local-tax",),
    )
    assert (found.law_row, found.law_clause) == ("081-01", "番号法19条8号")
    token = sealing.seal_for(SECRET, CONTEXT, world.keys[HOLDER], found.recipient, found.recipient_kid)
    assert sealing.open_from(token, CONTEXT, world.keys[ASKER], world.directory, HOLDER) == SECRET


def test_a_permit_runs_out(world: World, ticking: Ticking) -> None:
    token = issued(world, ticking)
    ticking.move(minutes=15, seconds=59)
    assert permit.verify(token, world.directory, audience=HOLDER, now=ticking())
    ticking.move(seconds=2)
    with pytest.raises(Problem, match="PERMIT_EXPIRED"):
        permit.verify(token, world.directory, audience=HOLDER, now=ticking())
    assert permit.verify(token, world.directory, audience=HOLDER, now=ticking(), allow_expired=True)


def test_a_permit_of_the_future_for_others_or_for_another_inquiry_is_refused(
    world: World, ticking: Ticking
) -> None:
    token = issued(world, ticking)
    for wrong in (
        {"audience": ASKER, "now": ticking()},
        {"audience": HOLDER, "now": ticking() - timedelta(minutes=2)},
        {"audience": HOLDER, "now": ticking(), "request_digest": "X" * 43},
    ):
        with pytest.raises(Problem, match="PERMIT_INVALID"):
            permit.verify(token, world.directory, **wrong)


@pytest.mark.parametrize("signer", ["hub", HOLDER, ASKER])
def test_only_the_core_permits(world: World, ticking: Ticking, signer: str) -> None:
    with pytest.raises(Problem, match="PERMIT_INVALID"):
        permit.verify(issued(world, ticking, signer), world.directory, audience=HOLDER, now=ticking())


@pytest.mark.parametrize("rubbish", ["", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "x" * 50])
def test_rubbish_is_no_permit(world: World, ticking: Ticking, rubbish: str) -> None:
    with pytest.raises(Problem, match="PERMIT_INVALID"):
        permit.verify(rubbish, world.directory, audience=HOLDER, now=ticking())


@pytest.mark.parametrize(
    "more", [{"crit": 7}, {"crit": ["b64"]}, {"alg": None}, {"alg": "none"}, {"kid": ["x"]}, {"b64": False}]
)
def test_a_permit_with_an_outside_of_nonsense_is_refused(
    world: World, ticking: Ticking, more: dict[str, Any]
) -> None:
    head, body, mark = issued(world, ticking).split(".")
    header = {**orjson.loads(urlsafe_b64decode(head + "==")), **more}
    bent = urlsafe_b64encode(orjson.dumps(header)).rstrip(b"=").decode()
    with pytest.raises(Problem, match="PERMIT_INVALID"):
        permit.verify(f"{bent}.{body}.{mark}", world.directory, audience=HOLDER, now=ticking())
    with pytest.raises(Problem, match="SIGNATURE_INVALID"):
        core_word.verify(f"{bent}.{body}.{mark}", world.directory, audience=HOLDER, after=0, now=ticking())


BENT: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a list": lambda claims: [claims],
    "nothing": lambda claims: {},
    "no end": lambda claims: {k: v for k, v in claims.items() if k != "exp"},
    "an end in words": lambda claims: {**claims, "exp": "soon"},
    "an end beyond all years": lambda claims: {**claims, "exp": 10**18},
    "an end in fractions": lambda claims: {**claims, "exp": claims["exp"] + 0.5},
    "no items": lambda claims: {**claims, "items": []},
    "one word for items": lambda claims: {**claims, "items": "local-tax"},
    "no law": lambda claims: {**claims, "law": None},
    "an exchange that is no number of one": lambda claims: {**claims, "jti": 7},
    "a key that is none": lambda claims: {**claims, "cnf": {"jwk": {"kty": "OKP"}}},
    "a key to sign with": lambda claims: {
        **claims,
        "cnf": {"jwk": {**claims["cnf"]["jwk"], "crv": "Ed25519"}},
    },
    "a person's name": lambda claims: {**claims, "sub": "見本 花子"},
}


@pytest.mark.parametrize("how", BENT)
def test_what_the_core_signed_without_the_shape_of_a_permit_is_none(
    world: World, ticking: Ticking, how: str
) -> None:
    token = issued(world, ticking)
    true = jws.extract_compact(token.encode())
    core = world.keys["core"]

    def again(claims: Any) -> str:
        key = OKPKey.import_key(core.signing)
        return jws.serialize_compact(true.headers(), orjson.dumps(claims), key, algorithms=["Ed25519"])

    claims = orjson.loads(true.payload)
    assert permit.verify(again(claims), world.directory, audience=HOLDER, now=ticking())
    with pytest.raises(Problem, match="PERMIT_INVALID"):
        permit.verify(again(BENT[how](claims)), world.directory, audience=HOLDER, now=ticking())


@pytest.mark.parametrize("inside", [[], 7, "x", None, {}, {"context": CONTEXT}, {"content": SECRET}])
@pytest.mark.parametrize("way", ["to a party", "to oneself"])
def test_what_is_sealed_well_but_holds_no_content_is_broken(world: World, inside: Any, way: str) -> None:
    """The right key, the right signature, and nothing of sense inside."""
    if way == "to oneself":
        secret = sealing.own_key(b"k" * 32)
        token = jwe.encrypt_compact(
            {"alg": "dir", "enc": "A256GCM", "kid": "copy-1"},
            orjson.dumps(inside),
            secret,
            algorithms=["dir", "A256GCM"],
        )
        with pytest.raises(SealBroken):
            sealing.open_own(token, CONTEXT, {"copy-1": secret})
        return
    holder, to = world.keys[HOLDER], world.directory.sealing_key(ASKER)
    inner = jws.serialize_compact(
        {"alg": "Ed25519", "kid": holder.signing_kid},
        orjson.dumps(inside),
        OKPKey.import_key(holder.signing),
        algorithms=["Ed25519"],
    )
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": to.kid}
    token = jwe.encrypt_compact(header, inner.encode(), to.key, algorithms=["ECDH-ES", "A256GCM"])
    with pytest.raises(SealBroken):
        sealing.open_from(token, CONTEXT, world.keys[ASKER], world.directory, HOLDER)


def test_an_altered_permit_is_refused(world: World, ticking: Ticking) -> None:
    head, body, mark = issued(world, ticking).split(".")
    for altered in (f"{head}.{body[:-4]}AAAA.{mark}", f"{head}.{body}.{'A' * len(mark)}"):
        with pytest.raises(Problem, match="PERMIT_INVALID"):
            permit.verify(altered, world.directory, audience=HOLDER, now=ticking())
