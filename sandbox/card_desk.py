"""Cards for the demonstration population, and their certificates as the 住基ネット CS learns of them."""

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from sandbox import cards, pki
from sandbox.cards.token import CardMakerMissing
from sandbox.people import PEOPLE
from sandbox.pki.subject import Holder

#: Who gets a card: enough for every story (moved, rare characters, protected), few enough to be made in seconds.
CARD_HOLDERS = ("hanako", "taro", "sakura", "ichiro", "yoshiko", "katsuragi", "mamori", "saburo")
_SEX = {"男": "1", "女": "2"}
_CITY = {"992011": ("Kono-shi", "99201"), "992020": ("Otsukawa-shi", "99202")}


def issue(var: Path, ocsp_url: str) -> list[str]:
    """Make the authorities and the cards that are missing under ``var``.

    :param ocsp_url: where the card authority answers, e.g. ``http://127.0.0.1:8705/ocsp``.
    :returns: names of the cards; none when the card maker (SoftHSM) is not installed.
    """
    now = datetime.now(UTC)
    authorities = pki.provision(var, now)
    addresses = {p["key"]: p["profile"]["address"] for p in _people(var)}
    wanted = []
    for who in PEOPLE:
        if who.key in CARD_HOLDERS:
            city, municipality = _CITY[who.lives_in]
            wanted.append(
                cards.CardPerson(
                    who.key,
                    Holder(
                        who.name,
                        date.fromisoformat(who.birth_date),
                        _SEX[who.sex],
                        addresses[who.key],
                        "Mihon-ken",
                        city,
                        municipality,
                    ),
                )
            )
    try:
        return [card.name for card in cards.provision(var, wanted, authorities, now, ocsp_url)]
    except CardMakerMissing as missing:
        print(missing, file=sys.stderr)
        return []


def _people(var: Path) -> list[dict]:
    return list(json.loads((var / "population.json").read_text("utf-8"))["people"])


def certificates(var: Path) -> list[tuple[str, str, str]]:
    """(serial in lower-case hex, issuer, person key) of every card made so far."""
    return [(card.auth_serial.lower(), card.auth_issuer, card.name) for card in cards.cards(var)]
