"""The whole check of a card at the counter, in the order in which it may fail."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509

from portal.identity.card import certificate
from portal.identity.card.anchors import Anchors
from portal.identity.card.certificate import VerifiedCertificate
from portal.identity.card.profile import Kind, profile
from portal.identity.card.revocation import RevocationCheck


class CardVerifier:
    """Checks cards against one set of authorities.

    :param anchors: the pinned authorities.
    :param revocation: who to ask whether a certificate was taken back.
    """

    def __init__(self, anchors: Anchors, revocation: RevocationCheck) -> None:
        self._anchors = anchors
        self._revocation = revocation

    def certificate(self, der: bytes, now: datetime, kind: Kind = "auth") -> VerifiedCertificate:
        """Check the certificate alone, without asking whether it was taken back.

        :param der: the certificate, at most 8192 bytes.
        :raises CardRefused: with the reason.
        """
        return self.parsed(certificate.load(der), der, now, kind)

    def parsed(
        self, found: x509.Certificate, der: bytes, now: datetime, kind: Kind = "auth"
    ) -> VerifiedCertificate:
        """:meth:`certificate` for one that :func:`portal.identity.card.certificate.load` has already read."""
        rules = profile(kind, certificate.day_in_japan(now).date())
        return certificate.verify(found, der, self._anchors, rules, now)

    def not_revoked(self, card: VerifiedCertificate, now: datetime) -> None:
        """Ask whether it was taken back.

        :raises CardRefused: ``revoked``, or one of the ``status_…`` reasons.
        """
        self._revocation.check(card, now)

    def signed(self, der: bytes, signature: bytes, message: bytes, now: datetime) -> VerifiedCertificate:
        """Check certificate, signature over ``message``, and revocation: the same bytes for all three.

        :raises CardRefused: with the first reason that applies.
        """
        card = self.certificate(der, now)
        card.check_signature(signature, message)
        self.not_revoked(card, now)
        return card
