"""Keys and certificates of the stand-ins as files that only their owner can read."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def new_key() -> rsa.RSAPrivateKey:
    """A fresh RSA key of the size the ordinance names (施行規則2条: 2048 bits)."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def new_curve_key() -> ec.EllipticCurvePrivateKey:
    """A fresh key of the curve announced for the card to come (P-384)."""
    return ec.generate_private_key(ec.SECP384R1())


def hash_for(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384:
    """The hash that goes with a key: SHA-256 with RSA, SHA-384 with P-384."""
    return hashes.SHA256() if isinstance(key, rsa.RSAPrivateKey) else hashes.SHA384()


def write_private(path: Path, data: bytes) -> None:
    """Write a file with mode 0600, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
    scratch.replace(path)


def save_key(path: Path, key: PrivateKey) -> None:
    """Keep a private key as PEM."""
    write_private(
        path,
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )


def load_key(path: Path) -> PrivateKey:
    """Read back a private key that :func:`save_key` wrote; it is not proved anew, which takes a thousand times as long."""
    key = serialization.load_pem_private_key(
        path.read_bytes(), password=None, unsafe_skip_rsa_key_validation=True
    )
    assert isinstance(key, PrivateKey)
    return key


def save_certificate(path: Path, certificate: x509.Certificate) -> None:
    """Keep a certificate as PEM."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def load_certificate(path: Path) -> x509.Certificate:
    """Read a certificate back."""
    return x509.load_pem_x509_certificate(path.read_bytes())
