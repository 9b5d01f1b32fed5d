"""Signatures both ways: what must be covered, for how long, by whom, once only, and for which request."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import timedelta

import pytest
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver
from http_message_signatures.algorithms import ED25519
from http_message_signatures.digests import ContentDigest

from tests.wire.conftest import ASKER, HOLDER, Ticking, World
from workflows.linkage.wire import signatures
from workflows.linkage.wire.keys import Directory
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.signatures import MemoryNonces, Request, Response, Signer, Verifier

BODY = b'{"msl":1}'


def request(party: str = ASKER, tenant: str = "992011") -> Request:
    return Request(
        "POST",
        "https://127.0.0.1:8702/v1/inquiries",
        {
            "Content-Type": "application/json",
            "Idempotency-Key": "K",
            "MSL-Message-Id": "K",
            "MSL-Tenant": tenant,
        },
    )


@pytest.fixture
def verifier(world: World, ticking: Ticking) -> Verifier:
    return Verifier(world.directory, MemoryNonces(ticking), ticking)


def refused(verifier: Verifier, message: Request, body: bytes = BODY) -> str:
    with pytest.raises(Problem) as caught:
        verifier.verify_request(message, body)
    return caught.value.code


def test_a_signed_request_names_its_party(world: World, ticking: Ticking, verifier: Verifier) -> None:
    message = request()
    Signer(world.keys[ASKER], ticking).sign_request(message, BODY)
    assert verifier.verify_request(message, BODY).key.party.id == ASKER


def test_an_unsigned_request_is_refused(verifier: Verifier) -> None:
    assert refused(verifier, request()) == "SIGNATURE_MISSING"


@pytest.mark.parametrize("header", ["MSL-Tenant", "MSL-Message-Id", "Idempotency-Key", "Content-Type"])
def test_changing_a_covered_header_breaks_the_signature(
    world: World, ticking: Ticking, verifier: Verifier, header: str
) -> None:
    message = request()
    Signer(world.keys[ASKER], ticking).sign_request(message, BODY)
    message.headers[header] += "x"
    assert refused(verifier, message) == "SIGNATURE_INVALID"


def test_changing_method_or_target_breaks_the_signature(
    world: World, ticking: Ticking, verifier: Verifier
) -> None:
    for change in ({"method": "PUT"}, {"url": "https://127.0.0.1:8703/v1/inquiries"}):
        message = request()
        Signer(world.keys[ASKER], ticking).sign_request(message, BODY)
        for name, value in change.items():
            setattr(message, name, value)
        assert refused(verifier, message) == "SIGNATURE_INVALID"


def test_another_body_is_a_digest_mismatch(world: World, ticking: Ticking, verifier: Verifier) -> None:
    message = request()
    Signer(world.keys[ASKER], ticking).sign_request(message, BODY)
    assert refused(verifier, message, BODY + b" ") == "DIGEST_MISMATCH"


def test_a_key_nobody_registered_is_refused(world: World, ticking: Ticking, verifier: Verifier) -> None:
    message = request()
    Signer(world.keys["stranger"], ticking).sign_request(message, BODY)
    assert refused(verifier, message) == "UNKNOWN_KEY"


def test_a_tenant_cannot_speak_for_another(world: World, ticking: Ticking, verifier: Verifier) -> None:
    message = request(tenant="992020")
    Signer(world.keys[ASKER], ticking).sign_request(message, BODY)
    assert refused(verifier, message) == "TENANT_MISMATCH"


def test_a_signature_is_good_for_300_seconds_and_60_of_skew(
    world: World, ticking: Ticking, verifier: Verifier
) -> None:
    message = request()
    Signer(world.keys[ASKER], ticking).sign_request(message, BODY)
    ticking.move(seconds=359)
    assert verifier.verify_request(message, BODY)
    late = request()
    Signer(world.keys[ASKER], ticking).sign_request(late, BODY)
    ticking.move(seconds=361)
    assert refused(verifier, late) == "SIGNATURE_EXPIRED"


def test_a_signature_from_the_future_is_refused_beyond_the_skew(
    world: World, ticking: Ticking, verifier: Verifier
) -> None:
    ahead = request()
    signer = Signer(world.keys[ASKER], lambda: ticking() + timedelta(seconds=59))
    signer.sign_request(ahead, BODY)
    assert verifier.verify_request(ahead, BODY)
    far = request()
    Signer(world.keys[ASKER], lambda: ticking() + timedelta(seconds=61)).sign_request(far, BODY)
    assert refused(verifier, far) == "SIGNATURE_EXPIRED"


def test_a_window_of_more_than_300_seconds_is_refused(
    world: World, ticking: Ticking, verifier: Verifier
) -> None:
    message = request()
    Signer(world.keys[ASKER], ticking, timedelta(seconds=301)).sign_request(message, BODY)
    assert refused(verifier, message) == "SIGNATURE_INVALID"


def test_the_same_signature_is_taken_once(world: World, ticking: Ticking, verifier: Verifier) -> None:
    message = request()
    Signer(world.keys[ASKER], ticking).sign_request(message, BODY)
    verifier.verify_request(message, BODY)
    assert refused(verifier, message) == "NONCE_REPLAYED"


def test_a_forged_message_does_not_burn_the_nonce_of_the_real_one(
    world: World, ticking: Ticking, verifier: Verifier
) -> None:
    message = request()
    Signer(world.keys[ASKER], ticking).sign_request(message, BODY)
    assert refused(verifier, message, b"forged") == "DIGEST_MISMATCH"
    assert verifier.verify_request(message, BODY)


class _Resolver(HTTPSignatureKeyResolver):
    def __init__(self, world: World) -> None:
        self._world = world

    def resolve_private_key(self, key_id: str) -> object:
        return self._world.keys[ASKER].signing


@pytest.mark.parametrize("left_out", signatures.REQUEST_COMPONENTS)
def test_leaving_any_component_out_is_refused(
    world: World, ticking: Ticking, verifier: Verifier, left_out: str
) -> None:
    message = request()
    message.headers["Content-Digest"] = ContentDigest.create(BODY)
    signer = HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=_Resolver(world))
    components = [c for c in signatures.REQUEST_COMPONENTS if c != left_out]
    signer.sign(
        message,
        key_id=world.keys[ASKER].signing_kid,
        created=ticking(),
        expires=ticking() + timedelta(seconds=60),
        nonce="n" * 20,
        tag="msl1",
        covered_component_ids=components,
        use_existing_digest=True,
    )
    assert refused(verifier, message) == "SIGNATURE_INVALID"


@pytest.mark.parametrize("left_out", ["expires", "nonce", "tag"])
def test_leaving_any_parameter_out_is_refused(
    world: World, ticking: Ticking, verifier: Verifier, left_out: str
) -> None:
    message = request()
    message.headers["Content-Digest"] = ContentDigest.create(BODY)
    given = {"expires": ticking() + timedelta(seconds=60), "nonce": "n" * 20, "tag": "msl1"}
    del given[left_out]
    HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=_Resolver(world)).sign(
        message,
        key_id=world.keys[ASKER].signing_kid,
        created=ticking(),
        covered_component_ids=signatures.REQUEST_COMPONENTS,
        use_existing_digest=True,
        **given,
    )
    assert refused(verifier, message) == "SIGNATURE_INVALID"


def answered(world: World, ticking: Ticking, message: Request, body: bytes = b"{}") -> Response:
    answer = Response(200, {"Content-Type": "application/json"}, message)
    Signer(world.keys["hub"], ticking).sign_response(answer, body)
    return answer


def test_an_answer_is_bound_to_its_request(world: World, ticking: Ticking, verifier: Verifier) -> None:
    first, second = request(), request()
    signer = Signer(world.keys[ASKER], ticking)
    signer.sign_request(first, BODY)
    signer.sign_request(second, BODY)
    answer = answered(world, ticking, first)
    verifier.verify_response(answer, b"{}", {"role": "hub"})
    swapped = Response(200, answered(world, ticking, first).headers, second)
    with pytest.raises(Problem, match="SIGNATURE_INVALID"):
        verifier.verify_response(swapped, b"{}", {"role": "hub"})


def test_an_answer_with_another_status_or_body_is_refused(
    world: World, ticking: Ticking, verifier: Verifier
) -> None:
    message = request()
    Signer(world.keys[ASKER], ticking).sign_request(message, BODY)
    answer = answered(world, ticking, message)
    answer.status_code = 202
    with pytest.raises(Problem, match="SIGNATURE_INVALID"):
        verifier.verify_response(answer, b"{}", {"role": "hub"})
    with pytest.raises(Problem, match="DIGEST_MISMATCH"):
        verifier.verify_response(answered(world, ticking, message), b'{"x":1}', {"role": "hub"})


def test_an_answer_by_somebody_else_is_refused(world: World, ticking: Ticking, verifier: Verifier) -> None:
    message = request()
    Signer(world.keys[ASKER], ticking).sign_request(message, BODY)
    answer = Response(200, {"Content-Type": "application/json"}, message)
    Signer(world.keys[HOLDER], ticking).sign_response(answer, b"{}")
    with pytest.raises(Problem, match="somebody else"):
        verifier.verify_response(answer, b"{}", {"role": "hub"})


def test_an_answer_to_an_unsigned_request_is_signed_but_unbound(world: World, ticking: Ticking) -> None:
    answer = answered(world, ticking, request())
    assert 'tag="msl1-unbound"' in answer.headers["Signature-Input"]


def test_a_retired_key_signs_nothing_new(world: World, ticking: Ticking) -> None:
    retired = {"parties": []}
    key = world.directory.signer(f"{ASKER}.sig.1")
    assert key is not None
    jwk = dict(key.key.as_dict(private=False)) | {"not_after": int(ticking().timestamp()) - 10}
    retired["parties"].append({"id": ASKER, "role": "tenant", "tenant": "992011", "keys": [jwk]})
    verifier = Verifier(Directory.from_dict(retired), MemoryNonces(ticking), ticking)
    message = request()
    Signer(world.keys[ASKER], ticking).sign_request(message, BODY)
    assert refused(verifier, message) == "UNKNOWN_KEY"


def test_nonces_are_forgotten_once_they_could_not_be_replayed(ticking: Ticking) -> None:
    nonces = MemoryNonces(ticking)
    for n in range(4096):
        assert nonces.remember("k", str(n), ticking() + timedelta(seconds=1))
    ticking.move(seconds=2)
    assert nonces.remember("k", "fresh", ticking() + timedelta(seconds=1))
    assert nonces.remember("k", "1", ticking() + timedelta(seconds=1))
    assert not nonces.remember("k", "fresh", ticking())


def by_hand(
    world: World,
    ticking: Ticking,
    *,
    digest: str | None = None,
    nonce: str = '"' + "n" * 20 + '"',
    created: str | None = None,
    expires: str | None = None,
    replaced: tuple[str, str] | None = None,
) -> Request:
    """A request truly signed by the asker over whatever is asked for, past every library that would refuse to make it.

    :param created, expires, nonce: as they stand in the header.
    :param replaced: a component, and what is covered in its place.
    """
    message = request()
    message.headers["Content-Digest"] = ContentDigest.create(BODY) if digest is None else digest
    now = int(ticking().timestamp())
    names = [f'"{name}"' for name in signatures.REQUEST_COMPONENTS]
    if replaced:
        names = [replaced[1] if name == f'"{replaced[0]}"' else name for name in names]
    values = {"@method": message.method, "@target-uri": message.url}
    values |= {name.lower(): value for name, value in message.headers.items()}
    params = (
        f'({" ".join(names)});created={created or now};keyid="{world.keys[ASKER].signing_kid}";alg="ed25519"'
        f';expires={expires or now + 60};nonce={nonce};tag="msl1"'
    )
    lines = [f"{name}: {covered(name, values)}" for name in names]
    base = "\n".join([*lines, f'"@signature-params": {params}']).encode()
    message.headers["Signature-Input"] = f"msl={params}"
    message.headers["Signature"] = f"msl=:{b64encode(world.keys[ASKER].signing.sign(base)).decode()}:"
    return message


def covered(component: str, values: dict[str, str]) -> str:
    """The value of a component in the form its parameters ask for (RFC 9421 §2.1)."""
    name, _, form = component.partition(";")
    value = values[name.strip('"').lower()]
    if form == "bs":
        return f":{b64encode(value.encode()).decode()}:"
    return value.partition("=")[2] if form.startswith("key") else value


def field(algorithm: str, content: bytes) -> str:
    return f"{algorithm}=:{b64encode(hashlib.new(algorithm.replace('-', ''), content).digest()).decode()}:"


def test_a_signature_made_by_hand_is_as_good_as_ours(
    world: World, ticking: Ticking, verifier: Verifier
) -> None:
    assert verifier.verify_request(by_hand(world, ticking), BODY)
    both = f"{field('sha-512', BODY)}, {field('sha-256', BODY)}"
    other = '"' + "m" * 20 + '"'
    assert verifier.verify_request(by_hand(world, ticking, digest=both, nonce=other), BODY)


@pytest.mark.parametrize(
    "digest",
    [
        f"{field('sha-256', BODY)}, {field('sha-512', b'other')}",
        f"{field('sha-512', b'other')}, {field('sha-256', BODY)}",
        f"{field('sha-256', BODY)}, {field('sha-256', b'other')}",
        f"{field('sha-256', b'other')}, {field('sha-256', BODY)}",
        f"{field('sha-256', BODY)}, unknown=:AAAA:",
        field("md5", BODY),
        field("sha-1", BODY),
        field("sha-256", BODY).upper(),
        'sha-256="text"',
        "sha-256=1",
        "sha-256",
        "(1 2)",
        "",
    ],
)
def test_a_digest_that_leaves_any_doubt_is_refused(
    world: World, ticking: Ticking, verifier: Verifier, digest: str
) -> None:
    assert refused(verifier, by_hand(world, ticking, digest=digest)) in (
        "DIGEST_MISMATCH",
        "SIGNATURE_INVALID",
    )


@pytest.mark.parametrize(
    "nonce", ['""', '"short"', '"' + "n" * 15 + '"', '"' + "n" * 129 + '"', "7", "token", ":AAAA:", "?1"]
)
def test_a_nonce_is_text_of_a_bounded_length(
    world: World, ticking: Ticking, verifier: Verifier, nonce: str
) -> None:
    assert refused(verifier, by_hand(world, ticking, nonce=nonce)) == "SIGNATURE_INVALID"


@pytest.mark.parametrize("length", [16, 128])
def test_the_shortest_and_the_longest_nonce_are_taken(
    world: World, ticking: Ticking, verifier: Verifier, length: int
) -> None:
    assert verifier.verify_request(by_hand(world, ticking, nonce=f'"{"n" * length}"'), BODY)


@pytest.mark.parametrize(
    "created", ["1.5", '"1795309200"', "-5", "?1", "999999999999999", "@1795309200", "٣"]
)
@pytest.mark.parametrize("name", ["created", "expires"])
def test_a_time_that_is_no_moment_of_ours_is_refused(
    world: World, ticking: Ticking, verifier: Verifier, name: str, created: str
) -> None:
    assert refused(verifier, by_hand(world, ticking, **{name: created})) in (
        "SIGNATURE_INVALID",
        "SIGNATURE_EXPIRED",
    )


@pytest.mark.parametrize(
    ("component", "bent"),
    [
        ("content-digest", '"content-digest";sf'),
        ("content-digest", '"content-digest";key="sha-256"'),
        ("content-type", '"content-type";bs'),
        ("@method", '"@method";req'),
        ("idempotency-key", '"msl-message-id"'),
        ("msl-tenant", '"MSL-Tenant"'),
    ],
)
def test_a_component_covered_in_another_form_is_not_covered(
    world: World, ticking: Ticking, verifier: Verifier, component: str, bent: str
) -> None:
    assert refused(verifier, by_hand(world, ticking, replaced=(component, bent))) == "SIGNATURE_INVALID"


def test_two_signatures_on_one_request_are_one_too_many(
    world: World, ticking: Ticking, verifier: Verifier
) -> None:
    message, other = by_hand(world, ticking), by_hand(world, ticking, nonce='"' + "m" * 20 + '"')
    for name in ("Signature", "Signature-Input"):
        message.headers[name] += ", " + other.headers[name].replace("msl=", "second=", 1)
    assert refused(verifier, message) == "SIGNATURE_INVALID"


@pytest.mark.parametrize(
    "value", ["x", "=", "msl=:AAAA", "msl=:!!:", "é=:AAAA:", "msl=:" + "A" * 70000 + ":", ""]
)
@pytest.mark.parametrize("name", ["Signature", "Signature-Input"])
def test_a_garbled_signature_header_is_refused_and_answered_all_the_same(
    world: World, ticking: Ticking, verifier: Verifier, name: str, value: str
) -> None:
    message = by_hand(world, ticking)
    message.headers[name] = value
    assert refused(verifier, message) == "SIGNATURE_INVALID"
    assert "Signature" in answered(world, ticking, message).headers
