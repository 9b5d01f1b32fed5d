"""Whether a certificate was taken back: one fresh question to OCSP at every login, and no way round it.

法18条・37条: revocation information is given for confirming, and only for that. When it cannot be had, is old, or is
not from the one who may give it, the login is refused ("fail closed"); nothing is cached between logins.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, OCSPExtensionOID

from portal.identity.card.anchors import Anchor
from portal.identity.card.certificate import UNREADABLE, VerifiedCertificate
from portal.identity.card.reasons import CardReason, CardRefused

_HASHES: dict[str, type[hashes.HashAlgorithm]] = {"sha1": hashes.SHA1, "sha256": hashes.SHA256}
# What an answer, and the certificate of a named responder, may be signed with. Never SHA-1, never a short key.
_SIGNING_HASHES = frozenset({"sha256", "sha384", "sha512"})
_LEAST_RSA = 2048
_CURVES = frozenset({"secp256r1", "secp384r1"})
_RESPONDERS_CRITICAL = {
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.OCSP_NO_CHECK,
}


class Asker(Protocol):
    """Carries one OCSP question to the responder."""

    def ask(self, kind: str, question: bytes) -> bytes:
        """The DER answer.

        :raises CardRefused: ``status_unavailable``.
        """
        ...


@dataclass(frozen=True)
class RevocationRules:
    """How fresh and how bound an answer must be.

    :param max_age: how old ``thisUpdate`` may be.
    :param skew: how far the responder's clock may be ahead.
    :param nonce_required: refuse answers that do not return our nonce.
    :param certificate_hash: the hash that names the certificate in the question.
    """

    max_age: timedelta = timedelta(minutes=15)
    skew: timedelta = timedelta(seconds=60)
    nonce_required: bool = True
    certificate_hash: str = "sha1"


@dataclass(frozen=True)
class Question:
    """A question and the nonce that its answer must return."""

    der: bytes
    nonce: bytes


class RevocationCheck:
    """Asks and judges. One for each process; it remembers only which responder certificates the authority signed."""

    def __init__(self, asker: Asker, rules: RevocationRules) -> None:
        self._asker = asker
        self._rules = rules
        self._signers: dict[tuple[bytes, bytes], x509.Certificate] = {}

    def check(self, card: VerifiedCertificate, now: datetime) -> None:
        """Return when the certificate is good at ``now``.

        :raises CardRefused: ``revoked``, ``on_hold``, or one of the ``status_…`` reasons.
        """
        question = self.question(card.anchor, card.serial)
        self.judge(self._asker.ask(card.kind, question.der), card.anchor, card.serial, question.nonce, now)

    def question(self, anchor: Anchor, serial: int) -> Question:
        """An OCSP question with a fresh nonce of 32 bytes."""
        algorithm = self._rules.certificate_hash
        nonce = secrets.token_bytes(32)
        request = (
            ocsp.OCSPRequestBuilder()
            .add_certificate_by_hash(
                anchor.name_hashes[algorithm], anchor.key_hashes[algorithm], serial, _HASHES[algorithm]()
            )
            .add_extension(x509.OCSPNonce(nonce), critical=False)
            .build()
        )
        return Question(request.public_bytes(serialization.Encoding.DER), nonce)

    def judge(self, der: bytes, anchor: Anchor, serial: int, nonce: bytes, now: datetime) -> None:
        """Return when ``der`` is a good, fresh, authentic answer about that certificate.

        :raises CardRefused: ``revoked``, ``on_hold``, or one of the ``status_…`` reasons.
        """
        # Parsing is lazy: whatever cannot be read, wherever it stands, is an answer that is not believed.
        try:
            self._judge(ocsp.load_der_ocsp_response(der), anchor, serial, nonce, now)
        except UNREADABLE:
            raise CardRefused(CardReason.STATUS_UNTRUSTED) from None

    def _judge(
        self, answer: ocsp.OCSPResponse, anchor: Anchor, serial: int, nonce: bytes, now: datetime
    ) -> None:
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise CardRefused(CardReason.STATUS_UNAVAILABLE)
        self._authentic(answer, anchor, now)
        singles = list(answer.responses)
        if len(singles) != 1 or not _speaks_of(singles[0], anchor, serial):
            raise CardRefused(CardReason.STATUS_MISMATCH)
        self._bound(answer, nonce)
        single = singles[0]
        # A certificate once revoked stays revoked: an old answer that says so is still believed. One on hold (RFC 5280, 5.3.1:
        # the card was lost, and may be found) is refused as well, but not for good.
        if single.certificate_status is ocsp.OCSPCertStatus.REVOKED:
            held = single.revocation_reason is x509.ReasonFlags.certificate_hold
            raise CardRefused(CardReason.ON_HOLD if held else CardReason.REVOKED)
        self._fresh(single, now)
        if single.certificate_status is not ocsp.OCSPCertStatus.GOOD:
            raise CardRefused(CardReason.STATUS_UNKNOWN)

    def _fresh(self, single: ocsp.OCSPSingleResponse, now: datetime) -> None:
        made = single.this_update_utc
        until = single.next_update_utc
        if made > now + self._rules.skew or made < now - self._rules.max_age:
            raise CardRefused(CardReason.STATUS_STALE)
        if until is not None and until < now:
            raise CardRefused(CardReason.STATUS_STALE)

    def _bound(self, answer: ocsp.OCSPResponse, nonce: bytes) -> None:
        said = (*answer.extensions, *answer.single_extensions)
        if any(extension.critical for extension in said if extension.oid != OCSPExtensionOID.NONCE):
            # It says something that has to be understood, and we do not.
            raise CardRefused(CardReason.STATUS_UNTRUSTED)
        try:
            returned = answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
        except x509.ExtensionNotFound:
            if self._rules.nonce_required:
                raise CardRefused(CardReason.STATUS_MISMATCH) from None
            return
        if not secrets.compare_digest(returned, nonce):
            raise CardRefused(CardReason.STATUS_MISMATCH)

    def _authentic(self, answer: ocsp.OCSPResponse, anchor: Anchor, now: datetime) -> None:
        used = answer.signature_hash_algorithm
        if used is None or used.name not in _SIGNING_HASHES:
            raise CardRefused(CardReason.STATUS_UNTRUSTED)
        key = self._signer(answer, anchor, now).public_key()
        try:
            if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _LEAST_RSA:
                key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), used)
            elif isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
                key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(used))
            else:
                raise CardRefused(CardReason.STATUS_UNTRUSTED)
        except InvalidSignature:
            raise CardRefused(CardReason.STATUS_UNTRUSTED) from None

    def _signer(self, answer: ocsp.OCSPResponse, anchor: Anchor, now: datetime) -> x509.Certificate:
        """The authority itself, or the one it named: issued by it directly, for this use, in force now (RFC 6960 4.2.2.2)."""
        if not answer.certificates:
            return anchor.certificate
        for certificate in answer.certificates:
            der = certificate.public_bytes(serialization.Encoding.DER)
            if der == anchor.der and _is_responder(answer, certificate):
                return anchor.certificate
            known = self._signers.get((anchor.key_identifier, der))
            if known is None:
                if not _delegated(certificate, anchor):
                    continue
                known = certificate
                if len(self._signers) < 64:
                    self._signers[(anchor.key_identifier, der)] = certificate
            if known.not_valid_before_utc <= now <= known.not_valid_after_utc and _is_responder(
                answer, known
            ):
                return known
        raise CardRefused(CardReason.STATUS_UNTRUSTED)


def _delegated(certificate: x509.Certificate, anchor: Anchor) -> bool:
    """Whether the authority named this certificate for signing answers, by a signature that is still worth something."""
    try:
        certificate.verify_directly_issued_by(anchor.certificate)
        used = certificate.signature_hash_algorithm
        extensions = certificate.extensions
        purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        usages = [e.value for e in extensions if isinstance(e.value, x509.KeyUsage)]
    except (InvalidSignature, x509.ExtensionNotFound, *UNREADABLE):
        return False
    return (
        used is not None
        and used.name in _SIGNING_HASHES
        and ExtendedKeyUsageOID.OCSP_SIGNING in purposes
        and all(usage.digital_signature for usage in usages)
        and not any(e.critical and e.oid not in _RESPONDERS_CRITICAL for e in extensions)
    )


def _is_responder(answer: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    if answer.responder_name is not None:
        return answer.responder_name == certificate.subject
    identifier = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest
    return answer.responder_key_hash == identifier


def _speaks_of(single: ocsp.OCSPSingleResponse, anchor: Anchor, serial: int) -> bool:
    algorithm = single.hash_algorithm.name
    return (
        single.serial_number == serial
        and single.issuer_name_hash == anchor.name_hashes.get(algorithm)
        and single.issuer_key_hash == anchor.key_hashes.get(algorithm)
    )
