"""A config file for the conformance suite against the sandbox's own hub.

One invented person is reserved for it (she is in no city's resident file), linked at both bodies under numbers no
register gives out, so that a run disturbs nothing.
"""

import json
import time
from pathlib import Path
from typing import Any

from sandbox.config import SandboxConfig
from workflows.linkage.wire import envelope
from workflows.linkage.wire.hub_client import HubClient
from workflows.linkage.wire.juki_client import JukiClient
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.signatures import utc_now

FILE = "conformance.json"
ASKER, HOLDER = "992011-01", "992020-01"
DANBAN = {ASKER: "CONFORMANCE0ASKER", HOLDER: "CONFORMANCE0HOLDER"}


def prepare(config: SandboxConfig) -> Path:
    """Link the reserved person at both bodies (the stand-ins must run) and write the config file.

    :raises SystemExit: a link code did not come within 20 s.
    """
    people = json.loads(config.path("population.json").read_text("utf-8"))["people"]
    number = next(p["number"] for p in people if p.get("reserved"))
    for party, danban in DANBAN.items():
        with config.client(party, "hub") as hub_link, config.client(party, "juki") as juki_link:
            _link(HubClient(hub_link), JukiClient(juki_link), party, danban, number)
    rules = json.loads(config.path("permit_list.json").read_text("utf-8"))
    row = next(
        r
        for r in rules["rows"]
        if r["asker"] == r["holder"] == "municipal-mayor" and r["item"] == "local-tax"
    )
    document: dict[str, Any] = {
        "directory": "directory.json",
        "inquiry": {
            "affair": row["affair"],
            "procedure": row["affair"],
            "items": [row["item"]],
            "law_row": row["id"],
            "table_version": rules["table_version"],
        },
    }
    for side, party in (("asker", ASKER), ("holder", HOLDER)):
        document[side] = {
            "keys": f"keys/{party}.json",
            "danban": DANBAN[party],
            "tls": {"ca": "tls/ca.pem", "certificate": f"tls/{party}.pem", "key": f"tls/{party}.key"},
        }
    path = config.path(FILE)
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return path


def _link(hub: HubClient, juki: JukiClient, party: str, danban: str, number: str) -> None:
    message = envelope.build("fugo.acquire", tenant=party[:6], org=party, created=utc_now(), danban=danban)
    try:
        opened = hub.acquire_fugo(message)
    except Problem as problem:
        if problem.code == "ALREADY_LINKED":
            return
        raise
    juki.request_fugo(opened["token"], number)
    deadline = time.monotonic() + 20
    while hub.fugo(opened["acquisition_id"])["status"] == "NUMBERED":
        if time.monotonic() > deadline:
            raise SystemExit(
                "符号が 20 秒以内に届きませんでした。core と hub が動いているか確かめてください。"
            )
        time.sleep(0.2)
