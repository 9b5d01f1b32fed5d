"""A real Chromium: the card in its certificate store, the waiting page moving on by itself, a security key of its own."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from portal.card_client import answer, fetch
from portal.identity.staff import StaffRegister
from sandbox.pki import Pki
from storage.clock import SystemClock
from tests.browser import ARGUMENTS, CHROMIUM, complaints, launched, turn, visiting
from tests.conftest import Databases
from tests.identity.chooser import chosen, home_with
from tests.identity.front import Front
from tests.pki.world import HANAKO, SoftCard, card

pytestmark = [pytest.mark.browser, pytest.mark.nginx]

# Pictures for a person to look at are left here when the folder is named.
PICTURES = os.environ.get("MADOGUCHI_PICTURES")


@pytest.fixture(scope="module")
def holder(own: Pki) -> SoftCard:
    return card(own.auth, holder=HANAKO, at=datetime.now(UTC) - timedelta(days=30))


@pytest.fixture(scope="module")
def home(front: Front, holder: SoftCard, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where the browser lives: the card's certificate is in its store."""
    return home_with(tmp_path_factory.mktemp("home"), front, holder)


@pytest.fixture(scope="module")
def chromium(home: dict[str, str]) -> Iterator[Browser]:
    """A browser that lives in that home."""
    with launched(env=home) as browser:
        yield browser


@pytest.fixture
def invited(front: Front, databases: Databases) -> str:
    """The code with which a new clerk enrols a key."""
    register = StaffRegister(databases.worker, SystemClock())
    return register.invite("992011", "992011-01", ["caseworker"], "見本 太郎").code


@pytest.fixture
def chooser(front: Front, chromium: Browser, home: dict[str, str]) -> Iterator[Browser]:
    """A browser that chooses the certificate by itself."""
    with chosen(front):
        browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=ARGUMENTS, env=home)
        yield browser
        browser.close()


def test_a_card_in_the_browsers_store_logs_in(front: Front, chooser: Browser) -> None:
    with visiting(chooser) as context:
        page = context.new_page()
        page.goto(f"{front.main}/login?next=/my/sessions")
        page.get_by_role("button", name="証明書を選んでログインする").click()
        page.wait_for_url(f"{front.main}/my/sessions")
        expect(page.get_by_role("heading", name="ログインの記録")).to_be_visible()
        cookies = {cookie["name"]: cookie for cookie in context.cookies()}
        session = cookies["__Host-madoguchi-session"]
        assert session["secure"]
        assert session["httpOnly"]
        assert session["expires"] == -1
        assert "__Host-madoguchi-entry" not in cookies
        turn(page.get_by_role("button", name="ログアウト", exact=True).first)
        page.goto(f"{front.main}/my/sessions")
        assert page.url.startswith(f"{front.main}/login")


class SoftReader:
    """The reader's end of the card client, over a key in memory."""

    def __init__(self, found: SoftCard) -> None:
        self._found = found

    def certificate(self) -> bytes:
        return self._found.der

    def sign(self, pin: str, data: bytes) -> bytes:
        return self._found.sign(data)


def answer_with(front: Front, found: SoftCard, link: str) -> str:
    with httpx.Client(verify=ssl.create_default_context(cafile=str(front.ca)), trust_env=False) as http:
        offer = fetch(link, http)
        answer(offer, SoftReader(found), "1234", http)  # type: ignore[arg-type]
        return offer.matching_code


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_waiting_page_moves_on_when_the_card_has_answered(
    front: Front, chromium: Browser, holder: SoftCard, scripts: bool
) -> None:
    with visiting(chromium, java_script_enabled=scripts) as context:
        page = context.new_page()
        page.goto(f"{front.main}/login?next=/my/sessions")
        turn(page.get_by_role("button", name="確認コードを出す"))
        link = page.locator("a[href*='/login/card/c/']").get_attribute("href")
        assert link
        code = answer_with(front, holder, link)
        # The browser asks by itself; what it showed before must be what the client showed.
        page.wait_for_url(f"{front.main}/my/sessions")
        assert len(code) == 7


