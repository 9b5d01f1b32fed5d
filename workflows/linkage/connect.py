"""Reads where the link is and who we are on it, and opens gateways.

The file ``link.json`` (under the var folder; a demonstration's stand-ins write their own, ``sandbox.json``) names addresses and files; the
private keys stay in their own files. A process that must not talk (the web) asks for the names only.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from workflows.linkage.gateway import LinkageGateway
from workflows.linkage.msl import MslGateway
from workflows.linkage.offices import Offices, Organisation
from workflows.linkage.wire.client import LinkClient, Tls
from workflows.linkage.wire.keys import Directory, PartyKeys
from workflows.linkage.wire.signatures import Now, utc_now

FILES = ("link.json", "sandbox.json")


class LinkNotSet(RuntimeError):
    """The link is not set up. The text says which file is missing and what to do."""


def load_offices(
    var: Path, *, talk: bool, vault: bool = False, tenants: Iterable[str] | None = None, now: Now = utc_now
) -> Offices:
    """Read the link's configuration.

    :param var: folder with ``link.json``, ``directory.json``, ``keys/<party>.json`` and ``tls/``.
    :param talk: True opens a gateway for each organisation (loads private keys); False reads names only.
    :param vault: True lets the gateways speak to the 住基ネット CS too (process of the vault role only).
    :param tenants: only these; all organisations we hold keys for when None.
    :raises LinkNotSet: a file is missing.
    """
    document = _document(var)
    directory = Directory.load(_file(var, str(document.get("directory", "directory.json"))))
    known = [
        Organisation(party.id, party.tenant or "", party.label)
        for party in directory.parties("tenant")
        if party.tenant is not None
    ]
    wanted = set(tenants) if tenants is not None else None
    ours = [
        one
        for one in known
        if (wanted is None or one.tenant in wanted) and (var / "keys" / f"{one.org}.json").is_file()
    ]
    gateways: dict[str, LinkageGateway] = {}
    if talk:
        for one in ours:
            gateways[one.tenant] = _gateway(var, document, directory, one.org, vault=vault, now=now)
    return Offices(ours, known, gateways)


def _document(var: Path) -> dict[str, Any]:
    for name in FILES:
        path = var / name
        if path.is_file():
            return dict(orjson.loads(path.read_bytes()))
    raise LinkNotSet(
        f"情報連携の設定がありません（{FILES[0]}）。接続先の一覧と鍵を {var.name} に置いてから、もう一度起動してください。"
    )


def _file(var: Path, name: str) -> Path:
    path = var / name
    if not path.is_file():
        raise LinkNotSet(
            f"情報連携の設定がありません（{name}）。配付された鍵の一覧を置いてから、もう一度起動してください。"
        )
    return path


def _gateway(
    var: Path, document: dict[str, Any], directory: Directory, org: str, *, vault: bool, now: Now
) -> MslGateway:
    keys = PartyKeys.load(_file(var, f"keys/{org}.json"))
    tls = Tls(_file(var, "tls/ca.pem"), _file(var, f"tls/{org}.pem"), _file(var, f"tls/{org}.key"))
    hub = LinkClient(keys, directory, list(document["hub_sites"]), "hub", tls, now)
    juki = None
    if vault:
        sites = document["juki"] if isinstance(document["juki"], list) else [document["juki"]]
        juki = LinkClient(keys, directory, sites, "juki", tls, now)
    return MslGateway(hub, juki)
