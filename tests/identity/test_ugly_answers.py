"""Answers about revocation that are odd in one point and rightly signed: none of them opens the counter, and none breaks it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asn1crypto import core
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from portal.identity.card.anchors import Anchor
from portal.identity.card.reasons import CardReason, CardRefused
from portal.identity.card.revocation import RevocationCheck, RevocationRules
from sandbox.pki import Pki
from sandbox.pki.authority import key_usage, responder_certificate
from sandbox.pki.keys import PrivateKey
from tests.identity.ugly import bent_answer, tlv
from tests.pki.world import COMING, LATER, NOW, DirectAsker, anchors, card, curve_key, spare_key

ANSWER, UNTRUSTED, MISMATCH = "accepted", CardReason.STATUS_UNTRUSTED, CardReason.STATUS_MISMATCH
NONCE = "1.3.6.1.5.5.7.48.1.2"


class Counter:
    """One good card, a question about it, and whatever the network answers."""

    def __init__(self, pki: Pki) -> None:
        self.pki = pki
        self.issuer = pki.auth.at(NOW)
        self.serial = card(pki.auth).certificate.serial_number
        self.check = RevocationCheck(DirectAsker(pki), RevocationRules())
        self.anchor: Anchor = next(
            one
            for one in anchors(pki.anchors).candidates(pki.auth.name.public_bytes(), None)
            if one.certificate == self.issuer.certificate
        )
        self.question = self.check.question(self.anchor, self.serial)
        self.good = DirectAsker(pki).ask("auth", self.question.der)

    def outcome(self, der: bytes) -> str:
        try:
            self.check.judge(der, self.anchor, self.serial, self.question.nonce, NOW)
        except CardRefused as refused:
            return refused.reason
        return ANSWER

    def bent(self, bend: Callable[[Any], None], digest: str = "sha256") -> bytes:
        return bent_answer(self.good, self.issuer.responder_key, bend, digest)

    def signed_by(self, certificate: x509.Certificate, signer: Any, attached: bool = True) -> bytes:
        """A good answer by the holder of a certificate."""
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response_by_hash(
                self.anchor.name_hashes["sha1"],
                self.anchor.key_hashes["sha1"],
                self.serial,
                hashes.SHA1(),
                ocsp.OCSPCertStatus.GOOD,
                NOW,
                NOW + timedelta(minutes=10),
                None,
                None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.NAME, certificate)
            .add_extension(x509.OCSPNonce(self.question.nonce), critical=False)
        )
        if attached:
            builder = builder.certificates([certificate])
        return builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.fixture
def counter(pki: Pki) -> Counter:
    return Counter(pki)


def test_taking_apart_and_signing_anew_changes_nothing_by_itself(counter: Counter) -> None:
    """Else the tests below would prove nothing."""
    assert counter.outcome(counter.good) == ANSWER
    assert counter.outcome(counter.bent(lambda part: None)) == ANSWER


def _extension(oid: str, value: bytes, critical: bool) -> dict[str, Any]:
    return {"extn_id": oid, "critical": critical, "extn_value": core.ParsableOctetString(value)}


def _second_single(part: Any) -> None:
    part["responses"].append(part["responses"][0])


def _other_first(part: Any) -> None:
    other = part["responses"][0].copy()
    other["cert_id"]["serial_number"] = 4711
    part["responses"].append(other)


def _none(part: Any) -> None:
    del part["responses"][0]


def _serial(number: int) -> Callable[[Any], None]:
    def bend(part: Any) -> None:
        named = part["responses"][0]["cert_id"]
        named["serial_number"] = named["serial_number"].native + number

    return bend


def _certificate_id(name: str, value: Any) -> Callable[[Any], None]:
    def bend(part: Any) -> None:
        part["responses"][0]["cert_id"][name] = value

    return bend


def _nonce(value: bytes) -> Callable[[Any], None]:
    def bend(part: Any) -> None:
        part["response_extensions"] = [_extension(NONCE, value, False)]

    return bend


def _more(oid: str, critical: bool) -> Callable[[Any], None]:
    def bend(part: Any) -> None:
        part["response_extensions"].append(_extension(oid, b"\x05\x00", critical))

    return bend


def _nonce_twice(part: Any) -> None:
    part["response_extensions"].append(part["response_extensions"][0])


def _ended(part: Any) -> None:
    """Fresh enough, but the authority itself says that a newer answer is there by now."""
    part["responses"][0]["this_update"] = NOW - timedelta(minutes=5)
    part["responses"][0]["next_update"] = NOW - timedelta(seconds=1)


def _another_signer(part: Any) -> None:
    part["responder_id"] = asn1_ocsp.ResponderId("by_key", core.OctetString(b"\x01" * 20))


def _of_the_single(part: Any) -> None:
    part["responses"][0]["single_extensions"] = [_extension("2.25.4242", b"\x05\x00", True)]


BENT: dict[str, tuple[Callable[[Any], None], CardReason]] = {
    "two answers about it": (_second_single, MISMATCH),
    "another's answer beside it": (_other_first, MISMATCH),
    "no answer in it": (_none, MISMATCH),
    "the next serial number": (_serial(1), MISMATCH),
    "a serial number that begins alike": (_serial(1 << 40), MISMATCH),
    "another authority's name": (_certificate_id("issuer_name_hash", b"\x01" * 20), MISMATCH),
    "another generation's key": (_certificate_id("issuer_key_hash", b"\x01" * 20), MISMATCH),
    "a hash that is not the one it says": (
        _certificate_id("hash_algorithm", {"algorithm": "sha256"}),
        MISMATCH,
    ),
    "a hash nobody knows": (_certificate_id("hash_algorithm", {"algorithm": "1.2.3.4"}), UNTRUSTED),
    "a nonce cut short": (_nonce(tlv(0x04, b"\x01" * 8)), MISMATCH),
    "a nonce too long": (_nonce(tlv(0x04, b"\x01" * 64)), MISMATCH),
    "an empty nonce": (_nonce(tlv(0x04, b"")), MISMATCH),
    "a nonce twice": (_nonce_twice, UNTRUSTED),
    "a nonce of one octet": (_nonce(tlv(0x04, b"\x01")), MISMATCH),
    "something critical that nobody knows": (_more("2.25.4242", True), UNTRUSTED),
    "another signer's name over the right signature": (_another_signer, UNTRUSTED),
    "an end that has passed": (_ended, CardReason.STATUS_STALE),
    "something critical about the one certificate": (_of_the_single, UNTRUSTED),
}


@pytest.mark.parametrize("name", BENT)
def test_an_answer_with_one_odd_point_closes(counter: Counter, name: str) -> None:
    bend, reason = BENT[name]
    assert counter.outcome(counter.bent(bend)) == reason


def test_something_uncritical_that_nobody_knows_does_no_harm(counter: Counter) -> None:
    assert counter.outcome(counter.bent(_more("2.25.4242", False))) == ANSWER


def test_the_right_nonce_cut_or_lengthened_is_another(counter: Counter) -> None:
    for nonce in (counter.question.nonce[:-1], counter.question.nonce + b"\x00"):
        assert counter.outcome(counter.bent(_nonce(tlv(0x04, nonce)))) == MISMATCH


def test_an_answer_signed_with_sha1_closes(counter: Counter) -> None:
    assert counter.outcome(counter.bent(lambda part: None, "sha1")) == UNTRUSTED


@pytest.mark.parametrize("tail", [b"\x00", b"\x30\x00"])
def test_bytes_after_an_answer_close(counter: Counter, tail: bytes) -> None:
    assert counter.outcome(counter.good + tail) == UNTRUSTED
    assert counter.outcome(counter.good * 2) == UNTRUSTED
    assert counter.outcome(b"\x30\x80" + counter.good[4:] + b"\x00\x00") == UNTRUSTED


def responder(counter: Counter, key: PrivateKey, **change: Any) -> x509.Certificate:
    """The certificate of a responder of the same authority, changed in one point."""
    wish = {
        "issuer_key": counter.issuer.key,
        "begin": counter.issuer.certificate.not_valid_before_utc,
        "end": counter.issuer.certificate.not_valid_after_utc,
        **change,
    }
    return responder_certificate(counter.pki.auth.name, public_key=key.public_key(), kind="auth", **wish)


def _named(
    counter: Counter, key: PrivateKey, *extensions: tuple[x509.ExtensionType, bool]
) -> x509.Certificate:
    """A certificate by the authority with these extensions alone."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(counter.issuer.responder.subject)
        .issuer_name(counter.pki.auth.name)
        .public_key(key.public_key())
        .serial_number(77)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
    )
    for value, critical in extensions:
        builder = builder.add_extension(value, critical)
    return builder.sign(counter.issuer.key, hashes.SHA256())


