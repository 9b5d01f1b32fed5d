"""Certificates in forms that no library builds: those outside DER or the profile are refused, in words, and never break anything."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from portal.identity.card.reasons import CardReason, CardRefused
from sandbox.pki import Pki
from tests.identity.forgeries import AUTH_POLICY, made, policies
from tests.identity.ugly import (
    body,
    indefinite,
    long_length,
    sealed,
    swapped,
    with_extension_twice,
    with_issuer_as,
    with_serial,
)
from tests.pki.world import NOW, SoftCard, card, verifier

USAGE, POLICIES, CONSTRAINTS = "2.5.29.15", "2.5.29.32", "2.5.29.19"
ONE_POLICY = policies(AUTH_POLICY).public_bytes().hex()
Maker = Callable[[Pki, SoftCard], bytes]


@pytest.fixture
def good(pki: Pki) -> SoftCard:
    return card(pki.auth)


def outcome(pki: Pki, der: bytes) -> str:
    try:
        verifier(pki).certificate(der, NOW)
    except CardRefused as refused:
        return refused.reason.value
    return "accepted"


def key(pki: Pki) -> object:
    return pki.auth.at(NOW).key


def carrying(pki: Pki, oid: str, value: str, drop: type | None = None, critical: bool = True) -> bytes:
    """A certificate with an extension whose value is these bytes (hex)."""
    raw = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), bytes.fromhex(value))
    return made(pki.auth, drop=drop, add=(raw, critical)).public_bytes(Encoding.DER)


def test_taking_apart_and_signing_anew_changes_nothing_by_itself(pki: Pki, good: SoftCard) -> None:
    """Else the tests below would prove nothing."""
    assert sealed(body(good), key(pki)) == good.der
    assert outcome(pki, good.der) == "accepted"
    assert outcome(pki, carrying(pki, USAGE, "03020780", x509.KeyUsage)) == "accepted"
    assert outcome(pki, carrying(pki, POLICIES, ONE_POLICY, x509.CertificatePolicies)) == "accepted"
    assert outcome(pki, with_serial(good, key(pki), (1 << 159) - 1)) == "accepted"


FORMS: dict[str, Maker] = {
    "indefinite length": lambda p, c: indefinite(c.der),
    "length longer than it need be": lambda p, c: long_length(c.der),
    "bytes after it": lambda p, c: c.der + b"\x00",
    "two of them": lambda p, c: c.der + c.der,
    "unused bits in the signature": lambda p, c: sealed(body(c), key(p), spare=b"\x01"),
    "key usage twice": lambda p, c: with_extension_twice(c, key(p), 0),
    "policies twice": lambda p, c: with_extension_twice(c, key(p), 1),
    "true that is not all ones": lambda p, c: swapped(c, key(p), "0603551d0f0101ff", "0603551d0f010101"),
    "version 4": lambda p, c: swapped(c, key(p), "a003020102", "a003020103"),
    "a version that is left out when it is this": lambda p, c: swapped(c, key(p), "a003020102", "a003020100"),
    "a month that is none": lambda p, c: swapped(c, key(p), "170d323630343031", "170d323631333031"),
    "a time without its zone": lambda p, c: swapped(c, key(p), "5a170d", "41170d"),
    "a country that is no text": lambda p, c: _subject(p, c, "13024a50", "13020001"),
    "bytes after the key usage": lambda p, c: carrying(p, USAGE, "030207800500", x509.KeyUsage),
    "usage bits that exclude each other": lambda p, c: carrying(p, USAGE, "0303078080", x509.KeyUsage),
    "unused bits of the usage set": lambda p, c: carrying(p, USAGE, "030207ff", x509.KeyUsage),
    "a usage that is none": lambda p, c: carrying(p, USAGE, "0500", x509.KeyUsage),
    "bytes after the policies": lambda p, c: carrying(
        p, POLICIES, ONE_POLICY + "0500", x509.CertificatePolicies
    ),
    "bytes after the constraints": lambda p, c: carrying(p, CONSTRAINTS, "30000500"),
    "authority, with a true that is not all ones": lambda p, c: carrying(p, CONSTRAINTS, "3003010101"),
    "an alternative name that is none": lambda p, c: carrying(p, "2.5.29.17", "05", critical=False),
}


def _subject(pki: Pki, found: SoftCard, old: str, new: str) -> bytes:
    """Change the subject alone, which names the country as the issuer does."""
    before, after = (bytes.fromhex("0603550406" + item) for item in (old, new))
    signed_part = body(found)
    at = signed_part.rindex(before)
    return sealed(signed_part[:at] + after + signed_part[at + len(before) :], key(pki))


@pytest.mark.parametrize("name", FORMS)
def test_what_is_not_in_the_one_form_is_unreadable(pki: Pki, good: SoftCard, name: str) -> None:
    assert outcome(pki, FORMS[name](pki, good)) == CardReason.UNREADABLE


CONTENTS: dict[str, tuple[Maker, CardReason]] = {
    "a serial number of 21 octets": (lambda p, c: with_serial(c, key(p), 1 << 159), CardReason.PROFILE),
    "a serial number of 40 octets": (lambda p, c: with_serial(c, key(p), 1 << 319), CardReason.PROFILE),
    "issuer in other strings": (
        lambda p, c: with_issuer_as(c, key(p), "printable_string"),
        CardReason.WRONG_AUTHORITY,
    ),
    "issuer in wide strings": (
        lambda p, c: with_issuer_as(c, key(p), "bmp_string"),
        CardReason.WRONG_AUTHORITY,
    ),
    # The library takes no SHA-1 signature for one at all.
    "signed with SHA-1": (lambda p, c: sealed(body(c), key(p), "sha1"), CardReason.FORGED),
    "two algorithms, one inside and one outside": (
        lambda p, c: swapped(c, key(p), "06092a864886f70d01010b", "06092a864886f70d01010c"),
        CardReason.FORGED,
    ),
    "a usage without a bit": (
        lambda p, c: carrying(p, USAGE, "030100", x509.KeyUsage),
        CardReason.WRONG_USAGE,
    ),
    "no policy in the policies": (
        lambda p, c: carrying(p, POLICIES, "3000", x509.CertificatePolicies),
        CardReason.WRONG_POLICY,
    ),
    "the policy twice": (
        lambda p, c: carrying(
            p, POLICIES, f"30{len(ONE_POLICY) - 4:02x}{ONE_POLICY[4:] * 2}", x509.CertificatePolicies
        ),
        CardReason.WRONG_POLICY,
    ),
    "any extended usage": (
        lambda p, c: carrying(p, "2.5.29.37", "30060604551d2500", critical=False),
        CardReason.WRONG_EXTENDED_USAGE,
    ),
    "a critical key identifier of the authority": (
        lambda p, c: made(
            p.auth,
            replace=x509.AuthorityKeyIdentifier.from_issuer_public_key(p.auth.at(NOW).key.public_key()),
        ).public_bytes(Encoding.DER),
        CardReason.UNKNOWN_CRITICAL,
    ),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_what_is_well_formed_and_wrong_has_its_own_reason(pki: Pki, good: SoftCard, name: str) -> None:
    make, reason = CONTENTS[name]
    assert outcome(pki, make(pki, good)) == reason


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@pytest.mark.parametrize("serial", [0, -5, -(1 << 200)])
def test_a_serial_number_that_is_not_positive_is_refused(pki: Pki, good: SoftCard, serial: int) -> None:
    """It is half of the key of an account. A later parser may not read it at all."""
    found = outcome(pki, with_serial(good, key(pki), serial))
    assert found in (CardReason.PROFILE, CardReason.UNREADABLE)


@pytest.mark.parametrize("tail", [b"\x00", b"\x00" * 16])
def test_bytes_after_a_signature_make_it_another(pki: Pki, good: SoftCard, tail: bytes) -> None:
    found = verifier(pki).certificate(good.der, NOW)
    found.check_signature(good.sign(b"x"), b"x")
    for signature in (good.sign(b"x") + tail, tail + good.sign(b"x"), good.sign(b"x")[:-1], b""):
        with pytest.raises(CardRefused) as refused:
            found.check_signature(signature, b"x")
        assert refused.value.reason is CardReason.WRONG_SIGNATURE
