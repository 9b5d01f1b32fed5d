"""Software cards: a PKCS#11 token that shows what OpenSC shows of a real card, and security keys for staff.

One folder a card, so that putting a card on the reader is naming its folder. The token itself never locks; the tries that a
real card counts are counted in ``tries.json`` beside it (see ``docs/card-login.md``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sandbox.cards.token import make_token
from sandbox.pki import Pki
from sandbox.pki.subject import Holder

__all__ = ["CardPerson", "IssuedCard", "cards", "provision"]


@dataclass(frozen=True)
class CardPerson:
    """Someone who gets a card.

    :param name: short ASCII name of the card's folder, e.g. ``hanako``.
    :param pin: four digits of the 利用者証明用.
    :param password: 6 to 16 capital letters and digits of the 署名用.
    :param generation: authority generation that signs, else the newest.
    """

    name: str
    holder: Holder
    pin: str = "1234"
    password: str = "ABC123"  # noqa: S105 - an invented person's
    generation: str | None = None


@dataclass(frozen=True)
class IssuedCard:
    """What the other stand-ins (住基ネット) learn about a card.

    :param auth_issuer: SHA-256 of the issuer name in DER, hex: with the serial the key of an account.
    :param auth_serial: 発行の番号 of the 利用者証明用, upper-case hex.
    """

    name: str
    folder: str
    auth_issuer: str
    auth_serial: str
    sign_serial: str
    pin: str
    password: str


def provision(
    var_dir: Path, people: Iterable[CardPerson], pki: Pki, at: datetime, ocsp_url: str
) -> list[IssuedCard]:
    """Make the cards that are missing under ``var_dir/cards``; those already there stay as they are.

    ``var_dir/cards/cards.json`` lists all of them.

    :param at: moment of issue.
    :param ocsp_url: written into the certificates, up to the kind: ``<ocsp_url>/auth``.
    :returns: all cards, in the order of ``people``.
    """
    home = var_dir / "cards"
    home.mkdir(parents=True, exist_ok=True)
    known = {card.name: card for card in cards(var_dir)}
    for person in people:
        if person.name not in known:
            known[person.name] = make_token(home / person.name, person, pki, at, ocsp_url)
            rows = [card.__dict__ for card in known.values()]
            scratch = home / "cards.json.new"
            scratch.write_text(json.dumps(rows, ensure_ascii=False, indent=1))
            scratch.replace(home / "cards.json")
    return list(known.values())


def cards(var_dir: Path) -> list[IssuedCard]:
    """All cards made so far under ``var_dir/cards``."""
    try:
        rows = json.loads((var_dir / "cards" / "cards.json").read_text())
    except FileNotFoundError:
        return []
    return [IssuedCard(**row) for row in rows]
