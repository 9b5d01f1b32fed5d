"""What the hub tells the asking side: permitted, denied, answered, refused; worked on in sets.

The word that an inquiry is permitted proves that it was taken in, so it may overtake our own note of that; everything else that comes too early
waits in the inbox.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from storage.database import Transaction
from workflows.engine import Actor, Command, Engine, Refused
from workflows.linkage.gateway import ContentRefused, LinkageGateway
from workflows.linkage.inbox import Dead, Done, Early, Received, Verdict, note_incident
from workflows.linkage.inquiry.models import Inquiry, answer_context, read_by_message
from workflows.linkage.parts import LinkParts
from workflows.linkage.wire import envelope
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.signatures import SKEW

HUB = Actor(kind="system", id="link")
PURPOSE = "情報提供ネットワークからの通知"
# Which step a refusal is; the rest are `refuse`.
STEPS = {
    "PENDING_MANUAL": "wait_for_staff",
    "NOT_DISCLOSED": "not_disclosed",
    "NOT_REGISTERED": "not_registered",
    "NO_SUCH_SUBJECT": "no_such_subject",
    "TIMEOUT": "expire",
    "PERMIT_EXPIRED": "expire",
}
WITHOUT_INPUT = frozenset({"wait_for_staff", "expire"})


@dataclass(frozen=True)
class Wish:
    """The step one message asks for."""

    received: Received
    inquiry: Inquiry
    trigger: str
    input: Mapping[str, Any]


class InquiryReceiver:
    """Handlers of machine B."""

    def __init__(self, parts: LinkParts, engine: Engine) -> None:
        self.parts = parts
        self.engine = engine

    def handlers(self) -> dict[str, Callable[[Transaction, Sequence[Received]], Mapping[str, Verdict]]]:
        """By type, in the order in which they must be worked on within a batch."""
        return {
            "inquiry.permitted": self.permitted,
            "inquiry.denied": self.denied,
            "inquiry.refused": self.refused,
            "inquiry.answer": self.answered,
        }

    def permitted(self, tx: Transaction, messages: Sequence[Received]) -> Mapping[str, Verdict]:
        """The core allowed it: check its word, keep the exchange id."""
        verdicts, known = self._match(tx, messages)
        wishes, expiries = [], []
        for received, inquiry in known:
            payload = received.payload
            try:
                permit = self._gateway(tx).verify_permit(
                    payload["permit"], self.parts.clock.now(), inquiry.request_digest
                )
                if permit.exchange_id != payload["exchange_id"]:
                    raise ContentRefused("PERMIT_INVALID")
            except ContentRefused as refused:
                note_incident(tx, refused.code, {"message_id": received.id}, self.parts.clock.now())
                verdicts[received.id] = Dead(refused.code)
                continue
            expiries.append((permit.expires, tx.tenant, inquiry.case_id))
            wishes.append(Wish(received, inquiry, "permit", {"exchange_id": payload["exchange_id"]}))
        with tx.raw.cursor() as cursor:
            cursor.executemany(
                "UPDATE madoguchi.linkage_inquiry SET permit_expires = %s WHERE tenant = %s AND case_id = %s",
                expiries,
            )
        self._accept_first(tx, wishes)
        return {**verdicts, **self._step(tx, wishes)}

    def denied(self, tx: Transaction, messages: Sequence[Received]) -> Mapping[str, Verdict]:
        """The core did not allow it."""
        verdicts, known = self._match(tx, messages)
        wishes = [
            Wish(received, inquiry, "deny", _given(received.payload, "exchange_id", "code", "why"))
            for received, inquiry in known
        ]
        self._accept_first(tx, wishes)
        return {**verdicts, **self._step(tx, wishes)}

    def refused(self, tx: Transaction, messages: Sequence[Received]) -> Mapping[str, Verdict]:
        """Nothing was provided, or staff of the holder are checking first."""
        verdicts, known = self._match(tx, messages)
        wishes = []
        for received, inquiry in known:
            trigger = STEPS.get(received.payload["code"], "refuse")
            given = (
                {} if trigger in WITHOUT_INPUT else _given(received.payload, "exchange_id", "code", "ground")
            )
            wishes.append(Wish(received, inquiry, trigger, given))
        with tx.raw.cursor() as cursor:
            cursor.executemany(
                "UPDATE madoguchi.linkage_inquiry SET outcome = %s WHERE tenant = %s AND case_id = %s AND outcome IS NULL",
                [
                    (one.received.payload["code"], tx.tenant, one.inquiry.case_id)
                    for one in wishes
                    if one.trigger == "expire"
                ],
            )
        return {**verdicts, **self._step(tx, wishes)}

    def answered(self, tx: Transaction, messages: Sequence[Received]) -> Mapping[str, Verdict]:
        """Content came: open it, check that the holder wrote it for this exchange, seal it under our own key."""
        verdicts, known = self._match(tx, messages)
        now = self.parts.clock.now()
        wishes, answers, times, stale = [], [], [], []
        kept = self._answered_before(tx, [inquiry.case_id for _, inquiry in known])
        for received, inquiry in known:
            payload = received.payload
            if inquiry.exchange_id is None:
                verdicts[received.id] = Early()
                continue
            if inquiry.case_id in kept:
                verdicts[received.id] = Dead("TOO_LATE:answered")
                continue
            try:
                if payload["exchange_id"] != inquiry.exchange_id:
                    raise ContentRefused("OTHER_EXCHANGE")
                content = self._gateway(tx).open_answer(
                    received.message["payload_jwe"], inquiry.exchange_id, inquiry.holder_org
                )
                _check_content(content, payload["items"], inquiry)
                _check_moments(payload, inquiry, now)
            except ContentRefused as refused:
                note_incident(tx, refused.code, {"message_id": received.id}, now)
                verdicts[received.id] = Dead(refused.code)
                continue
            kept.add(inquiry.case_id)
            as_of = date.fromisoformat(payload["as_of"])
            sealed = self.parts.keys.seal(
                tx, tx.tenant, orjson.dumps(content), context=answer_context(inquiry.case_id)
            )
            items = orjson.dumps(payload["items"]).decode()
            answers.append(
                (tx.tenant, inquiry.case_id, payload["code"], items, as_of, sealed, now, self._keep_until())
            )
            times.append((envelope.moment(payload["provided_at"]), tx.tenant, inquiry.case_id))
            wishes.append(
                Wish(
                    received,
                    inquiry,
                    "answer",
                    {"exchange_id": inquiry.exchange_id, "code": payload["code"], "as_of": payload["as_of"]},
                )
            )
            if inquiry.wanted_as_of is not None and as_of < inquiry.wanted_as_of:
                stale.append(Wish(received, inquiry, "mark_stale", {}))
        # The record that the step writes says when it was provided; the answer itself is kept only when the step was taken.
        with tx.raw.cursor() as cursor:
            cursor.executemany(
                "UPDATE madoguchi.linkage_inquiry SET provided_at = %s WHERE tenant = %s AND case_id = %s",
                times,
            )
        taken = self._step(tx, wishes)
        fits = [isinstance(taken[one.received.id], Done) for one in wishes]
        with tx.raw.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO madoguchi.linkage_answer (tenant, case_id, code, items, as_of, sealed, received_at, keep_until)"
                " VALUES (%s, %s, %s, %s::jsonb, %s, %s, %s, %s)",
                [answer for answer, fit in zip(answers, fits, strict=True) if fit],
            )
        unused = [one.inquiry.case_id for one, fit in zip(wishes, fits, strict=True) if not fit]
        if unused:
            tx.raw.execute(
                "UPDATE madoguchi.linkage_inquiry SET provided_at = NULL WHERE tenant = %s AND case_id = ANY(%s)",
                (tx.tenant, unused),
            )
        self._step(tx, [one for one in stale if isinstance(taken[one.received.id], Done)])
        return {**verdicts, **taken}

    # --- shared --------------------------------------------------------------------------------------------------

    def _gateway(self, tx: Transaction) -> LinkageGateway:
        gateway = self.parts.offices.gateway(tx.tenant)
        assert gateway is not None, "messages are received only by a process that talks"
        return gateway

    def _match(
        self, tx: Transaction, messages: Sequence[Received]
    ) -> tuple[dict[str, Verdict], list[tuple[Received, Inquiry]]]:
        """Find the inquiry each message is about; one about nothing of ours is a dead letter."""
        found = read_by_message(tx, [one.payload["inquiry_id"] for one in messages])
        verdicts: dict[str, Verdict] = {}
        known = []
        for received in messages:
            inquiry = found.get(received.payload["inquiry_id"])
            if inquiry is None:
                verdicts[received.id] = Dead("UNKNOWN_INQUIRY")
            else:
                known.append((received, inquiry))
        return verdicts, known

    def _accept_first(self, tx: Transaction, wishes: Sequence[Wish]) -> None:
        """Note the taking in for cases that still wait for it; a refusal here only says that it was noted before."""
        waiting = self._in_state(tx, [one.inquiry.case_id for one in wishes], "sent")
        self.engine.apply_many(tx, [accept_command(case_id) for case_id in waiting])

    def _answered_before(self, tx: Transaction, cases: Sequence[UUID]) -> set[UUID]:
        """The cases that have their answer: a second one, under whatever id it comes, neither replaces it nor takes it away."""
        rows = tx.raw.execute(
            "SELECT case_id FROM madoguchi.linkage_answer WHERE tenant = %s AND case_id = ANY(%s)",
            (tx.tenant, list(cases)),
            prepare=True,
        )
        return {row[0] for row in rows}

    def _in_state(self, tx: Transaction, cases: Sequence[UUID], state: str) -> list[UUID]:
        rows = tx.raw.execute(
            "SELECT id FROM madoguchi.case_file WHERE tenant = %s AND id = ANY(%s) AND state = %s",
            (tx.tenant, list(cases), state),
            prepare=True,
        )
        return [row[0] for row in rows]

    def _step(self, tx: Transaction, wishes: Sequence[Wish]) -> dict[str, Verdict]:
        commands = [
            Command(
                one.inquiry.case_id, one.trigger, HUB, PURPOSE, f"{one.received.id}:{one.trigger}", one.input
            )
            for one in wishes
        ]
        verdicts: dict[str, Verdict] = {}
        for wish, answer in zip(wishes, self.engine.apply_many(tx, commands), strict=True):
            verdicts[wish.received.id] = self._verdict(wish, answer)
        return verdicts

    def _verdict(self, wish: Wish, answer: object) -> Verdict:
        if not isinstance(answer, Refused):
            return Done()
        state = next(
            (reason.params["state"] for reason in answer.reasons if reason.code == "wrong_state"), None
        )
        if state in ("sent", "accepted", "dead", "permitted"):
            return Early()
        if state is not None:
            # It ended here before (cancelled, expired): the other side's word comes too late and changes nothing.
            return Dead(f"TOO_LATE:{state}")
        return Dead(answer.reasons[0].code)

    def _keep_until(self) -> date:
        today = self.parts.clock.today()
        years = self.parts.law.rule("inquiry.answer-retention", today).value
        return today.replace(year=today.year + years, day=min(today.day, 28))


def accept_command(case_id: UUID) -> Command:
    """The step that notes that the hub took an inquiry in; the same whoever notes it first."""
    return Command(case_id, "accept", HUB, PURPOSE, f"accept:{case_id}")


def _check_content(content: Mapping[str, Any], told: Sequence[Mapping[str, str]], inquiry: Inquiry) -> None:
    """An answer holds what was asked for, and what it is said to hold: what is said outside the seal is the hub's word.

    :raises ContentRefused: ``NO_CONTENT``, ``NOT_ASKED`` or ``OTHER_CONTENT``.
    """
    try:
        envelope.check_part("common", "content", content)
    except Problem:
        raise ContentRefused("NO_CONTENT") from None
    held = set(content["items"])
    if not held <= set(inquiry.items):
        raise ContentRefused("NOT_ASKED")
    if held != {one["code"] for one in told if one["status"] == "provided"}:
        raise ContentRefused("OTHER_CONTENT")


def _check_moments(payload: Mapping[str, Any], inquiry: Inquiry, now: datetime) -> None:
    """An answer is given after the question and before it arrives, and about the past: the record of it would say otherwise for years.

    :raises ContentRefused: ``IMPOSSIBLE_TIME``.
    """
    provided, as_of = envelope.moment(payload["provided_at"]), date.fromisoformat(payload["as_of"])
    possible = inquiry.requested_at - SKEW <= provided <= now + SKEW
    if not possible or as_of > (now + timedelta(days=1)).date():
        raise ContentRefused("IMPOSSIBLE_TIME")


def _given(payload: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: payload[name] for name in names if payload.get(name) is not None}
