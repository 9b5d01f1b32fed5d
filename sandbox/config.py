"""Where the stand-ins live: one JSON file under the var directory, written by ``provision`` and read by all.

The sandbox refuses production here, in the one place every entry passes. The wire package is imported only when a
client is wanted: the process that merely starts a server must be up at once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workflows.linkage.wire.client import LinkClient, Tls
    from workflows.linkage.wire.keys import Directory, PartyKeys

FILE = "sandbox.json"
MARKER = "MADOGUCHI-SANDBOX"
DATABASE_ENV = "MADOGUCHI_SANDBOX_DATABASE_URL"
#: Systems that speak the wire contract, and the party each one signs as.
PARTY_OF = {"core": "core", "hub": "hub", "hub2": "hub", "juki": "juki", "tax": "tax"}
#: Modules that hold each system's ``make_app``.
SYSTEMS = {
    "core": "sandbox.core.app",
    "hub": "sandbox.hub.app",
    "hub2": "sandbox.hub.app",
    "juki": "sandbox.juki.app",
    "tax": "sandbox.tax.app",
    "pki": "sandbox.pki.app",
}


def refuse_production() -> None:
    """Stop when this is a production installation.

    :raises SystemExit: MADOGUCHI_MODE is ``production``.
    """
    if os.environ.get("MADOGUCHI_MODE") == "production":
        raise SystemExit(
            "模擬環境は本番モード（MADOGUCHI_MODE=production）では動きません。何も変えていません。"
            "模擬環境を使うときは MADOGUCHI_MODE を外してください。\n"
            "The sandbox does not run in production mode. Nothing was changed. Unset MADOGUCHI_MODE to use it."
        )


@dataclass(frozen=True)
class SandboxConfig:
    """One installation of the sandbox.

    :ivar var: the directory that holds everything: config, keys, certificates, population.
    :ivar document: the parsed config file.
    """

    var: Path
    document: Mapping[str, Any]

    @classmethod
    def load(cls, var: Path) -> SandboxConfig:
        """Read the config of a var directory.

        :raises SystemExit: production mode, or the directory was never provisioned.
        """
        refuse_production()
        path = Path(var) / FILE
        if not path.is_file():
            raise SystemExit(
                f"{path} がありません。先に `python -m sandbox provision --var {var}` を実行してください。"
            )
        return cls(Path(var), json.loads(path.read_text("utf-8")))

    @property
    def database_url(self) -> str:
        """Connection URL of the database ``sandbox``; the environment wins over the file.

        :raises SystemExit: neither says where the database is.
        """
        url = os.environ.get(DATABASE_ENV) or str(self.document.get("database_url") or "")
        if not url:
            raise SystemExit(f"模擬環境のデータベースの場所がありません。{DATABASE_ENV} を設定してください。")
        return url

    def port(self, system: str) -> int:
        return int(self.document["ports"][system])

    def url(self, system: str) -> str:
        """Base URL of a system, e.g. ``https://127.0.0.1:8701``."""
        return f"https://{self.document['host']}:{self.port(system)}"

    @property
    def hub_sites(self) -> list[str]:
        """Both sites of the intermediate server, the usual active one first."""
        return [self.url("hub"), self.url("hub2")]

    @property
    def timing(self) -> Mapping[str, float]:
        """Seconds: ``lease``, ``permit``, ``auto_answer``, ``manual_answer``, ``acquisition``, ``idempotency``."""
        return self.document["timing"]

    @property
    def admin_token(self) -> str:
        return (self.var / "admin-token").read_text("ascii").strip()

    def path(self, *parts: str) -> Path:
        return self.var.joinpath(*parts)

    @cached_property
    def directory(self) -> Directory:
        from workflows.linkage.wire.keys import Directory

        return Directory.load(self.path("directory.json"))

    def keys(self, party: str) -> PartyKeys:
        from workflows.linkage.wire.keys import PartyKeys

        return PartyKeys.load(self.path("keys", f"{party}.json"))

    def tls(self, name: str) -> Tls:
        """Client side of mutual TLS for a party (or ``admin``)."""
        from workflows.linkage.wire.client import Tls

        return Tls(
            self.path("tls", "ca.pem"), self.path("tls", f"{name}.pem"), self.path("tls", f"{name}.key")
        )

    def client(self, party: str, system: str) -> LinkClient:
        """A signed client of one party towards one system (both sites for ``hub``)."""
        from workflows.linkage.wire.client import LinkClient

        sites = self.hub_sites if system == "hub" else [self.url(system)]
        return LinkClient(self.keys(party), self.directory, sites, PARTY_OF[system], self.tls(party))
