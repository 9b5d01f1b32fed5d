"""The corpus of bad certificates: each differs from a good one in exactly one point."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from portal.identity.card.reasons import CardReason
from sandbox.pki import Pki
from sandbox.pki.authority import CardAuthority, Issuer, key_usage
from sandbox.pki.names import CPS_URI
from tests.pki.world import HANAKO, ISSUED, NOW, card, spare_key

URL = "http://127.0.0.1/ocsp"
AUTH_POLICY = "1.2.392.200149.8.5.1.3.30"


def made(
    authority: CardAuthority,
    *,
    replace: x509.ExtensionType | None = None,
    critical: bool = True,
    drop: type | None = None,
    add: tuple[x509.ExtensionType, bool] | None = None,
    issuer: Issuer | None = None,
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None = None,
    begin=None,
    end=None,
    issuer_name: x509.Name | None = None,
    sign_with: rsa.RSAPrivateKey | None = None,
    algorithm: hashes.HashAlgorithm | None = None,
    rsa_padding: padding.PSS | None = None,
) -> x509.Certificate:
    """A certificate of the profile with one thing changed."""
    issuer = issuer or authority.at(NOW)
    key = key or spare_key()
    good = authority.builder(
        spare_key().public_key(), HANAKO, ISSUED, authority.register.next_serial(), issuer, URL
    )
    plain = good.sign(issuer.key, hashes.SHA256())
    builder = (
        x509.CertificateBuilder()
        .subject_name(plain.subject)
        .issuer_name(issuer_name or plain.issuer)
        .public_key(key.public_key())
        .serial_number(plain.serial_number)
        .not_valid_before(begin or plain.not_valid_before_utc)
        .not_valid_after(end or plain.not_valid_after_utc)
    )
    for extension in plain.extensions:
        if drop is not None and isinstance(extension.value, drop):
            continue
        if replace is not None and type(extension.value) is type(replace):
            builder = builder.add_extension(replace, critical)
            continue
        builder = builder.add_extension(extension.value, extension.critical)
    if add is not None:
        builder = builder.add_extension(*add)
    return builder.sign(sign_with or issuer.key, algorithm or hashes.SHA256(), rsa_padding=rsa_padding)


def policies(*oids: str) -> x509.CertificatePolicies:
    """A policies extension naming these."""
    return x509.CertificatePolicies(
        [x509.PolicyInformation(x509.ObjectIdentifier(oid), [CPS_URI]) for oid in oids]
    )


def issued_by_a_card(pki: Pki) -> x509.Certificate:
    """A card's own key signs another certificate."""
    parent = card(pki.auth)
    name = parent.certificate.subject
    key = spare_key(1)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "JP")]))
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(77)
        .not_valid_before(ISSUED)
        .not_valid_after(NOW + timedelta(days=100))
        .add_extension(key_usage("digital_signature"), critical=True)
        .add_extension(policies(AUTH_POLICY), critical=True)
        .sign(parent.key, hashes.SHA256())
    )


Maker = Callable[[Pki], x509.Certificate]
OID_UNKNOWN = x509.ObjectIdentifier("2.25.4242")
_WEAK = ec.generate_private_key(ec.SECP256R1())

