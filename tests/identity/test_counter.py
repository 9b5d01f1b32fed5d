"""A terminal at the counter, left by one person to the next: nothing of the one is there for the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portal.identity.limits import limits
from portal.settings import Settings, SettingsError
from sandbox.pki import Pki
from storage.clock import FixedClock
from tests.conftest import Databases
from tests.identity.web import Portal, anew, make_portal, post, signed, waiting
from tests.pki.world import card

NAMED = "さんの画面です"
DONE = "終わりました（画面を消す）"


@pytest.fixture(scope="module")
def installed(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Portal:
    return make_portal(databases, tmp_path_factory.mktemp("terminal"), counter=True)


@pytest.fixture
def terminal(installed: Portal, pki: Pki, databases: Databases, clock: FixedClock) -> Iterator[Portal]:
    yield from anew(installed, pki, databases, clock)


def test_the_page_says_whose_it_is_and_shows_the_way_out(terminal: Portal, pki: Pki) -> None:
    browser, code = waiting(terminal)
    assert DONE not in browser.get("/login").text
    post(terminal, code, signed(terminal, code, card(pki.auth)))
    browser.get("/login/card/finish")
    page = browser.get("/my/sessions")
    assert NAMED in page.html.select_one(".md-counter__name").get_text()
    assert page.html.select_one("[data-session-warning]")["data-session-leave"] == "/?out=time"
    without_script = page.html.select_one("head noscript").decode_contents()
    assert 'http-equiv="refresh"' in without_script
    assert 'content="182;' in without_script
    browser.set_cookie("madoguchi-display", "en.plain")
    done = browser.get("/my/sessions").html.select_one(".md-counter form")
    assert done["action"] == "/logout"
    token = done.select_one("input[name=csrf_token]")["value"]
    left = browser.post("/logout", {"csrf_token": token})
    assert "cache" in left.headers["Clear-Site-Data"]
    assert not browser.cookies.get("madoguchi-display")
    assert browser.get("/my/sessions").status_code == 303


def test_a_session_there_stands_unused_for_minutes_only(terminal: Portal, pki: Pki) -> None:
    browser, code = waiting(terminal)
    post(terminal, code, signed(terminal, code, card(pki.auth)))
    browser.get("/login/card/finish")
    rules = limits(terminal.clock.today())
    assert rules.idle_counter < rules.idle_resident
    assert browser.get("/my/sessions").status_code == 200
    terminal.clock.advance(seconds=rules.idle_counter.total_seconds() + 1)
    assert browser.get("/my/sessions").status_code == 303


def test_a_session_that_ended_by_itself_leaves_no_more_than_one_that_was_ended(
    terminal: Portal, pki: Pki
) -> None:
    browser, code = waiting(terminal)
    post(terminal, code, signed(terminal, code, card(pki.auth)))
    browser.get("/login/card/finish")
    browser.set_cookie("madoguchi-display", "en.plain")
    assert browser.get("/?out=time").headers["Location"].endswith("/my/")
    terminal.clock.advance(seconds=limits(terminal.clock.today()).idle_counter.total_seconds() + 1)
    gone = browser.get("/?out=time", status=303)
    assert gone.headers["Location"].endswith("/?out=1")
    assert gone.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert set(browser.cookies) == {"madoguchi-form"}  # the form's token, which names nobody
    # From then on she chooses a language like everywhere.
    browser.set_cookie("madoguchi-display", "en.plain")
    assert "Set-Cookie" not in browser.get("/?out=1", status=200).headers


@pytest.mark.parametrize(
    "path",
    [
        "/staff",
        "/staff/",
        "/staff/login",
        "/staff/enrol",
        "/%73taff/login",
        "/staff/%0A",
        "/review/",
        "/commission/",
        "/commission",
    ],
)
def test_the_desks_of_an_office_are_not_there(terminal: Portal, path: str) -> None:
    missing = terminal.browser().get("/nowhere", status=404)
    page = terminal.browser().get(path, status=404)
    assert page.html.main == missing.html.main
    terminal.browser().post(path, {"csrf_token": ""}, status=404)


def test_no_page_leads_to_a_desk_and_what_is_for_residents_stays(terminal: Portal, portal: Portal) -> None:
    for path in ("/", "/login"):
        assert not terminal.browser().get(path).html.select("a[href^='/staff']")
        assert portal.browser().get(path).html.select("a[href='/staff/login']")
    for path in ("/statements/", "/consultations/", "/help/"):
        assert terminal.browser().get(path).status_code == 200
    assert portal.browser().get("/staff/login").status_code == 200


def test_elsewhere_nothing_of_it_is_shown(portal: Portal, pki: Pki) -> None:
    browser, code = waiting(portal)
    post(portal, code, signed(portal, code, card(pki.auth)))
    browser.get("/login/card/finish")
    page = browser.get("/my/sessions")
    assert not page.html.select(".md-counter, head noscript, [data-session-leave]")
    portal.clock.advance(seconds=limits(portal.clock.today()).idle_counter.total_seconds() + 1)
    assert browser.get("/my/sessions").status_code == 200


def test_the_setting_takes_yes_or_no() -> None:
    assert Settings.from_env({"MADOGUCHI_COUNTER": "yes"}).counter
    assert not Settings.from_env({}).counter
    with pytest.raises(SettingsError, match="MADOGUCHI_COUNTER"):
        Settings.from_env({"MADOGUCHI_COUNTER": "true"})
