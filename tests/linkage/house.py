"""Two municipalities on the link: the product's own parts on a real database, the stand-ins as processes of their own."""

from __future__ import annotations

import json
import os
import random
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from sandbox.config import SandboxConfig
from sandbox.provision import provision
from storage.clock import Clock, SystemClock
from storage.database import Database, Scope
from storage.encryption import KeyRing
from tests.ports import free_ports
from tests.waiting import PATIENCE, eventually
from workflows.addressees.imports import import_residents
from workflows.addressees.numbers import Regime
from workflows.addressees.service import AddresseeRegister
from workflows.engine import Actor, Engine, Registry
from workflows.law.loader import shipped
from workflows.law.statements import PublishedStatement, publish
from workflows.linkage.connect import load_offices
from workflows.linkage.copies.batches import CopySender
from workflows.linkage.copies.staging import CopyStager
from workflows.linkage.inquiry.service import InquiryService, Opened
from workflows.linkage.link_codes.service import LinkCodeService
from workflows.linkage.parts import LinkParts
from workflows.linkage.runtime import LinkRuntime, build_runtime, register_kinds
from workflows.linkage.worker import drain_inbox, poll_inbox, pump_outbox
from workflows.procedures.machine import register as register_application
from workflows.procedures.service import ApplicationService
from workflows.provision_records.writer import RecordWriter

KONO, OTSUKAWA = "992011", "992020"
HOLDER = "992020-01"
CLERK = Actor(kind="staff", id="staff:clerk", roles=frozenset({"clerk"}), office="子育て支援課")
BOSS = Actor(kind="staff", id="staff:boss", roles=frozenset({"clerk", "supervisor"}), office="子育て支援課")
OTHER_BOSS = Actor(kind="staff", id="staff:boss2", roles=frozenset({"supervisor"}), office="税務課")
OPERATOR = Actor(kind="staff", id="staff:operator", roles=frozenset({"operator"}))
SYSTEM = Actor(kind="system", id="test")
SYSTEMS = ("core", "hub", "juki", "tax")


class StandIns:
    """The national side as processes over real sockets."""

    def __init__(self, var: Path, database_url: str, timing: dict[str, float] | None = None) -> None:
        names = ("core", "hub", "hub2", "juki", "pki", "tax")
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        provision(var, database_url, ports=ports, timing=timing)
        self.var = var
        self.config = SandboxConfig.load(var)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.ill: set[str] = set()
        self.people = {p["key"]: p for p in json.loads((var / "population.json").read_text())["people"]}

    def start(self, *systems: str) -> None:
        for system in systems or SYSTEMS:
            log = (self.var / f"{system}.log").open("ab")
            self.processes[system] = subprocess.Popen(
                [sys.executable, "-m", "sandbox", "serve", system, "--var", str(self.var)],
                stdout=log,
                stderr=log,
                env={**os.environ, "MADOGUCHI_MODE": "demonstration"},
            )
            log.close()
        for system in systems or SYSTEMS:
            self._wait(system)

    def _wait(self, system: str) -> None:
        def answers() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.config.port(system))) == 0

        if not eventually(answers):
            raise TimeoutError((self.var / f"{system}.log").read_text()[-2000:])

    def stop(self, *systems: str) -> None:
        ending = [self.processes.pop(system) for system in systems or tuple(self.processes)]
        for process in ending:
            process.terminate()
        for process in ending:
            if process.poll() is None:
                try:
                    process.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def admin(self, system: str, path: str, body: dict[str, Any] | None = None, method: str = "POST") -> Any:
        tls = self.config.tls("admin").context()
        with httpx.Client(verify=tls, trust_env=False, timeout=PATIENCE) as http:
            answer = http.request(
                method,
                f"{self.config.url(system)}/admin/{path}",
                json=body or {},
                headers={"Authorization": f"Bearer {self.config.admin_token}"},
            )
        answer.raise_for_status()
        return answer.json()

    def fault(self, system: str, kind: str, seconds: float = 60, **options: Any) -> None:
        self.ill.add(system)
        self.admin(system, "faults", {"kind": kind, "seconds": seconds, "options": {"path": "/", **options}})

    def heal(self, *systems: str) -> None:
        """End the faults of these systems, or of all that have any."""
        for system in systems or tuple(self.ill):
            self.admin(system, "faults", method="DELETE")
            self.ill.discard(system)

    def tax_file(self) -> bytes:
        with httpx.Client(verify=self.config.tls("tax").context(), trust_env=False, timeout=PATIENCE) as http:
            return http.get(f"{self.config.url('tax')}/export/local-tax.csv").content


