"""What a clerk does: signs in with her security key, takes an application in, asks another city for an item."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from portal.tour.visitor import Lost, Page, Visitor

PATIENCE = 60.0


class Key:
    """Her security key, a device of its own.

    :param store: the file that is the key.
    """

    def __init__(self, store: Path, origin: str) -> None:
        self._store = store
        self._origin = origin

    def made(self) -> bool:
        """Whether it was registered before."""
        return self._store.exists()

    def answer(self, do: str, options: dict[str, Any]) -> str:
        """Let the key answer a page's options (``create`` or ``get``).

        :raises Lost: when it does not.
        """
        self._store.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "sandbox.cards.key_command", do]
        done = subprocess.run(  # noqa: S603 (our own program)
            [*command, "--store", str(self._store), "--origin", self._origin],
            input=json.dumps(options),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Lost(f"セキュリティーキーが答えません: {done.stderr.strip().splitlines()[-1:]}")
        return done.stdout


def enrol(visitor: Visitor, key: Key, code: str) -> Page:
    """Register the key with the one-time code."""
    page = visitor.get("/staff/enrol")
    form = page.form("/staff/enrol")
    options = _options(visitor, page, "/staff/enrol/options", form.fields["csrf_token"], code)
    credential = key.answer("create", options)
    return visitor.send(page, form, {"code": code, "label": "案内のキー", "credential": credential})


def sign_in(visitor: Visitor, key: Key) -> Page:
    """Sign in with the key."""
    page = visitor.get("/staff/login")
    form = page.form("/staff/login")
    options = _options(visitor, page, "/staff/login/options", form.fields["csrf_token"], "")
    return visitor.send(page, form, {"credential": key.answer("get", options)})


def take_application(visitor: Visitor, affair: str, addressee: str) -> Page:
    """Receive an application at the counter.

    :raises Lost: when the page does not offer the affair.
    """
    page = visitor.get(visitor.get("/staff/").link(path="/staff/cases/new"))
    form = page.form(field="addressee")
    value = next((value for value, words in form.choices["affair"] if affair in words), None)
    if value is None:
        raise Lost(f"手続き「{affair}」が選べません")
    return visitor.send(page, form, {"affair": value, "addressee": addressee}).must_say("受付")


def ask(visitor: Visitor, case: Page, item: str, holder: str, purpose: str) -> Page:
    """Ask a holder for an item and wait for the answer.

    :raises Lost: when the page does not offer it, or no answer comes in time.
    """
    page = visitor.get(case.link(path="/inquiries/new"))
    form = page.form(field="purpose")
    choice = next(
        (v for v, words in form.choices.get("choice", []) if item in words and holder in words), None
    )
    if choice is None:
        raise Lost(f"「{holder}」に「{item}」を求める選択肢がありません（{page.heading}）")
    page = visitor.send(page, form, {"choice": choice, "purpose": purpose})
    end = time.monotonic() + PATIENCE
    while "この画面を離れても続きます" in page.text:
        if time.monotonic() > end:
            raise Lost(f"{PATIENCE:.0f}秒たっても答えがありません: {page.url}")
        time.sleep(0.5)
        page = visitor.get(page.url.split("?")[0])
    return page


def _options(visitor: Visitor, page: Page, address: str, csrf: str, code: str) -> dict[str, Any]:
    answer = visitor.post_json(page, address, {"code": code}, csrf)
    body: dict[str, Any] = answer.json()
    if answer.status_code != 200:
        raise Lost(f"{address}: {body.get('detail', answer.status_code)}")
    return body
