"""What a card certificate says of its holder: an opaque name, and on the 署名用 one the four attributes (基本4情報)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cryptography import x509
from cryptography.x509.oid import NameOID

from sandbox.pki.names import SUBJECT_ARC, SUBJECT_ORDER, Kind

JAPAN = ZoneInfo("Asia/Tokyo")
_ERA = ((date(2019, 5, 1), "5"), (date(1989, 1, 8), "4"), (date(1926, 12, 25), "3"), (date(1912, 7, 30), "2"))
_LETTERS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class Holder:
    """An invented person who holds a card.

    :param name: as in the register, full-width space between the parts.
    :param sex: ``1`` man, ``2`` woman, ``9`` unknown.
    :param prefecture: romanised, with the Japanese one in ``address``.
    :param municipality: five-digit code without its check digit, which ends the opaque name.
    """

    name: str
    birth: date
    sex: str
    address: str
    prefecture: str
    city: str
    municipality: str


def opaque_name(kind: Kind, holder: Holder, at: datetime) -> x509.Name:
    """The subject: nothing in it is a name, yet it points at one person and is personal data."""
    country = x509.NameAttribute(NameOID.COUNTRY_NAME, "JP")
    tail = "".join(secrets.choice(_LETTERS) for _ in range(13))
    if kind == "auth":
        common = f"{tail[:13]}{holder.municipality}{secrets.randbelow(1000):03d}A"
        return x509.Name([country, x509.NameAttribute(NameOID.COMMON_NAME, common)])
    common = f"{at.astimezone(JAPAN):%Y%m%d%H%M%S}{secrets.randbelow(100000):05d}{tail[:9]}"
    return x509.Name(
        [
            country,
            x509.NameAttribute(NameOID.LOCALITY_NAME, holder.prefecture),
            x509.NameAttribute(NameOID.LOCALITY_NAME, holder.city),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def fifth_birthday(birth: date, at: datetime) -> datetime:
    """The last moment of a certificate made at ``at``: the end, in Japan, of the fifth birthday from then."""
    day = at.astimezone(JAPAN).date()
    # Counted from the next birthday on: a card made before this year's birthday reaches its fifth one year earlier.
    years = 4 if _birthday(birth, day.year) > day else 5
    return datetime.combine(_birthday(birth, day.year + years), time(23, 59, 59), JAPAN).astimezone(UTC)


def _birthday(birth: date, year: int) -> date:
    try:
        return birth.replace(year=year)
    except ValueError:
        return date(year, 3, 1) - timedelta(days=1)


def four_attributes(holder: Holder) -> x509.SubjectAlternativeName:
    """The six otherNames of a 署名用 certificate, in the card's own order."""
    values = {
        1: holder.name,
        2: "0" * len(holder.name),
        3: holder.sex,
        4: f"{era(holder.birth)}{holder.birth:%Y%m%d}",
        5: holder.address,
        6: "0" * len(holder.address),
    }
    return x509.SubjectAlternativeName(
        [
            x509.OtherName(x509.ObjectIdentifier(f"{SUBJECT_ARC}.{arc}"), _utf8(values[arc]))
            for arc in SUBJECT_ORDER
        ]
    )


def era(birth: date) -> str:
    """The digit of the era, which precedes a Gregorian date on the card."""
    return next((digit for start, digit in _ERA if birth >= start), "1")


def _utf8(text: str) -> bytes:
    body = text.encode()
    if len(body) < 0x80:
        length = bytes([len(body)])
    else:
        size = (len(body).bit_length() + 7) // 8
        length = bytes([0x80 | size]) + len(body).to_bytes(size, "big")
    return b"\x0c" + length + body
