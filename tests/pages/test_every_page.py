"""What holds for every page at once: no English default of a component, nothing inline, nothing from elsewhere, one h1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.pages.whole import counter, pages
from tests.web.conftest import Counter
from tests.web.people import CLERK, OPERATOR, Person

__all__ = ["counter", "pages"]

LANGUAGES = ("ja.plain", "ja.ruby", "ja_easy.plain", "ja_easy.ruby", "en.plain")
DEFAULTS = (
    "There is a problem", "Skip to main content", "Error:", ">Menu<", "Navigation", "Support links", "GOV.UK",
    "Success", "Important", "characters remaining", "You can enter up to", "Crown", "Cookies",
)  # fmt: skip


def every(counter: Counter, pages: list[tuple[str, Person | None]]) -> Iterator[tuple[str, str, Any]]:
    """Each page in each language."""
    for language in LANGUAGES:
        for path, person in pages:
            browser = counter.of(person)
            browser.set_cookie("madoguchi-display", language)
            yield path, language, browser.get(path, expect_errors=True)


class Outline(HTMLParser):
    """What these tests ask of a page, in one look at each tag: statements have thousands, and there are five languages."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.language = self.title = self.h1 = ""
        self.h1s = 0
        self.ids: list[str] = []
        self.wanted: list[str] = []
        self.inline: list[str] = []
        self.unguarded = 0
        self._inside = ""
        self._guarded = True
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._inside = tag if tag in ("h1", "title") else self._inside
        self.h1s += tag == "h1"
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "style" or "style" in given or (tag == "script" and not given.get("src")):
            self.inline.append(self.get_starttag_text() or tag)
        if tag == "html":
            self.language = given.get("lang", "")
        elif tag == "label" and "for" in given:
            self.wanted.append(given["for"])
        elif tag == "a" and given.get("href", "").startswith("#"):
            self.wanted.append(given["href"][1:])
        elif tag == "form":
            self._guarded = given.get("method", "").lower() != "post"
        elif tag == "input" and given.get("name") == "csrf_token":
            self._guarded = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.unguarded += not self._guarded
        self._inside = "" if tag == self._inside else self._inside

    def handle_data(self, data: str) -> None:
        if self._inside == "h1":
            self.h1 += data.strip()
        elif self._inside == "title":
            self.title += data


def test_the_outline_sees_what_is_wrong() -> None:
    bad = Outline(
        "<html lang=ja><title>x</title><h1> </h1><h1></h1><p id=a style='x'></p><b id=a></b><label for=b></label>"
        "<a href='#c'></a><form method=POST></form><form method=post><input name=csrf_token></form><script>1</script>"
    )
    assert (bad.language, bad.title, bad.h1, bad.h1s, bad.unguarded) == ("ja", "x", "", 2, 1)
    assert (bad.ids, bad.wanted, len(bad.inline)) == (["a", "a"], ["b", "c"], 2)


@pytest.mark.timeout(900)
def test_every_page_in_every_language(counter: Counter, pages: list[tuple[str, Person | None]]) -> None:
    seen = 0
    for path, language, page in every(counter, pages):
        where = (path, language)
        text = page.text
        outline = Outline(text)
        assert page.status_code in (200, 403, 404), where
        assert outline.language == ("en" if language.startswith("en") else "ja"), where
        assert outline.h1s == 1, where
        assert outline.h1, where
        assert "窓口" in outline.title or "Madoguchi" in outline.title, where
        for words in DEFAULTS:
            assert words not in text, (*where, words)
        assert not outline.inline, (*where, outline.inline)
        assert not re.search(r"\son\w+=", re.sub(r">[^<]*<", "><", text)), where
        assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", text), where
        known = set(outline.ids)
        assert len(outline.ids) == len(known), (*where, outline.ids)
        assert not [one for one in outline.wanted if one not in known], where
        assert not outline.unguarded, where
        seen += 1
    assert seen == len(pages) * len(LANGUAGES)


def test_english_pages_hold_no_japanese_of_our_own(
    counter: Counter, pages: list[tuple[str, Person | None]]
) -> None:
    kana = re.compile("[ぁ-ん]{2,}")
    for path, person in pages:
        if person in (CLERK, OPERATOR) or "glossary" in path:
            continue
        browser = counter.of(person)
        browser.set_cookie("madoguchi-display", "en.plain")
        main = browser.get(path, expect_errors=True).html.main
        for quoted in main.select("[lang=ja], rt"):
            quoted.decompose()
        found = [line for line in main.get_text("\n").splitlines() if kana.search(line) and "“" not in line]
        assert not found, (path, found)
