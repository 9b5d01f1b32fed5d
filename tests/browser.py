"""A real Chromium, and the portal on a loopback port with somebody at the counter."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.web.conftest import Counter
from tests.web.people import ENVIRON_KEY, Person

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

PATIENCE = 90_000
"""Milliseconds for one step of a browser: the machine may be at a fifth of its speed."""
expect.set_options(timeout=PATIENCE)

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
"""What axe judges a page by."""


def complaints(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds wrong with the page that is open: each rule with the first elements that break it.

    Only what is wrong is carried out of the page: the list of what is right is many times as long as a long page itself.
    """
    wanted = {"runOnly": RULES, "resultTypes": ["violations"]}
    page.evaluate(Axe().axe_script)
    found = page.evaluate("options => axe.run(document, options).then(results => results.violations)", wanted)
    return [(one["id"], [node["html"][:200] for node in one["nodes"]][:3]) for one in found]


@contextmanager
def visiting(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """A visit without memory of the ones before, by somebody with patience.

    :param options: of the browser's context.
    """
    context = browser.new_context(locale="ja-JP", **options)
    context.set_default_timeout(PATIENCE)
    try:
        yield context
    finally:
        context.close()


def turn(link: Locator) -> None:
    """Press what leads to another page, and wait until that page is there whole.

    A click alone may return while the old page still stands: what is asked next is then answered by the old page, what is written
    next is lost with it, and going to an address takes a form back that is on its way.

    :param link: a link, or a button that sends a form.
    :raises playwright.sync_api.TimeoutError: when no page comes.
    """
    with link.page.expect_navigation():
        link.click()


@contextmanager
def launched(**more: Any) -> Iterator[Browser]:
    """Debian's Chromium, without its own network."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, **more)
        yield browser
        browser.close()


class Quiet(WSGIRequestHandler):
    """Says nothing about requests."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


class Server(ThreadingMixIn, WSGIServer):
    """One thread a request."""

    daemon_threads = True


class Served:
    """The portal as a browser finds it.

    ``person`` is who stands at the counter from the next request on.
    """

    def __init__(self, counter: Counter, person: Person | None = None) -> None:
        self.person = person
        self._app = counter.app
        self.server = make_server("127.0.0.1", 0, self._serve, Server, Quiet)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def _serve(self, environ: dict[str, Any], start: Any) -> Any:
        environ[ENVIRON_KEY] = self.person_of(environ)
        return self._app(environ, start)  # type: ignore[operator]

    def person_of(self, environ: dict[str, Any]) -> Person | None:
        """Who sends a request."""
        return self.person

    def close(self) -> None:
        """Put the lights out."""
        self.server.shutdown()
        self.server.server_close()