CORPUS: dict[str, tuple[Maker, CardReason]] = {
    "expired": (lambda p: made(p.auth, end=NOW - timedelta(seconds=1)), CardReason.EXPIRED),
    "not yet valid": (lambda p: made(p.auth, begin=NOW + timedelta(seconds=1)), CardReason.NOT_YET_VALID),
    "forged under the same name": (lambda p: made(p.auth, sign_with=spare_key(2)), CardReason.FORGED),
    "forged without an authority key identifier": (
        lambda p: made(p.auth, sign_with=spare_key(2), drop=x509.AuthorityKeyIdentifier),
        CardReason.FORGED,
    ),
    "key identifier of another generation": (
        lambda p: made(
            p.auth,
            replace=x509.AuthorityKeyIdentifier.from_issuer_public_key(p.auth.issuers[1].key.public_key()),
            critical=False,
        ),
        CardReason.FORGED,
    ),
    "of the signing authority": (lambda p: card(p.sign).certificate, CardReason.SIGN_KIND),
    "of another authority": (
        lambda p: made(p.auth, issuer_name=p.office.certificate.subject, sign_with=spare_key(2)),
        CardReason.WRONG_AUTHORITY,
    ),
    "issued by a card": (issued_by_a_card, CardReason.WRONG_AUTHORITY),
    "without a policy": (lambda p: made(p.auth, drop=x509.CertificatePolicies), CardReason.MISSING_POLICY),
    "policy not critical": (
        lambda p: made(p.auth, replace=policies(AUTH_POLICY), critical=False),
        CardReason.MISSING_POLICY,
    ),
    "policy for signing": (
        lambda p: made(p.auth, replace=policies("1.2.392.200149.8.5.1.1.20")),
        CardReason.WRONG_POLICY,
    ),
    "any policy": (lambda p: made(p.auth, replace=policies("2.5.29.32.0")), CardReason.WRONG_POLICY),
    "two policies": (
        lambda p: made(p.auth, replace=policies(AUTH_POLICY, "1.2.392.200149.8.5.1.1.20")),
        CardReason.WRONG_POLICY,
    ),
    "key usage of signing": (
        lambda p: made(p.auth, replace=key_usage("digital_signature", "content_commitment")),
        CardReason.WRONG_USAGE,
    ),
    "key usage wrong": (
        lambda p: made(p.auth, replace=key_usage("key_encipherment")),
        CardReason.WRONG_USAGE,
    ),
    "key usage of an authority": (
        lambda p: made(p.auth, replace=key_usage("digital_signature", "key_cert_sign")),
        CardReason.WRONG_USAGE,
    ),
    "without key usage": (lambda p: made(p.auth, drop=x509.KeyUsage), CardReason.MISSING_USAGE),
    "key usage not critical": (
        lambda p: made(p.auth, replace=key_usage("digital_signature"), critical=False),
        CardReason.MISSING_USAGE,
    ),
    "says it is an authority": (
        lambda p: made(p.auth, add=(x509.BasicConstraints(ca=True, path_length=None), True)),
        CardReason.AUTHORITY_CERTIFICATE,
    ),
    "says it is an authority, not critically": (
        lambda p: made(p.auth, add=(x509.BasicConstraints(ca=True, path_length=None), False)),
        CardReason.AUTHORITY_CERTIFICATE,
    ),
    "unknown critical extension": (
        lambda p: made(p.auth, add=(x509.UnrecognizedExtension(OID_UNKNOWN, b"\x05\x00"), True)),
        CardReason.UNKNOWN_CRITICAL,
    ),
    "extended usage of a server": (
        lambda p: made(p.auth, add=(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)),
        CardReason.WRONG_EXTENDED_USAGE,
    ),
    "the authority itself": (lambda p: p.auth.issuers[2].certificate, CardReason.AUTHORITY_CERTIFICATE),
    "the OCSP responder": (lambda p: p.auth.issuers[2].responder, CardReason.WRONG_EXTENDED_USAGE),
    "key on a curve that is not allowed": (lambda p: made(p.auth, key=_WEAK), CardReason.WRONG_KEY),
    "key of 1024 bits": (lambda p: made(p.auth, key=_short()), CardReason.WRONG_KEY),
    "key with exponent 3": (
        lambda p: made(p.auth, key=rsa.generate_private_key(3, 2048)),
        CardReason.WRONG_KEY,
    ),
    "signed with SHA-512": (lambda p: made(p.auth, algorithm=hashes.SHA512()), CardReason.WRONG_ALGORITHM),
    "signed with PSS": (
        lambda p: made(p.auth, rsa_padding=padding.PSS(padding.MGF1(hashes.SHA256()), 32)),
        CardReason.WRONG_ALGORITHM,
    ),
    "of a generation that has ended": (
        lambda p: made(
            p.auth,
            sign_with=p.auth.issuers[0].key,
            replace=x509.AuthorityKeyIdentifier.from_issuer_public_key(p.auth.issuers[0].key.public_key()),
            critical=False,
        ),
        CardReason.AUTHORITY_EXPIRED,
    ),
}


def _short() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)
