"""The card client: a software card behind PKCS#11, the try counter, what it shows, and what it refuses to sign."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from portal import card_client
from portal.card_token import Card, CardError, CardLocked, WrongPin, open_card
from portal.cli import main
from portal.identity.card.reasons import CardReason
from sandbox import cards
from sandbox.cards import tries
from sandbox.cards.token import certificates
from sandbox.pki import Pki
from tests.identity.web import Portal
from tests.pki.world import HANAKO, ISSUED, NOW, verifier

ORIGIN = "http://localhost"


@pytest.fixture(scope="module")
def home(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A var folder with two cards."""
    folder = tmp_path_factory.mktemp("cards")
    people = [
        cards.CardPerson("hanako", HANAKO),
        cards.CardPerson("taro", HANAKO, pin="9876", generation="02"),
    ]
    cards.provision(folder / "sandbox", people, pki, ISSUED, "http://127.0.0.1/ocsp")
    return folder


@pytest.fixture
def folder(home: Path) -> Iterator[Path]:
    found = home / "sandbox" / "cards" / "hanako"
    tries.reset(found)
    yield found
    tries.reset(found)


@pytest.fixture
def http(portal: Portal) -> Iterator[httpx.Client]:
    with httpx.Client(transport=httpx.WSGITransport(app=portal.app)) as found:
        yield found


def ask(portal: Portal) -> tuple[Any, str]:
    """A browser at the waiting page, and the link it shows."""
    browser = portal.browser()
    browser.get("/login").forms[0].submit()
    page = browser.get("/login/card/wait")
    return browser, ORIGIN + page.text.split(f'href="{ORIGIN}')[1].split('"')[0]


def test_the_card_looks_like_the_real_one(home: Path, folder: Path) -> None:
    found = certificates(folder)
    # Without a PIN: both authorities' certificates and the 利用者証明用; the 署名用 stays hidden.
    assert len(found) == 3
    assert sum(c.subject == c.issuer for c in found) == 2
    listed = {card.name: card for card in cards.cards(home / "sandbox")}
    assert set(listed) == {"hanako", "taro"}
    assert int(listed["hanako"].auth_serial, 16) in {c.serial_number for c in found}


def test_the_signing_key_never_signs_without_its_own_pin(folder: Path) -> None:
    import pkcs11

    from sandbox.cards.token import TOKEN_LABEL, _library

    library = _library(folder / "softhsm2.conf")
    with library.get_token(token_label=TOKEN_LABEL["sign"]).open(user_pin="ABC123") as session:
        key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, id=b"\x02")
        with pytest.raises(pkcs11.exceptions.UserNotLoggedIn):
            key.sign(b"x", mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS)
        assert key[pkcs11.Attribute.SENSITIVE]
        assert not key[pkcs11.Attribute.EXTRACTABLE]


def test_provisioning_again_keeps_the_cards(home: Path, pki: Pki) -> None:
    before = cards.cards(home / "sandbox")
    after = cards.provision(home / "sandbox", [cards.CardPerson("hanako", HANAKO)], pki, ISSUED, "http://x")
    assert after == before


def test_three_wrong_pins_lock_the_card_and_the_right_one_resets_the_count(folder: Path) -> None:
    card = open_card(folder=folder)
    with pytest.raises(WrongPin, match="あと2回"):
        card.sign("0000", b"x")
    card.sign("1234", b"x")
    assert card.tries().left == 3
    for left in (2, 1):
        with pytest.raises(WrongPin) as wrong:
            card.sign("0000", b"x")
        assert wrong.value.left == left
    assert card.tries().last
    with pytest.raises(CardLocked):
        card.sign("0000", b"x")
    with pytest.raises(CardLocked):
        card.sign("1234", b"x")
    tries.reset(folder)
    assert card.sign("1234", b"x")


