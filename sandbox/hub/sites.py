"""Two sites over one state (全国2か所): one is active, the other answers SITE_STANDBY and takes over when told to."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sandbox.database import Connection, Store
from sandbox.web import Call, Reply
from workflows.linkage.wire.envelope import stamp
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.signatures import Now

SITES = ("hub", "hub2")


class Sites:
    """Which site is active, as both see it."""

    def __init__(self, store: Store, me: str, now: Now) -> None:
        self._store = store
        self.me = me
        self._now = now
        with store.transaction() as tx:
            tx.execute(
                "INSERT INTO hub.site (usual, active) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                (SITES[0], SITES[0]),
            )

    def active(self, tx: Connection) -> str:
        """The active site; a drill that ran out ends here."""
        row = tx.execute("SELECT usual, active, back_at FROM hub.site").fetchone()
        assert row is not None
        usual, active, back_at = row
        if back_at is not None and back_at < self._now():
            tx.execute("UPDATE hub.site SET active = usual, back_at = NULL WHERE back_at = %s", (back_at,))
            return str(usual)
        return str(active)

    def is_active(self, tx: Connection) -> bool:
        return self.active(tx) == self.me

    def guard(self, call: Call) -> None:
        """Refuse work on standby; health may always be asked."""
        if not self.is_active(call.tx):
            raise Problem("SITE_STANDBY", retry_after=1)

    def command(self, name: str, wish: Mapping[str, Any]) -> Mapping[str, Any]:
        """``failover``: the other site becomes active, for ``seconds`` (0 or missing: until told otherwise).

        :raises ValueError: unknown command.
        """
        if name != "failover":
            raise ValueError(f"unknown command {name!r}")
        seconds = float(wish.get("seconds") or 0)
        with self._store.transaction() as tx:
            now_active = self.active(tx)
            other = SITES[1] if now_active == SITES[0] else SITES[0]
            back = self._now() + timedelta(seconds=seconds) if seconds else None
            if seconds:
                tx.execute("UPDATE hub.site SET usual = active, active = %s, back_at = %s", (other, back))
            else:
                tx.execute("UPDATE hub.site SET usual = %s, active = %s, back_at = NULL", (other, other))
        return {"active": other, "back_at": stamp(back) if back else None}

    def health(self, call: Call) -> Reply:
        """``GET /v1/health``: this site, the active one, and the queue of this organisation's inbox."""
        active = self.active(call.tx)
        row = call.tx.execute(
            "SELECT count(*), COALESCE(extract(epoch FROM %s - min(at)), 0) FROM (SELECT accepted_at AS at FROM hub.inquiry"
            " WHERE status = 'ACCEPTED' LIMIT 10000) q",
            (call.now,),
        ).fetchone()
        waiting = call.tx.execute(
            "SELECT count(*) FROM (SELECT 1 FROM hub.inbox WHERE org = %s AND acked_at IS NULL LIMIT"
            " 10000) q",
            (call.party.id,),
        ).fetchone()
        return Reply(
            {
                "status": "OK",
                "site": self.me,
                "active": active == self.me,
                "queue": {"length": row[0] if row else 0, "age": float(row[1]) if row else 0.0},
                "inbox": waiting[0] if waiting else 0,
            }
        )
