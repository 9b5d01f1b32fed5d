"""What holds for every page at once: no English default of a component, nothing inline, nothing from elsewhere, one h1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

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


def test_every_page_in_every_language(counter: Counter, pages: list[tuple[str, Person | None]]) -> None:
    seen = 0
    for path, language, page in every(counter, pages):
        where = (path, language)
        html, text = page.html, page.text
        assert page.status_code in (200, 403, 404), where
        assert html.html["lang"] == ("en" if language.startswith("en") else "ja"), where
        assert len(html.find_all("h1")) == 1, where
        assert html.h1.get_text(strip=True), where
        assert "窓口" in html.title.get_text() or "Madoguchi" in html.title.get_text(), where
        for words in DEFAULTS:
            assert words not in text, (*where, words)
        assert not html.select("[style], style"), where
        assert not [tag for tag in html.find_all("script") if not tag.get("src")], where
        assert not re.search(r"\son\w+=", re.sub(r">[^<]*<", "><", text)), where
        assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", text), where
        ids = [tag["id"] for tag in html.select("[id]")]
        assert len(ids) == len(set(ids)), (*where, ids)
        for label in html.select("label[for]"):
            assert label["for"] in ids, (*where, label["for"])
        for link in html.select("a[href^='#']"):
            assert link["href"][1:] in ids, (*where, link["href"])
        for form in html.select("form[method=post]"):
            assert form.find("input", attrs={"name": "csrf_token"}) is not None, where
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
