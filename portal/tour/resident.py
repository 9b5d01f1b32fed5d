"""What a resident does: signs in with her card, finds the exchange in her list, reads it, takes list and proof home."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

from portal import card_client
from portal.tour.visitor import Lost, Page, Visitor

PATIENCE = 60.0


def sign_in(visitor: Visitor, card: Path, pin: str) -> Page:
    """Sign in with a card: the page gives a code, the card's program answers it."""
    page = visitor.get("/login")
    page = visitor.send(page, page.form("/login/card"), {})
    link = page.link(path="/login/card/c/")

    def compare(offer: card_client.Offer) -> bool:
        # As a person would: the number on the device must be the one on the page, and the address the portal's own.
        return offer.matching_code in page.text and offer.url == link

    card_client.login(link, pin, folder=card, compare=compare)
    page = visitor.get("/login/card/wait")
    end = time.monotonic() + PATIENCE
    while "/login" in page.url:
        if time.monotonic() > end:
            raise Lost(f"ログインできません（{page.heading}）")
        time.sleep(0.3)
        page = visitor.get("/login/card/wait")
    return page


def wait_for_record(visitor: Visitor, exchange: str) -> Page:
    """Open the newest entries until the one with this exchange number is there; returns its page.

    :raises Lost: when it does not come in time.
    """
    end = time.monotonic() + PATIENCE
    seen: set[str] = set()
    while time.monotonic() < end:
        listing = visitor.get("/my/records")
        for address, _ in listing.links:
            if re.fullmatch(r"/my/records/[0-9a-f-]{36}", address) and address not in seen:
                page = visitor.get(address)
                if exchange in page.text:
                    return page
                seen.add(address)
        time.sleep(0.5)
    raise Lost(f"{PATIENCE:.0f}秒たっても、記録番号 {exchange} が一覧に出ません")


def take(visitor: Visitor) -> bytes:
    """Take the list home as CSV.

    :raises Lost: when something else comes.
    """
    page = visitor.get("/my/records/export")
    taken = visitor.send(page, page.form("/my/records/export/csv"), {})
    if taken.status != 200 or taken.content_type.startswith("text/html"):
        raise Lost(f"CSV を受け取れません（{taken.status} {taken.heading}）")
    return taken.content


def take_sealed_proof(visitor: Visitor) -> bytes:
    """Take a proof in which every record is sealed already: the log is sealed every minute, so it may take one.

    :raises Lost: when it takes two.
    """
    end = time.monotonic() + 2 * PATIENCE
    while True:
        proof = take_made(visitor, "proof")
        if not any(part["pending"] for part in json.loads(proof)["parts"]):
            return proof
        if time.monotonic() > end:
            raise Lost("2分たっても、証明に封印前の記録が残っています")
        time.sleep(3)


def take_made(visitor: Visitor, what: str) -> bytes:
    """Ask for the ``pdf`` or the ``proof`` and fetch it when the worker has made it.

    :raises Lost: when it is not made in time.
    """
    page = visitor.get("/my/records/export")
    before = {address for address, _ in page.links if "/my/downloads/" in address}
    page = visitor.send(page, page.form(f"/my/records/export/{what}"), {})
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for address, _ in page.links:
            if "/my/downloads/" in address and address not in before:
                return visitor.get(address).content
        time.sleep(0.5)
        page = visitor.get("/my/records/export")
    raise Lost(f"{PATIENCE:.0f}秒たっても、{what} ができません")
