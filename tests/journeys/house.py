"""The whole portal on a loopback port for journeys: several people with a browser each, one clock, the worker's hand where time passes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import Browser, Page

from storage.clock import FixedClock
from storage.database import Scope, Transaction
from storage.encryption import KeyRing
from tests.browser import PATIENCE, Served, turn
from tests.conftest import Databases
from tests.web.conftest import open_portal
from tests.web.people import Person

WIDE, PHONE = (1200, 900), (390, 844)
HEADER = "X-Test-Person"
Found = TypeVar("Found")


class ByHeader(Served):
    """Each browser says who sits before it, so that what a page does by itself is done by its own person."""

    people: dict[str, Person]

    def person_of(self, environ: dict[str, Any]) -> Person | None:
        return self.people.get(environ.get(f"HTTP_{HEADER.upper().replace('-', '_')}", ""))


class House:
    """Everything a journey needs.

    :param keys: of its offices. :param folder: for files of this house. :param day: the day it begins.
    """

    def __init__(
        self, databases: Databases, keys: KeyRing, browser: Browser, folder: Path, day: datetime
    ) -> None:
        self.databases = databases
        self.clock = FixedClock(day.astimezone(UTC))
        self.keys = keys
        self._browser = browser
        self._people: dict[str, Person] = {}
        self._pages: dict[str, Page] = {}
        self.complaints: list[str] = []
        self._served = ByHeader(open_portal(databases, self.clock, folder / "var", keys))
        self._served.people = self._people
        self.origin = self._served.origin

    def page(self, person: Person | None, size: tuple[int, int] = WIDE) -> Page:
        """The browser of somebody; the same one whenever she is asked for. None is anybody, with a browser without a memory."""
        name = str(person.account_id) if person else ""
        if name in self._pages and person is not None:
            return self._pages[name]
        context = self._browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="ja-JP",
            extra_http_headers={HEADER: name},
        )
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self._hear(page, message.text))
        if person is not None:
            self._people[name] = person
            self._pages[name] = page
        return page

    def _hear(self, page: Page, text: str) -> None:
        # An answer of 409 is a refusal the journey looks at; everything else a browser complains of is a fault.
        if "status of 409" not in text:
            self.complaints.append(f"{page.url}: {text}")

    def open(self, person: Person | None, path: str, size: tuple[int, int] = WIDE) -> Page:
        """Somebody opens an address."""
        page = self.page(person, size)
        page.goto(self.origin + path)
        return page

    def work(self, tenant: str, carry: Callable[[Transaction], Found]) -> Found:
        """What a worker does in a tenant."""
        with self.databases.worker.transaction(Scope(tenant=tenant)) as tx:
            return carry(tx)

    def close(self) -> None:
        """Put the lights out."""
        self._served.close()


def press(page: Page, name: str, exact: bool = True) -> None:
    """Press the first button of a name, or follow the first link that looks like one; the page that comes is there afterwards."""
    button = page.get_by_role("button", name=name, exact=exact)
    # Every step ends with a page that is there whole: what it does not hold now, it does not hold.
    turn((button if button.count() else page.get_by_role("link", name=name, exact=exact)).first)


def follow(page: Page, name: str, exact: bool = False) -> None:
    """Follow the first link of a name in the main part of a page, to the page it leads to."""
    turn(page.locator("main").get_by_role("link", name=name, exact=exact).first)


def says(page: Page, words: str) -> bool:
    """Whether the page says something."""
    return words in page.locator("body").inner_text()