SIGNING = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False)


def test_a_responder_out_of_its_time_is_not_believed(counter: Counter) -> None:
    key = spare_key(5)
    ended = responder(counter, key, end=NOW - timedelta(seconds=1))
    early = responder(counter, key, begin=NOW + timedelta(days=1))
    for found in (ended, early):
        assert counter.outcome(counter.signed_by(found, key)) == UNTRUSTED
    assert counter.outcome(counter.signed_by(responder(counter, key), key)) == ANSWER


def test_a_responder_without_the_right_purpose_is_not_believed(counter: Counter) -> None:
    key = spare_key(5)
    anything = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])
    wrong = {
        "no purpose": _named(counter, key),
        "any purpose": _named(counter, key, (anything, False)),
        "a key that may not sign": _named(counter, key, SIGNING, (key_usage("key_encipherment"), True)),
        "something critical that nobody knows": _named(
            counter,
            key,
            SIGNING,
            (x509.UnrecognizedExtension(x509.ObjectIdentifier("2.25.4242"), b"\x05\x00"), True),
        ),
        "a card": card(counter.pki.auth, key=spare_key(5)).certificate,
    }
    for name, found in wrong.items():
        assert counter.outcome(counter.signed_by(found, key)) == UNTRUSTED, name
    assert counter.outcome(counter.signed_by(_named(counter, key, SIGNING), key)) == ANSWER


