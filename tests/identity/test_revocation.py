"""Revocation fails closed: only a fresh, authentic, matching "good" opens the counter."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from portal.identity.card.asker import HttpAsker
from portal.identity.card.reasons import CardReason, CardRefused
from portal.identity.card.revocation import RevocationCheck, RevocationRules
from sandbox.pki import Pki
from sandbox.pki.authority import responder_certificate
from tests.pki.world import NOW, DirectAsker, SoftCard, anchors, card, spare_key, verifier


@pytest.fixture
def good(pki: Pki) -> SoftCard:
    return card(pki.auth)


def refusal(pki: Pki, good: SoftCard, asker: DirectAsker, **rules: bool) -> CardReason:
    checker = verifier(pki, asker, **rules)
    with pytest.raises(CardRefused) as refused:
        checker.not_revoked(checker.certificate(good.der, NOW), NOW)
    return refused.value.reason


def test_a_good_answer_opens(pki: Pki, good: SoftCard) -> None:
    checker = verifier(pki)
    checker.not_revoked(checker.certificate(good.der, NOW), NOW)


def test_a_revoked_card_is_refused_at_once(pki: Pki, good: SoftCard) -> None:
    asker = DirectAsker(pki)
    checker = verifier(pki, asker)
    checker.not_revoked(checker.certificate(good.der, NOW), NOW)
    pki.auth.register.revoke(good.certificate.serial_number, NOW)
    assert refusal(pki, good, asker) is CardReason.REVOKED


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("stale", CardReason.STATUS_STALE),
        ("wrong-signer", CardReason.STATUS_UNTRUSTED),
        ("wrong-serial", CardReason.STATUS_MISMATCH),
        ("no-nonce", CardReason.STATUS_MISMATCH),
        ("try-later", CardReason.STATUS_UNAVAILABLE),
        ("unknown", CardReason.STATUS_UNKNOWN),
        ("on-hold", CardReason.ON_HOLD),
    ],
)
def test_every_fault_of_the_responder_closes(
    pki: Pki, good: SoftCard, fault: str, reason: CardReason
) -> None:
    asker = DirectAsker(pki)
    asker.fault = fault
    assert refusal(pki, good, asker) is reason


def test_an_answer_without_nonce_is_taken_only_where_the_rules_say_so(pki: Pki, good: SoftCard) -> None:
    asker = DirectAsker(pki)
    asker.fault = "no-nonce"
    checker = verifier(pki, asker, nonce_required=False)
    checker.not_revoked(checker.certificate(good.der, NOW), NOW)


@pytest.mark.parametrize(("minutes", "fresh"), [(14, True), (16, False), (-2, False)])
def test_freshness_is_fifteen_minutes(pki: Pki, good: SoftCard, minutes: int, fresh: bool) -> None:
    asker = DirectAsker(pki, NOW - timedelta(minutes=minutes))
    checker = verifier(pki, asker)
    found = checker.certificate(good.der, NOW)
    if fresh:
        checker.not_revoked(found, NOW)
    else:
        assert refusal(pki, good, asker) is CardReason.STATUS_STALE


class Replay:
    """An attacker who recorded an answer."""

    def __init__(self, inner: DirectAsker) -> None:
        self._inner = inner
        self._first: bytes | None = None

    def ask(self, kind: str, question: bytes) -> bytes:
        if self._first is None:
            self._first = self._inner.ask(kind, question)
        return self._first


def test_a_recorded_good_answer_is_of_no_use(pki: Pki, good: SoftCard) -> None:
    replay = Replay(DirectAsker(pki))
    checker = verifier(pki, replay)  # type: ignore[arg-type]
    found = checker.certificate(good.der, NOW)
    checker.not_revoked(found, NOW)
    assert refusal(pki, good, replay) is CardReason.STATUS_MISMATCH  # type: ignore[arg-type]


def forged(pki: Pki, good: SoftCard, question: bytes, *, usage: bool, own: bool, attached: bool) -> bytes:
    """A "good" answer by a signer whom the authority did not name for this."""
    request = ocsp.load_der_ocsp_request(question)
    issuer = pki.auth.issuers[2]
    key = spare_key(5)
    signer = responder_certificate(
        pki.auth.name,
        issuer.key if own else spare_key(6),
        key.public_key(),
        "auth",
        issuer.certificate.not_valid_before_utc,
        issuer.certificate.not_valid_after_utc,
        with_usage=usage,
    )
    builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
        request.issuer_name_hash,
        request.issuer_key_hash,
        request.serial_number,
        request.hash_algorithm,
        ocsp.OCSPCertStatus.GOOD,
        NOW,
        NOW + timedelta(minutes=10),
        None,
        None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, signer)
    if attached:
        builder = builder.certificates([signer])
    nonce = request.extensions.get_extension_for_class(x509.OCSPNonce).value
    return builder.add_extension(nonce, False).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("usage", "own", "attached"),
    [(False, True, True), (True, False, True), (True, True, False)],
    ids=["without the usage", "certified by nobody", "certificate left out"],
)
def test_a_signer_the_authority_did_not_name_is_not_believed(
    pki: Pki, good: SoftCard, usage: bool, own: bool, attached: bool
) -> None:
    class Attacker:
        def ask(self, kind: str, question: bytes) -> bytes:
            return forged(pki, good, question, usage=usage, own=own, attached=attached)

    assert refusal(pki, good, Attacker()) is CardReason.STATUS_UNTRUSTED  # type: ignore[arg-type]


def test_a_named_signer_is_believed(pki: Pki, good: SoftCard) -> None:
    class Honest:
        def ask(self, kind: str, question: bytes) -> bytes:
            return forged(pki, good, question, usage=True, own=True, attached=True)

    checker = verifier(pki, Honest())  # type: ignore[arg-type]
    checker.not_revoked(checker.certificate(good.der, NOW), NOW)


@pytest.mark.parametrize("answer", [b"", b"nonsense", b"\x30\x03\x0a\x01\x06"])
def test_an_answer_that_is_none_closes(pki: Pki, good: SoftCard, answer: bytes) -> None:
    class Broken:
        def ask(self, kind: str, question: bytes) -> bytes:
            return answer

    assert refusal(pki, good, Broken()) in (CardReason.STATUS_UNTRUSTED, CardReason.STATUS_UNAVAILABLE)  # type: ignore[arg-type]


def test_no_flipped_bit_of_an_answer_is_believed(pki: Pki, good: SoftCard) -> None:
    check = RevocationCheck(DirectAsker(pki), RevocationRules())
    anchor = next(
        a
        for a in anchors(pki.anchors).candidates(pki.auth.name.public_bytes(), None)
        if a.certificate == pki.auth.issuers[2].certificate
    )
    serial = good.certificate.serial_number
    question = check.question(anchor, serial)
    answer = DirectAsker(pki).ask("auth", question.der)
    check.judge(answer, anchor, serial, question.nonce, NOW)
    # What is signed, wherever it lies this time; around it are bytes that nothing depends on.
    signed = ocsp.load_der_ocsp_response(answer).tbs_response_bytes
    start = answer.index(signed)
    assert len(signed) > 100
    for position in range(start, start + len(signed), 3):
        changed = bytearray(answer)
        changed[position] ^= 1
        with pytest.raises(CardRefused):
            check.judge(bytes(changed), anchor, serial, question.nonce, NOW)


class Server:
    """A responder on a real socket that can misbehave."""

    def __init__(self, pki: Pki) -> None:
        asker, outer = DirectAsker(pki), self
        self.delay = 0.0
        self.status = 200
        self.size: int | None = None
        self.drip = 0.0
        self.connections = 0
        self.stopped = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 65536

            def setup(self) -> None:
                outer.connections += 1
                super().setup()

            def do_POST(self) -> None:
                question = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(outer.delay)
                body = b"x" * outer.size if outer.size else asker.ask("auth", question)
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                for start in range(0, len(body) if outer.drip else 0, 8):
                    self.wfile.write(body[start : start + 8])
                    self.wfile.flush()
                    if outer.stopped.wait(outer.drip):
                        return
                self.wfile.write(b"" if outer.drip else body)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        # Who is cut off in the middle of an answer is meant to be.
        self._http.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._http.server_port}/ocsp/auth"

    def stop(self) -> None:
        self.stopped.set()
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server(pki: Pki):  # type: ignore[no-untyped-def]
    found = Server(pki)
    yield found
    found.stop()


def test_the_connection_is_kept_between_logins(pki: Pki, good: SoftCard, server: Server) -> None:
    asker = HttpAsker({"auth": server.url})
    checker = verifier(pki, asker)  # type: ignore[arg-type]
    for _ in range(5):
        checker.not_revoked(checker.certificate(good.der, NOW), NOW)
    assert server.connections == 1
    asker.close()


@pytest.mark.parametrize(
    "trouble",
    [{"status": 503}, {"delay": 1.0}, {"size": 100_000}, {"drip": 0.2}],
    ids=["an error page", "too slow", "too large", "drop by drop"],
)
def test_trouble_on_the_wire_closes(
    pki: Pki, good: SoftCard, server: Server, trouble: dict[str, float]
) -> None:
    server.__dict__.update(trouble)
    asker = HttpAsker({"auth": server.url}, timeout=0.3)
    begun = time.monotonic()
    assert refusal(pki, good, asker) is CardReason.STATUS_UNAVAILABLE  # type: ignore[arg-type]
    # A whole answer by drops would take forty seconds.
    assert time.monotonic() - begun < 20


def test_a_responder_waited_for_in_vain_is_left_alone_for_a_moment(
    pki: Pki, good: SoftCard, server: Server
) -> None:
    """Refused all the same, but nobody else waits meanwhile."""
    moment = [0.0]
    asker = HttpAsker({"auth": server.url}, timeout=1.5, pause=10.0, tick=lambda: moment[0])
    checker = verifier(pki, asker)  # type: ignore[arg-type]
    found = checker.certificate(good.der, NOW)
    checker.not_revoked(found, NOW)
    server.delay = 3.0
    assert refusal(pki, good, asker) is CardReason.STATUS_UNAVAILABLE  # type: ignore[arg-type]
    server.delay, asked = 0.0, server.connections
    moment[0] = 9.9
    assert refusal(pki, good, asker) is CardReason.STATUS_UNAVAILABLE  # type: ignore[arg-type]
    assert server.connections == asked
    moment[0] = 10.0
    checker.not_revoked(found, NOW)
    asker.close()


def test_a_responder_that_is_not_there_closes(pki: Pki, good: SoftCard) -> None:
    for urls in ({"auth": "http://127.0.0.1:9/ocsp"}, {}):
        assert refusal(pki, good, HttpAsker(urls)) is CardReason.STATUS_UNAVAILABLE  # type: ignore[arg-type]
