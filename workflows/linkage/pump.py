"""The pump: takes a batch of a lane, sends it, notes what became of each message, moves the cases; all in one transaction.

When the process dies at any point the transaction is undone and the same messages, with the same ids and bytes, are sent again: the peer
answers a repeated id with its first answer, so the effect happens once.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from storage.clock import Clock
from storage.database import Database, Scope, Transaction
from workflows.linkage import freezes, outbox
from workflows.linkage.circuit import Circuit
from workflows.linkage.gateway import LinkageGateway, Outcome
from workflows.linkage.outbox import Waiting
from workflows.linkage.wire import envelope, retry
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.retry import LinkUnreachable, LinkUntrusted

log = structlog.get_logger(__name__)

HOLD = timedelta(seconds=30)
# The server hears of a lifted freeze within two seconds; in between it refuses what may go.
LIFTED = 3.0
# How often a batch whose answer cannot be believed goes out whole, and how many may fail in a row when each goes alone.
TOGETHER = 3
# Seconds in which messages that go each alone may leave. All of it is one transaction, and the server ends one that was silent for
# `storage.database` PATIENCE; the peer would have taken what we then forgot.
ALONE = 300.0
Send = Callable[[Transaction, LinkageGateway, Sequence[Waiting], str], list[Outcome]]
Sent = Callable[[Transaction, Sequence[tuple[Waiting, Outcome]]], None]
Dead = Callable[[Transaction, Sequence[tuple[Waiting, str]]], None]


@dataclass(frozen=True)
class Lane:
    """How one lane is sent and what happens after.

    :param send: sends rows and returns one outcome each; raises when the peer as a whole cannot be reached.
    :param on_sent: what taken messages mean for their cases.
    :param on_dead: what dead letters mean for their cases; may be left out.
    :param before: fills rows whose body is made only now, in its own transaction.
    """

    name: str
    batch: int
    send: Send
    on_sent: Sent
    on_dead: Dead | None = None
    before: Callable[[Transaction, LinkageGateway, Sequence[Waiting]], None] | None = None


class Pump:
    """Drains lanes of the outbox.

    :param chance: source of jitter.
    :param passed: seconds of a clock that only goes forward, for what may take so long and no longer.
    """

    def __init__(
        self, clock: Clock, chance: random.Random, passed: Callable[[], float] = time.monotonic
    ) -> None:
        self.clock = clock
        self.chance = chance
        self.passed = passed
        self._circuits: dict[tuple[str, str], Circuit] = {}

    def circuit(self, tenant: str, lane: str) -> Circuit:
        """The circuit breaker of one tenant's lane."""
        return self._circuits.setdefault((tenant, lane), Circuit(self.clock, self.chance))

    def reset(self) -> None:
        """Close every circuit: the peer is known to be well again, so try at once."""
        self._circuits.clear()

    def drain(self, database: Database, tenant: str, gateway: LinkageGateway, lane: Lane) -> int:
        """Send one batch of a lane.

        :returns: how many messages were tried; 0 means there is nothing to do now.
        """
        circuit = self.circuit(tenant, lane.name)
        if not circuit.may_try():
            return 0
        scope = Scope(tenant=tenant)
        with database.transaction(scope) as tx:
            batches = self._batches(tx, gateway, lane)
        for batch in batches:
            with database.transaction(scope) as tx:
                ready = outbox.take_batch(tx, lane.name, batch)
                if ready:
                    self._send_batch(tx, gateway, lane, circuit, ready, batch)
                    return len(ready)
        return 0

    def _batches(self, tx: Transaction, gateway: LinkageGateway, lane: Lane) -> list[str]:
        """The batches to try, and when there is none a new one, bound before it leaves."""
        now = self.clock.now()
        found = outbox.left_over(tx, lane.name, now)
        if lane.before is not None:
            empty = outbox.claim(tx, lane.name, now, lane.batch, filled=False)
            if empty:
                lane.before(tx, gateway, empty)
        waiting = outbox.claim(tx, lane.name, now, lane.batch)
        ready = self._hold_frozen(tx, waiting) if waiting else []
        if ready:
            fresh = envelope.new_id(now)
            outbox.join_batch(tx, [one.id for one in ready], fresh)
            found.append(fresh)
        return found

    def _send_batch(
        self,
        tx: Transaction,
        gateway: LinkageGateway,
        lane: Lane,
        circuit: Circuit,
        ready: Sequence[Waiting],
        batch: str,
    ) -> None:
        outcomes, unknown = self._send(tx, gateway, lane, circuit, ready, batch)
        # Fewer outcomes than messages: the rest was not sent, and is as it was before.
        now = self.clock.now()
        left = ready[len(outcomes) :]
        outbox.put_off(tx, [(one.id, now + HOLD, "NOT_SENT") for one in left], now, tried=False)
        self._settle(tx, lane, [*zip(ready, outcomes, strict=False)], together=unknown)

    def _hold_frozen(self, tx: Transaction, waiting: Sequence[Waiting]) -> list[Waiting]:
        frozen = freezes.standing(tx)
        now = self.clock.now()
        held = [one for one in waiting if frozen.scope_of(one.person, one.office, one.items) is not None]
        outbox.put_off(tx, [(one.id, now + HOLD, "FROZEN") for one in held], now, tried=False)
        stopped = {one.id for one in held}
        return [one for one in waiting if one.id not in stopped]

    def _send(
        self,
        tx: Transaction,
        gateway: LinkageGateway,
        lane: Lane,
        circuit: Circuit,
        ready: Sequence[Waiting],
        batch: str,
    ) -> tuple[list[Outcome], bool]:
        """Send, and say besides whether nobody knows if the peer took the batch. Without an outcome is what was not sent, at the end."""
        if not ready:
            return [], False
        try:
            outcomes = lane.send(tx, gateway, ready, batch)
        except (LinkUnreachable, LinkUntrusted) as failure:
            circuit.failed()
            if isinstance(failure, LinkUntrusted) and len(ready) > 1 and ready[0].attempts >= TOGETHER:
                return self._one_by_one(tx, gateway, lane, circuit, ready), False
            log.warning("link.unreachable", lane=lane.name, tenant=tx.tenant, cause=type(failure).__name__)
            return [Outcome(one.id, {}, failure) for one in ready], True
        except Problem as problem:
            if problem.status >= 500:
                circuit.failed()
            elif not problem.retryable and len(ready) > 1:
                # The batch as a whole was refused, by the peer or by the linter that stands before every send: find out which
                # message is to blame; the others go on.
                return self._one_by_one(tx, gateway, lane, circuit, ready), False
            log.warning("link.refused", lane=lane.name, tenant=tx.tenant, cause=problem.code)
            return [Outcome(one.id, {}, problem) for one in ready], problem.status >= 500
        circuit.succeeded()
        return outcomes, False

    def _one_by_one(
        self,
        tx: Transaction,
        gateway: LinkageGateway,
        lane: Lane,
        circuit: Circuit,
        ready: Sequence[Waiting],
    ) -> list[Outcome]:
        """Send each under its own key, so that the one to blame is alone with it.

        While the peer as a whole is ill only a few are tried, and all of it takes no longer than `ALONE`.
        """
        outcomes: list[Outcome] = []
        in_vain = 0
        until = self.passed() + ALONE
        for one in ready:
            if in_vain == TOGETHER or self.passed() >= until:
                break
            outcome = self._send(tx, gateway, lane, circuit, [one], one.id)[0][0]
            in_vain = in_vain + 1 if isinstance(outcome.failure, LinkUnreachable | LinkUntrusted) else 0
            outcomes.append(outcome)
        return outcomes

    def _lifted(
        self, tx: Transaction, results: Sequence[tuple[Waiting, Outcome]], now: datetime
    ) -> frozenset[str]:
        """The messages that the server refused for a freeze of ours which it does not yet know to be lifted."""
        refused = [
            one
            for one, outcome in results
            if isinstance(outcome.failure, Problem) and outcome.failure.code == "FROZEN"
        ]
        if not refused:
            return frozenset()
        lifted = freezes.being_lifted(tx, now)
        return frozenset(
            one.id for one in refused if lifted.scope_of(one.person, one.office, one.items) is not None
        )

    def _settle(
        self, tx: Transaction, lane: Lane, results: Sequence[tuple[Waiting, Outcome]], *, together: bool
    ) -> None:
        now = self.clock.now()
        sent: list[tuple[Waiting, Outcome]] = []
        again: list[tuple[str, datetime, str]] = []
        dead: list[tuple[Waiting, str]] = []
        lifted = self._lifted(tx, results, now)
        for one, outcome in results:
            if outcome.failure is None:
                sent.append((one, outcome))
                continue
            verdict = retry.judge(outcome.failure, one.attempts + 1, self.chance)
            if one.id in lifted:
                verdict = retry.Verdict(True, LIFTED, verdict.cause)
            if not verdict.again:
                dead.append((one, verdict.cause))
            elif retry.budget_over(one.first_try or now, now):
                dead.append((one, f"BUDGET_OVER:{verdict.cause}"))
            else:
                again.append((one.id, now + timedelta(seconds=verdict.after), verdict.cause))
        outbox.mark_sent(tx, [one.id for one, _ in sent], now)
        if together and again:
            # The batch goes out again as one, so all of it waits for the same moment.
            when = max(moment for _, moment, _ in again)
            again = [(i, when, cause) for i, _, cause in again]
        outbox.put_off(tx, again, now, together=together)
        outbox.bury(tx, [(one.id, cause) for one, cause in dead], now)
        if sent:
            lane.on_sent(tx, sent)
        if dead:
            log.error(
                "link.dead_letter",
                lane=lane.name,
                tenant=tx.tenant,
                count=len(dead),
                causes=sorted({c for _, c in dead}),
            )
            if lane.on_dead is not None:
                lane.on_dead(tx, dead)
