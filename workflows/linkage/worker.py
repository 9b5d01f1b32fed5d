"""The loops of the link, for a worker process: drain lanes, take the inbox, let deadlines run. One thread for each, for each tenant.

A loop ends when its stop event is set, after the batch in hand; a failure of one round is logged and the next round tries again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from storage.database import Database, Scope
from workflows.linkage import telling
from workflows.linkage.link_codes.following import follow_up
from workflows.linkage.pump import Lane
from workflows.linkage.runtime import LinkRuntime
from workflows.linkage.telling import tell_hub
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.retry import LinkUnreachable, LinkUntrusted

log = structlog.get_logger(__name__)

# A batch costs a commit and a signature however small it is. So a loop that found one or two messages looks again at once (a clerk waits), one that
# found some lets more gather, and one that found many goes on without a pause.
QUICK = 0.05
GATHER = 0.25
SOME = 5
FULL = 100
LONGEST_IDLE = 0.5
RECORDS = 15.0
LINK_CODES = 15.0
# A freeze must not outlive its lifting at the other end.
FREEZES = 2.0
TELLING = 30.0
WAIT = 20
REST = 2.0


def pump_outbox(
    database: Database, runtime: LinkRuntime, tenant: str, lanes: Sequence[Lane] | None = None
) -> int:
    """Send one batch of every lane of a tenant.

    :param lanes: the worker's lanes when None; a vault process gives `runtime.vault_lanes`.
    :returns: how many messages were tried.
    """
    gateway = runtime.parts.offices.gateway(tenant)
    if gateway is None:
        return 0
    return sum(
        runtime.pump.drain(database, tenant, gateway, lane)
        for lane in (runtime.lanes if lanes is None else lanes)
    )


def poll_inbox(database: Database, runtime: LinkRuntime, tenant: str, wait: int = WAIT) -> int:
    """Take what the hub has for a tenant, waiting up to `wait` seconds for the first message.

    :returns: how many messages came.
    """
    gateway = runtime.parts.offices.gateway(tenant)
    if gateway is None:
        return 0
    return runtime.inbox.poll(database, tenant, gateway, wait=wait)


def drain_inbox(database: Database, runtime: LinkRuntime, tenant: str) -> int:
    """Work on messages that came early or were given back.

    :returns: how many were looked at.
    """
    return runtime.inbox.drain(database, tenant)


def fire_deadlines(database: Database, runtime: LinkRuntime, tenant: str) -> int:
    """Let the clock pull what is due in a tenant.

    :returns: how many deadlines were looked at.
    """
    with database.transaction(Scope(tenant=tenant)) as tx:
        return len(runtime.engine.fire_due_deadlines(tx))


def sync_records(database: Database, runtime: LinkRuntime, tenant: str, *, force: bool = False) -> int:
    """Pull a page of the hub's records of a tenant and lay it beside our own.

    :param force: ask even when the hub has not said that there is something.
    :returns: how many records came.
    """
    gateway = runtime.parts.offices.gateway(tenant)
    return 0 if gateway is None else runtime.record_sync.sync(database, tenant, gateway, force=force)


def ask_about_link_codes(database: Database, runtime: LinkRuntime, tenant: str) -> int:
    """Ask the hub about link codes whose result has not come.

    :returns: how many were asked about.
    """
    return follow_up(database, runtime, tenant)


class LinkWorker:
    """Threads that keep the link going.

    :param database: the worker role's database; or the vault role's with `vault` True.
    """

    def __init__(self, database: Database, runtime: LinkRuntime, *, vault: bool = False) -> None:
        self._database = database
        self._runtime = runtime
        self._vault = vault
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads for every tenant that has a gateway."""
        for tenant in self._runtime.parts.offices.tenants:
            for name, work, idle in self._loops(tenant):
                thread = threading.Thread(
                    target=self._run,
                    args=(name, tenant, work, idle),
                    name=f"link-{name}-{tenant}",
                    daemon=True,
                )
                self._threads.append(thread)
                thread.start()

    def stop(self, patience: float = 35.0) -> None:
        """Ask the threads to end after the batch in hand, and wait for them."""
        self._stop.set()
        for thread in self._threads:
            thread.join(patience)

    def _loops(self, tenant: str) -> list[tuple[str, Callable[[], int], float]]:
        """Name, one round, and the longest pause when there is nothing to do."""
        database, runtime = self._database, self._runtime
        if self._vault:
            return [
                ("juki", lambda: pump_outbox(database, runtime, tenant, runtime.vault_lanes), LONGEST_IDLE)
            ]
        lanes = [
            (lane.name, partial(pump_outbox, database, runtime, tenant, [lane]), LONGEST_IDLE)
            for lane in runtime.lanes
        ]
        return [
            *lanes,
            ("inbox", lambda: poll_inbox(database, runtime, tenant), QUICK),
            ("early", lambda: drain_inbox(database, runtime, tenant), 1.0),
            ("deadlines", lambda: fire_deadlines(database, runtime, tenant), 5.0),
            ("link-codes", lambda: ask_about_link_codes(database, runtime, tenant), LINK_CODES),
            ("freezes", lambda: tell_hub(database, runtime, tenant, (telling.FREEZE,)), FREEZES),
            (
                "telling",
                lambda: tell_hub(database, runtime, tenant, (telling.MARK, telling.SUBJECT)),
                TELLING,
            ),
            ("records", lambda: sync_records(database, runtime, tenant), RECORDS),
        ]

    def _run(self, name: str, tenant: str, work: Callable[[], int], longest: float) -> None:
        idle = QUICK
        while not self._stop.is_set():
            try:
                found = work()
                idle = QUICK if found else min(idle * 1.5, longest)
                pause = 0.0 if found >= FULL else GATHER if found >= SOME else idle
            except (LinkUnreachable, LinkUntrusted, Problem) as failure:
                log.warning("link.peer_away", loop=name, tenant=tenant, cause=type(failure).__name__)
                pause = REST
            except Exception as failure:
                log.error("link.round_failed", loop=name, tenant=tenant, cause=type(failure).__name__)
                pause = REST
            self._stop.wait(pause)
