"""The strict check of a card certificate against the pinned authorities and the profile.

Two passes over the same bytes: our own, which knows the reason for every refusal, and that of the ``cryptography``
library (RFC 5280) with a policy as strict, so that a slip in one is caught by the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtensionOID, NameOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from portal.identity.card.anchors import TEST_ORGANIZATION, Anchor, Anchors
from portal.identity.card.profile import CardProfile, KeyRule, Kind, usages
from portal.identity.card.reasons import CardReason, CardRefused
from storage.clock import JAPAN

# The largest card certificate seen is under 2,000 bytes; the 署名用 one with a 200-character address is under 4,000.
MAX_CERTIFICATE = 8192

# 発行の番号 is positive and at most twenty octets long (RFC 5280, 4.1.2.2); half of the key of an account.
MOST_SERIAL = 1 << 159

# What the parser raises for bytes that are not what they say they are.
UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)

_KNOWN_CRITICAL = {ExtensionOID.KEY_USAGE, ExtensionOID.CERTIFICATE_POLICIES, ExtensionOID.BASIC_CONSTRAINTS}


Extension = TypeVar("Extension", bound=x509.ExtensionType)


@dataclass(frozen=True)
class VerifiedCertificate:
    """A certificate that passed, with what the rest of the house may know of it.

    The common name is personal data and is left inside ``certificate``.

    :param issuer_hash: SHA-256 of the issuer name in DER, 32 bytes.
    :param serial: 発行の番号.
    """

    kind: Kind
    certificate: x509.Certificate
    der: bytes
    anchor: Anchor
    rule: KeyRule
    issuer_hash: bytes
    serial: int

    def check_signature(self, signature: bytes, message: bytes) -> None:
        """Check what the card's key signed.

        :param signature: PKCS#1 v1.5 of an RSA key; of an elliptic one ECDSA in DER (RFC 3279, 2.2.3).
        :raises CardRefused: ``wrong_signature``.
        """
        key, algorithm = self.certificate.public_key(), self.rule.algorithm()
        try:
            if isinstance(key, rsa.RSAPublicKey):
                key.verify(signature, message, padding.PKCS1v15(), algorithm)
            elif isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(signature, message, ec.ECDSA(algorithm))
            else:
                raise CardRefused(CardReason.WRONG_KEY)
        except InvalidSignature:
            raise CardRefused(CardReason.WRONG_SIGNATURE) from None


def load(der: bytes) -> x509.Certificate:
    """Parse a certificate.

    :raises CardRefused: ``unreadable`` when it is not one, or is larger than any card's.
    """
    if not 0 < len(der) <= MAX_CERTIFICATE:
        raise CardRefused(CardReason.UNREADABLE)
    try:
        certificate = x509.load_der_x509_certificate(der)
        # Parsing is lazy: ask now for everything the checks below read.
        _ = certificate.extensions, certificate.issuer, certificate.subject, certificate.serial_number
    except UNREADABLE:
        raise CardRefused(CardReason.UNREADABLE) from None
    if not der.endswith(b"\x00" + certificate.signature):
        # The parser overlooks how many bits at the end of the signature are said to be unused: whole octets have none.
        raise CardRefused(CardReason.UNREADABLE)
    return certificate


def verify(
    certificate: x509.Certificate, der: bytes, anchors: Anchors, profile: CardProfile, now: datetime
) -> VerifiedCertificate:
    """Check a certificate for the use of ``profile``.

    Revocation is not looked at here, see :mod:`portal.identity.card.revocation`.

    :param certificate: what :func:`load` made of ``der``.
    :param now: aware moment of the check.
    :raises CardRefused: with the first reason that applies.
    """
    anchor = _issuer(certificate, anchors)
    if anchor.kind != profile.kind:
        raise CardRefused(CardReason.SIGN_KIND if anchor.kind == "sign" else CardReason.WRONG_AUTHORITY)
    rule = _algorithms(certificate, anchor, profile)
    if not 0 < certificate.serial_number < MOST_SERIAL:
        raise CardRefused(CardReason.PROFILE)
    _dates(certificate, anchor, now)
    _extensions(certificate, profile, anchors.production)
    _second_opinion(certificate, anchor, profile, anchors.production, now)
    return VerifiedCertificate(
        profile.kind, certificate, der, anchor, rule, anchor.issuer_hash, certificate.serial_number
    )


def _issuer(certificate: x509.Certificate, anchors: Anchors) -> Anchor:
    name = certificate.issuer.public_bytes()
    if anchors.production and _says_test(certificate.issuer):
        raise CardRefused(CardReason.TEST_CARD)
    if not anchors.knows_name(name):
        raise CardRefused(CardReason.WRONG_AUTHORITY)
    try:
        found = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
        identifier = found.value.key_identifier
    except x509.ExtensionNotFound:
        identifier = None
    for anchor in anchors.candidates(name, identifier):
        try:
            certificate.verify_directly_issued_by(anchor.certificate)
        except (InvalidSignature, *UNREADABLE):
            continue
        return anchor
    raise CardRefused(CardReason.FORGED)


def _says_test(name: x509.Name) -> bool:
    return any(a.value == TEST_ORGANIZATION for a in name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME))


def _algorithms(certificate: x509.Certificate, anchor: Anchor, profile: CardProfile) -> KeyRule:
    """The one rule that card, authority and signature all follow: nothing weaker may stand above a strong key."""
    try:
        rule = profile.key_rule(certificate.public_key())
    except UNREADABLE:
        rule = None
    if rule is None:
        raise CardRefused(CardReason.WRONG_KEY)
    try:
        used = certificate.signature_hash_algorithm
        parameters = certificate.signature_algorithm_parameters
    except UNREADABLE:
        raise CardRefused(CardReason.WRONG_ALGORITHM) from None
    if used is None or used.name != rule.hash or not rule.is_padding(parameters):
        raise CardRefused(CardReason.WRONG_ALGORITHM)
    if not rule.fits_authority(anchor.certificate.public_key()):
        raise CardRefused(CardReason.WRONG_ALGORITHM)
    return rule


def _dates(certificate: x509.Certificate, anchor: Anchor, now: datetime) -> None:
    if now < certificate.not_valid_before_utc:
        raise CardRefused(CardReason.NOT_YET_VALID)
    if now > certificate.not_valid_after_utc:
        raise CardRefused(CardReason.EXPIRED)
    if not anchor.certificate.not_valid_before_utc <= now <= anchor.certificate.not_valid_after_utc:
        raise CardRefused(CardReason.AUTHORITY_EXPIRED)


def _extensions(certificate: x509.Certificate, profile: CardProfile, production: bool) -> None:
    extensions = certificate.extensions
    for extension in extensions:
        if extension.critical and extension.oid not in _KNOWN_CRITICAL:
            raise CardRefused(CardReason.UNKNOWN_CRITICAL)
        if isinstance(extension.value, x509.BasicConstraints) and extension.value.ca:
            raise CardRefused(CardReason.AUTHORITY_CERTIFICATE)
        if isinstance(extension.value, x509.ExtendedKeyUsage):
            raise CardRefused(CardReason.WRONG_EXTENDED_USAGE)
    usage = _critical(extensions, x509.KeyUsage, CardReason.MISSING_USAGE)
    if usages(usage) != profile.usages:
        raise CardRefused(CardReason.WRONG_USAGE)
    policies = _critical(extensions, x509.CertificatePolicies, CardReason.MISSING_POLICY)
    named = [policy.policy_identifier.dotted_string for policy in policies]
    if len(named) != 1 or named[0] not in profile.policies | profile.test_policies:
        raise CardRefused(CardReason.WRONG_POLICY)
    if named[0] not in profile.accepted(production):
        raise CardRefused(CardReason.TEST_CARD)


def _critical(extensions: x509.Extensions, kind: type[Extension], missing: CardReason) -> Extension:
    try:
        extension = extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        raise CardRefused(missing) from None
    if not extension.critical:
        raise CardRefused(missing)
    return extension.value


def _second_opinion(
    certificate: x509.Certificate, anchor: Anchor, profile: CardProfile, production: bool, now: datetime
) -> None:
    """The same rules once more, by the library's own path validation."""
    accepted = profile.accepted(production)

    def usage_fits(_policy: object, _leaf: x509.Certificate, value: x509.KeyUsage) -> None:
        if usages(value) != profile.usages:
            raise ValueError("key usage")

    def policy_fits(_policy: object, _leaf: x509.Certificate, value: x509.CertificatePolicies) -> None:
        if [p.policy_identifier.dotted_string in accepted for p in value] != [True]:
            raise ValueError("policy")

    def no_authority(_policy: object, _leaf: x509.Certificate, value: x509.BasicConstraints | None) -> None:
        if value is not None and value.ca:
            raise ValueError("authority")

    leaf = (
        ExtensionPolicy.permit_all()
        .require_present(x509.KeyUsage, Criticality.CRITICAL, usage_fits)
        .require_present(x509.CertificatePolicies, Criticality.CRITICAL, policy_fits)
        .may_be_present(x509.BasicConstraints, Criticality.AGNOSTIC, no_authority)
        .require_not_present(x509.ExtendedKeyUsage)
    )
    above = (
        ExtensionPolicy.permit_all()
        .require_present(x509.BasicConstraints, Criticality.CRITICAL, None)
        .require_present(x509.KeyUsage, Criticality.CRITICAL, None)
    )
    verifier = (
        PolicyBuilder()
        .store(Store([anchor.certificate]))
        .time(now)
        .max_chain_depth(0)
        .extension_policies(ca_policy=above, ee_policy=leaf)
        .build_client_verifier()
    )
    try:
        verifier.verify(certificate, [])
    except VerificationError:
        raise CardRefused(CardReason.PROFILE) from None


def day_in_japan(now: datetime) -> datetime:
    """``now`` by the clock the profile's days are counted with."""
    return now.astimezone(JAPAN)
