"""What the worker does again and again beside the link's own loops: acquire link codes, send copies.

Each loop is a thread and goes round by tenant. Where one tenant's turn fails, that is logged by its kind and tried again with the next
round, and the others have had theirs; nothing personal is in the line.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from portal.worker.house import House
from storage.database import Scope
from storage.logs import get_logger
from storage.tenants import known_tenants
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
        for name, tenants, work, every in (
            ("link-codes", self._linked, self.acquire_link_codes, CODES_EVERY),
            ("copies", self._linked, self.send_copies, COPIES_EVERY),
            ("deadlines", self._not_linked, self.fire_deadlines, DEADLINES_EVERY),
        ):
            thread = threading.Thread(
                target=self._run, args=(name, tenants, work, every), name=name, daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def stop(self, patience: float = 20.0) -> None:
        """Let each loop end its round."""
        self._stop.set()
        for thread in self._threads:
            thread.join(patience)

    def acquire_link_codes(self, tenant: str) -> None:
        """Ask for a link code (符号) for every addressee that has none."""
        codes = LinkCodeService(self._house.link.engine)
        with self._house.worker.transaction(Scope(tenant=tenant)) as tx:
            missing = codes.missing(tx, CODES_AT_ONCE)
            if missing:
                codes.acquire(tx, missing, SYSTEM)

    def fire_deadlines(self, tenant: str) -> None:
        """Let the clock act for a body that is not on the link; for those that are, the link's own rounds do it."""
        with self._house.worker.transaction(Scope(tenant=tenant)) as tx:
            self._house.link.engine.fire_due_deadlines(tx)

    def send_copies(self, tenant: str) -> None:
        """Take in the files the business systems put down, and send what changed to the hub."""
        parts = self._house.link.parts
        gateway = parts.offices.gateway(tenant)
        if gateway is None:
            return
        for file in sorted(self._drop_folder(tenant).glob("local-tax*.csv")):
            self._stage(tenant, file)
        sender = CopySender(parts)
        while sender.send_next(self._house.worker, tenant, gateway, LOCAL_TAX) is not None:
            continue

    def _linked(self) -> Iterable[str]:
        return self._house.tenants

    def _not_linked(self) -> Iterable[str]:
        return [code for code in known_tenants(self._house.worker) if code not in self._house.tenants]

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

    def _run(
        self, name: str, tenants: Callable[[], Iterable[str]], work: Callable[[str], None], every: float
    ) -> None:
        while not self._stop.is_set():
            self._stop.wait(every if go_round(name, tenants, work) else REST)


def go_round(name: str, tenants: Callable[[], Iterable[str]], work: Callable[[str], None]) -> bool:
    """Give every tenant its turn, whatever becomes of the others'.

    :param name: of the loop, for the log.
    :returns: whether all went well.
    """
    well = True
    try:
        for tenant in tenants():
            try:
                work(tenant)
            except Exception as failure:
                log.error("worker.round_failed", loop=name, tenant=tenant, cause=type(failure).__name__)
                well = False
    except Exception as failure:
        log.error("worker.round_failed", loop=name, cause=type(failure).__name__)
        return False
    return well
