"""Settings: read once from the environment into one frozen object. ``madoguchi settings`` prints the table."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from storage.audit.roots import root_files

Mode = Literal["demonstration", "production"]


# Characters of the secret shared with nginx: whoever guesses it may name any certificate. 32 hex digits are 128 bits.
LEAST_SECRET = 32
_RANGES = {"processes": (1, 64), "sandbox_port": (1024, 65000)}


class SettingsError(ValueError):
    """A setting is missing or cannot be used; the message names it and says what to write."""


def _setting(variable: str, default: str, about: str) -> Any:
    return field(default=default, metadata={"variable": variable, "about": about})


@dataclass(frozen=True)
class Settings:
    """Everything the portal is told from outside."""

    mode: Mode = _setting("MADOGUCHI_MODE", "demonstration", "demonstration (with the sandbox) or production")
    var: Path = _setting("MADOGUCHI_VAR", "var", "folder for the embedded database, keys and files")
    database_url: str = _setting("DATABASE_URL", "", "migrator's address; empty: the embedded server")
    web_url: str = _setting("MADOGUCHI_DATABASE_WEB", "", "address for the web role")
    worker_url: str = _setting("MADOGUCHI_DATABASE_WORKER", "", "address for the worker role")
    vault_url: str = _setting(
        "MADOGUCHI_DATABASE_VAULT", "", "address for the vault role (worker processes only)"
    )
    origin: str = _setting("MADOGUCHI_ORIGIN", "http://localhost:6543", "where residents open the portal")
    card_origin: str = _setting(
        "MADOGUCHI_CARD_ORIGIN", "", "the host that asks for the card certificate (TLS)"
    )
    gateway_secret: str = _setting(
        "MADOGUCHI_GATEWAY_SECRET", "", "shared with nginx, proves a header came from it"
    )
    bind: str = _setting("MADOGUCHI_BIND", "127.0.0.1:6543", "address the portal listens on")
    counter: bool = _setting(
        "MADOGUCHI_COUNTER", "no", "yes: for terminals at the counter, which one person leaves to the next"
    )
    processes: int = _setting("MADOGUCHI_PROCESSES", "2", "web processes")
    master_key: Path = _setting(
        "MADOGUCHI_MASTER_KEY", "", "file of the master key; default: keys/master.key under var"
    )

    sandbox_port: int = _setting(
        "MADOGUCHI_SANDBOX_PORT", "8701", "the stand-ins take this port and the five after it"
    )
    stamp_url: str = _setting("MADOGUCHI_TSA", "", "time-stamp authority (RFC 3161)")
    stamp_roots: tuple[Path, ...] = _setting(
        "MADOGUCHI_TSA_ROOTS", "", "PEM files of its trusted roots, with : between them"
    )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the environment.

        :raises SettingsError: when a value cannot be used, or production lacks one it needs.
        """
        source = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        for item in fields(cls):
            raw = source.get(item.metadata["variable"], str(item.default))
            values[item.name] = _convert(item.name, item.metadata["variable"], raw)
        if not str(values["master_key"]) or values["master_key"] == Path():
            values["master_key"] = values["var"] / "keys" / "master.key"
        settings = cls(**values)
        settings._check()
        return settings

    @property
    def production(self) -> bool:
        """Whether real people are served."""
        return self.mode == "production"

    @property
    def secure(self) -> bool:
        """Whether residents come over https (cookies then carry the __Host- prefix)."""
        return self.origin.startswith("https://")

    @property
    def embedded(self) -> bool:
        """Whether the embedded database is used."""
        return not self.database_url

    @property
    def link_folder(self) -> Path:
        """Where the link's addresses and keys are: a municipality's own folder, or the stand-ins' in a demonstration."""
        own = self.var / "link"
        return own if self.production or own.exists() else self.var / "sandbox"

    @property
    def trusted_stamp_roots(self) -> tuple[Path, ...]:
        """The roots that count: those given, or in a demonstration without any the stand-in's."""
        if self.stamp_roots or self.production:
            return self.stamp_roots
        return (self.var / "sandbox" / "pki" / "anchors" / "tsa.pem",)

    def _check(self) -> None:
        if self.mode not in ("demonstration", "production"):
            raise SettingsError(
                f"MADOGUCHI_MODE は demonstration か production です（今の値: {self.mode}）。"
            )
        port = self.bind.rpartition(":")[2]
        if not self.bind.rpartition(":")[0] or not port.isdecimal() or not 0 < int(port) < 1 << 16:
            raise SettingsError(
                f"MADOGUCHI_BIND は 127.0.0.1:6543 のような「アドレス:ポート」です（今の値: {self.bind}）。まだ何も始めていません。"
            )
        for variable, origin in (
            ("MADOGUCHI_ORIGIN", self.origin),
            ("MADOGUCHI_CARD_ORIGIN", self.card_origin),
        ):
            if origin and not _is_origin(origin):
                raise SettingsError(
                    f"{variable} は http://localhost:6543 や https://counter.example のように、ブラウザーで開くときの始まりだけを書きます"
                    f"（今の値: {origin}）。まだ何も始めていません。"
                )
        if not self.production:
            return
        for item in (
            "database_url",
            "web_url",
            "worker_url",
            "vault_url",
            "gateway_secret",
            "card_origin",
            "stamp_url",
        ):
            if not getattr(self, item):
                variable = next(f.metadata["variable"] for f in fields(self) if f.name == item)
                raise SettingsError(
                    f"本番では {variable} を設定してください。`madoguchi settings` で一覧を見られます。"
                )
        if len(self.gateway_secret) < LEAST_SECRET:
            raise SettingsError(
                f"MADOGUCHI_GATEWAY_SECRET は{LEAST_SECRET}文字以上にしてください。だれのカードかは、これを知る nginx の言葉で決まります。"
                "`openssl rand -hex 32` で作れます。nginx の設定にも同じものを入れます。"
            )
        for variable, origin in (
            ("MADOGUCHI_ORIGIN", self.origin),
            ("MADOGUCHI_CARD_ORIGIN", self.card_origin),
        ):
            if not origin.startswith("https://"):
                raise SettingsError(f"本番の {variable} は https:// で始まる必要があります。")


def _is_origin(text: str) -> bool:
    """Whether this is scheme, host and maybe port, and nothing after them."""
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and text == f"{parts.scheme}://{parts.netloc}"
        )
    except ValueError:
        return False


def _convert(name: str, variable: str, raw: str) -> Any:
    if name == "stamp_roots":
        return root_files(raw)
    if name in ("var", "master_key"):
        return Path(raw).resolve() if raw else Path()
    if name in _RANGES:
        least, most = _RANGES[name]
        if not raw.isdecimal() or not least <= int(raw) <= most:
            raise SettingsError(f"{variable} は {least} から {most} までの数です（今の値: {raw}）。")
        return int(raw)
    if name == "counter":
        if raw not in ("yes", "no"):
            raise SettingsError(f"{variable} は yes か no です（今の値: {raw}）。")
        return raw == "yes"
    return raw
