"""Guards, facts and effects of machine B (情報照会)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from storage.database import Transaction
from workflows.engine import Applied, CaseView, Command, Reason, Registry
from workflows.law import statements
from workflows.linkage import freezes, outbox, recording
from workflows.linkage.inquiry.models import Inquiry, asked, read_inquiries
from workflows.linkage.outbox import Outgoing
from workflows.linkage.parts import LinkParts
from workflows.linkage.wire import envelope

KIND = "inquiry"
DEFINITION = Path(__file__).with_name("workflow.yaml")
GUARDED = frozenset({"check", "send"})


def law_row_in_force(facts: Mapping[str, Any], given: Mapping[str, Any]) -> Reason | None:
    """番号法19条8号: no row, no inquiry."""
    return None if facts["law_row"] else Reason("no_law_row")


def statement_published(facts: Mapping[str, Any], given: Mapping[str, Any]) -> Reason | None:
    """番号法28条6項: no published statement, no inquiry."""
    return None if facts["statement"] else Reason("statement_missing", affair=facts["affair_name"])


def addressee_active(facts: Mapping[str, Any], given: Mapping[str, Any]) -> Reason | None:
    """Only about a person this municipality has a live addressee for."""
    return None if facts["active"] else Reason("addressee_inactive")


def not_frozen(facts: Mapping[str, Any], given: Mapping[str, Any]) -> Reason | None:
    """A kill switch stops it."""
    scope = facts["frozen"]
    return None if scope is None else Reason("frozen", scope=freezes.scope_words(scope))


def register(registry: Registry, parts: LinkParts) -> None:
    """Load the definition and give its names their functions."""
    kind = registry.load(DEFINITION)
    for guard in (law_row_in_force, statement_published, addressee_active, not_frozen):
        kind.guard(guard.__name__)(guard)
    machine = InquiryMachine(parts)
    kind.facts(machine.facts)
    for name in (
        "outbox_inquiry",
        "outbox_cancel",
        "note_exchange",
        "note_outcome",
        "note_expired",
        "record",
    ):
        kind.write_effect(name)(getattr(machine, name))
    kind.job_effect("record_attempt", "linkage.record_inquiry")


class InquiryMachine:
    """The functions behind the names of the definition."""

    def __init__(self, parts: LinkParts) -> None:
        self.parts = parts
        self._known: WeakKeyDictionary[Transaction, dict[UUID, Mapping[str, Any]]] = WeakKeyDictionary()

    def facts(
        self, tx: Transaction, cases: Sequence[CaseView], commands: Sequence[Command]
    ) -> list[Mapping[str, Any]]:
        """Read what the guards look at; steps of the system alone need nothing."""
        wanted = {
            case.id for case, command in zip(cases, commands, strict=True) if command.trigger in GUARDED
        }
        if not wanted:
            return [{} for _ in cases]
        # Checking and sending come one after the other in one transaction: they look at the same facts, read once.
        known = self._known.setdefault(tx, {})
        unread = wanted - known.keys()
        if unread:
            known.update(self.facts_of(tx, list(asked(tx, list(unread)).values())))
        return [known.get(case.id, {}) for case in cases]

    def facts_of(self, tx: Transaction, inquiries: Sequence[Inquiry]) -> dict[UUID, Mapping[str, Any]]:
        """The guards' facts for inquiries by case."""
        today = self.parts.clock.today()
        published = statements.published_affairs(tx, tx.tenant, today)
        frozen = freezes.standing(tx)
        active = {
            row[0]
            for row in tx.raw.execute(
                "SELECT number FROM madoguchi.addressee WHERE tenant = %s AND number = ANY(%s) AND state = 'active'",
                (tx.tenant, [one.addressee for one in inquiries]),
                prepare=True,
            )
        }
        return {
            one.case_id: {
                "law_row": self.parts.law.allows(
                    one.law_row, one.asker_org, one.holder_org, one.affair, one.items, today
                ),
                "statement": one.affair in published,
                "affair_name": self._affair_name(one.affair),
                "active": one.addressee in active,
                "frozen": frozen.scope_of(one.addressee, one.asker_office, one.items),
            }
            for one in inquiries
        }

    def _affair_name(self, code: str) -> str:
        affair = self.parts.law.affairs.get(code)
        return affair.name["ja"] if affair else code

    # --- effects -------------------------------------------------------------------------------------------------

    def outbox_inquiry(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """Put the inquiry itself into the outbox."""
        found = asked(tx, [one.case_id for one in applied])
        outgoing = [
            Outgoing(
                id=inquiry.message_id,
                lane=outbox.INQUIRY,
                type="inquiry.request",
                body=self.message(tx, inquiry),
                case_id=inquiry.case_id,
                person=inquiry.addressee,
                office=inquiry.asker_office,
                items=inquiry.items,
                partition=str(inquiry.case_id),
            )
            for inquiry in (found[one.case_id] for one in applied)
        ]
        outbox.put(tx, outgoing, self.parts.clock.now())

    def message(self, tx: Transaction, inquiry: Inquiry) -> dict[str, Any]:
        """Build the inquiry's envelope. The person is named by her addressee number only."""
        return envelope.build(
            "inquiry.request",
            tenant=tx.tenant,
            org=inquiry.asker_org,
            created=inquiry.requested_at,
            id_=inquiry.message_id,
            danban=inquiry.addressee,
            actor={"role": "clerk", "staff_hash": self.parts.staff_hash(tx.tenant, inquiry.staff)},
            legal={"law_row": inquiry.law_row, "table_version": inquiry.table_version},
            payload={
                "holder": inquiry.holder_org,
                "affair": inquiry.affair,
                "procedure": inquiry.procedure,
                "items": list(inquiry.items),
                "purpose": inquiry.purpose,
            },
        )

    def outbox_cancel(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """Take back what has not left yet; tell the hub about what has."""
        now = self.parts.clock.now()
        open_ = [one for one in applied if one.before not in ("draft", "ready", "approved")]
        found = read_inquiries(tx, [one.case_id for one in open_])
        kept_back = {
            row[0]
            for row in tx.raw.execute(
                "UPDATE madoguchi.linkage_outbox SET state = 'closed', cause = 'CANCELLED', done_at = %s WHERE tenant = %s"
                " AND id = ANY(%s) AND state = 'ready' AND batch IS NULL AND attempts = 0 RETURNING case_id",
                (now, tx.tenant, [one.message_id for one in found.values()]),
            )
        }
        outgoing = []
        for one in open_:
            if one.case_id in kept_back:
                continue
            inquiry = found[one.case_id]
            message = envelope.build(
                "inquiry.cancel",
                tenant=tx.tenant,
                org=inquiry.asker_org,
                created=now,
                causation=inquiry.message_id,
                actor={"role": "clerk", "staff_hash": self.parts.staff_hash(tx.tenant, one.actor.id)},
                payload={"inquiry_id": inquiry.message_id, "reason": str(one.input["reason"])},
            )
            outgoing.append(
                Outgoing(
                    id=message["id"],
                    lane=outbox.INQUIRY,
                    type="inquiry.cancel",
                    body=message,
                    case_id=inquiry.case_id,
                    partition=str(inquiry.case_id),
                )
            )
        outbox.put(tx, outgoing, now)
        self._set_outcome(tx, [(one.case_id, "CANCELLED", None) for one in applied])

    def note_exchange(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """Remember the core's exchange id."""
        with tx.raw.cursor() as cursor:
            cursor.executemany(
                "UPDATE madoguchi.linkage_inquiry SET exchange_id = %s WHERE tenant = %s AND case_id = %s",
                [(one.input["exchange_id"], tx.tenant, one.case_id) for one in applied],
            )

    def note_outcome(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """Remember how it ended."""
        self._set_outcome(tx, [(one.case_id, one.input["code"], one.input["exchange_id"]) for one in applied])

    def note_expired(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """Remember that nobody answered in time, unless the hub said more exactly why."""
        tx.raw.execute(
            "UPDATE madoguchi.linkage_inquiry SET outcome = coalesce(outcome, 'TIMEOUT') WHERE tenant = %s AND case_id = ANY(%s)",
            (tx.tenant, [one.case_id for one in applied]),
        )

    def _set_outcome(self, tx: Transaction, rows: Sequence[tuple[UUID, str, str | None]]) -> None:
        with tx.raw.cursor() as cursor:
            cursor.executemany(
                "UPDATE madoguchi.linkage_inquiry SET outcome = %s, exchange_id = coalesce(%s, exchange_id)"
                " WHERE tenant = %s AND case_id = %s",
                [(outcome, exchange, tx.tenant, case_id) for case_id, outcome, exchange in rows],
            )

    def record(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """Write the asker's record (番号法23条1項)."""
        self.record_cases(tx, [one.case_id for one in applied])

    def record_cases(self, tx: Transaction, cases: Sequence[UUID]) -> int:
        """Write the records of ended inquiries as they stand."""
        return recording.write(
            tx, self.parts, [exchange_of(one) for one in read_inquiries(tx, cases).values()]
        )


def exchange_of(inquiry: Inquiry) -> recording.Exchange:
    """What the asker's record says."""
    return recording.Exchange(
        reference=inquiry.exchange_id or inquiry.message_id,
        side="asker",
        addressee=inquiry.addressee,
        asker_org=inquiry.asker_org,
        asker_office=inquiry.asker_office,
        holder_org=inquiry.holder_org,
        requested_at=inquiry.requested_at,
        provided_at=inquiry.provided_at,
        affair=inquiry.affair,
        items=inquiry.items,
        law_row=inquiry.law_row,
        law_clause=inquiry.law_clause,
        table_version=inquiry.table_version,
        outcome=inquiry.outcome or "PERMIT_DENIED",
        purpose=inquiry.purpose,
        application=inquiry.application,
    )
