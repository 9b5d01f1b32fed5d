"""Names and object identifiers of the card certificates (公的個人認証サービス), in the shape of the test environment.

The profile is that of J-LIS 「公的個人認証サービス プロファイル仕様書」. Everything here says ``O=JPKI-TEST`` and every
authority carries a marker extension, so that no production portal takes these certificates for real ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cryptography import x509
from cryptography.x509.oid import NameOID

Kind = Literal["auth", "sign"]
KINDS: tuple[Kind, ...] = ("auth", "sign")

ORGANIZATION = "JPKI-TEST"
SERVICE = "公的個人認証サービス"
CPS_URI = "http://www.jpki.go.jp/cps.html"

# 利用者証明用 3.30 as on every card; 署名用 1.0.20 as the test environment's cards carry it.
POLICY: dict[Kind, str] = {"auth": "1.2.392.200149.8.5.1.3.30", "sign": "1.2.392.200149.8.5.1.0.20"}
PURPOSE: dict[Kind, str] = {"auth": "JPKI for user authentication", "sign": "JPKI for digital signature"}

# A private arc made from a UUID (ITU-T X.667): "this authority is a stand-in".
SANDBOX_MARKER = x509.ObjectIdentifier("2.25.182719366027510366113019846316409431871")

# otherName arcs of the 署名用 certificate, in the order in which a card writes them.
SUBJECT_ARC = "1.2.392.200149.8.5.5"
SUBJECT_ORDER = (1, 4, 3, 5, 2, 6)


@dataclass(frozen=True)
class Generation:
    """One generation of an authority; all generations share one name.

    :param serial: serial number of the self-signed certificate.
    :param not_before: first moment, ISO 8601 UTC.
    :param not_after: last moment, ISO 8601 UTC.
    :param cards_from: from when on cards come from it unasked, ISO 8601 UTC; empty: from its first moment.
    :param curve: whether its keys, and those of its cards, are on P-384 instead of RSA.
    """

    name: str
    serial: int
    not_before: str
    not_after: str
    cards_from: str = ""
    curve: bool = False


# The first three have the dates of the real ones. The fourth, for the card to come, is invented: nothing of it is published.
GENERATIONS = (
    Generation("01", 0x01, "2015-10-20T00:00:00+00:00", "2025-10-19T14:59:59+00:00"),
    Generation("02", 0x0133C349, "2019-09-14T00:00:00+00:00", "2029-09-14T14:59:59+00:00"),
    Generation("03", 0x06D18006, "2023-07-16T00:00:00+00:00", "2033-07-15T14:59:59+00:00"),
    Generation(
        "04",
        0x0A1B2C3D,
        "2023-07-16T00:00:00+00:00",
        "2043-07-15T14:59:59+00:00",
        "2028-03-31T15:00:00+00:00",
        True,
    ),
)


def authority_name(kind: Kind) -> x509.Name:
    """The one name that all generations of an authority share."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, PURPOSE[kind]),
            x509.NameAttribute(
                NameOID.ORGANIZATIONAL_UNIT_NAME, "Japan Agency for Local Authority Information Systems"
            ),
        ]
    )


def service_name() -> x509.DirectoryName:
    """The alternative name that both ends carry."""
    return x509.DirectoryName(
        x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, SERVICE),
            ]
        )
    )


def distribution_point(kind: Kind, prefecture: str, city: str) -> x509.DistributionPoint:
    """The revocation list of one municipality: a name in a directory, never an address.

    :param prefecture: romanised, e.g. ``Konoken``.
    :param city: romanised, e.g. ``Kono-shi``.
    """
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, PURPOSE[kind]),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "CRL Distribution Points"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, prefecture),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{city} CRLDP"),
        ]
    )
    return x509.DistributionPoint([x509.DirectoryName(name)], None, None, None)