def test_the_page_shows_the_same_matching_number_as_the_client(front: Front, chromium: Browser) -> None:
    with (
        visiting(chromium) as context,
        httpx.Client(verify=ssl.create_default_context(cafile=str(front.ca)), trust_env=False) as http,
    ):
        page = context.new_page()
        page.goto(f"{front.main}/login")
        turn(page.get_by_role("button", name="確認コードを出す"))
        link = page.locator("a[href*='/login/card/c/']").get_attribute("href")
        assert link
        offer = fetch(link, http)
        expect(page.get_by_text(offer.matching_code)).to_be_visible()
        page.get_by_text("プログラムがコードを読みました").wait_for()


def with_key(context: BrowserContext, page: Page, **options: Any) -> tuple[Any, str]:
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable", {"enableUI": False})
    usual = {
        "protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "usb", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": {**usual, **options}})
    return session, made["authenticatorId"]


def enrol(front: Front, page: Page, code: str) -> None:
    page.goto(f"{front.main}/staff/enrol")
    page.get_by_label("登録コード").fill(f"{code[:4]}-{code[4:]}".lower())
    page.get_by_role("button", name="キーを登録する").click()


def test_staff_enrol_a_key_sign_in_with_it_and_add_another(
    front: Front, chromium: Browser, invited: str
) -> None:
    with visiting(chromium) as context:
        page = context.new_page()
        session, authenticator = with_key(context, page)
        enrol(front, page, invited)
        page.wait_for_url(f"{front.main}/staff/keys?enrolled=1")
        expect(page.get_by_text("キーが1本だけです")).to_be_visible()
        turn(page.get_by_role("button", name="ログアウト"))
        page.goto(f"{front.main}/staff/login?next=/staff/keys")
        page.get_by_role("button", name="キーでサインインする").click()
        page.wait_for_url(f"{front.main}/staff/keys")
        # The same key cannot be added twice: the browser itself refuses it and the page says so.
        page.get_by_role("button", name="このキーを登録する").click()
        page.get_by_text("キーで確認できませんでした").wait_for()
        session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": authenticator})
        with_key(context, page)
        # A second press within a second counts as a double click: it is the first press on a page that is loaded anew.
        page.reload()
        page.get_by_role("button", name="このキーを登録する").click()
        page.wait_for_url(f"{front.main}/staff/keys?enrolled=1")
        expect(page.get_by_role("button", name="このキーを止める")).to_have_count(2)


def test_the_browser_gives_up_without_verifying_the_person(
    front: Front, chromium: Browser, invited: str
) -> None:
    with visiting(chromium) as context:
        page = context.new_page()
        with_key(context, page, isUserVerified=False)
        enrol(front, page, invited)
        page.get_by_text("キーで確認できませんでした").wait_for()


def test_a_synchronised_passkey_is_refused_with_words(front: Front, chromium: Browser, invited: str) -> None:
    with visiting(chromium) as context:
        page = context.new_page()
        with_key(context, page, defaultBackupEligibility=True, defaultBackupState=True)
        enrol(front, page, invited)
        page.get_by_text("ほかの機器へ写せるものです").wait_for()


def test_a_wrong_code_is_said_on_the_page_itself(front: Front, chromium: Browser) -> None:
    with visiting(chromium) as context:
        page = context.new_page()
        with_key(context, page)
        enrol(front, page, "0" * 16)
        page.get_by_text("登録コードが正しくないか").wait_for()


PAGES = (
    "/login",
    "/login/card/wait",
    "/login/card/c/0000000000",
    "/staff/login",
    "/staff/enrol",
    "/step-up",
    "/staff/keys",
)


@pytest.mark.parametrize("width", [390, 1200])
def test_every_page_is_accessible_and_fits(front: Front, chromium: Browser, invited: str, width: int) -> None:
    with visiting(chromium, viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        page.goto(f"{front.main}/login")
        turn(page.get_by_role("button", name="確認コードを出す"))
        for path in PAGES[:5]:
            look(front, page, path, width)
        with_key(context, page)
        enrol(front, page, invited)
        page.wait_for_url(f"{front.main}/staff/keys?enrolled=1")
        for path in PAGES[5:]:
            look(front, page, path, width)


def look(front: Front, page: Page, path: str, width: int) -> None:
    page.goto(front.main + path)
    assert complaints(page) == [], path
    assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} is wider than the screen"
    if PICTURES:
        name = path.strip("/").replace("/", "-")
        page.screenshot(path=f"{PICTURES}/{name}-{width}.png", full_page=True)
