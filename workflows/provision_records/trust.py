"""What a checker trusts: the keys and stamp authorities that an installation publishes (docs/proof.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509

from storage.audit.checkpoint import key_id
from storage.audit.trust import TRUST_FORMAT
from storage.clock import from_second_text


@dataclass(frozen=True)
class PortalKey:
    """A key the portal signs lists with: raw Ed25519; since when, and when it ended (aware; None: not yet)."""

    public: bytes
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Trust:
    """What the checker trusts: published Ed25519 keys by tenant (raw bytes), roots of time-stamp authorities, keys of the portal."""

    keys: Mapping[str, frozenset[bytes]]
    roots: tuple[x509.Certificate, ...] = ()
    portal: tuple[PortalKey, ...] = ()


class BadTrust(ValueError):
    """The trust file cannot be read."""


def read_trust(raw: bytes) -> Trust:
    """The trust file that an office publishes (docs/proof.md). Errors: BadTrust."""
    try:
        value = json.loads(raw)
        if value["format"] != TRUST_FORMAT:
            raise BadTrust("the format is not known")
        keys = {str(t): frozenset(bytes.fromhex(k) for k in given) for t, given in value["keys"].items()}
        roots = tuple(x509.load_pem_x509_certificate(pem.encode()) for pem in value["tsa_roots"])
        portal = tuple(_portal_key(one) for one in value["portal"])
    except (ValueError, KeyError, TypeError, AttributeError) as broken:
        raise BadTrust(
            "信頼する鍵のファイルを読めません。窓口が公表しているものをもう一度受け取ってください。"
        ) from broken
    if not any(keys.values()):
        raise BadTrust(
            "信頼する鍵のファイルに鍵がありません。窓口が公表しているものをもう一度受け取ってください。"
        )
    return Trust(keys, roots, portal)


def fingerprint(public: bytes) -> str:
    """A public key's fingerprint in groups of four, as it is printed beside the portal's name."""
    text = key_id(public)
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def _portal_key(value: Mapping[str, Any]) -> PortalKey:
    until = value["until"]
    since, ended = from_second_text(value["from"]), from_second_text(until) if until else None
    return PortalKey(bytes.fromhex(value["key"]), since, ended)
