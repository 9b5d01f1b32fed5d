"""The desk of dead letters: what could not be sent or worked on, kept with its cause until somebody deals with it.

A dead letter is sent again with the *same* id and the same bytes, so a peer that had taken it after all answers as before; or it is closed by two
persons. What was decided by whom is never changed afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from storage.clock import Clock
from storage.database import Transaction
from storage.ids import new_id
from workflows.engine import Actor, Command, Engine
from workflows.linkage.refusals import LETTERS, DeskRefused

Direction = Literal["out", "in"]
DESK = frozenset({"operator", "supervisor"})


class DeadLetterRefused(DeskRefused):
    """Nothing was done with the dead letter. Holds a code and a text for the person at the desk."""

    def __init__(self, code: str) -> None:
        super().__init__(code, LETTERS)


@dataclass(frozen=True)
class DeadLetter:
    """One dead letter; its content is not shown, only what it is about.

    :param proposed_by: who proposed to close it, when somebody did.
    """

    id: str
    direction: Direction
    lane: str
    type: str
    cause: str
    case_id: UUID | None
    attempts: int
    first_try: datetime | None
    last_try: datetime | None
    created_at: datetime
    proposed_by: str | None


_LIST = """
SELECT id, 'out', lane, type, cause, case_id, attempts, first_try, last_try, created_at,
    (SELECT actor FROM madoguchi.linkage_dead_decision AS d WHERE d.tenant = o.tenant AND d.message_id = o.id
     AND d.action = 'propose_close' AND d.at >= o.last_try ORDER BY d.id DESC LIMIT 1)
FROM madoguchi.linkage_outbox AS o WHERE tenant = %(tenant)s AND state = 'dead' AND (%(id)s::text IS NULL OR id = %(id)s)
UNION ALL
SELECT id, 'in', 'inbox', type, cause, NULL, attempts, received_at, received_at, received_at,
    (SELECT CASE WHEN action = 'propose_close' THEN actor END FROM madoguchi.linkage_dead_decision AS d
     WHERE d.tenant = i.tenant AND d.message_id = i.id ORDER BY d.id DESC LIMIT 1)
FROM madoguchi.linkage_inbox AS i WHERE tenant = %(tenant)s AND state = 'dead' AND (%(id)s::text IS NULL OR id = %(id)s)
ORDER BY 10 DESC, 1 LIMIT %(limit)s
"""


class DeadLetters:
    """What can be done at the desk; for operators and supervisors."""

    def __init__(self, clock: Clock, engine: Engine) -> None:
        self.clock = clock
        self.engine = engine

    def list(self, tx: Transaction, limit: int = 100) -> list[DeadLetter]:
        """Return the newest dead letters of the tenant."""
        return [*self._read(tx, None, limit)]

    def get(self, tx: Transaction, message_id: str) -> DeadLetter:
        """Return one.

        :raises DeadLetterRefused: ``NOT_DEAD`` when there is none (any more).
        """
        found = self._read(tx, message_id, 1)
        if not found:
            raise DeadLetterRefused("NOT_DEAD")
        return found[0]

    def replay(self, tx: Transaction, message_id: str, actor: Actor, reason: str) -> DeadLetter:
        """Send it (or work on it) again, with the same id and content.

        :param reason: a code, e.g. ``PEER_BACK``.
        :raises DeadLetterRefused: ``NOT_ALLOWED`` or ``NOT_DEAD``.
        """
        letter = self._lock(tx, message_id, actor)
        now = self.clock.now()
        self._decide(tx, letter, "replay", reason, actor)
        if letter.direction == "in":
            tx.raw.execute(
                "UPDATE madoguchi.linkage_inbox SET state = 'waiting', not_before = %s, received_at = %s, attempts = 0"
                " WHERE tenant = %s AND id = %s",
                (now, now, tx.tenant, message_id),
            )
            return letter
        tx.raw.execute(
            "UPDATE madoguchi.linkage_outbox SET state = 'ready', not_before = %s, first_try = NULL, attempts = 0, batch = NULL"
            " WHERE tenant = %s AND id = %s",
            (now, tx.tenant, message_id),
        )
        if letter.type == "inquiry.request" and letter.case_id is not None:
            key = f"replay:{message_id}:{new_id()}"
            self.engine.apply(tx, Command(letter.case_id, "replay", actor, "送り直し", key))
        return letter

    def close(self, tx: Transaction, message_id: str, actor: Actor, reason: str) -> bool:
        """Close it for good: the first person proposes, a second one closes.

        :returns: True when it is closed now, False when it waits for the second person.
        :raises DeadLetterRefused: ``NOT_ALLOWED``, ``NOT_DEAD``, or ``SAME_PERSON``.
        """
        letter = self._lock(tx, message_id, actor)
        if letter.proposed_by is None:
            self._decide(tx, letter, "propose_close", reason, actor)
            return False
        if letter.proposed_by == actor.id:
            raise DeadLetterRefused("SAME_PERSON")
        self._decide(tx, letter, "close", reason, actor)
        table = "linkage_outbox" if letter.direction == "out" else "linkage_inbox"
        tx.raw.execute(
            f"UPDATE madoguchi.{table} SET state = 'closed', done_at = %s WHERE tenant = %s AND id = %s",  # noqa: S608
            (self.clock.now(), tx.tenant, message_id),
        )
        if letter.type == "inquiry.request" and letter.case_id is not None:
            tx.raw.execute(
                "UPDATE madoguchi.linkage_inquiry SET outcome = 'HOLDER_UNAVAILABLE' WHERE tenant = %s AND case_id = %s",
                (tx.tenant, letter.case_id),
            )
            command = Command(
                letter.case_id,
                "close_manual",
                actor,
                "手作業で終える",
                f"close:{message_id}",
                {"reason": reason},
            )
            self.engine.apply(tx, command)
        return True

    def _read(self, tx: Transaction, message_id: str | None, limit: int) -> Sequence[DeadLetter]:
        values = {"tenant": tx.tenant, "id": message_id, "limit": limit}
        return [DeadLetter(*row) for row in tx.raw.execute(_LIST, values).fetchall()]

    def _lock(self, tx: Transaction, message_id: str, actor: Actor) -> DeadLetter:
        if DESK.isdisjoint(actor.roles):
            raise DeadLetterRefused("NOT_ALLOWED")
        for table in ("linkage_outbox", "linkage_inbox"):
            tx.raw.execute(
                f"SELECT 1 FROM madoguchi.{table} WHERE tenant = %s AND id = %s FOR UPDATE",  # noqa: S608
                (tx.tenant, message_id),
            )
        return self.get(tx, message_id)

    def _decide(self, tx: Transaction, letter: DeadLetter, action: str, reason: str, actor: Actor) -> None:
        tx.raw.execute(
            "INSERT INTO madoguchi.linkage_dead_decision (tenant, id, direction, message_id, action, reason, actor, at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (tx.tenant, new_id(), letter.direction, letter.id, action, reason, actor.id, self.clock.now()),
        )
