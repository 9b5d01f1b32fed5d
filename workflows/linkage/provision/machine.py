"""Guards, facts and effects of machine C (情報提供)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from storage.database import Transaction
from workflows.engine import Applied, CaseView, Command, Reason, Registry
from workflows.linkage import freezes, outbox, recording
from workflows.linkage.inbox import note_incident
from workflows.linkage.outbox import Outgoing
from workflows.linkage.parts import LinkParts
from workflows.linkage.provision.answering import answers
from workflows.linkage.provision.models import PROVIDE, REFUSE, WITHHOLD, Provision, read_provisions
from workflows.linkage.wire import envelope
from workflows.linkage.wire.codes import REFUSAL_GROUNDS

KIND = "provision"
DEFINITION = Path(__file__).with_name("workflow.yaml")
# What a confirmed proposal means on the wire.
DECIDED = {REFUSE: "REFUSED_BY_HOLDER", WITHHOLD: "NOT_DISCLOSED"}
# An answer that cannot be made: the copy the hub gave back is not the one we sealed. What the asker is told, and what people are told.
NOT_PROVIDABLE, BROKEN = "NOT_PROVIDABLE", "COPY_BROKEN"
GUARDED = frozenset({"answer", "provide", "propose", "refuse", "withhold"})


def not_protected(facts: Mapping[str, Any], given: Mapping[str, Any]) -> Reason | None:
    """Two pairs of eyes on every answer about a protected person."""
    return Reason("protected") if facts["protected"] else None


def not_frozen(facts: Mapping[str, Any], given: Mapping[str, Any]) -> Reason | None:
    """A kill switch stops it."""
    scope = facts["frozen"]
    return None if scope is None else Reason("frozen", scope=freezes.scope_words(scope))


def claimed_by_me(facts: Mapping[str, Any], given: Mapping[str, Any]) -> Reason | None:
    """Only who claimed it proposes."""
    return None if facts["case"].assignee == facts["actor"].id else Reason("not_claimed")


def known_decision(facts: Mapping[str, Any], given: Mapping[str, Any]) -> Reason | None:
    """A proposal nobody can decide on would block the case."""
    return None if given.get("decision") in (PROVIDE, REFUSE, WITHHOLD) else Reason("unknown_decision")


def ground_fits(facts: Mapping[str, Any], given: Mapping[str, Any]) -> Reason | None:
    """番号法22条1項 obliges the holder to provide: a refusal stands on a ground of the closed list, anything else on none."""
    ground = given.get("ground")
    if given.get("decision") == REFUSE:
        return None if ground in REFUSAL_GROUNDS else Reason("ground_missing")
    return None if ground is None else Reason("ground_not_needed")


def second_person(facts: Mapping[str, Any], given: Mapping[str, Any]) -> Reason | None:
    """Four eyes."""
    return Reason("same_proposer") if facts["proposed_by"] == facts["actor"].id else None


def _proposal(wanted: str) -> Any:
    def guard(facts: Mapping[str, Any], given: Mapping[str, Any]) -> Reason | None:
        if facts["proposal"] != wanted:
            return Reason("other_proposal")
        # The first version let the second person write the code and the ground: they must be those that were proposed.
        same = given.get("code") in (None, DECIDED.get(wanted)) and given.get("ground") in (
            None,
            facts["ground"],
        )
        return None if same else Reason("other_proposal")

    return guard


def register(registry: Registry, parts: LinkParts) -> None:
    """Load the definition and give its names their functions."""
    kind = registry.load(DEFINITION)
    for guard in (not_protected, not_frozen, claimed_by_me, known_decision, ground_fits, second_person):
        kind.guard(guard.__name__)(guard)
    for name, wanted in (("provide", PROVIDE), ("refuse", REFUSE), ("withhold", WITHHOLD)):
        kind.guard(f"proposal_is_{name}")(_proposal(wanted))
    machine = ProvisionMachine(parts)
    kind.facts(machine.facts)
    effects = (
        "outbox_answer",
        "outbox_decision",
        "outbox_proposal",
        "outbox_more_time",
        "outbox_timeout",
        "note_proposal",
        "note_provided",
        "note_refused",
        "record",
        "incident",
    )
    for name in effects:
        kind.write_effect(name)(getattr(machine, name))
    kind.job_effect("record", "linkage.record_provision")


class ProvisionMachine:
    """The functions behind the names of the definition."""

    def __init__(self, parts: LinkParts) -> None:
        self.parts = parts

    def facts(
        self, tx: Transaction, cases: Sequence[CaseView], commands: Sequence[Command]
    ) -> list[Mapping[str, Any]]:
        """Read what the guards look at; the other steps need nothing."""
        wanted = {
            case.id for case, command in zip(cases, commands, strict=True) if command.trigger in GUARDED
        }
        if not wanted:
            return [{} for _ in cases]
        provisions = read_provisions(tx, list(wanted))
        frozen = freezes.standing(tx)
        protected = protected_of(tx, [one.addressee for one in provisions.values()])
        return [
            self._facts(provisions[case.id], frozen, protected) if case.id in provisions else {}
            for case in cases
        ]

    def _facts(
        self, one: Provision, frozen: freezes.Frozen, protected: Mapping[str, bool]
    ) -> Mapping[str, Any]:
        return {
            "protected": protected.get(one.addressee, True),
            "frozen": frozen.scope_of(one.addressee, "", one.items),
            "proposal": one.proposal,
            "proposed_by": one.proposed_by,
            "ground": one.ground,
        }

    # --- effects -------------------------------------------------------------------------------------------------

    def outbox_answer(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """Put the answers into the outbox. Without keys at hand (the web) the worker fills them in before sending."""
        now = self.parts.clock.now()
        ids = {one.case_id: envelope.new_id(now) for one in applied}
        provisions = read_provisions(tx, list(ids))
        gateway = self.parts.offices.gateway(tx.tenant)
        bodies = answers(tx, self.parts, gateway, ids) if gateway is not None else {}
        outbox.put(
            tx,
            [
                Outgoing(
                    id=ids[case_id],
                    lane=outbox.PROVISION,
                    type="provision.answer",
                    body=bodies.get(case_id),
                    case_id=case_id,
                    person=provisions[case_id].addressee,
                    items=provisions[case_id].items,
                    partition=str(case_id),
                )
                for case_id in ids
            ],
            now,
        )
        if bodies:
            self.note_answers(tx, bodies)

    def note_answers(self, tx: Transaction, bodies: Mapping[UUID, Mapping[str, Any]]) -> None:
        """Remember what kind of answer was made; the copies that came with the request are not kept any longer."""
        codes = [str(body["payload"]["code"]) for body in bodies.values()]
        tx.raw.execute(
            "UPDATE madoguchi.linkage_provision AS p SET request = NULL, outcome = r.code"
            " FROM unnest(%s::uuid[], %s::text[]) AS r (case_id, code) WHERE p.tenant = %s AND p.case_id = r.case_id",
            (list(bodies), codes, tx.tenant),
            prepare=True,
        )

    def outbox_decision(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """Tell the hub that nothing is provided, with the coded ground the law asks for."""
        rows = [(one.case_id, str(one.input["code"]), one.input.get("ground")) for one in applied]
        self._decide(tx, rows)

    def outbox_proposal(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """Tell the hub what was proposed and confirmed, and nothing else."""
        provisions = read_provisions(tx, [one.case_id for one in applied])
        rows = [(one.case_id, DECIDED[str(one.proposal)], one.ground) for one in provisions.values()]
        self._decide(tx, rows)

    def outbox_timeout(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """Tell the hub that nobody decided in time."""
        self._decide(tx, [(one.case_id, NOT_PROVIDABLE, None) for one in applied])

    def cannot_answer(self, tx: Transaction, cases: Sequence[UUID]) -> None:
        """Tell the hub that nothing is provided, and people that what it keeps of ours cannot be opened as ours."""
        self._decide(tx, [(case_id, NOT_PROVIDABLE, None) for case_id in cases])
        for case_id in cases:
            note_incident(tx, BROKEN, {"case_id": str(case_id)}, self.parts.clock.now())

    def _decide(self, tx: Transaction, rows: Sequence[tuple[UUID, str, str | None]]) -> None:
        with tx.raw.cursor() as cursor:
            cursor.executemany(
                "UPDATE madoguchi.linkage_provision SET outcome = %s, ground = %s, request = NULL WHERE tenant = %s AND case_id = %s",
                [(code, ground, tx.tenant, case_id) for case_id, code, ground in rows],
            )
        self._send_decisions(tx, [(case_id, "refuse", code, ground) for case_id, code, ground in rows])

    def outbox_more_time(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """Tell the hub that staff must look first."""
        self._send_decisions(tx, [(one.case_id, "more_time", "PENDING_MANUAL", None) for one in applied])

    def _send_decisions(self, tx: Transaction, rows: Sequence[tuple[UUID, str, str, str | None]]) -> None:
        now = self.parts.clock.now()
        provisions = read_provisions(tx, [row[0] for row in rows])
        outgoing = []
        for case_id, decision, code, ground in rows:
            one = provisions[case_id]
            payload = {
                "provision_id": one.provision_id,
                "exchange_id": one.exchange_id,
                "decision": decision,
                "code": code,
            }
            if ground is not None:
                payload["ground"] = ground
            message = envelope.build(
                "provision.decision",
                tenant=tx.tenant,
                org=self.parts.offices.ours(tx.tenant).org,
                created=now,
                payload=payload,
            )
            outgoing.append(
                Outgoing(
                    id=message["id"],
                    lane=outbox.PROVISION,
                    type="provision.decision",
                    body=message,
                    case_id=case_id,
                    partition=str(case_id),
                )
            )
        outbox.put(tx, outgoing, now)

    def note_proposal(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """Keep what is proposed and by whom."""
        with tx.raw.cursor() as cursor:
            cursor.executemany(
                "UPDATE madoguchi.linkage_provision SET proposal = %s, proposed_by = %s, ground = %s"
                " WHERE tenant = %s AND case_id = %s",
                [
                    (one.input["decision"], one.actor.id, one.input.get("ground"), tx.tenant, one.case_id)
                    for one in applied
                ],
            )

    def note_provided(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """The hub took the answer: from now on it is provided."""
        with tx.raw.cursor() as cursor:
            cursor.executemany(
                "UPDATE madoguchi.linkage_provision SET outcome = coalesce(outcome, 'OK'), provided_at = %s"
                " WHERE tenant = %s AND case_id = %s",
                [(one.at, tx.tenant, one.case_id) for one in applied],
            )

    def note_refused(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """The answer was made but the exchange was over."""
        with tx.raw.cursor() as cursor:
            cursor.executemany(
                "UPDATE madoguchi.linkage_provision SET outcome = %s WHERE tenant = %s AND case_id = %s",
                [(one.input["code"], tx.tenant, one.case_id) for one in applied],
            )

    def record(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """Write the holder's record (番号法23条1項)."""
        self.record_cases(tx, [one.case_id for one in applied])

    def record_cases(self, tx: Transaction, cases: Sequence[UUID]) -> int:
        """Write the records of ended provisions as they stand."""
        ours = self.parts.offices.ours(tx.tenant).org
        return recording.write(
            tx, self.parts, [exchange_of(one, ours) for one in read_provisions(tx, cases).values()]
        )

    def incident(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """A duty to provide that our own missing statement stops is an incident."""
        for one in applied:
            detail = {"case_id": str(one.case_id), "ground": one.input.get("ground")}
            note_incident(tx, "STATEMENT_MISSING_AT_HOLDER", detail, self.parts.clock.now())


def protected_of(tx: Transaction, addressees: Sequence[str]) -> dict[str, bool]:
    """Say of each live addressee whether either flag of protection stands; those not known here are left out."""
    rows = tx.raw.execute(
        "SELECT number, records_withheld OR self_info_barred FROM madoguchi.addressee"
        " WHERE tenant = %s AND number = ANY(%s) AND state = 'active'",
        (tx.tenant, list(addressees)),
        prepare=True,
    )
    return dict(rows.fetchall())


def exchange_of(one: Provision, holder_org: str) -> recording.Exchange:
    """What the holder's record says."""
    return recording.Exchange(
        reference=one.exchange_id,
        side="holder",
        addressee=one.addressee,
        asker_org=one.asker_org,
        asker_office="",
        holder_org=holder_org,
        requested_at=one.received_at,
        provided_at=one.provided_at,
        affair=one.affair,
        items=one.items,
        law_row=one.law_row,
        law_clause=one.law_clause,
        table_version=one.table_version,
        outcome=one.outcome or NOT_PROVIDABLE,
        purpose=one.purpose,
    )
