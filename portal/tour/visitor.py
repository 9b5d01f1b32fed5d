"""A person with a plain browser: follows links, fills forms, keeps cookies, runs no script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx


class Lost(RuntimeError):
    """The page is not what the person expected; the message says what was looked for and where."""


@dataclass
class Form:
    """A form of a page.

    :param choices: for each radio, checkbox or select name, its values with their words.
    """

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass
class Page:
    """A page as it was read."""

    url: str
    status: int
    html: str
    text: str
    heading: str
    links: list[tuple[str, str]]
    forms: list[Form]
    content_type: str
    content: bytes

    def link(self, *, words: str = "", path: str = "") -> str:
        """The address of the first link with these words and this path in it.

        :raises Lost: when there is none.
        """
        for address, label in self.links:
            if words in label and path in address:
                return urljoin(self.url, address)
        raise Lost(f"{self.url} に「{words or path}」へのリンクがありません（見出し: {self.heading}）")

    def form(self, action_part: str = "", field: str = "") -> Form:
        """The first form whose address has ``action_part`` in it and that asks for ``field``.

        :raises Lost: when there is none.
        """
        for form in self.forms:
            if action_part in form.action and (not field or field in form.fields or field in form.choices):
                return form
        raise Lost(f"{self.url} に「{action_part or field}」の入力欄がありません（見出し: {self.heading}）")

    def must_say(self, *words: str) -> Page:
        """Make sure the page says all of ``words``.

        :raises Lost: naming the first that is missing.
        """
        for word in words:
            if word not in self.text:
                raise Lost(f"{self.url} に「{word}」がありません（見出し: {self.heading}）")
        return self


class Visitor:
    """One person at one browser.

    :param origin: where the portal is, e.g. ``http://localhost:6543``.
    """

    def __init__(self, origin: str, language: str = "ja") -> None:
        self.client = httpx.Client(
            base_url=origin,
            follow_redirects=True,
            timeout=30.0,
            headers={"Accept-Language": language},
            trust_env=False,
        )

    def get(self, address: str) -> Page:
        """Open a page."""
        return _read(self.client.get(address))

    def send(self, page: Page, form: Form, values: Mapping[str, str | list[str]], button: str = "") -> Page:
        """Fill a form and press a button (the one whose words contain ``button``, or the first)."""
        data: dict[str, str | list[str]] = {**form.fields, **values}
        for name, value, words in form.buttons:
            if name and (not button or button in words):
                data[name] = value
                break
        address = urljoin(page.url, form.action or page.url)
        if form.method == "get":
            return _read(self.client.get(address, params=data))
        return _read(
            self.client.post(address, data=data, headers={"Origin": _origin(address), "Referer": page.url})
        )

    def post_json(self, page: Page, address: str, body: object, csrf: str) -> httpx.Response:
        """What the page's own script would send."""
        url = urljoin(page.url, address)
        return self.client.post(
            url, json=body, headers={"Origin": _origin(url), "Referer": page.url, "X-CSRF-Token": csrf}
        )

    def close(self) -> None:
        """Leave."""
        self.client.close()


def _origin(url: str) -> str:
    return "/".join(url.split("/")[:3])


def _read(response: httpx.Response) -> Page:
    parser = _Reader()
    content_type = response.headers.get("content-type", "")
    html = response.text if content_type.startswith("text/") else ""
    if content_type.startswith("text/html"):
        parser.feed(html)
    return Page(
        url=str(response.url),
        status=response.status_code,
        html=html,
        text=" ".join("".join(parser.words).split()) if parser.words else html,
        heading=" ".join("".join(parser.heading).split()),
        links=[(address, " ".join("".join(words).split())) for address, words in parser.links],
        forms=parser.forms,
        content_type=content_type,
        content=response.content,
    )


class _Reader(HTMLParser):
    """Collects text, links and forms of one page."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.heading: list[str] = []
        self.links: list[tuple[str, list[str]]] = []
        self.forms: list[Form] = []
        self._open: list[str] = []
        self._labels: dict[str, str] = {}
        self._select: str | None = None
        self._option: str | None = None
        self._textarea: str | None = None
        self._choice_label: tuple[str, int] | None = None
        self._ids: dict[str, tuple[str, int]] = {}
        self._label_for: str | None = None
        self._button: int | None = None
        self._mute = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        form = self.forms[-1] if self.forms and "form" in self._open else None
        if tag not in ("input", "meta", "link", "img", "br", "hr", "path", "rect", "circle", "line", "wbr"):
            self._open.append(tag)
        if tag in ("script", "style", "template"):
            self._mute += 1
        elif tag == "a" and "href" in given:
            self.links.append((given["href"], []))
        elif tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        elif tag == "label":
            self._label_for = given.get("for")
        elif form is None:
            return
        elif tag == "input":
            self._input(form, given)
        elif tag == "select":
            self._select = given.get("name", "")
            form.choices.setdefault(self._select, [])
        elif tag == "option" and self._select is not None:
            form.choices[self._select].append((given.get("value", ""), ""))
            self._option = self._select
            if "selected" in given or self._select not in form.fields:
                form.fields[self._select] = given.get("value", "")
        elif tag == "textarea":
            self._textarea = given.get("name", "")
            form.fields[self._textarea] = ""
        elif tag == "button":
            form.buttons.append((given.get("name", ""), given.get("value", ""), ""))
            self._button = len(form.buttons) - 1

    def _input(self, form: Form, given: dict[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text")
        if not name:
            return
        if kind in ("radio", "checkbox"):
            values = form.choices.setdefault(name, [])
            values.append((given.get("value", "on"), ""))
            if "id" in given:
                self._ids[given["id"]] = (name, len(values) - 1)
            if "checked" in given:
                form.fields[name] = given.get("value", "on")
        elif kind == "submit":
            form.buttons.append((name, given.get("value", ""), given.get("value", "")))
        else:
            form.fields[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open and self._open.pop() != tag:
                continue
        if tag in ("script", "style", "template"):
            self._mute = max(0, self._mute - 1)
        elif tag == "option":
            self._option = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._textarea = None
        elif tag == "label":
            self._label_for = None
        elif tag == "button":
            self._button = None
        if tag in ("p", "div", "li", "td", "th", "dd", "dt", "h1", "h2", "h3", "tr"):
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        if self._mute:
            return
        self.words.append(data)
        if "h1" in self._open:
            self.heading.append(data)
        if "a" in self._open and self.links:
            self.links[-1][1].append(data)
        if not self.forms:
            return
        form = self.forms[-1]
        if self._textarea is not None:
            form.fields[self._textarea] += data
        elif self._option is not None:
            value, words = form.choices[self._option][-1]
            form.choices[self._option][-1] = (value, words + data.strip())
        elif self._label_for in self._ids:
            name, index = self._ids[self._label_for or ""]
            value, words = form.choices[name][index]
            form.choices[name][index] = (value, words + data.strip())
        elif self._button is not None and self._button < len(form.buttons):
            name, value, words = form.buttons[self._button]
            form.buttons[self._button] = (name, value, words + data.strip())