def test_the_responder_of_another_generation_is_not_believed(counter: Counter) -> None:
    """It bears the same name, and its authority the same name as ours."""
    other = counter.pki.auth.issuers[1]
    assert counter.outcome(counter.signed_by(other.responder, other.responder_key)) == UNTRUSTED
    assert counter.outcome(counter.signed_by(other.certificate, other.key)) == UNTRUSTED
    assert counter.outcome(counter.signed_by(other.certificate, other.key, attached=False)) == UNTRUSTED


def test_the_authority_itself_is_believed_with_and_without_its_certificate(counter: Counter) -> None:
    issuer = counter.issuer
    for attached in (True, False):
        assert counter.outcome(counter.signed_by(issuer.certificate, issuer.key, attached)) == ANSWER


@pytest.mark.parametrize(
    ("key", "believed"),
    [
        (curve_key(7), True),
        (ec.generate_private_key(ec.SECP224R1()), False),
        (rsa.generate_private_key(65537, 1024), False),
    ],
    ids=["P-384", "P-224", "RSA of 1024 bits"],
)
def test_a_named_responder_needs_a_key_of_today(counter: Counter, key: Any, believed: bool) -> None:
    found = counter.outcome(counter.signed_by(responder(counter, key), key))
    assert found == (ANSWER if believed else UNTRUSTED)


def test_answers_of_the_generation_to_come_are_checked_the_same_way(pki: Pki) -> None:
    coming = card(pki.auth, at=COMING).certificate
    anchor = next(
        one
        for one in anchors(pki.anchors).candidates(pki.auth.name.public_bytes(), None)
        if one.certificate == pki.auth.at(COMING).certificate
    )
    asker = DirectAsker(pki, LATER)
    check = RevocationCheck(asker, RevocationRules())
    question = check.question(anchor, coming.serial_number)
    answer = asker.ask("auth", question.der)
    check.judge(answer, anchor, coming.serial_number, question.nonce, LATER)
    for fault in ("wrong-signer", "stale", "no-nonce", "wrong-serial"):
        asker.fault = fault
        with pytest.raises(CardRefused):
            check.judge(asker.ask("auth", question.der), anchor, coming.serial_number, question.nonce, LATER)
    signed = ocsp.load_der_ocsp_response(answer).tbs_response_bytes
    for position in range(0, len(signed), 9):
        changed = bytearray(answer)
        changed[answer.index(signed) + position] ^= 1
        with pytest.raises(CardRefused):
            check.judge(bytes(changed), anchor, coming.serial_number, question.nonce, LATER)