@dataclass
class House:
    """The product's side: one runtime for both tenants, as a shared centre runs it."""

    databases: Any
    stand_ins: StandIns
    parts: LinkParts
    engine: Engine
    runtime: LinkRuntime
    vault_runtime: LinkRuntime
    register: AddresseeRegister
    applications: ApplicationService
    inquiries: InquiryService
    closers: list[Callable[[], None]] = field(default_factory=list)

    @classmethod
    def build(cls, databases: Any, stand_ins: StandIns, keys: KeyRing, clock: Clock | None = None) -> House:
        clock = clock or SystemClock()
        law = shipped()
        records = RecordWriter(clock, law, secrets.token_bytes)
        offices = load_offices(stand_ins.var, talk=True, now=clock.now)
        vault_offices = load_offices(stand_ins.var, talk=True, vault=True, now=clock.now)
        parts = LinkParts(clock, keys, law, offices, records)
        engine = make_engine(parts)
        vault_parts = LinkParts(clock, keys, law, vault_offices, records)
        return cls(
            databases=databases,
            stand_ins=stand_ins,
            parts=parts,
            engine=engine,
            runtime=build_runtime(parts, engine, random.Random(1)),
            vault_runtime=build_runtime(vault_parts, make_engine(vault_parts), random.Random(2)),
            register=AddresseeRegister(clock, keys),
            applications=ApplicationService(clock, law, engine),
            inquiries=InquiryService(parts, engine),
            closers=[offices.close, vault_offices.close],
        )

    def close(self) -> None:
        for close in self.closers:
            close()

    @property
    def worker(self) -> Database:
        return self.databases.worker

    def tx(self, tenant: str, role: str = "worker") -> Any:
        return getattr(self.databases, role).transaction(Scope(tenant=tenant))

    def settle(self, tenants: tuple[str, ...] = (KONO, OTSUKAWA), seconds: float = PATIENCE) -> None:
        """Run the loops by turns until no case waits for the other side any more (people may still have to decide)."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            moved = self.round(tenants)
            if not moved and not any(self.in_flight(tenant) for tenant in tenants):
                return

    def settle_until(self, tenant: str, case_id: UUID, state: str, seconds: float = PATIENCE) -> str:
        """Run the loops until a case has reached a state, or time is up; returns the state it is in."""
        end = time.monotonic() + seconds
        while (found := self.state(tenant, case_id)) != state and time.monotonic() < end:
            self.round(always=True)
        return found

    def in_flight(self, tenant: str) -> bool:
        with self.tx(tenant) as tx:
            row = tx.raw.execute(
                "SELECT EXISTS (SELECT 1 FROM madoguchi.case_file WHERE state IN ('sent', 'accepted', 'permitted', 'answering',"
                " 'requested', 'numbered', 'sent_to_cs', 'cs_accepted', 'relinking'))"
                " OR EXISTS (SELECT 1 FROM madoguchi.linkage_outbox WHERE state = 'ready')"
                " OR EXISTS (SELECT 1 FROM madoguchi.linkage_inbox WHERE state = 'waiting')"
            ).fetchone()
        return bool(row[0])

    def round(self, tenants: tuple[str, ...] = (KONO, OTSUKAWA), wait: int = 1, always: bool = False) -> int:
        moved = 0
        for tenant in tenants:
            moved += pump_outbox(self.worker, self.runtime, tenant)
            moved += pump_outbox(
                self.databases.vault, self.vault_runtime, tenant, self.vault_runtime.vault_lanes
            )
        open_ = always or any(self.in_flight(tenant) for tenant in tenants)
        for tenant in tenants:
            if open_:
                moved += poll_inbox(self.worker, self.runtime, tenant, wait=wait if not moved else 0)
            moved += drain_inbox(self.worker, self.runtime, tenant)
        return moved

    def hurry(self) -> None:
        """What waits for its next try may go now; a test does not sit out the pauses."""
        for tenant in (KONO, OTSUKAWA):
            with self.tx(tenant) as tx:
                tx.raw.execute("UPDATE madoguchi.linkage_outbox SET not_before = now() WHERE state = 'ready'")
                tx.raw.execute(
                    "UPDATE madoguchi.linkage_inbox SET not_before = now() WHERE state = 'waiting'"
                )
        self.runtime.pump.reset()
        self.vault_runtime.pump.reset()

    def check_once(self, cases: list[UUID]) -> None:
        """Every inquiry was answered once: one step of each kind, one answer, one provision, one record on each side, whole chains."""
        with self.tx(KONO) as tx:
            rows = tx.raw.execute(
                "SELECT c.id, c.state, array_agg(s.trigger ORDER BY s.seq) FROM madoguchi.case_file c JOIN madoguchi.step s"
                " ON s.tenant = c.tenant AND s.case_id = c.id WHERE c.id = ANY(%s) GROUP BY c.id, c.state",
                (cases,),
            ).fetchall()
            assert {row[0] for row in rows} == set(cases)
            for _, state, triggers in rows:
                assert state == "answered", f"{state}: {triggers}"
                assert triggers == ["open", "check", "send", "accept", "permit", "answer"], triggers
            exchanges = [
                row[0]
                for row in tx.raw.execute(
                    "SELECT exchange_id FROM madoguchi.linkage_inquiry WHERE case_id = ANY(%s)", (cases,)
                )
            ]
            assert len(set(exchanges)) == len(cases)
            assert self._once(tx, "provision_record", exchanges) == len(cases)
            assert self.engine.verify(tx) is None
        with self.tx(OTSUKAWA) as tx:
            assert self._once(tx, "linkage_provision", exchanges) == len(cases)
            assert self._once(tx, "provision_record", exchanges) == len(cases)
            states = tx.raw.execute(
                "SELECT DISTINCT c.state FROM madoguchi.linkage_provision p JOIN madoguchi.case_file c"
                " ON c.tenant = p.tenant AND c.id = p.case_id WHERE p.exchange_id = ANY(%s)",
                (exchanges,),
            ).fetchall()
            assert states == [("provided",)]
            assert self.engine.verify(tx) is None

    def _once(self, tx: Any, table: str, exchanges: list[str]) -> int:
        row = tx.raw.execute(
            f"SELECT count(*), count(DISTINCT exchange_id) FROM madoguchi.{table} WHERE exchange_id = ANY(%s)",
            (exchanges,),
        ).fetchone()
        assert row[0] == row[1]
        return int(row[0])

    # --- setting up ------------------------------------------------------------------------------------------

    def furnish(self) -> None:
        """Residents, statements, link codes and copies, all by the product's own ways."""
        for tenant in (KONO, OTSUKAWA):
            content = (self.stand_ins.var / f"residents-{tenant}.csv").read_bytes()
            with self.tx(tenant, "vault") as tx:
                import_residents(tx, self.register, content, regime=Regime.SYNTHETIC, actor="system:import")
            with self.tx(tenant) as tx:
                for affair in ("child-allowance", "local-tax-levy"):
                    publish(tx, statement(tenant, affair))
                codes = LinkCodeService(self.engine)
                codes.acquire(tx, codes.missing(tx, 100), SYSTEM)
        self.settle()
        self.send_copies()

    def send_copies(self) -> None:
        with self.tx(OTSUKAWA) as tx:
            CopyStager(self.parts).stage_tax(tx, self.stand_ins.tax_file())
        gateway = self.parts.offices.gateway(OTSUKAWA)
        assert gateway is not None
        while CopySender(self.parts).send_next(self.worker, OTSUKAWA, gateway, "local-tax") is not None:
            pass

    def addressee(self, tenant: str, person: str) -> str:
        number = self.stand_ins.people[person]["tenants"][tenant]["business_number"]
        with self.tx(tenant) as tx:
            found = self.register.by_business_number(tx, "juki", number)
        assert found is not None
        return found.number

    def apply_for(self, person: str, actor: Actor = CLERK) -> UUID:
        with self.tx(KONO, "web") as tx:
            opened = self.applications.open(
                tx, actor, self.addressee(KONO, person), "child-allowance", f"application:{uuid4()}"
            )
        return opened.case.id

    def ask(
        self,
        application: UUID,
        key: str | None = None,
        purpose: str = "児童手当の審査のため",
        row: str = "081-01",
        item: str = "local-tax",
    ) -> Opened:
        """What the clerk's button does: the web role, no keys of the link at hand needed."""
        with self.tx(KONO, "web") as tx:
            return self.inquiries.open_and_send(
                tx, CLERK, application, row, [item], purpose, key or f"ask:{uuid4()}", holder=HOLDER
            )

    def state(self, tenant: str, case_id: UUID) -> str:
        with self.tx(tenant) as tx:
            return self.engine.case(tx, case_id).state

    def records(self, tenant: str, exchange: str | None = None) -> list[tuple[Any, ...]]:
        with self.tx(tenant) as tx:
            return tx.raw.execute(
                "SELECT exchange_id, side, outcome, addressee, disclosure, application_receipt FROM madoguchi.provision_record"
                " WHERE %s::text IS NULL OR exchange_id = %s ORDER BY requested_at",
                (exchange, exchange),
            ).fetchall()


def make_engine(parts: LinkParts) -> Engine:
    registry = Registry()
    register_kinds(registry, parts)
    register_application(registry)
    return Engine(registry, parts.clock)


def statement(tenant: str, affair: str) -> PublishedStatement:
    from datetime import date

    return PublishedStatement(tenant, affair, "1", date(2024, 6, 1), "重点項目評価書（架空）")
