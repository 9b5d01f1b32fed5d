"""Certificates and answers such as no library would build: bent in one point, and signed anew by the right key.

So what is refused is refused for its form, not for a broken signature.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asn1crypto import algos, core, ocsp, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tests.pki.world import SoftCard

_HASHES: dict[str, hashes.HashAlgorithm] = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256()}


def body(card: SoftCard) -> bytes:
    """The signed part of a card's certificate."""
    found: bytes = x509.Certificate.load(card.der)["tbs_certificate"].dump()
    return found


def sealed(signed_part: bytes, key: Any, digest: str = "sha256", spare: bytes = b"\x00") -> bytes:
    """A certificate of these very bytes.

    :param spare: how many bits at the end of the signature are said to be unused.
    """
    signature = key.sign(signed_part, padding.PKCS1v15(), _HASHES[digest])
    algorithm = algos.SignedDigestAlgorithm({"algorithm": f"{digest}_rsa", "parameters": core.Null()})
    return tlv(0x30, signed_part + algorithm.dump() + tlv(0x03, spare + signature))


def swapped(card: SoftCard, key: Any, old: str, new: str, digest: str = "sha256") -> bytes:
    """A card's certificate with one place of its signed part changed.

    :param old: hex of bytes that stand there once; ``new`` is as long.
    """
    before, after = bytes.fromhex(old), bytes.fromhex(new)
    signed_part = body(card)
    assert signed_part.count(before) == 1
    assert len(before) == len(after)
    return sealed(signed_part.replace(before, after), key, digest)


def with_serial(card: SoftCard, key: Any, serial: int) -> bytes:
    """A card's certificate under another serial number."""
    return _rebuilt(card, key, lambda part: part.__setitem__("serial_number", serial))


def with_extension_twice(card: SoftCard, key: Any, number: int) -> bytes:
    """A card's certificate that carries one of its extensions twice."""
    return _rebuilt(card, key, lambda part: part["extensions"].append(part["extensions"][number]))


def with_issuer_as(card: SoftCard, key: Any, kind: str) -> bytes:
    """A card's certificate whose issuer is the same name in strings of another kind."""
    kinds = {"printable_string": core.PrintableString, "bmp_string": core.BMPString}

    def bend(part: Any) -> None:
        for line in part["issuer"].chosen:
            for item in line:
                if item["type"].native != "country_name":
                    item["value"] = x509.DirectoryString(kind, kinds[kind](item["value"].native))

    return _rebuilt(card, key, bend)


def _rebuilt(card: SoftCard, key: Any, bend: Callable[[Any], None]) -> bytes:
    part = x509.Certificate.load(card.der)["tbs_certificate"].copy()
    bend(part)
    return sealed(part.dump(force=True), key)


def indefinite(der: bytes) -> bytes:
    """The same content in the indefinite form of BER."""
    return b"\x30\x80" + _content(der) + b"\x00\x00"


def long_length(der: bytes) -> bytes:
    """The same content behind a length that is longer than it needs to be."""
    inside = _content(der)
    return b"\x30\x84" + len(inside).to_bytes(4, "big") + inside


def _content(der: bytes) -> bytes:
    return der[2 + (der[1] & 0x7F if der[1] & 0x80 else 0) :]


def bent_answer(der: bytes, key: Any, bend: Callable[[Any], None], digest: str = "sha256") -> bytes:
    """An OCSP answer after ``bend`` has changed what is signed, signed anew by ``key``."""
    basic = ocsp.OCSPResponse.load(der)["response_bytes"]["response"].parsed.copy()
    part = basic["tbs_response_data"]
    bend(part)
    basic["signature"] = key.sign(part.dump(force=True), padding.PKCS1v15(), _HASHES[digest])
    basic["signature_algorithm"] = {"algorithm": f"{digest}_rsa", "parameters": core.Null()}
    inside = core.ObjectIdentifier("1.3.6.1.5.5.7.48.1.1").dump() + tlv(0x04, basic.dump(force=True))
    return tlv(0x30, b"\x0a\x01\x00" + tlv(0xA0, tlv(0x30, inside)))


def tlv(tag: int, inside: bytes) -> bytes:
    """One element of DER."""
    if len(inside) < 0x80:
        return bytes([tag, len(inside)]) + inside
    size = (len(inside).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(inside).to_bytes(size, "big") + inside
