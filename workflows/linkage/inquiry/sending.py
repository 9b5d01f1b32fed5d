"""The lane of inquiries: how they leave, and what it means for a case that its inquiry was taken in or could not be sent."""

from __future__ import annotations

from collections.abc import Sequence

from storage.database import Transaction
from workflows.engine import Command, Engine
from workflows.linkage import outbox
from workflows.linkage.gateway import LinkageGateway, Outcome
from workflows.linkage.inquiry.receiving import HUB, accept_command
from workflows.linkage.outbox import Waiting
from workflows.linkage.pump import Lane
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.retry import LinkUntrusted

BATCH = 200


def lane(engine: Engine) -> Lane:
    """Build the lane."""

    def send(tx: Transaction, gateway: LinkageGateway, rows: Sequence[Waiting], batch: str) -> list[Outcome]:
        inquiries = [one for one in rows if one.type == "inquiry.request"]
        outcomes: dict[str, Outcome] = {}
        if inquiries:
            messages = [one.message for one in inquiries]
            outcomes.update({one.message_id: one for one in gateway.inquire(messages, batch)})
        for one in rows:
            if one.type == "inquiry.cancel":
                outcomes[one.id] = _cancel(gateway, one)
        return [outcomes[one.id] for one in rows]

    def on_sent(tx: Transaction, sent: Sequence[tuple[Waiting, Outcome]]) -> None:
        # A refusal here means that the permit overtook us and the taking in is noted already, or that it was cancelled meanwhile.
        cases = [one.case_id for one, _ in sent if one.type == "inquiry.request" and one.case_id is not None]
        engine.apply_many(tx, [accept_command(case_id) for case_id in cases])

    def on_dead(tx: Transaction, dead: Sequence[tuple[Waiting, str]]) -> None:
        commands = [
            Command(
                one.case_id,
                "die",
                HUB,
                "送信できなかったため",
                f"die:{one.id}:{one.attempts}",
                {"cause": cause},
            )
            for one, cause in dead
            if one.type == "inquiry.request" and one.case_id is not None
        ]
        engine.apply_many(tx, commands)

    return Lane(outbox.INQUIRY, BATCH, send, on_sent, on_dead)


def _cancel(gateway: LinkageGateway, one: Waiting) -> Outcome:
    try:
        return gateway.cancel(one.message)
    except Problem as problem:
        if problem.code in ("EXCHANGE_CLOSED", "NOT_FOUND"):
            return Outcome(one.id, {})  # it was over before: there is nothing left to cancel
        return Outcome(one.id, {}, problem)
    except LinkUntrusted as failure:
        return Outcome(one.id, {}, failure)
