"""Guards, facts and effects of machine A (符号取得, 番号法21条の2).

The acquisition number (取得番号) ties the two networks together. It is kept sealed, only as long as it is needed, and wiped by the step that ends its use
(同条3項). The 個人番号 itself never passes here: the process of the vault role adds it at the moment of sending.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from storage.database import Transaction
from workflows.engine import Applied, CaseView, Command, Reason, Registry
from workflows.linkage import outbox
from workflows.linkage.outbox import Outgoing
from workflows.linkage.parts import LinkParts
from workflows.linkage.wire import envelope

KIND = "link_code"
# The steps after which the server need not go on; after the others it knows more than we do.
GIVEN_UP = frozenset({"cancel", "abandon"})
DEFINITION = Path(__file__).with_name("workflow.yaml")


def addressee_active(facts: Mapping[str, Any], given: Mapping[str, Any]) -> Reason | None:
    """Only for a live addressee."""
    return None if facts["active"] else Reason("addressee_inactive")


def register(registry: Registry, parts: LinkParts) -> None:
    """Load the definition and give its names their functions."""
    kind = registry.load(DEFINITION)
    kind.guard("addressee_active")(addressee_active)
    machine = LinkCodeMachine(parts)
    kind.facts(machine.facts)
    for name in ("outbox_acquire", "outbox_juki", "wipe_token", "end_live"):
        kind.write_effect(name)(getattr(machine, name))


def token_context(case_id: UUID) -> str:
    """The context under which an acquisition number is sealed."""
    return f"linkage_link_code.token:{case_id}"


class LinkCodeMachine:
    """The functions behind the names of the definition."""

    def __init__(self, parts: LinkParts) -> None:
        self.parts = parts

    def facts(
        self, tx: Transaction, cases: Sequence[CaseView], commands: Sequence[Command]
    ) -> list[Mapping[str, Any]]:
        """Whether the addressees are live."""
        active = {
            row[0]
            for row in tx.raw.execute(
                "SELECT number FROM madoguchi.addressee WHERE tenant = %s AND number = ANY(%s) AND state = 'active'",
                (tx.tenant, [case.subject for case in cases]),
                prepare=True,
            )
        }
        return [{"active": case.subject in active} for case in cases]

    def outbox_acquire(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """Ask the hub for an acquisition number; the message's id is the acquisition's."""
        now = self.parts.clock.now()
        outgoing, rows = [], []
        for one in applied:
            message = envelope.build(
                "fugo.acquire",
                tenant=tx.tenant,
                org=self.parts.offices.ours(tx.tenant).org,
                created=now,
                danban=one.subject,
                payload={},
            )
            rows.append((message["id"], tx.tenant, one.case_id))
            outgoing.append(self._outgoing(message, outbox.FUGO, one))
        with tx.raw.cursor() as cursor:
            cursor.executemany(
                "UPDATE madoguchi.linkage_link_code SET acquisition_id = %s, token = NULL WHERE tenant = %s AND case_id = %s",
                rows,
            )
        self._close_dead(tx, [one for one in applied if one.trigger != "submit"], "REPLACED")
        outbox.put(tx, outgoing, now)

    def outbox_juki(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """Note that the CS must be asked. What stands in the outbox is a reference; the number is added at the moment of sending."""
        now = self.parts.clock.now()
        outgoing = []
        for one in applied:
            outgoing.append(
                Outgoing(
                    id=envelope.new_id(now),
                    lane=outbox.JUKI,
                    type="juki.fugo-request",
                    body=None,
                    case_id=one.case_id,
                    person=one.subject,
                    partition=str(one.case_id),
                )
            )
        outbox.put(tx, outgoing, now)

    def _take_back(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """番号法21条の2第3項: what has not left stays here, and the server is told to wipe a number that serves no longer."""
        now = self.parts.clock.now()
        kept_back = {
            row[0]
            for row in tx.raw.execute(
                "UPDATE madoguchi.linkage_outbox SET state = 'closed', cause = 'CANCELLED', done_at = %s WHERE tenant = %s"
                " AND case_id = ANY(%s) AND lane = ANY(%s) AND state = 'ready' AND batch IS NULL AND attempts = 0"
                " RETURNING CASE lane WHEN %s THEN case_id END",
                (now, tx.tenant, [one.case_id for one in applied], [outbox.FUGO, outbox.JUKI], outbox.FUGO),
            )
        }
        self._close_dead(tx, applied, "CANCELLED")
        given_up = {
            one.case_id: one for one in applied if one.trigger in GIVEN_UP and one.case_id not in kept_back
        }
        rows = tx.raw.execute(
            "SELECT case_id, acquisition_id FROM madoguchi.linkage_link_code WHERE tenant = %s AND case_id = ANY(%s)"
            " AND acquisition_id IS NOT NULL",
            (tx.tenant, list(given_up)),
        ).fetchall()
        outgoing = []
        for case_id, acquisition in rows:
            message = envelope.build(
                "fugo.cancel",
                tenant=tx.tenant,
                org=self.parts.offices.ours(tx.tenant).org,
                created=now,
                causation=acquisition,
                payload={"acquisition_id": acquisition},
            )
            outgoing.append(self._outgoing(message, outbox.FUGO, given_up[case_id]))
        outbox.put(tx, outgoing, now)

    def _close_dead(self, tx: Transaction, applied: Sequence[Applied], cause: str) -> None:
        """A question that was refused serves its case no longer: what is put in its place, and the person's next one, wait behind no dead letter.

        That the server refused a giving up stays at the desk: a number may still be held there.
        """
        if not applied:
            return
        tx.raw.execute(
            "UPDATE madoguchi.linkage_outbox SET state = 'closed', cause = %s, done_at = %s WHERE tenant = %s"
            " AND case_id = ANY(%s) AND lane = ANY(%s) AND state = 'dead' AND type <> 'fugo.cancel'",
            (
                cause,
                self.parts.clock.now(),
                tx.tenant,
                [one.case_id for one in applied],
                [outbox.FUGO, outbox.JUKI],
            ),
        )

    def _outgoing(self, message: dict[str, Any], lane: str, one: Applied) -> Outgoing:
        return Outgoing(
            id=message["id"],
            lane=lane,
            type=message["type"],
            body=message,
            case_id=one.case_id,
            person=one.subject,
            partition=str(one.subject),
        )

    def wipe_token(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """番号法21条の2第3項: the acquisition number is not held beyond its purpose."""
        tx.raw.execute(
            "UPDATE madoguchi.linkage_link_code SET token = NULL WHERE tenant = %s AND case_id = ANY(%s)",
            (tx.tenant, [one.case_id for one in applied]),
        )

    def end_live(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """This case no longer stands for the person's link code; another may. Nothing of it leaves any more but that it is given up."""
        self._take_back(tx, applied)
        tx.raw.execute(
            "UPDATE madoguchi.linkage_link_code SET live = false WHERE tenant = %s AND case_id = ANY(%s)",
            (tx.tenant, [one.case_id for one in applied]),
        )
