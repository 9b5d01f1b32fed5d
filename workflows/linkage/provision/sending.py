"""The lane of answers and decisions: how they leave, and what it means for a case that its answer arrived or came too late."""

from __future__ import annotations

from collections.abc import Sequence

from storage.database import Transaction
from workflows.engine import Command, Engine
from workflows.linkage import outbox
from workflows.linkage.gateway import LinkageGateway, Outcome
from workflows.linkage.outbox import Waiting
from workflows.linkage.parts import LinkParts
from workflows.linkage.provision.answering import answers
from workflows.linkage.provision.machine import BROKEN, NOT_PROVIDABLE, ProvisionMachine
from workflows.linkage.provision.receiving import HUB
from workflows.linkage.pump import Lane
from workflows.linkage.wire.problems import Problem

BATCH = 200
# The exchange ended before our answer came: nothing was provided, and sending again cannot change that.
OVER = {"EXCHANGE_CLOSED": "TIMEOUT", "PERMIT_EXPIRED": "PERMIT_EXPIRED", "FROZEN": "FROZEN"}


def lane(parts: LinkParts, engine: Engine) -> Lane:
    """Build the lane."""
    machine = ProvisionMachine(parts)

    def before(tx: Transaction, gateway: LinkageGateway, empty: Sequence[Waiting]) -> None:
        ids = {one.case_id: one.id for one in empty if one.case_id is not None}
        bodies = answers(tx, parts, gateway, ids)
        for case_id, message in list(bodies.items()):
            try:
                outbox.fill(tx, ids[case_id], message)
            except Problem:
                del bodies[case_id]  # what may not leave holds up nobody else
        if bodies:
            machine.note_answers(tx, bodies)
        broken = [case_id for case_id in ids if case_id not in bodies]
        if broken:
            # What the hub keeps of ours is not ours: nothing of it is provided, the asker need not wait, and people look into it.
            outbox.close(tx, [ids[case_id] for case_id in broken], BROKEN, parts.clock.now())
            machine.cannot_answer(tx, broken)
            engine.apply_many(
                tx,
                [
                    Command(
                        case_id,
                        "not_delivered",
                        HUB,
                        "副本を開けないため",
                        f"broken:{case_id}",
                        {"code": NOT_PROVIDABLE},
                    )
                    for case_id in broken
                ],
            )

    def send(tx: Transaction, gateway: LinkageGateway, rows: Sequence[Waiting], batch: str) -> list[Outcome]:
        outcomes = gateway.answer([one.message for one in rows], batch)
        return [
            Outcome(one.message_id, {"over": OVER[one.failure.code]})
            if isinstance(one.failure, Problem) and one.failure.code in OVER
            else one
            for one in outcomes
        ]

    def on_sent(tx: Transaction, sent: Sequence[tuple[Waiting, Outcome]]) -> None:
        commands = []
        for one, outcome in sent:
            if one.type != "provision.answer" or one.case_id is None:
                continue
            over = outcome.body.get("over")
            if over is None:
                commands.append(Command(one.case_id, "provided", HUB, "提供が届いた", f"provided:{one.id}"))
            else:
                commands.append(
                    Command(
                        one.case_id,
                        "not_delivered",
                        HUB,
                        "照会が先に終わった",
                        f"over:{one.id}",
                        {"code": over},
                    )
                )
        engine.apply_many(tx, commands)

    return Lane(outbox.PROVISION, BATCH, send, on_sent, before=before)
