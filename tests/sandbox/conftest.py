"""The stand-ins in one process over their real WSGI applications, with a clock the test moves; and over real sockets."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from sandbox.config import DATABASE_ENV, SandboxConfig
from sandbox.core.app import make_app as make_core
from sandbox.core.permit_list import PermitList
from sandbox.hub.app import make_app as make_hub
from sandbox.juki.app import make_app as make_juki
from sandbox.provision import provision
from sandbox.web import SignedApp
from tests.ports import free_ports
from tests.waiting import PATIENCE, eventually
from workflows.linkage.wire import envelope, permit, sealing
from workflows.linkage.wire.client import LinkClient
from workflows.linkage.wire.hub_client import HubClient
from workflows.linkage.wire.juki_client import JukiClient

ASKER, HOLDER = "992011-01", "992020-01"
KEY = sealing.own_key(b"k" * 32)


class Ticking:
    """A clock that stands still until it is told to move."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC).replace(microsecond=123456)

    def __call__(self) -> datetime:
        return self.at

    def move(self, **parts: float) -> None:
        self.at += timedelta(**parts)


@pytest.fixture(scope="session")
def sandbox_server(request: pytest.FixtureRequest) -> str:
    """Admin URL of a PostgreSQL: the one given by the environment, else that of all tests."""
    given = os.environ.get(DATABASE_ENV)
    return given or str(request.getfixturevalue("server").admin_url())


