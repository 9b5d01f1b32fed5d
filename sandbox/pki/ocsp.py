"""The OCSP responder of the card authority (RFC 6960), with a delegated signer for each generation.

Answers are built from the hashes in the question, so it needs no copy of the certificate, only the register.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp

from sandbox.pki.authority import CardAuthority, Issuer
from sandbox.pki.keys import hash_for

FRESH_FOR = timedelta(minutes=15)
_HASHES = {"sha1": hashes.SHA1, "sha256": hashes.SHA256}


class Responder:
    """Answers questions about the certificates of one authority.

    :param authority: whose certificates.
    :param other: the other kind's authority; it lends its signer to the ``wrong-signer`` fault.
    """

    def __init__(self, authority: CardAuthority, other: CardAuthority) -> None:
        self._authority = authority
        self._other = other
        self._by_hash: dict[tuple[str, bytes, bytes], Issuer] = {}
        for issuer in authority.issuers:
            name = issuer.certificate.subject.public_bytes()
            key = _key_bits(issuer.certificate)
            for algorithm in _HASHES:
                pair = (hashlib.new(algorithm, name).digest(), hashlib.new(algorithm, key).digest())
                self._by_hash[(algorithm, *pair)] = issuer

    def answer(self, question: bytes, now: datetime, fault: str = "none") -> bytes:
        """The DER answer to a DER question.

        :param fault: one of :mod:`sandbox.pki.faults`.
        """
        try:
            request = ocsp.load_der_ocsp_request(question)
        except ValueError:
            return _refusal(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
        if fault == "try-later":
            return _refusal(ocsp.OCSPResponseStatus.TRY_LATER)
        issuer = self._by_hash.get(
            (request.hash_algorithm.name, request.issuer_name_hash, request.issuer_key_hash)
        )
        if issuer is None:
            return _refusal(ocsp.OCSPResponseStatus.UNAUTHORIZED)
        return self._signed(request, issuer, now, fault)

    def _signed(self, request: ocsp.OCSPRequest, issuer: Issuer, now: datetime, fault: str) -> bytes:
        this_update = now.replace(microsecond=0) - (timedelta(hours=2) if fault == "stale" else timedelta(0))
        status, revoked_at = self._status(request.serial_number, fault, now)
        signer = self._other.issuers[-1] if fault == "wrong-signer" else issuer
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response_by_hash(
                request.issuer_name_hash,
                request.issuer_key_hash,
                request.serial_number + (1 if fault == "wrong-serial" else 0),
                request.hash_algorithm,
                status,
                this_update,
                this_update + FRESH_FOR,
                revoked_at,
                x509.ReasonFlags.certificate_hold if fault == "on-hold" else None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, signer.responder)
            .certificates([signer.responder])
        )
        if fault != "no-nonce":
            for extension in request.extensions:
                if isinstance(extension.value, x509.OCSPNonce):
                    builder = builder.add_extension(extension.value, critical=False)
        response = builder.sign(signer.responder_key, hash_for(signer.responder_key))
        return response.public_bytes(serialization.Encoding.DER)

    def _status(self, serial: int, fault: str, now: datetime) -> tuple[ocsp.OCSPCertStatus, datetime | None]:
        if fault == "on-hold":
            return ocsp.OCSPCertStatus.REVOKED, now.replace(microsecond=0)
        register = self._authority.register
        if fault == "unknown" or not register.knows(serial):
            return ocsp.OCSPCertStatus.UNKNOWN, None
        revoked_at = register.revocations().get(serial)
        if revoked_at is not None:
            return ocsp.OCSPCertStatus.REVOKED, revoked_at.replace(microsecond=0)
        return ocsp.OCSPCertStatus.GOOD, None


def _key_bits(certificate: x509.Certificate) -> bytes:
    """The subjectPublicKey bit string, which issuerKeyHash is taken over."""
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        form = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    else:
        form = serialization.Encoding.DER, serialization.PublicFormat.PKCS1
    return key.public_bytes(*form)


def _refusal(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(serialization.Encoding.DER)
