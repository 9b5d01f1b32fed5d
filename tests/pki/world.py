"""An invented country's authorities and cards for the tests, made once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from portal.identity.card.anchors import Anchors
from portal.identity.card.login import CardVerifier
from portal.identity.card.revocation import RevocationCheck, RevocationRules
from sandbox.pki import Pki, faults
from sandbox.pki.authority import CardAuthority
from sandbox.pki.keys import PrivateKey, new_curve_key, new_key
from sandbox.pki.ocsp import Responder
from sandbox.pki.subject import Holder

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
# A day on which the card to come (P-384) is given out, and a year later.
COMING, LATER = datetime(2028, 6, 1, 1, 0, tzinfo=UTC), datetime(2029, 6, 1, 1, 0, tzinfo=UTC)
ISSUED = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)
HANAKO = Holder(
    "見本　花子", date(1984, 2, 17), "2", "甲野県甲野市本町一丁目1番1号", "Kono-ken", "Kono-shi", "99201"
)


@dataclass(frozen=True)
class SoftCard:
    """A key and its certificate, in memory."""

    key: PrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def sign(self, message: bytes) -> bytes:
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(message, ec.ECDSA(hashes.SHA384()))
        return self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())


@cache
def spare_key(number: int = 0) -> rsa.RSAPrivateKey:
    """A key that several tests may share: making one takes a tenth of a second."""
    return new_key()


@cache
def curve_key(number: int = 0) -> ec.EllipticCurvePrivateKey:
    """A key of the card to come (P-384)."""
    return new_curve_key()


def card(
    authority: CardAuthority,
    *,
    holder: Holder = HANAKO,
    at: datetime = ISSUED,
    generation: str | None = None,
    key: PrivateKey | None = None,
) -> SoftCard:
    """A card of the authority, in memory."""
    key = key or (curve_key() if authority.at(at, generation).generation.curve else spare_key())
    return SoftCard(key, authority.issue(key.public_key(), holder, at, generation=generation))


class DirectAsker:
    """Hands questions to the responders of a sandbox without a socket between."""

    def __init__(self, pki: Pki, now: datetime = NOW) -> None:
        self.now = now
        self.fault = "none"
        self._responders = {"auth": Responder(pki.auth, pki.sign), "sign": Responder(pki.sign, pki.auth)}

    def ask(self, kind: str, question: bytes) -> bytes:
        assert self.fault in faults.KINDS
        return self._responders[kind].answer(question, self.now, self.fault)


def verifier(pki: Pki, asker: DirectAsker | None = None, *, nonce_required: bool = True) -> CardVerifier:
    """The portal's verifier over the sandbox's authorities."""
    rules = RevocationRules(nonce_required=nonce_required)
    return CardVerifier(anchors(pki.anchors), RevocationCheck(asker or DirectAsker(pki), rules))


def anchors(folder: Path) -> Anchors:
    """The sandbox's authorities as a demonstration installation pins them."""
    return Anchors.from_folder(folder, production=False)
