"""``python -m sandbox provision --var DIR``: everything the stand-ins need, made once and kept.

Keys and certificates of every party, the directory of public keys, the permit list, the population, ports. Running it
again keeps what is there, so that a second start finds the same world. All certificates say O=MADOGUCHI-SANDBOX.
"""

import contextlib
import importlib.util
import json
import os
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from sandbox import card_desk, certificates
from workflows.linkage.wire.keys import new_party

from .config import FILE, refuse_production
from .people import KONO, OTSUKAWA, population, residents_csv

PARTIES = (
    ("992011-01", "tenant", KONO, "甲野市長"),
    ("992020-01", "tenant", OTSUKAWA, "乙川市長"),
    ("hub", "hub", None, "中間サーバー（模擬）"),
    ("core", "core", None, "情報提供ネットワークシステム（模擬）"),
    ("juki", "juki", None, "住基ネットＣＳ（模擬）"),
    ("portal", "portal", None, "窓口"),
    ("commission", "commission", None, "個人情報保護委員会（模擬）"),
)
PORTS = {"core": 8701, "hub": 8702, "hub2": 8703, "juki": 8704, "pki": 8705, "tax": 8706}
TIMING = {
    "lease": 60,
    "permit": 900,
    "auto_answer": 900,
    "manual_answer": 7 * 86400,
    "acquisition": 86400,
    "idempotency": 15 * 86400,
}
ROLES = {"01": ["municipal-mayor", "welfare-office-head"]}


def _write(path: Path, content: bytes, private: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(path.suffix + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if private else 0o644)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    temporary.replace(path)


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8") + b"\n"


def provision(
    var: Path,
    database_url: str = "",
    ports: Mapping[str, int] | None = None,
    timing: Mapping[str, float] | None = None,
    law_table: Path | None = None,
    host: str = "127.0.0.1",
    with_cards: bool = False,
) -> Path:
    """Make, or complete, a var directory.

    :param var: the directory; made when missing.
    :param database_url: kept in the config; the environment variable wins at run time.
    :param ports: other ports than 8701–8706.
    :param timing: other seconds than the profile's (tests shorten them).
    :param law_table: YAML law table the permit list is made from; by default the one of the product.
    :param with_cards: also make the card authorities and the cards (needs SoftHSM; takes seconds the first time).
    :returns: the config file.
    """
    refuse_production()
    var = Path(var)
    var.mkdir(parents=True, exist_ok=True)
    config_path = var / FILE
    config: dict[str, Any] = json.loads(config_path.read_text("utf-8")) if config_path.is_file() else {}
    config.setdefault("host", host)
    config["ports"] = {**PORTS, **config.get("ports", {}), **(ports or {})}
    config["timing"] = {**TIMING, **config.get("timing", {}), **(timing or {})}
    config.setdefault("tax_tenant", OTSUKAWA)
    config.setdefault("maintenance", [])
    config["hub_sites"] = [f"https://{config['host']}:{config['ports'][s]}" for s in ("hub", "hub2")]
    config["juki"] = f"https://{config['host']}:{config['ports']['juki']}"
    config["core"] = f"https://{config['host']}:{config['ports']['core']}"
    config["pki"] = f"http://{config['host']}:{config['ports']['pki']}"
    if database_url:
        config["database_url"] = database_url
    authority = certificates.authority(var / "tls")
    directory = _parties(var, authority, config["host"])
    _write(var / "directory.json", _json(directory))
    for name, size in (("core-link-codes.bin", 32), ("juki-person.bin", 32)):
        if not (var / "keys" / name).is_file():
            _write(var / "keys" / name, secrets.token_bytes(size), private=True)
    if not (var / "admin-token").is_file():
        _write(var / "admin-token", secrets.token_urlsafe(32).encode(), private=True)
    _write(var / "permit_list.json", _json(permit_list(law_table or product_law_table())))
    _write(var / "population.json", _json({"people": population()}), private=True)
    for tenant in (KONO, OTSUKAWA):
        _write(var / f"residents-{tenant}.csv", residents_csv(tenant).encode("utf-8"), private=True)
    _write(config_path, _json(config))
    if with_cards:
        card_desk.issue(var, f"{config['pki']}/ocsp")
    return config_path


def _parties(var: Path, authority: certificates.Authority, host: str) -> dict[str, Any]:
    entries = []
    for party, role, tenant, label in PARTIES:
        private_path, public_path = var / "keys" / f"{party}.json", var / "keys" / f"{party}.public.json"
        if not private_path.is_file() or not public_path.is_file():
            private, public = new_party(party, role, tenant, label)
            _write(private_path, _json(private), private=True)
            _write(public_path, _json(public))
        public = json.loads(public_path.read_text("utf-8"))
        thumbprint = authority.client(party)
        public["certificate"] = urlsafe_b64encode(thumbprint).rstrip(b"=").decode("ascii")
        entries.append(public)
    authority.client("admin")
    authority.client("tax")
    authority.server("server", host)
    return {"parties": entries}


def product_law_table() -> Path:
    """The product's law table file; the file is read, nothing of the product is imported."""
    spec = importlib.util.find_spec("workflows")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(next(iter(spec.submodule_search_locations))) / "law" / "data" / "law_table.yaml"


def permit_list(law_table: Path) -> dict[str, Any]:
    """The core's permit list out of a law table in YAML: rows, dates, and which roles the bodies here hold."""
    document = yaml.safe_load(law_table.read_text("utf-8"))
    clauses = {affair["code"]: affair["clause"] for affair in document["affairs"]}
    rows = []
    for row in document["rows"]:
        valid_to = row.get("valid_to")
        rows.append(
            {
                "id": row["id"],
                "asker": row["asker"],
                "affair": row["affair"],
                "holder": row["holder"],
                "item": row["item"],
                "clause": row.get("clause") or f"番号法19条8号・{clauses[row['affair']]}",
                "valid_from": str(row.get("valid_from") or document["valid_from"]),
                "valid_to": str(valid_to) if valid_to else None,
            }
        )
    roles = {party: ROLES[party.split("-")[1]] for party, role, _, _ in PARTIES if role == "tenant"}
    return {
        "table_version": str(document["table_version"]),
        "rows": rows,
        "roles_of": roles,
        "unpublished": [],
        "made_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def forget(var: Path) -> None:
    """Remove what provision made of lists and config (keys and certificates stay); used by tests of a second start."""
    for name in (FILE, "permit_list.json", "directory.json"):
        with contextlib.suppress(FileNotFoundError):
            (Path(var) / name).unlink()
