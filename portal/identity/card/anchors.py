"""The pinned authorities. All generations of one authority share a name, so an issuer is chosen by key and signature.

Production takes no authority of a test environment: neither ``O=JPKI-TEST`` nor one that says it is a stand-in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import NameOID

from portal.identity.card.profile import Kind, all_profiles

SANDBOX_MARKER = x509.ObjectIdentifier("2.25.182719366027510366113019846316409431871")
TEST_ORGANIZATION = "JPKI-TEST"


class AnchorRefused(Exception):
    """An authority certificate that may not be trusted here; the installation does not start with it."""


@dataclass(frozen=True)
class Anchor:
    """One generation of one authority.

    :param name_hashes: hash name to the digest of the issuer name in DER; OCSP questions carry it.
    :param key_hashes: hash name to the digest of its public key bits (RFC 6960, 4.1.1: without tag, length and unused bits).
    """

    kind: Kind
    certificate: x509.Certificate
    der: bytes
    name: bytes
    key_identifier: bytes
    name_hashes: Mapping[str, bytes]
    key_hashes: Mapping[str, bytes]

    @property
    def issuer_hash(self) -> bytes:
        """SHA-256 of the issuer name in DER: half of the key of an account."""
        return self.name_hashes["sha256"]


class Anchors:
    """The set of pinned authorities of both kinds.

    :param certificates: pairs of kind and certificate.
    :param production: refuse test environments.
    :raises AnchorRefused: for a certificate that is no authority, one whose key no profile knows, or a test one in production.
    """

    def __init__(self, certificates: Sequence[tuple[Kind, x509.Certificate]], production: bool) -> None:
        self.production = production
        self._all = tuple(_anchor(kind, certificate, production) for kind, certificate in certificates)
        self.names = {(anchor.kind, anchor.name) for anchor in self._all}

    @classmethod
    def from_folder(cls, folder: Path, production: bool) -> Anchors:
        """Read ``auth-*.pem`` and ``sign-*.pem``.

        :raises AnchorRefused: when none of the ``auth`` kind is there, or a file holds no certificate.
        """
        kinds: tuple[Kind, ...] = ("auth", "sign")
        found: list[tuple[Kind, x509.Certificate]] = [
            (kind, _read(path)) for kind in kinds for path in sorted(folder.glob(f"{kind}-*.pem"))
        ]
        if not any(kind == "auth" for kind, _ in found):
            raise AnchorRefused(f"{folder} に利用者証明用認証局の証明書（auth-*.pem）がありません。")
        return cls(found, production)

    def __len__(self) -> int:
        return len(self._all)

    def candidates(self, issuer_name: bytes, key_identifier: bytes | None) -> list[Anchor]:
        """Authorities that may have issued a certificate, by its issuer name and authority key identifier."""
        return [
            anchor
            for anchor in self._all
            if anchor.name == issuer_name and key_identifier in (None, anchor.key_identifier)
        ]

    def knows_name(self, issuer_name: bytes) -> bool:
        """Whether any pinned authority has that name."""
        return any(name == issuer_name for _, name in self.names)


def _read(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError as problem:
        raise AnchorRefused(
            f"{path} から証明書（PEM）を読み取れません。入れ直して、もう一度起動してください。"
        ) from problem


def _anchor(kind: Kind, certificate: x509.Certificate, production: bool) -> Anchor:
    fingerprint = certificate.fingerprint(hashes.SHA256()).hex()[:16]
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound as problem:
        raise AnchorRefused(f"{fingerprint}… は認証局の証明書ではありません。") from problem
    if not constraints.ca or not _signed_by_itself(certificate):
        raise AnchorRefused(f"{fingerprint}… は認証局の自己署名証明書ではありません。")
    public = certificate.public_key()
    if not any(
        rule.fits_authority(public) for row in all_profiles() if row.kind == kind for rule in row.keys
    ):
        raise AnchorRefused(f"{fingerprint}… の鍵の種類は、カードの認証局のものとして知られていません。")
    if production and is_test(certificate):
        raise AnchorRefused(
            f"{fingerprint}… は試験用の認証局です。MADOGUCHI_MODE=production では読み込みません。"
            "本番の認証局の証明書を置いて、もう一度起動してください。"
        )
    name = certificate.subject.public_bytes()
    key = _key_bits(public)
    return Anchor(
        kind,
        certificate,
        certificate.public_bytes(serialization.Encoding.DER),
        name,
        identifier,
        {algorithm: hashlib.new(algorithm, name).digest() for algorithm in ("sha1", "sha256")},
        {algorithm: hashlib.new(algorithm, key).digest() for algorithm in ("sha1", "sha256")},
    )


def _signed_by_itself(certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(certificate)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _key_bits(public: CertificatePublicKeyTypes) -> bytes:
    """The bits of subjectPublicKey."""
    if isinstance(public, ec.EllipticCurvePublicKey):
        form = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    else:
        form = serialization.Encoding.DER, serialization.PublicFormat.PKCS1
    return public.public_bytes(*form)


def is_test(certificate: x509.Certificate) -> bool:
    """Whether an authority belongs to a test environment or a sandbox."""
    organizations = {a.value for a in certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)}
    marked = any(extension.oid == SANDBOX_MARKER for extension in certificate.extensions)
    return marked or TEST_ORGANIZATION in organizations