@pytest.mark.parametrize("pin", ["", "123", "12345", "abcd", "１２３４"])
def test_a_pin_that_cannot_be_one_costs_no_try(folder: Path, pin: str) -> None:
    card = open_card(folder=folder)
    with pytest.raises(CardError, match="まだ送っていません"):
        card.sign(pin, b"x")
    assert card.tries().left == 3


@pytest.mark.parametrize("name", ["hanako", "taro"])
def test_what_the_card_signs_passes_the_strict_check(home: Path, pki: Pki, name: str) -> None:
    found = {card.name: card for card in cards.cards(home / "sandbox")}[name]
    card = open_card(folder=Path(found.folder))
    tries.reset(Path(found.folder))
    verified = verifier(pki).signed(
        card.certificate(), card.sign(found.pin, b"a challenge"), b"a challenge", NOW
    )
    assert (verified.issuer_hash.hex(), f"{verified.serial:08X}") == (found.auth_issuer, found.auth_serial)


def test_a_card_that_could_not_be_asked_counts_no_try(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from portal import card_token

    monkeypatch.setattr(card_token, "TOKEN_LABEL", "another token")
    with pytest.raises(CardError, match="見つかりません"):
        open_card(folder=folder).sign("1234", b"x")
    assert open_card(folder=folder).tries().left == 3


def test_no_card_and_no_reader_part_are_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="card list"):
        open_card(folder=tmp_path / "nobody")
    with pytest.raises(CardError, match="PKCS#11"):
        open_card(module=tmp_path / "no.so")


def test_a_login_from_page_to_page(portal: Portal, http: httpx.Client, folder: Path) -> None:
    browser, link = ask(portal)
    assert browser.get("/login/card/state").json == {"state": "waiting"}
    offer = card_client.fetch(link, http)
    assert offer.matching_code in browser.get("/login/card/wait").text
    assert browser.get("/login/card/state").json == {"state": "fetched"}
    card_client.answer(offer, open_card(folder=folder), "1234", http)
    assert browser.get("/login/card/state").json == {"state": "accepted"}
    landed = browser.get("/login/card/wait").follow().follow()
    assert landed.request.path == "/my/"
    assert browser.get("/my/sessions").status_code == 200
    page = browser.get("/my/sessions")
    out = next(form for form in page.forms.values() if form.action == "/logout").submit()
    assert out.headers["Clear-Site-Data"]
    assert browser.get("/my/sessions", status=303).location.startswith(f"{ORIGIN}/login")


def test_a_wrong_pin_sends_nothing_and_keeps_the_code(
    portal: Portal, http: httpx.Client, folder: Path
) -> None:
    browser, link = ask(portal)
    offer = card_client.fetch(link, http)
    with pytest.raises(WrongPin):
        card_client.answer(offer, open_card(folder=folder), "0000", http)
    assert browser.get("/login/card/state").json == {"state": "fetched"}
    card_client.answer(offer, open_card(folder=folder), "1234", http)
    assert browser.get("/login/card/state").json == {"state": "accepted"}


def test_the_portals_refusal_reaches_the_person_in_words(
    portal: Portal, http: httpx.Client, folder: Path
) -> None:
    portal.asker.fault = "stale"
    browser, link = ask(portal)
    offer = card_client.fetch(link, http)
    with pytest.raises(card_client.Refused, match="カードに問題はありません") as refused:
        card_client.answer(offer, open_card(folder=folder), "1234", http)
    assert refused.value.reason == CardReason.STATUS_STALE
    page = browser.get("/login/card/wait")
    assert "カードでログインできませんでした" in page.text
    assert "情報が古く" in page.text
    assert page.forms[0].action == "/login/card" or "新しいコードを出す" in page.text


@pytest.mark.parametrize(
    "url",
    [
        "http://madoguchi.example/login/card/c/0123456789",
        "ftp://localhost/login/card/c/0123456789",
        "https://madoguchi.example/elsewhere",
        "javascript:alert(1)",
        "",
    ],
)
def test_an_address_that_is_no_login_is_not_even_opened(url: str) -> None:
    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"opened {request.url}")

    with (
        httpx.Client(transport=httpx.MockTransport(never)) as http,
        pytest.raises(CardError, match="カードにはまだ触れていません"),
    ):
        card_client.fetch(url, http)


