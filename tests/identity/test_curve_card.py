"""The card to come, with a key on P-384: from its day on it opens the counter as strictly as today's, and not a day before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from portal.card_token import Card, WrongPin, open_card
from portal.identity.card.anchors import Anchors
from portal.identity.card.login import CardVerifier
from portal.identity.card.profile import KeyRule, profile
from portal.identity.card.reasons import CardReason, CardRefused
from sandbox import cards
from sandbox.cards import tries
from sandbox.pki import Pki
from storage.clock import FixedClock
from tests.conftest import Databases
from tests.identity.desk import make_desk
from tests.identity.forgeries import made
from tests.pki.world import (
    COMING,
    HANAKO,
    LATER,
    NOW,
    DirectAsker,
    SoftCard,
    card,
    curve_key,
    spare_key,
    verifier,
)

FIRST = datetime(2028, 3, 31, 15, tzinfo=UTC)
"""The first moment, in Japan, of the day on which the profile of the coming card begins."""


@pytest.fixture
def coming(pki: Pki) -> SoftCard:
    return card(pki.auth, at=COMING)


@pytest.fixture
def strict(pki: Pki) -> CardVerifier:
    return verifier(pki, DirectAsker(pki, LATER))


def refused(strict: CardVerifier, der: bytes, now: datetime = LATER) -> CardReason:
    with pytest.raises(CardRefused) as caught:
        strict.certificate(der, now)
    return caught.value.reason


def test_certificate_signature_and_revocation_are_checked_as_for_any_card(
    strict: CardVerifier, coming: SoftCard, pki: Pki
) -> None:
    found = strict.signed(coming.der, coming.sign(b"a challenge"), b"a challenge", LATER)
    assert found.rule == KeyRule("ec", 384, "sha384", curve="secp384r1")
    pki.auth.register.revoke(coming.certificate.serial_number, LATER)
    with pytest.raises(CardRefused) as caught:
        strict.not_revoked(found, LATER)
    assert caught.value.reason is CardReason.REVOKED


@pytest.mark.parametrize("kind", ["auth", "sign"])
def test_the_day_before_it_the_key_is_refused(pki: Pki, kind: str) -> None:
    early = card(getattr(pki, kind), at=COMING - timedelta(days=400), generation="04")
    check = verifier(pki)
    with pytest.raises(CardRefused) as caught:
        check.certificate(early.der, FIRST - timedelta(seconds=1), kind)  # type: ignore[arg-type]
    assert caught.value.reason is CardReason.WRONG_KEY
    assert check.certificate(early.der, FIRST, kind)  # type: ignore[arg-type]


def test_todays_cards_stay_good_until_they_end(strict: CardVerifier, pki: Pki) -> None:
    old = card(pki.auth, at=NOW)
    assert strict.signed(old.der, old.sign(b"x"), b"x", LATER).rule.type == "rsa"


def test_without_a_pinned_authority_of_that_kind_the_coming_profile_lets_nobody_in(
    pki: Pki, coming: SoftCard
) -> None:
    old = [("auth", issuer.certificate) for issuer in pki.auth.issuers if not issuer.generation.curve]
    check = CardVerifier(Anchors(old, production=False), None)  # type: ignore[arg-type]
    assert refused(check, coming.der) is CardReason.FORGED


def signatures(found: SoftCard) -> dict[str, bytes]:
    """What is no signature of the profile over ``b"x"``."""
    good = found.sign(b"x")
    assert isinstance(found.key, ec.EllipticCurvePrivateKey)
    return {
        "raw r and s": bytes(96),
        "bytes after it": good + b"\x00",
        "length in a long form": b"\x30\x81" + good[1:],
        "indefinite length": b"\x30\x80" + good[2:] + b"\x00\x00",
        "zero": bytes.fromhex("3006020100020100"),
        "over other bytes": found.sign(b"y"),
        "with SHA-256": found.key.sign(b"x", ec.ECDSA(hashes.SHA256())),
        "of another key": curve_key(1).sign(b"x", ec.ECDSA(hashes.SHA384())),
        "nothing": b"",
    }


def test_no_other_signature_counts(strict: CardVerifier, coming: SoftCard) -> None:
    found = strict.certificate(coming.der, LATER)
    found.check_signature(coming.sign(b"x"), b"x")
    for name, signature in signatures(coming).items():
        with pytest.raises(CardRefused) as caught:
            found.check_signature(signature, b"x")
        assert caught.value.reason is CardReason.WRONG_SIGNATURE, name


def bad(pki: Pki) -> dict[str, tuple[bytes, CardReason]]:
    """Certificates that mix kinds of keys, or use a curve of the same size."""
    old, new = pki.auth.at(NOW), pki.auth.at(COMING)
    end = LATER + timedelta(days=9)
    found = {
        "a curve of the same size": (
            made(pki.auth, issuer=new, key=ec.generate_private_key(ec.BrainpoolP384R1()), end=end),
            CardReason.WRONG_KEY,
        ),
        "a smaller curve": (
            made(pki.auth, issuer=new, key=ec.generate_private_key(ec.SECP256R1()), end=end),
            CardReason.WRONG_KEY,
        ),
        "a curve key under an RSA authority": (
            made(pki.auth, issuer=old, key=curve_key(), algorithm=hashes.SHA384(), end=end),
            CardReason.WRONG_ALGORITHM,
        ),
        "an RSA key under a curve authority": (
            made(pki.auth, issuer=new, key=spare_key(), algorithm=hashes.SHA256(), end=end),
            CardReason.WRONG_ALGORITHM,
        ),
        "signed with SHA-256": (
            made(pki.auth, issuer=new, key=curve_key(), algorithm=hashes.SHA256(), end=end),
            CardReason.WRONG_ALGORITHM,
        ),
        "forged under the same name": (
            made(pki.auth, issuer=new, key=curve_key(), sign_with=curve_key(1), end=end),
            CardReason.FORGED,
        ),
    }
    return {name: (one.public_bytes(Encoding.DER), reason) for name, (one, reason) in found.items()}


def test_kinds_of_keys_are_not_mixed(strict: CardVerifier, pki: Pki) -> None:
    for name, (der, reason) in bad(pki).items():
        assert refused(strict, der) is reason, name


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_no_flipped_bit_is_accepted(strict: CardVerifier, coming: SoftCard) -> None:
    for position in range(0, len(coming.der), 5):
        changed = bytearray(coming.der)
        changed[position] ^= 1
        refused(strict, bytes(changed))


@pytest.fixture(scope="module")
def folder(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A software card whose keys were made on the curve, inside the token."""
    home = tmp_path_factory.mktemp("curve")
    (issued,) = cards.provision(
        home, [cards.CardPerson("mirai", HANAKO)], pki, COMING, "http://127.0.0.1/ocsp"
    )
    return Path(issued.folder)


