"""Everybody is told when the session will end, and can go on: in the text of the page, and in time where the script runs."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.identity.limits import limits
from portal.identity.models import ANONYMOUS, Identity
from portal.identity.routes import FILES
from portal.identity.sessions import ends_at
from sandbox.pki import Pki
from tests.browser import visiting
from tests.identity.web import JSON, Portal, signed, waiting
from tests.pki.world import card

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


def signed_in(portal: Portal, pki: Pki) -> Any:
    browser, code = waiting(portal)
    portal.browser().post_json(f"/login/card/c/{code}", signed(portal, code, card(pki.auth)), headers=JSON)
    browser.get("/login/card/finish")
    return browser


def said(page: Any) -> datetime:
    return datetime.fromisoformat(page.html.find("time", attrs={"data-session-ends": True})["datetime"])


def test_a_page_says_when_the_session_ends_and_the_next_page_says_later(portal: Portal, pki: Pki) -> None:
    browser = signed_in(portal, pki)
    began, idle = portal.clock.now(), limits(portal.clock.today()).idle_resident
    first = browser.get("/my/sessions")
    assert said(first) == began + idle
    assert "にログアウトします" in first.text
    portal.clock.advance(minutes=10)
    assert said(browser.get("/my/sessions")) == began + timedelta(minutes=10) + idle


def test_what_the_page_says_is_when_it_ends(portal: Portal, pki: Pki) -> None:
    browser = signed_in(portal, pki)
    ends = said(browser.get("/my/sessions"))
    portal.clock.advance(seconds=(ends - portal.clock.now()).total_seconds() - 1)
    page = browser.get("/my/sessions", status=200)
    portal.clock.advance(seconds=(said(page) - portal.clock.now()).total_seconds() + 1)
    assert browser.get("/my/sessions", status=303).headers["Location"].startswith("http://localhost/login")


def test_going_on_moves_the_end_and_says_it_to_the_script(portal: Portal, pki: Pki) -> None:
    browser = signed_in(portal, pki)
    portal.clock.advance(minutes=14)
    answer = browser.get("/session/alive", headers=JSON).json
    assert answer["left"] == limits(portal.clock.today()).idle_resident.total_seconds()
    portal.clock.advance(minutes=14)
    assert browser.get("/session/alive", headers=JSON, status=200)
    portal.clock.advance(minutes=16)
    assert browser.get("/session/alive", headers=JSON, status=403)


def test_no_pause_leads_past_the_end_of_the_day_and_a_visitor_has_none() -> None:
    near = NOW + timedelta(minutes=3)
    identity = Identity("resident", last_seen_at=NOW, expires_at=near, idle=timedelta(minutes=15))
    assert ends_at(identity, NOW) == near
    assert ends_at(ANONYMOUS, NOW) is None


PAGE = """<main tabindex="-1"><time data-session-ends data-session-left="900">10:15</time>
<div data-session-warning hidden><div data-session-say="soon" hidden>soon<button data-session-stay>stay</button></div>
<div data-session-say="over" hidden>over</div></div></main><script type="module" src="http://portal.test/end.js"></script>"""


def stop_the_clock(page: Page) -> None:
    """Time on the page goes on only when it is told to: a slow machine is no long wait."""
    page.clock.install(time=NOW)
    page.clock.pause_at(NOW + timedelta(seconds=1))


@pytest.mark.browser
def test_the_script_warns_two_minutes_before_and_goes_on_when_told(chromium: Browser) -> None:
    names = re.findall(r"\[(data-[a-z-]+)\]", (FILES / "session-end.js").read_text())
    macro = Path("templates/components/session_end.jinja2").read_text("utf-8")
    assert names
    assert all(name in macro for name in names)
    answers = [{"ends_at": "2026-11-22T01:30:00+00:00", "left": 900}]
    with visiting(chromium) as context:
        page = context.new_page()
        page.route("http://portal.test/", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        page.route(
            "http://portal.test/end.js",
            lambda route: route.fulfill(path=FILES / "session-end.js", content_type="text/javascript"),
        )
        page.route(
            "http://portal.test/session/alive",
            lambda route: (
                route.fulfill(body=json.dumps(answers.pop())) if answers else route.fulfill(status=403)
            ),
        )
        stop_the_clock(page)
        page.goto("http://portal.test/")
        soon, over = page.locator("[data-session-say=soon]"), page.locator("[data-session-say=over]")
        page.clock.run_for(12 * 60_000)
        expect(soon).to_be_hidden()
        page.clock.run_for(80_000)
        expect(soon).to_be_visible()
        page.get_by_text("stay").click()
        soon.wait_for(state="hidden")
        assert page.locator("[data-session-ends]").inner_text() == "10:30"
        page.clock.run_for(14 * 60_000)
        expect(soon).to_be_visible()
        page.get_by_text("stay").click()
        over.wait_for(state="visible")
        expect(soon).to_be_hidden()


@pytest.mark.browser
def test_at_a_terminal_of_the_counter_the_page_goes_away_when_the_session_is_over(chromium: Browser) -> None:
    shared = PAGE.replace("data-session-warning", 'data-session-warning data-session-leave="/?out=1"')
    with visiting(chromium) as context:
        page = context.new_page()
        page.route("http://portal.test/", lambda route: route.fulfill(body=shared, content_type="text/html"))
        page.route("http://portal.test/?out=1", lambda route: route.fulfill(body="nobody's page"))
        page.route(
            "http://portal.test/end.js",
            lambda route: route.fulfill(path=FILES / "session-end.js", content_type="text/javascript"),
        )
        stop_the_clock(page)
        page.goto("http://portal.test/")
        page.locator("[data-session-ends]").wait_for()
        page.clock.run_for(899_000)
        expect(page.locator("[data-session-ends]")).to_be_visible()
        page.clock.run_for(1_200)
        page.locator("main").wait_for(state="detached")
        page.clock.run_for(2_000)
        page.wait_for_url("http://portal.test/?out=1")


@pytest.mark.browser
def test_at_a_terminal_of_the_counter_a_page_that_is_left_keeps_nothing(chromium: Browser) -> None:
    form = '<form><input name="name"></form>'
    shared = form + PAGE.replace(
        "data-session-warning", 'data-session-warning data-session-leave="/?out=time"'
    )
    with visiting(chromium) as context:
        page, asked = context.new_page(), []
        page.route(
            "http://portal.test/",
            lambda route: (asked.append(1), route.fulfill(body=shared, content_type="text/html")),
        )
        page.route(
            "http://portal.test/end.js",
            lambda route: route.fulfill(path=FILES / "session-end.js", content_type="text/javascript"),
        )
        page.goto("http://portal.test/")
        page.locator("input[autocomplete=off]").wait_for()
        page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
        assert page.locator("body").inner_html() == ""
        with page.expect_navigation():
            page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
        page.locator("main").wait_for()
        assert asked == [1, 1]
