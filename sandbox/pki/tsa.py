"""The time-stamp authority (RFC 3161): it signs "these bytes existed at this moment"."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.pki import keys
from sandbox.pki.authority import key_usage
from sandbox.pki.names import SANDBOX_MARKER

# The policy under which the stand-in stamps; a private arc, like the marker.
POLICY = "2.25.182719366027510366113019846316409431872"
_LENGTH = {"sha256": 32, "sha384": 48, "sha512": 64}
# PKIFailureInfo bits of RFC 3161 2.4.2.
_BAD_ALGORITHM, _BAD_FORMAT = "bad_alg", "bad_data_format"


class TimeStampAuthority:
    """The authority kept in ``folder``: a root and one stamping key."""

    def __init__(self, folder: Path) -> None:
        self.root = keys.load_certificate(folder / "tsa-ca.pem")
        self.certificate = keys.load_certificate(folder / "tsa.pem")
        key = keys.load_key(folder / "tsa.key")
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key = key
        self._asn1_certificate = asn1_x509.Certificate.load(
            self.certificate.public_bytes(serialization.Encoding.DER)
        )

    @classmethod
    def create(cls, folder: Path, at: datetime) -> TimeStampAuthority:
        """Make what is missing in ``folder``, then open it."""
        if not (folder / "tsa.pem").exists():
            _create(folder, at)
        return cls(folder)

    def stamp(self, question: bytes, now: datetime) -> bytes:
        """The DER answer to a DER time-stamp request."""
        try:
            request = tsp.TimeStampReq.load(question, strict=True)
            imprint = request["message_imprint"]
            algorithm = imprint["hash_algorithm"]["algorithm"].native
            digest = imprint["hashed_message"].native
        except ValueError:
            return _rejection(_BAD_FORMAT)
        if algorithm not in _LENGTH:
            return _rejection(_BAD_ALGORITHM)
        if len(digest) != _LENGTH[algorithm]:
            return _rejection(_BAD_FORMAT)
        values: dict[str, object] = {
            "version": "v1",
            "policy": POLICY,
            "message_imprint": imprint,
            "serial_number": secrets.randbits(63),
            "gen_time": now.astimezone(UTC).replace(microsecond=0),
        }
        if request["nonce"].native is not None:
            values["nonce"] = request["nonce"].native
        token = self._sign(tsp.TSTInfo(values).dump(), now, bool(request["cert_req"].native))
        return tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump()

    def _sign(self, content: bytes, now: datetime, with_certificates: bool) -> cms.ContentInfo:
        certificate = self.certificate.public_bytes(serialization.Encoding.DER)
        signing = tsp.SigningCertificateV2({"certs": [{"cert_hash": hashlib.sha256(certificate).digest()}]})
        attributes = cms.CMSAttributes(
            [
                {"type": "content_type", "values": ["tst_info"]},
                {
                    "type": "signing_time",
                    "values": [cms.Time({"utc_time": now.astimezone(UTC).replace(microsecond=0)})],
                },
                {"type": "message_digest", "values": [hashlib.sha256(content).digest()]},
                {"type": "signing_certificate_v2", "values": [signing]},
            ]
        )
        signature = self._key.sign(attributes.dump(), padding.PKCS1v15(), hashes.SHA256())
        signer = cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier(
                    {
                        "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                            {
                                "issuer": self._asn1_certificate.issuer,
                                "serial_number": self._asn1_certificate.serial_number,
                            }
                        )
                    }
                ),
                "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
                "signed_attrs": attributes,
                "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa"}),
                "signature": signature,
            }
        )
        data: dict[str, object] = {
            "version": "v3",
            "digest_algorithms": [algos.DigestAlgorithm({"algorithm": "sha256"})],
            "encap_content_info": {
                "content_type": "tst_info",
                "content": core.ParsableOctetString(content),
            },
            "signer_infos": [signer],
        }
        if with_certificates:
            root = self.root.public_bytes(serialization.Encoding.DER)
            data["certificates"] = [self._asn1_certificate, asn1_x509.Certificate.load(root)]
        return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(data)})


def _rejection(failure: str) -> bytes:
    """A refusal: a sequence that holds the status alone, without a token."""
    status = tsp.PKIStatusInfo({"status": "rejection", "fail_info": tsp.PKIFailureInfo({failure})}).dump()
    return b"\x30" + bytes([len(status)]) + status


def _create(folder: Path, at: datetime) -> None:
    begin = at - timedelta(days=1)
    root_key, key = keys.new_key(), keys.new_key()
    root_name, name = _name("Time Stamp Root"), _name("Time Stamp Authority")
    root = (
        _builder(root_name, root_name, root_key.public_key(), begin, years=20)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(x509.UnrecognizedExtension(SANDBOX_MARKER, b"\x05\x00"), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        _builder(name, root_name, key.public_key(), begin, years=11)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False
        )
        .sign(root_key, hashes.SHA256())
    )
    keys.save_key(folder / "tsa-ca.key", root_key)
    keys.save_certificate(folder / "tsa-ca.pem", root)
    keys.save_key(folder / "tsa.key", key)
    keys.save_certificate(folder / "tsa.pem", leaf)


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Madoguchi Sandbox"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: object, begin: datetime, years: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)  # type: ignore[arg-type]
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=366 * years))
    )