@pytest.fixture
def token(folder: Path) -> Iterator[Card]:
    tries.reset(folder)
    yield open_card(folder=folder)
    tries.reset(folder)


def test_a_token_signs_in_the_form_the_portal_reads(token: Card, strict: CardVerifier) -> None:
    for _ in range(8):
        # r and s begin with a zero or a high bit now and then; DER writes those differently.
        assert strict.signed(token.certificate(), token.sign("1234", b"x"), b"x", LATER)
    with pytest.raises(WrongPin, match="あと2回"):
        token.sign("0000", b"x")


def test_a_token_with_a_key_of_an_unknown_curve_is_said_in_words(
    token: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal import card_token

    monkeypatch.setattr(card_token, "P384", b"another")
    with pytest.raises(card_token.CardError, match="鍵の種類"):
        token.sign("1234", b"x")
    assert token.tries().left == 3


def test_the_login_from_challenge_to_session(pki: Pki, databases: Databases, token: Card) -> None:
    desk = make_desk(pki, databases.web, FixedClock(LATER))
    started = desk.start()
    signature = token.sign("1234", started.message.to_bytes())
    desk.desk.answer(started.code, token.certificate(), signature, b"\x07" * 32)
    opened = desk.desk.finish(started.entry)
    assert opened
    assert opened.purpose == "login"


def test_both_kinds_of_keys_are_in_the_profile_from_that_day_on() -> None:
    for kind in ("auth", "sign"):
        before = profile(kind, (FIRST - timedelta(days=1)).date())  # type: ignore[arg-type]
        after = profile(kind, datetime(2028, 4, 1, tzinfo=UTC).date())  # type: ignore[arg-type]
        assert [rule.type for rule in before.keys] == ["rsa"]
        assert [rule.type for rule in after.keys] == ["rsa", "ec"]
        assert "不確か" in after.source
