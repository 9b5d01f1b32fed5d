"""TLS of the sandbox: one root, a server certificate for all stand-ins, a client certificate for each party.

Every subject says O=MADOGUCHI-SANDBOX, which production refuses to trust.
"""

import hashlib
import ipaddress
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .config import MARKER

LIFE = timedelta(days=825)
RENEW = timedelta(days=30)


def _subject(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, MARKER),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _save(folder: Path, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    descriptor = os.open(folder / f"{name}.key", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(pem)
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _load(folder: Path, name: str) -> x509.Certificate | None:
    path = folder / f"{name}.pem"
    if not path.is_file() or not (folder / f"{name}.key").is_file():
        return None
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return certificate if certificate.not_valid_after_utc - RENEW > datetime.now(UTC) else None


class Authority:
    """The sandbox's TLS root."""

    def __init__(self, folder: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._folder = folder
        self._key = key
        self._certificate = certificate

    def client(self, name: str) -> bytes:
        """A client certificate ``NAME.pem``/``.key``, made when missing; its SHA-256."""
        found = _load(self._folder, name) or self._issue(name, ExtendedKeyUsageOID.CLIENT_AUTH, [])
        return hashlib.sha256(found.public_bytes(serialization.Encoding.DER)).digest()

    def server(self, name: str, host: str) -> None:
        """The server certificate, for a host address and localhost, made when missing."""
        if _load(self._folder, name) is None:
            names: list[x509.GeneralName] = [x509.DNSName("localhost")]
            try:
                names.append(x509.IPAddress(ipaddress.ip_address(host)))
            except ValueError:
                names.append(x509.DNSName(host))
            self._issue(name, ExtendedKeyUsageOID.SERVER_AUTH, names)

    def _issue(
        self, name: str, usage: x509.ObjectIdentifier, names: list[x509.GeneralName]
    ) -> x509.Certificate:
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_subject(name))
            .issuer_name(self._certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        _save(self._folder, name, key, certificate)
        return certificate


def authority(folder: Path) -> Authority:
    """The root in a folder, made when missing."""
    found = _load(folder, "ca")
    if found is not None:
        key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return Authority(folder, key, found)
    fresh = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    root = (
        x509.CertificateBuilder()
        .subject_name(_subject("Sandbox TLS root"))
        .issuer_name(_subject("Sandbox TLS root"))
        .public_key(fresh.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=True,
                crl_sign=True,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(fresh.public_key()), critical=False)
        .sign(fresh, hashes.SHA256())
    )
    _save(folder, "ca", fresh, root)
    return Authority(folder, fresh, root)
