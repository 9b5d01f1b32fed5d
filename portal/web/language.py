"""Languages of the screens: 日本語, やさしい日本語, English; and ふりがな, which is off until somebody wants it.

The Japanese text is the key of the catalogues. A text that a catalogue lacks is shown in Japanese rather than left out.
Readings are put on fixed texts only, from a list written by hand; a name is never given a reading by guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import yaml
from babel.messages.pofile import read_po
from markupsafe import Markup, escape
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.web.permissions import Permission

LANGUAGES = {"ja": "日本語", "ja_easy": "やさしい日本語", "en": "English"}
HTML_LANGUAGE = {"ja": "ja", "ja_easy": "ja", "en": "en"}
LOCALE = Path(__file__).parent.parent / "locale"
COOKIE = "madoguchi-display"
ONE_YEAR = 365 * 24 * 3600


@cache
def catalogue(language: str) -> dict[str, str]:
    """Japanese text to the text of another language, read from its .po files; empty for Japanese itself."""
    found: dict[str, str] = {}
    for path in sorted((LOCALE / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            messages = read_po(file, locale=HTML_LANGUAGE[language])
        found |= {str(m.id): str(m.string) for m in messages if m.id and m.string}
    return found


@cache
def readings() -> tuple[re.Pattern[str], dict[str, str]]:
    """The words that get ふりがな and their readings, longest first."""
    words: dict[str, str] = yaml.safe_load((LOCALE / "readings.yaml").read_text("utf-8"))
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))), words


def _ruby(word: str, reading: str) -> str:
    """One word with its reading above the kanji only; kana at its end stay as they are."""
    tail = ""
    while len(word) > 1 and word[-1] == reading[-1] and word[-1] >= "ぁ" and word[-1] <= "ん":
        word, reading, tail = word[:-1], reading[:-1], word[-1] + tail
    return f"<ruby>{word}<rp>（</rp><rt>{reading}</rt><rp>）</rp></ruby>{tail}"


def with_ruby(text: str) -> Markup:
    """The text with readings above its words, readable also where ruby is not known."""
    pattern, words = readings()
    marked = pattern.sub(lambda match: _ruby(match[0], words[match[0]]), str(escape(text)))
    return Markup(marked)  # noqa: S704 - only texts of our own catalogues come here, escaped first


class Pattern:
    """A marked text with blanks, taken apart once, so that filling it costs a join and no parsing."""

    def __init__(self, text: Markup) -> None:
        pieces = [(literal, field) for literal, field, _, _ in Formatter().parse(str(text))]
        self._text = "".join(
            literal.replace("%", "%%") + ("" if field is None else "%s") for literal, field in pieces
        )
        self._blanks = [field for _, field in pieces if field is not None]

    def fill(self, values: Mapping[str, Any]) -> Markup:
        """The text with its blanks filled; what is not markup is escaped.

        :raises KeyError: when a blank has no value.
        """
        filled = [
            value if type(value := values[field]) is Markup else escape(value) for field in self._blanks
        ]
        return Markup(self._text % tuple(filled))  # noqa: S704 - our own texts, values are escaped above

    def put(self, values: Mapping[str, Any]) -> str:
        """The text with its blanks filled by values that are markup already, or are known to hold no character of it.

        :raises KeyError: when a blank has no value.
        """
        return self._text % tuple(map(values.__getitem__, self._blanks))


class Texts:
    """The fixed texts of one language, with or without ふりがな. Looking one up costs one dictionary access."""

    def __init__(self, language: str, ruby: bool) -> None:
        self.language = language
        self.ruby = ruby and language != "en"
        self._strings = catalogue(language)
        self._marked: dict[str, Markup] = {}
        self._patterns: dict[str, Pattern] = {}

    def plain(self, text: str, /, **values: object) -> str:
        """The text without markup: for titles, attributes and mail."""
        found = self._strings.get(text, text)
        return found.format(**values) if values else found

    def marked(self, text: str, /, **values: object) -> Markup:
        """The text for a page; values are escaped, ふりがな is put on the fixed part only."""
        return self.pattern(text).fill(values) if values else self._fixed(text)

    def pattern(self, text: str) -> Pattern:
        """The text ready to be filled many times."""
        found = self._patterns.get(text)
        if found is None:
            found = self._patterns[text] = Pattern(self._fixed(text))
        return found

    def _fixed(self, text: str) -> Markup:
        found = self._marked.get(text)
        if found is None:
            string = self._strings.get(text, text)
            found = self._marked[text] = with_ruby(string) if self.ruby else escape(string)
        return found


@cache
def texts(language: str, ruby: bool) -> Texts:
    """The texts of a language; there are five of these in a process."""
    return Texts(language, ruby)


def display(request: Request) -> tuple[str, bool]:
    """(language, ふりがな) of this request: what was chosen, else what the browser asks for, else Japanese."""
    chosen, _, ruby = request.cookies.get(COOKIE, "").partition(".")
    if chosen not in LANGUAGES:
        chosen = "ja"
        if "Accept-Language" in request.headers:
            chosen = request.accept_language.lookup(("ja", "en"), default="ja")
    return chosen, ruby == "ruby" and chosen != "en"


def safe_path(path: str | None) -> str:
    """A path of this site to go back to; anything that could lead elsewhere becomes the front page."""
    if not path or not path.startswith("/") or path.startswith("//") or re.search(r"[\\\x00-\x1f]", path):
        return "/"
    return path


def choose_display(request: Request) -> Response:
    """Remember the language or the ふりがな switch for a year and go back to the page."""
    language, ruby = request.display
    if request.GET.get("language") in LANGUAGES:
        language = request.GET["language"]
    if request.GET.get("ruby") in ("on", "off"):
        ruby = request.GET["ruby"] == "on"
    response = HTTPSeeOther(location=safe_path(request.GET.get("back")))
    response.set_cookie(
        COOKIE,
        f"{language}.{'ruby' if ruby else 'plain'}",
        max_age=ONE_YEAR,
        httponly=True,
        samesite="Lax",
        secure=request.portal.secure,
    )
    return response


def includeme(config: Configurator) -> None:
    """Add ``request.display``, ``request.language``, ``request.texts`` and the switch."""
    config.add_request_method(display, "display", reify=True)
    config.add_request_method(lambda request: request.display[0], "language", property=True)
    config.add_request_method(lambda request: texts(*request.display), "texts", property=True)
    config.add_route("display", "/display")
    config.add_view(choose_display, route_name="display", request_method="GET", permission=Permission.PUBLIC)
