"""Looking at many pages in a real Chromium: what axe and the policy find, and what scrolls sideways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser import Served, complaints, visiting
from tests.web.conftest import Counter
from tests.web.people import Person

WIDTH = "document.documentElement.scrollWidth"


@pytest.fixture(scope="module")
def served(counter: Counter) -> Iterator[Served]:
    """The portal as a browser finds it."""
    found = Served(counter)
    yield found
    found.close()


def examine(
    served: Served, chromium: Browser, pages: list[tuple[str, Person | None]], width: int, language: str
) -> list[Any]:
    """What is wrong with each page at a width and in a language: axe, the policy, scrolling sideways.

    :param width: of the window, in pixels. :param language: as the cookie of the display names it.
    """
    wrong: list[Any] = []
    messages: list[str] = []
    with visiting(chromium, viewport={"width": width, "height": 900}) as context:
        context.add_cookies([{"name": "madoguchi-display", "value": language, "url": served.origin}])
        page = context.new_page()
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        for path, person in pages:
            served.person = person
            page.goto(served.origin + path)
            wrong += [(path, *found) for found in complaints(page)]
            if page.evaluate(WIDTH) > width:
                wrong.append((path, "scrolls sideways"))
            # Last: what a page complains of comes a moment after the page.
            wrong += [(path, text) for text in messages if "responded with a status of" not in text]
            messages.clear()
    return wrong


def sideways(
    served: Served, chromium: Browser, pages: list[tuple[str, Person | None]], language: str
) -> list[str]:
    """The pages that scroll sideways at 320 pixels."""
    wrong = []
    with visiting(chromium, viewport={"width": 320, "height": 700}) as context:
        context.add_cookies([{"name": "madoguchi-display", "value": language, "url": served.origin}])
        page = context.new_page()
        for path, person in pages:
            served.person = person
            page.goto(served.origin + path)
            if page.evaluate(WIDTH) > 320:
                wrong.append(path)
    return wrong