def test_a_site_that_passes_on_anothers_challenge_gets_no_signature(portal: Portal) -> None:
    """The classic relay: a false site fetches a real challenge and shows it as its own."""
    _, link = ask(portal)
    with httpx.Client(transport=httpx.WSGITransport(app=portal.app)) as real:
        stolen = real.get(link, headers={"Accept": "application/json"}).json()

    def false_site(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=stolen)

    with (
        httpx.Client(transport=httpx.MockTransport(false_site)) as http,
        pytest.raises(CardError, match="だまされているおそれ"),
    ):
        card_client.fetch("https://madoguchi.example.evil.test/login/card/c/0123456789", http)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"<html>", b'{"origin": "https://a.example"}'])
def test_an_answer_that_is_none_is_said_in_words(body: bytes) -> None:
    with (
        httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=body))) as http,
        pytest.raises(CardError),
    ):
        card_client.fetch("https://a.example/login/card/c/0123456789", http)


def run(home: Path, portal: Portal, *words: str, pin: str = "1234", monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command as typed, with the PIN through a pipe."""
    original = httpx.Client

    def to_the_portal(**options: Any) -> httpx.Client:
        return original(transport=httpx.WSGITransport(app=portal.app))

    monkeypatch.setattr(card_client.httpx, "Client", to_the_portal)
    return CliRunner(env={"MADOGUCHI_VAR": str(home)}).invoke(main, ["card", *words], input=f"{pin}\n")


def test_the_command_shows_site_number_and_device_before_it_signs(
    portal: Portal, home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, link = ask(portal)
    done = run(home, portal, "login", "--url", link, "--card", "hanako", "--yes", monkeypatch=monkeypatch)
    assert done.exit_code == 0, done.output
    assert ORIGIN in done.output
    assert "Windows・Chrome" in done.output
    assert "1234" not in done.output
    assert browser.get("/login/card/state").json == {"state": "accepted"}


def test_the_command_stops_before_the_last_try_unless_told(
    portal: Portal, home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "tries.json").write_text(
        json.dumps({"auth": {"left": 1, "limit": 3}, "sign": {"left": 5, "limit": 5}})
    )
    _, link = ask(portal)
    words = ("login", "--url", link, "--card", "hanako", "--yes")
    stopped = run(home, portal, *words, pin="0000", monkeypatch=monkeypatch)
    assert stopped.exit_code == 1
    assert "--last-try" in stopped.output
    assert open_card(folder=folder).tries().left == 1
    assert run(home, portal, *words, "--last-try", monkeypatch=monkeypatch).exit_code == 0


def test_the_commands_list_and_show_use_no_pin(
    portal: Portal, home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = run(home, portal, "list", monkeypatch=monkeypatch)
    assert "hanako" in listed.output
    assert "3/3" in listed.output
    shown = run(home, portal, "show", "--card", "hanako", monkeypatch=monkeypatch)
    assert "有効期限" in shown.output
    # The opaque name in the certificate is personal data: never printed.
    assert "CN=" not in shown.output


def test_a_card_is_never_asked_twice_by_itself(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    original = Card.sign

    def count(self: Card, pin: str, data: bytes) -> bytes:
        asked.append(pin)
        return original(self, pin, data)

    monkeypatch.setattr(Card, "sign", count)
    offer = card_client.Offer("http://localhost/", _message(), "", True)
    with pytest.raises(WrongPin):
        card_client.answer(offer, open_card(folder=folder), "0000")
    assert asked == ["0000"]
    assert open_card(folder=folder).tries().left == 2


def _message() -> Any:
    from portal.identity.card.message import ChallengeMessage

    return ChallengeMessage(ORIGIN, b"\x01" * 32, b"\x02" * 32, "login", NOW)
