"""Which card certificates open the counter, and the reason for each that does not."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.identity.card import certificate as check
from portal.identity.card.anchors import AnchorRefused, Anchors
from portal.identity.card.profile import all_profiles, profile
from portal.identity.card.reasons import WORDS, CardReason, CardRefused
from sandbox.pki import Pki
from sandbox.pki.keys import PrivateKey
from sandbox.pki.names import KINDS
from tests.identity.forgeries import AUTH_POLICY, CORPUS, made, policies
from tests.pki.world import NOW, anchors, card, spare_key, verifier


@pytest.mark.parametrize("generation", ["02", "03"])
def test_a_card_of_either_living_generation_is_accepted(pki: Pki, generation: str) -> None:
    good = card(pki.auth, generation=generation)
    found = verifier(pki).certificate(good.der, NOW)
    assert found.serial == good.certificate.serial_number
    assert found.anchor.certificate == pki.auth.at(NOW, generation).certificate
    assert len(found.issuer_hash) == 32


@pytest.mark.parametrize("name", list(CORPUS))
def test_each_bad_certificate_is_refused_with_its_own_reason(pki: Pki, name: str) -> None:
    make, reason = CORPUS[name]
    with pytest.raises(CardRefused) as refused:
        verifier(pki).certificate(make(pki).public_bytes(Encoding.DER), NOW)
    assert refused.value.reason is reason


# The library allows more algorithms than the profile, and is given the issuer; of these our own list alone is the judge.
OURS_ALONE = {
    "key of 1024 bits",
    "key identifier of another generation",
    "key with exponent 3",
    "key on a curve that is not allowed",
    "signed with SHA-512",
    "signed with PSS",
}


@pytest.mark.parametrize("name", [name for name in CORPUS if name not in OURS_ALONE])
def test_the_library_alone_refuses_it_too(pki: Pki, name: str) -> None:
    bad = CORPUS[name][0](pki)
    signer = next((i for i in pki.auth.issuers if _signed_by(bad, i.certificate)), pki.auth.issuers[2])
    identifier = signer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    (anchor,) = anchors(pki.anchors).candidates(signer.certificate.subject.public_bytes(), identifier)
    with pytest.raises(CardRefused):
        check._second_opinion(bad, anchor, profile("auth", NOW.date()), False, NOW)


@pytest.mark.parametrize(
    "name", ["any policy", "key usage wrong", "says it is an authority", "unknown critical extension"]
)
def test_a_slip_in_our_own_pass_is_caught_by_the_librarys(
    pki: Pki, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "_extensions", lambda *_: None)
    with pytest.raises(CardRefused) as refused:
        verifier(pki).certificate(CORPUS[name][0](pki).public_bytes(Encoding.DER), NOW)
    assert refused.value.reason is CardReason.PROFILE


def _signed_by(child: x509.Certificate, parent: x509.Certificate) -> bool:
    try:
        child.verify_directly_issued_by(parent)
    except Exception:
        return False
    return True


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_bytes_that_are_no_certificate_are_unreadable(data: bytes) -> None:
    with pytest.raises(CardRefused) as refused:
        check.load(data)
    assert refused.value.reason is CardReason.UNREADABLE


# A flipped bit may make the serial number negative, of which the library warns.
@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@given(position=st.integers(0, 1100), bit=st.integers(0, 7))
@settings(max_examples=300, deadline=None)
def test_no_flipped_bit_is_accepted(pki: Pki, position: int, bit: int) -> None:
    der = bytearray(card_der(pki))
    der[position % len(der)] ^= 1 << bit
    with pytest.raises(CardRefused):
        verifier(pki).certificate(bytes(der), NOW)


def card_der(pki: Pki) -> bytes:
    if not hasattr(pki.auth, "test_der"):
        pki.auth.test_der = card(pki.auth).der  # type: ignore[attr-defined]
    return pki.auth.test_der  # type: ignore[attr-defined]


def test_a_certificate_of_great_size_is_not_parsed() -> None:
    with pytest.raises(CardRefused) as refused:
        check.load(b"\x30" * (check.MAX_CERTIFICATE + 1))
    assert refused.value.reason is CardReason.UNREADABLE


def test_bytes_after_the_certificate_are_refused(pki: Pki) -> None:
    with pytest.raises(CardRefused):
        verifier(pki).certificate(card_der(pki) + b"\x00", NOW)


def test_the_last_second_of_a_certificate_counts(pki: Pki) -> None:
    good = card(pki.auth)
    last = good.certificate.not_valid_after_utc
    assert verifier(pki).certificate(good.der, last)
    with pytest.raises(CardRefused):
        verifier(pki).certificate(good.der, last + timedelta(seconds=1))


def test_a_login_certificate_does_not_sign_and_a_signing_one_does(pki: Pki) -> None:
    assert verifier(pki).certificate(card(pki.sign).der, NOW, kind="sign")
    with pytest.raises(CardRefused) as refused:
        verifier(pki).certificate(card(pki.auth).der, NOW, kind="sign")
    assert refused.value.reason is CardReason.WRONG_AUTHORITY


def test_production_refuses_the_sandboxs_authorities(pki: Pki) -> None:
    with pytest.raises(AnchorRefused, match="試験用"):
        Anchors.from_folder(pki.anchors, production=True)


def test_production_refuses_a_test_card_by_its_issuers_name_alone(pki: Pki) -> None:
    """Even before looking for an authority, so that the person is told what it is."""
    with pytest.raises(CardRefused) as refused:
        check.verify(card(pki.auth).certificate, b"", _empty_production(), profile("auth", NOW.date()), NOW)
    assert refused.value.reason is CardReason.TEST_CARD


def test_production_refuses_a_policy_of_the_test_environment(pki: Pki) -> None:
    bad = made(pki.auth, replace=policies("1.2.392.200149.8.5.1.0.30"))
    rule = profile("auth", NOW.date())
    check._extensions(bad, rule, production=False)
    with pytest.raises(CardRefused) as refused:
        check._extensions(bad, rule, production=True)
    assert refused.value.reason is CardReason.TEST_CARD


def _empty_production() -> Anchors:
    return Anchors([], production=True)


def test_an_installation_without_a_login_authority_does_not_start(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(AnchorRefused, match="auth-"):
        Anchors.from_folder(tmp_path, production=False)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_file_that_holds_no_certificate_stops_the_start_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "auth-01.pem").write_bytes(content)
    with pytest.raises(AnchorRefused, match=r"auth-01\.pem"):
        Anchors.from_folder(tmp_path, production=False)


def test_an_authority_of_another_kind_of_key_or_with_a_false_signature_is_no_anchor(pki: Pki) -> None:
    with pytest.raises(AnchorRefused, match="鍵の種類"):
        Anchors([("auth", self_signed(pki, ec.generate_private_key(ec.SECP256R1())))], production=False)
    with pytest.raises(AnchorRefused, match="自己署名"):
        Anchors([("auth", self_signed(pki, spare_key(), signed_by=spare_key(1)))], production=False)
    assert len(Anchors([("auth", self_signed(pki, spare_key()))], production=False)) == 1


def self_signed(pki: Pki, key: PrivateKey, signed_by: PrivateKey | None = None) -> x509.Certificate:
    """An authority under the right name."""
    return (
        x509.CertificateBuilder()
        .subject_name(pki.auth.name)
        .issuer_name(pki.auth.name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(signed_by or key, hashes.SHA256())
    )


def test_an_end_certificate_is_no_anchor(pki: Pki) -> None:
    with pytest.raises(AnchorRefused):
        Anchors([("auth", card(pki.auth).certificate)], production=False)


def test_every_reason_has_words_that_say_what_to_do_next() -> None:
    for reason in CardReason:
        refusal = CardRefused(reason)
        assert refusal.what_happened.endswith("。")
        assert refusal.what_next.endswith("。")
        assert refusal.what_was_kept
    assert set(WORDS) == set(CardReason)


def test_profiles_are_dated_and_name_their_source() -> None:
    for kind in KINDS:
        assert profile(kind, date(2026, 11, 22)).policies
        with pytest.raises(LookupError):
            profile(kind, date(2015, 12, 31))
    assert all(row.source for row in all_profiles())
    assert AUTH_POLICY in profile("auth", NOW.date()).policies