@pytest.fixture(scope="module")
def sandbox_url(sandbox_server: str) -> Iterator[str]:
    """A fresh database for this module; the stand-ins make it themselves."""
    name = f"sandbox_{uuid4().hex[:12]}"
    base, _, query = sandbox_server.partition("?")
    yield base.rsplit("/", 1)[0] + "/" + name + (f"?{query}" if query else "")
    with psycopg.connect(sandbox_server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@dataclass
class Country:
    """All stand-ins in this process."""

    config: SandboxConfig
    now: Ticking
    core: SignedApp
    hub: SignedApp
    hub2: SignedApp
    juki: SignedApp
    people: dict[str, dict[str, Any]]
    made: list[LinkClient] = field(default_factory=list)
    serial: int = 0

    def link(self, party: str, system: str) -> LinkClient:
        app = getattr(self, system)
        keys, directory = self.config.keys(party), self.config.directory
        role = "hub" if system == "hub2" else system
        made = LinkClient(keys, directory, [self.config.url(system)], role, now=self.now, transport=wsgi(app))
        self.made.append(made)
        return made

    def tenant(self, party: str) -> HubClient:
        return HubClient(self.link(party, "hub"))

    def pump(self) -> None:
        while self.hub.pump.once():
            pass

    def danban(self) -> str:
        self.serial += 1
        return f"{self.serial:015d}"

    def message(self, type_: str, party: str, **parts: Any) -> dict[str, Any]:
        return envelope.build(type_, tenant=party[:6], org=party, created=self.now(), **parts)

    def acquire(self, party: str, person: str, danban: str) -> str:
        """Go the whole way of a link code; the final status."""
        hub, juki = self.tenant(party), JukiClient(self.link(party, "juki"))
        opened = hub.acquire_fugo(self.message("fugo.acquire", party, danban=danban))
        juki.request_fugo(opened["token"], self.people[person]["number"])
        self.pump()
        return str(hub.fugo(opened["acquisition_id"])["status"])

    def inquiry(self, danban: str, **changes: Any) -> dict[str, Any]:
        legal = {"law_row": changes.pop("law_row", "081-01"), "table_version": "t"}
        payload = {
            "holder": HOLDER,
            "affair": "child-allowance",
            "procedure": "child-allowance",
            "items": ["local-tax"],
            "purpose": "児童手当の審査のため",
        }
        return self.message(
            "inquiry.request",
            ASKER,
            danban=danban,
            legal=legal,
            actor={"role": "clerk", "staff_hash": "a" * 43},
            payload={**payload, **changes},
        )

    def copy(self, danban: str, version: int = 1, base: int = 0) -> dict[str, Any]:
        context = {"danban": danban, "item": "local-tax", "version": str(version), "as_of": "2026-06-01"}
        payload = {
            "item": "local-tax",
            "layout": "L1",
            "version": version,
            "base_version": base,
            "as_of": "2026-06-01",
            "sealed": sealing.seal_own({"income": 1000 + version}, context, KEY, "k1"),
        }
        return self.message("copy.put", HOLDER, danban=danban, payload=payload)

    def answer(self, request: dict[str, Any], code: str = "OK") -> dict[str, Any]:
        """What a holder's worker makes of a ``provision.request``."""
        asked = request["payload"]
        allowed = permit.verify(asked["permit"], self.config.directory, audience=HOLDER, now=self.now())
        copy = asked["items"][0]["copy"]
        context = {
            "danban": request["subject"]["danban"],
            "item": "local-tax",
            "version": str(copy["version"]),
            "as_of": copy["as_of"],
        }
        content = sealing.open_own(copy["sealed"], context, {"k1": KEY})
        sealed = sealing.seal_for(
            {"local-tax": content},
            {"exchange_id": allowed.exchange_id, "asker": allowed.asker, "holder": HOLDER},
            self.config.keys(HOLDER),
            allowed.recipient,
            allowed.recipient_kid,
        )
        item = {"code": "local-tax", "status": "provided", "as_of": copy["as_of"]}
        payload = {
            "provision_id": asked["provision_id"],
            "exchange_id": asked["exchange_id"],
            "code": code,
            "items": [item],
            "as_of": copy["as_of"],
        }
        return self.message("provision.answer", HOLDER, payload=payload, payload_jwe=sealed)

    def decision(self, request: dict[str, Any], **parts: Any) -> dict[str, Any]:
        asked = request["payload"]
        payload = {"provision_id": asked["provision_id"], "exchange_id": asked["exchange_id"], **parts}
        return self.message("provision.decision", HOLDER, payload=payload)

    def _command(self, app: SignedApp, system: str, name: str, wish: dict[str, Any]) -> dict[str, Any]:
        with httpx.Client(transport=wsgi(app)) as http:
            answer = http.post(
                f"{self.config.url(system)}/admin/{name}",
                json=wish,
                headers={"Authorization": f"Bearer {self.config.admin_token}"},
            )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def juki_command(self, name: str, wish: dict[str, Any]) -> dict[str, Any]:
        return self._command(self.juki, "juki", name, wish)

    def hub_command(self, name: str, wish: dict[str, Any]) -> dict[str, Any]:
        return self._command(self.hub, "hub", name, wish)

    def core_rules(self, **changes: Any) -> PermitList:
        """The core's permit list with something changed."""
        document = json.loads(self.config.path("permit_list.json").read_text("utf-8"))
        return PermitList({**document, **changes})

    def drain(self, party: str, families: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """Take and acknowledge all that waits for a party."""
        hub, found = self.tenant(party), []
        while page := hub.inbox(families, 500, 0):
            found += [entry["message"] for entry in page]
            hub.ack([entry["lease"] for entry in page])
        return found

    def linked(self, person: str) -> tuple[str, str]:
        """A person linked at both cities: (danban at the asker, danban at the holder)."""
        mine, theirs = self.danban(), self.danban()
        assert self.acquire(ASKER, person, mine) == "LINKED"
        assert self.acquire(HOLDER, person, theirs) == "LINKED"
        self.drain(ASKER)
        self.drain(HOLDER)
        return mine, theirs


def wsgi(app: SignedApp) -> httpx.WSGITransport:
    return httpx.WSGITransport(app=app)


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory, sandbox_url: str
) -> Iterator[tuple[SandboxConfig, Ticking]]:
    var = tmp_path_factory.mktemp("var")
    provision(var, sandbox_url)
    before = os.environ.get(DATABASE_ENV)
    os.environ[DATABASE_ENV] = sandbox_url
    yield SandboxConfig.load(var), Ticking()
    if before is None:
        del os.environ[DATABASE_ENV]
    else:
        os.environ[DATABASE_ENV] = before


@pytest.fixture(scope="module")
def country(world: tuple[SandboxConfig, Ticking]) -> Iterator[Country]:
    config, now = world
    core = make_core(config, now=now)
    hub = make_hub(config, "hub", now, pump=False, core_transport=wsgi(core))
    hub2 = make_hub(config, "hub2", now, pump=False, core_transport=wsgi(core))
    juki = make_juki(config, now=now, core_transport=wsgi(core))
    people = {p["key"]: p for p in json.loads(config.path("population.json").read_text("utf-8"))["people"]}
    made = Country(config, now, core, hub, hub2, juki, people)
    yield made
    for link in made.made:
        link.close()
    for app in (core, hub, hub2, juki):
        app.close()


@dataclass
class Running:
    """Stand-ins as processes on real sockets."""

    config: SandboxConfig
    processes: dict[str, subprocess.Popen[bytes]]
    environment: dict[str, str]

    def start(self, *systems: str) -> None:
        for system in systems:
            self.processes[system] = subprocess.Popen(
                [sys.executable, "-m", "sandbox", "serve", system, "--var", str(self.config.var)],
                env=self.environment,
                cwd=Path(__file__).parents[2],
            )
        for system in systems:
            assert eventually(partial(answers, self.config.port(system))), f"{system} did not start"

    def stop(self, *systems: str) -> None:
        ending = [self.processes.pop(system) for system in systems]
        for process in ending:
            process.terminate()
        for process in ending:
            process.wait(PATIENCE)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, sandbox_url: str) -> Iterator[Running]:
    var = tmp_path_factory.mktemp("running")
    systems = ("core", "hub", "hub2", "juki", "tax")
    provision(var, sandbox_url, ports=dict(zip(systems, free_ports(5), strict=True)))
    made = Running(SandboxConfig.load(var), {}, {**os.environ, DATABASE_ENV: sandbox_url})
    made.start(*systems)
    yield made
    made.stop(*list(made.processes))
