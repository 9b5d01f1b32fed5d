"""The revocation list (CRL) of one generation."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from sandbox.pki.authority import CardAuthority
from sandbox.pki.keys import hash_for

PUBLISHED_EVERY = timedelta(days=1)


def revocation_list(authority: CardAuthority, generation: str, now: datetime) -> bytes:
    """The signed list in DER.

    :param generation: its name, e.g. ``03``.
    :raises LookupError: when there is no such generation.
    """
    for issuer in authority.issuers:
        if issuer.generation.name == generation:
            break
    else:
        raise LookupError(f"no generation {generation}")
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.name)
        .last_update(now)
        .next_update(now + PUBLISHED_EVERY)
        .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False
        )
    )
    for serial, at in sorted(authority.register.revocations().items()):
        revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
        builder = builder.add_revoked_certificate(revoked)
    return builder.sign(issuer.key, hash_for(issuer.key)).public_bytes(serialization.Encoding.DER)
