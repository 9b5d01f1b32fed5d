"""What an acceptable card certificate looks like, as dated data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

Kind = Literal["auth", "sign"]
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {"sha256": hashes.SHA256, "sha384": hashes.SHA384}


@dataclass(frozen=True)
class KeyRule:
    """One acceptable combination of key and hash, for the card and for the authority above it.

    :param size: bits of the modulus, or of the curve.
    :param hash: signs the certificate, and what the card signs.
    :param exponent: public exponent of an RSA key, else None.
    :param curve: name of the curve of an elliptic key (SEC 2), else None: two curves may have one size.
    """

    type: Literal["rsa", "ec"]
    size: int
    hash: str
    exponent: int | None = None
    curve: str | None = None

    def fits(self, key: object) -> bool:
        """Whether a card's public key follows this rule."""
        if isinstance(key, rsa.RSAPublicKey):
            return (
                self.type == "rsa" and key.key_size == self.size and key.public_numbers().e == self.exponent
            )
        return isinstance(key, ec.EllipticCurvePublicKey) and self._on_curve(key)

    def fits_authority(self, key: object) -> bool:
        """Whether an authority with this key may certify keys that follow this rule: it is of the same kind, and no weaker."""
        if isinstance(key, rsa.RSAPublicKey):
            return self.type == "rsa" and key.key_size >= self.size
        return isinstance(key, ec.EllipticCurvePublicKey) and self._on_curve(key)

    def is_padding(self, parameters: object) -> bool:
        """Whether a signature of this kind was made: PKCS#1 v1.5 with RSA, ECDSA with a curve."""
        return isinstance(parameters, padding.PKCS1v15 if self.type == "rsa" else ec.ECDSA)

    def algorithm(self) -> hashes.HashAlgorithm:
        """The hash that goes with the key."""
        return _HASHES[self.hash]()

    def _on_curve(self, key: ec.EllipticCurvePublicKey) -> bool:
        return self.type == "ec" and key.curve.name == self.curve and key.curve.key_size == self.size


@dataclass(frozen=True)
class CardProfile:
    """The rules for one kind of card certificate from one day on.

    :param policies: OIDs of which the certificate names exactly one.
    :param usages: key usages it names, these and no others.
    :param keys: acceptable keys.
    """

    kind: Kind
    valid_from: date
    policies: frozenset[str]
    test_policies: frozenset[str]
    usages: frozenset[str]
    keys: tuple[KeyRule, ...]
    source: str

    def key_rule(self, key: object) -> KeyRule | None:
        """The rule that ``key`` follows, or None."""
        return next((rule for rule in self.keys if rule.fits(key)), None)

    def accepted(self, production: bool) -> frozenset[str]:
        """Policies accepted at this installation."""
        return self.policies if production else self.policies | self.test_policies


def profile(kind: Kind, day: date) -> CardProfile:
    """The profile of ``kind`` in force on ``day``.

    :raises LookupError: when there is none yet on that day.
    """
    rows = [row for row in all_profiles() if row.kind == kind and row.valid_from <= day]
    if not rows:
        raise LookupError(f"no profile of {kind} certificates on {day}")
    return max(rows, key=lambda row: row.valid_from)


@cache
def all_profiles() -> Sequence[CardProfile]:
    """Every row of ``profiles.yaml``."""
    rows = yaml.safe_load((Path(__file__).parent / "profiles.yaml").read_text())
    return tuple(
        CardProfile(
            kind=row["kind"],
            valid_from=row["valid_from"],
            policies=frozenset(row["policies"]) | frozenset(row["mobile_policies"]),
            test_policies=frozenset(row["test_policies"]),
            usages=frozenset(row["usages"]),
            keys=tuple(KeyRule(**key) for key in row["keys"]),
            source=row["source"],
        )
        for row in rows
    )


USAGE_BITS = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)


def usages(extension: x509.KeyUsage) -> frozenset[str]:
    """The bits that are set."""
    return frozenset(bit for bit in USAGE_BITS if getattr(extension, bit))
