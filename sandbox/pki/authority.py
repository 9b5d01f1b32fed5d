"""The card authority: one tier, self-signed, all its generations under one name.

A verifier that picks the issuer by name mostly picks the wrong one; it has to go by key identifier and signature. That is why
all generations are here, not only the newest.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from sandbox.pki import keys
from sandbox.pki.names import (
    CPS_URI,
    GENERATIONS,
    ORGANIZATION,
    POLICY,
    PURPOSE,
    SANDBOX_MARKER,
    Generation,
    Kind,
    authority_name,
    distribution_point,
    service_name,
)
from sandbox.pki.register import Register
from sandbox.pki.subject import Holder, fifth_birthday, four_attributes, opaque_name

_NO_USAGE = dict.fromkeys(
    (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    ),
    False,
)


def key_usage(*named: str) -> x509.KeyUsage:
    """A key usage with only the bits named."""
    return x509.KeyUsage(**{**_NO_USAGE, **dict.fromkeys(named, True)})


@dataclass(frozen=True)
class Issuer:
    """One generation ready to sign, with its delegated OCSP signer."""

    generation: Generation
    certificate: x509.Certificate
    key: keys.PrivateKey
    responder: x509.Certificate
    responder_key: keys.PrivateKey


class CardAuthority:
    """The authority of one kind of card certificate, kept in a folder.

    :param folder: made by :meth:`create`, read by this constructor.
    :param kind: ``auth`` 利用者証明用 or ``sign`` 署名用.
    """

    def __init__(self, folder: Path, kind: Kind) -> None:
        self.kind: Kind = kind
        self.name = authority_name(kind)
        self.folder = folder
        self.register = Register(folder / "register")
        self.issuers = tuple(_load(folder, generation) for generation in GENERATIONS)

    @classmethod
    def create(cls, folder: Path, kind: Kind) -> CardAuthority:
        """Make the generations that are missing in ``folder``, then open it."""
        for generation in GENERATIONS:
            if not (folder / generation.name / "responder.pem").exists():
                _create(folder / generation.name, kind, generation)
        return cls(folder, kind)

    def at(self, moment: datetime, generation: str | None = None) -> Issuer:
        """The generation that signs at ``moment``: the one named, else the newest in force that has begun with cards."""
        for issuer in reversed(self.issuers):
            begun = issuer.generation.cards_from or issuer.generation.not_before
            if generation is None and moment < datetime.fromisoformat(begun):
                continue
            if generation is not None and issuer.generation.name != generation:
                continue
            if issuer.certificate.not_valid_before_utc <= moment <= issuer.certificate.not_valid_after_utc:
                return issuer
        raise LookupError(f"no generation {generation or ''} of the {self.kind} authority is in force")

    def issue(
        self,
        public_key: keys.PublicKey,
        holder: Holder,
        at: datetime,
        *,
        generation: str | None = None,
        ocsp_url: str = "http://127.0.0.1/ocsp",
    ) -> x509.Certificate:
        """Certify a card's key and enter the certificate in the register.

        :param at: moment of issue, aware.
        :param generation: sign with this generation instead of the newest in force.
        """
        issuer = self.at(at, generation)
        serial = self.register.next_serial()
        certificate = self.builder(public_key, holder, at, serial, issuer, ocsp_url).sign(
            issuer.key, keys.hash_for(issuer.key)
        )
        self.register.issued(serial, at)
        return certificate

    def builder(
        self,
        public_key: keys.PublicKey,
        holder: Holder,
        at: datetime,
        serial: int,
        issuer: Issuer,
        ocsp_url: str,
    ) -> x509.CertificateBuilder:
        """The certificate of the profile, not yet signed."""
        usage = ("digital_signature",) if self.kind == "auth" else ("digital_signature", "content_commitment")
        policy = x509.PolicyInformation(x509.ObjectIdentifier(POLICY[self.kind]), [CPS_URI])
        builder = (
            x509.CertificateBuilder()
            .subject_name(opaque_name(self.kind, holder, at))
            .issuer_name(self.name)
            .public_key(public_key)
            .serial_number(serial)
            .not_valid_before(at)
            .not_valid_after(min(fifth_birthday(holder.birth, at), issuer.certificate.not_valid_after_utc))
            .add_extension(key_usage(*usage), critical=True)
            .add_extension(x509.CertificatePolicies([policy]), critical=True)
        )
        if self.kind == "sign":
            builder = builder.add_extension(four_attributes(holder), critical=False)
        point = distribution_point(self.kind, holder.prefecture, holder.city)
        access = x509.AccessDescription(
            AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(ocsp_url)
        )
        return (
            builder.add_extension(x509.IssuerAlternativeName([service_name()]), critical=False)
            .add_extension(x509.CRLDistributionPoints([point]), critical=False)
            .add_extension(x509.AuthorityInformationAccess([access]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        )


def _create(folder: Path, kind: Kind, generation: Generation) -> None:
    make = keys.new_curve_key if generation.curve else keys.new_key
    key, responder_key = make(), make()
    name = authority_name(kind)
    begin = datetime.fromisoformat(generation.not_before)
    end = datetime.fromisoformat(generation.not_after)
    point = x509.DistributionPoint([x509.DirectoryName(name)], None, None, None)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(generation.serial)
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(key_usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([service_name()]), critical=False)
        .add_extension(x509.CRLDistributionPoints([point]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.UnrecognizedExtension(SANDBOX_MARKER, b"\x05\x00"), critical=False)
        .sign(key, keys.hash_for(key))
    )
    keys.save_key(folder / "ca.key", key)
    keys.save_certificate(folder / "ca.pem", certificate)
    keys.save_key(folder / "responder.key", responder_key)
    keys.save_certificate(
        folder / "responder.pem",
        responder_certificate(name, key, responder_key.public_key(), kind, begin, end),
    )


def responder_certificate(
    issuer: x509.Name,
    issuer_key: keys.PrivateKey,
    public_key: keys.PublicKey,
    kind: Kind,
    begin: datetime,
    end: datetime,
    *,
    with_usage: bool = True,
) -> x509.Certificate:
    """The certificate of a delegated OCSP signer (RFC 6960 4.2.2.2).

    :param with_usage: False leaves the extended key usage out, as an attacker's would.
    """
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, PURPOSE[kind]),
            x509.NameAttribute(NameOID.COMMON_NAME, "OCSP Responder"),
        ]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(secrets.randbits(63) | 1)
        .not_valid_before(begin + timedelta(seconds=1))
        .not_valid_after(end)
        .add_extension(key_usage("digital_signature"), critical=True)
        .add_extension(x509.OCSPNoCheck(), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    if with_usage:
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False
        )
    return builder.sign(issuer_key, keys.hash_for(issuer_key))


def _load(folder: Path, generation: Generation) -> Issuer:
    home = folder / generation.name
    return Issuer(
        generation,
        keys.load_certificate(home / "ca.pem"),
        keys.load_key(home / "ca.key"),
        keys.load_certificate(home / "responder.pem"),
        keys.load_key(home / "responder.key"),
    )
