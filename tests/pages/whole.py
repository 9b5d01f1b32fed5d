"""The whole portal with something on every page, and the list of its pages with somebody who may see each."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.clock import FixedClock
from storage.encryption import KeyRing
from tests.conftest import Databases
from tests.pages import office, records, rooms
from tests.web.conftest import Counter, open_portal
from tests.web.forms import form_of
from tests.web.people import CLERK, OPERATOR, OTHER_RESIDENT, RESIDENT, Person

RESIDENT_PAGES = (
    "/my/", "/my/records", "/my/records?outcome=provided", "/my/records?period=own&from=x", "/my/records?words=zzz",
    f"/my/records/{records.record_id(0)}", f"/my/records/{records.record_id(4)}", "/my/records/flow",
    "/my/records/calendar?year=2026", "/my/records/export", "/my/records/export?asked=1", "/my/sessions",
    "/nowhere", "/staff/",
)  # fmt: skip
PUBLIC_PAGES = (
    "/", "/?out=1", "/help/", "/help/card", "/help/odd-record", "/help/glossary", "/help/names", "/help/proof",
    "/help/language", "/accessibility", "/log-keys", "/nowhere",
)  # fmt: skip
# Each room of the portal that has pages of its own: ``furnish(worker, clock, ring)`` and ``pages(counter)``.
ROOMS = [
    importlib.import_module(f"tests.pages.rooms.{found.name}")
    for found in sorted(pkgutil.iter_modules(rooms.__path__), key=lambda found: found.name)
]


@dataclass(frozen=True)
class Whole:
    """The portal with everything in it. Its pages are read, never written on: all modules of a process share it."""

    counter: Counter
    pages: list[tuple[str, Person | None]]


def furnished(databases: Databases, ring: KeyRing, folder: Path) -> Whole:
    """Write everything, and list the pages.

    :param folder: where the portal keeps its files.
    """
    clock = FixedClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))
    records.write(databases.worker, clock)
    office.furnish(databases.worker, clock, ring)
    for room in ROOMS:
        room.furnish(databases.worker, clock, ring)
    counter = open_portal(databases, clock, folder, ring)
    return Whole(counter, _pages(counter))


@pytest.fixture(scope="module")
def counter(whole: Whole) -> Counter:
    """The portal with everything in it."""
    return whole.counter


@pytest.fixture(scope="module")
def pages(whole: Whole) -> list[tuple[str, Person | None]]:
    """Every page with somebody who may see it; the desks have a case and an inquiry."""
    return whole.pages


def _pages(counter: Counter) -> list[tuple[str, Person | None]]:
    browser = counter.of(CLERK)
    form = form_of(browser.get("/staff/cases/new"), "/staff/cases/new")
    form["affair"], form["addressee"] = office.AFFAIR, office.ADDRESSEE
    case = form.submit().follow().request.path
    form = form_of(browser.get(f"{case}/inquiries/new"), "/inquiries/new")
    form["choice"] = browser.get(f"{case}/inquiries/new").html.select_one("input[name=choice]")["value"]
    form["purpose"] = "児童手当の審査のため"
    inquiry = form.submit().follow().request.path
    return [
        *((path, None) for path in PUBLIC_PAGES),
        *((path, RESIDENT) for path in RESIDENT_PAGES),
        ("/my/records?words=zzz", OTHER_RESIDENT),
        *(
            (path, CLERK)
            for path in ("/staff/", "/staff/cases/new", case, f"{case}/inquiries/new", inquiry, "/my/")
        ),
        ("/staff/", OPERATOR),
        ("/staff/dead-letters", OPERATOR),
        *(page for room in ROOMS for page in room.pages(counter)),
    ]
