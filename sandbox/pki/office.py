"""The authority of offices, in the place of LGPKI (地方公共団体組織認証基盤).

It certifies TLS servers. The ends of the link have certificates of their own (`sandbox/certificates.py`).
"""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.pki import keys
from sandbox.pki.authority import key_usage
from sandbox.pki.names import SANDBOX_MARKER

VALID_FOR = timedelta(days=398)


class OfficeAuthority:
    """The authority kept in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate = keys.load_certificate(folder / "office-ca.pem")
        self._key = keys.load_key(folder / "office-ca.key")

    @property
    def certificate_path(self) -> Path:
        """The anchor to trust, PEM."""
        return self.folder / "office-ca.pem"

    @classmethod
    def create(cls, folder: Path, at: datetime) -> OfficeAuthority:
        """Make what is missing in ``folder``, then open it."""
        if not (folder / "office-ca.pem").exists():
            key = keys.new_key()
            name = _name("Office CA", "Madoguchi Sandbox")
            certificate = (
                _builder(name, name, key.public_key(), at - timedelta(days=1), timedelta(days=3653))
                .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
                .add_extension(key_usage("key_cert_sign", "crl_sign"), critical=True)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
                .add_extension(x509.UnrecognizedExtension(SANDBOX_MARKER, b"\x05\x00"), critical=False)
                .sign(key, keys.hash_for(key))
            )
            keys.save_key(folder / "office-ca.key", key)
            keys.save_certificate(folder / "office-ca.pem", certificate)
        return cls(folder)

    def issue_server(self, public_key: keys.PublicKey, names: list[str], at: datetime) -> x509.Certificate:
        """A TLS server certificate.

        :param names: host names and IP addresses it answers to; the first is its common name.
        """
        subject = _name(names[0], "Madoguchi Sandbox")
        return (
            _builder(subject, self.certificate.subject, public_key, at - timedelta(minutes=5), VALID_FOR)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage("digital_signature", "key_encipherment"), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, keys.hash_for(self._key))
        )

    def provide_server(self, folder: Path, name: str, names: list[str], at: datetime) -> tuple[Path, Path]:
        """Key and certificate files ``name.key`` and ``name.pem`` of a server, made when missing.

        :returns: (certificate path, key path).
        """
        certificate, key_path = folder / f"{name}.pem", folder / f"{name}.key"
        if not (certificate.exists() and key_path.exists()):
            key = keys.new_key()
            keys.save_key(key_path, key)
            keys.save_certificate(certificate, self.issue_server(key.public_key(), names, at))
        return certificate, key_path


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _name(common: str, organization: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: keys.PublicKey, begin: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + life)
    )
