"""What the hub does by itself: ask the core for permits, hand permitted inquiries to holders, report, collect link
codes, end what ran out. One thread; rows are taken with SKIP LOCKED, so two sites may pump side by side."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from sandbox.database import Connection, Store
from workflows.linkage.wire import answers, envelope
from workflows.linkage.wire.client import LinkClient
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.retry import LinkUnreachable, LinkUntrusted
from workflows.linkage.wire.signatures import Now

from . import inbox
from .handing import hand_out
from .provisions import Outcome, close
from .subjects import settle

log = logging.getLogger("sandbox.hub")
BATCH = 200
IDLE = 0.25
DOWN = (LinkUnreachable, LinkUntrusted, Problem)


class Pump:
    """Drains the hub's queues.

    :param core: signed client of the hub towards the interface system.
    :param is_active: whether this site is the active one; a standby site rests.
    """

    def __init__(
        self,
        store: Store,
        core: LinkClient,
        bell: inbox.Bell,
        labels: dict[str, str],
        is_active: Callable[[Connection], bool],
        forget: Callable[[], None],
        now: Now,
    ) -> None:
        self._store = store
        self._core = core
        self._bell = bell
        self._labels = labels
        self._is_active = is_active
        self._forget = forget
        self._now = now
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._rest_until: datetime | None = None

    def start(self) -> None:
        threading.Thread(target=self._run, name="hub-pump", daemon=True).start()

    def wake(self) -> None:
        self._wake.set()

    def stop(self) -> None:
        self._stop.set()
        self._wake.set()

    def _run(self) -> None:
        rounds = 0
        while not self._stop.is_set():
            busy = False
            try:
                busy = self.once()
                rounds += 1
                if rounds % 20_000 == 0:
                    self._forget()
            except Exception:
                log.exception("pump round failed; trying again")
                self._stop.wait(1)
            if not busy:
                self._wake.wait(IDLE)
                self._wake.clear()

    def once(self) -> bool:
        """One round; True when there may be more to do at once."""
        now = self._now()
        with self._store.transaction() as tx:
            if not self._is_active(tx):
                return False
        more = self._expire(now)
        if self._rest_until is not None and now < self._rest_until:
            return more
        self._rest_until = None
        try:
            return self._permits(now) | self._reports(now) | self._results(now) | more
        except DOWN as failure:
            # The core is away: inquiries stay accepted, nothing is lost, and holders keep being served.
            log.warning("core not reached (%s); resting 2 s", type(failure).__name__)
            self._rest_until = now + timedelta(seconds=2)
            return False

    def _permits(self, now: datetime) -> bool:
        with self._store.transaction() as tx:
            rows = tx.execute(
                "SELECT i.message, s.fugo FROM hub.inquiry i LEFT JOIN hub.subject s ON s.org = i.org AND s.danban ="
                " i.danban AND s.state = 'OPEN' WHERE i.status = 'ACCEPTED' AND i.next_at <= %s ORDER BY i.id LIMIT %s"
                " FOR UPDATE OF i SKIP LOCKED",
                (now, BATCH),
            ).fetchall()
            if not rows:
                return False
            asks = []
            for message, fugo in rows:
                wish = message["payload"]
                asks.append(
                    envelope.build(
                        "permit.request",
                        tenant=message["tenant"],
                        org=message["org"],
                        created=now,
                        fugo=fugo,
                        legal=message["legal"],
                        payload={
                            "inquiry_id": message["id"],
                            "holder": wish["holder"],
                            "affair": wish["affair"],
                            "procedure": wish["procedure"],
                            "items": wish["items"],
                            "requested_at": message["created"],
                            "request_digest": envelope.request_digest(message),
                        },
                    )
                )
            answer = self._core.call(
                "POST",
                "/if/v1/permits:batch",
                envelope.batch(asks),
                message_id=envelope.new_id(now),
                read_timeout=30,
            )
            answers.believe("permits", answer.body)
            decided = {r["inquiry_id"]: r for r in answer.body["results"]}
            hand_out(tx, [m for m, _ in rows], decided, self._labels, now)
        self._bell.ring()
        return len(rows) == BATCH

    def _reports(self, now: datetime) -> bool:
        with self._store.transaction() as tx:
            rows = tx.execute(
                "SELECT id, message FROM hub.report WHERE sent_at IS NULL AND next_at <= %s ORDER BY id"
                " LIMIT %s FOR UPDATE SKIP LOCKED",
                (now, BATCH),
            ).fetchall()
            if not rows:
                return False
            self._core.call(
                "POST",
                "/if/v1/reports:batch",
                envelope.batch([m for _, m in rows]),
                message_id=envelope.new_id(now),
            )
            tx.execute("UPDATE hub.report SET sent_at = %s WHERE id = ANY(%s)", (now, [i for i, _ in rows]))
        return len(rows) == BATCH

    def _results(self, now: datetime) -> bool:
        with self._store.transaction() as tx:
            if (
                tx.execute("SELECT 1 FROM hub.acquisition WHERE status = 'NUMBERED' LIMIT 1").fetchone()
                is None
            ):
                return False
            tx.execute("INSERT INTO hub.cursor VALUES ('fugo', 0) ON CONFLICT DO NOTHING")
            row = tx.execute("SELECT value FROM hub.cursor WHERE name = 'fugo' FOR UPDATE").fetchone()
            after = row[0] if row else 0
            answer = self._core.call("GET", f"/if/v1/fugo-results?after={after}&limit=500").body
            answers.believe("acquisitionResults", answer)
            found = answer["results"]
            for result in found:
                settle(tx, result, now)
            if found:
                tx.execute("UPDATE hub.cursor SET value = %s WHERE name = 'fugo'", (found[-1]["seq"],))
        if found:
            self._bell.ring()
        return bool(found)

    def _expire(self, now: datetime) -> bool:
        with self._store.transaction() as tx:
            rows = tx.execute(
                "SELECT id FROM hub.inquiry WHERE status IN ('ACCEPTED', 'PERMITTED', 'WAITING_MANUAL') AND answer_by < %s"
                " ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED",
                (now, BATCH),
            ).fetchall()
            close(tx, [Outcome(id_, "TIMEOUT") for (id_,) in rows], now, self._labels)
            # 番号法21条の2第3項: a 取得番号 is not held beyond its purpose.
            tx.execute(
                "UPDATE hub.acquisition SET status = 'EXPIRED', token = NULL WHERE status = 'NUMBERED' AND"
                " expires_at < %s",
                (now,),
            )
        if rows:
            self._bell.ring()
        return len(rows) == BATCH
