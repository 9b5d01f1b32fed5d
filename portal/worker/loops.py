"""What the worker does again and again beside the link's own loops: acquire link codes, send copies.

Each loop is a thread. A failed round is logged by its kind and tried again; nothing personal is in the line.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from portal.worker.house import House
from storage.database import NOWHERE, Scope
from storage.logs import get_logger
from workflows.engine import Actor
from workflows.linkage.copies.batches import CopySender
from workflows.linkage.copies.staging import CopyStager
from workflows.linkage.copies.tax_csv import ITEM as LOCAL_TAX
from workflows.linkage.copies.tax_csv import TaxFileRefused
from workflows.linkage.link_codes.service import LinkCodeService

log = get_logger(__name__)

CODES_EVERY = 2.0
COPIES_EVERY = 2.0
DEADLINES_EVERY = 2.0
CODES_AT_ONCE = 200
REST = 5.0
SYSTEM = Actor(kind="system", id="worker", roles=frozenset({"system"}))


class Loops:
    """The threads of one worker process.

    :param house: what they work with.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start one thread for each loop."""
        for name, work, every in (
            ("link-codes", self.acquire_link_codes, CODES_EVERY),
            ("copies", self.send_copies, COPIES_EVERY),
            ("deadlines", self.fire_deadlines, DEADLINES_EVERY),
        ):
            thread = threading.Thread(target=self._run, args=(name, work, every), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, patience: float = 20.0) -> None:
        """Let each loop end its round."""
        self._stop.set()
        for thread in self._threads:
            thread.join(patience)

    def acquire_link_codes(self) -> None:
        """Ask for a link code (符号) for every addressee that has none."""
        codes = LinkCodeService(self._house.link.engine)
        for tenant in self._house.tenants:
            with self._house.worker.transaction(Scope(tenant=tenant)) as tx:
                missing = codes.missing(tx, CODES_AT_ONCE)
                if missing:
                    codes.acquire(tx, missing, SYSTEM)

    def fire_deadlines(self) -> None:
        """Let the clock act for bodies that are not on the link; for those that are, the link's own rounds do it."""
        house = self._house
        (tenants,) = house.worker.read(NOWHERE, ("SELECT code FROM madoguchi.tenant ORDER BY code", ()))
        for (tenant,) in tenants:
            if tenant not in house.tenants:
                with house.worker.transaction(Scope(tenant=tenant)) as tx:
                    house.link.engine.fire_due_deadlines(tx)

    def send_copies(self) -> None:
        """Take in the files the business systems put down, and send what changed to the hub."""
        house = self._house
        parts = house.link.parts
        for tenant in house.tenants:
            gateway = parts.offices.gateway(tenant)
            if gateway is None:
                continue
            for file in sorted(self._drop_folder(tenant).glob("local-tax*.csv")):
                self._stage(tenant, file)
            sender = CopySender(parts)
            while sender.send_next(house.worker, tenant, gateway, LOCAL_TAX) is not None:
                continue

    def _stage(self, tenant: str, file: Path) -> None:
        try:
            with self._house.worker.transaction(Scope(tenant=tenant)) as tx:
                report = CopyStager(self._house.link.parts).stage_tax(tx, file.read_bytes())
        except TaxFileRefused as refused:
            log.warning("copies.file_refused", tenant=tenant, file=file.name, cause=type(refused).__name__)
            file.rename(file.with_suffix(".refused"))
            return
        log.info("copies.staged", tenant=tenant, changed=report.changed, unknown=len(report.unknown))
        file.rename(file.with_suffix(".taken"))

    def _drop_folder(self, tenant: str) -> Path:
        return self._house.settings.var / "copies" / tenant

    def _run(self, name: str, work: Callable[[], None], every: float) -> None:
        while not self._stop.is_set():
            pause = every
            try:
                work()
            except Exception as failure:
                log.error("worker.round_failed", loop=name, cause=type(failure).__name__)
                pause = REST
            self._stop.wait(pause)
