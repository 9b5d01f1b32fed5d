"""The job that carries a message between a body and the commission: read there, written here, noted there.

Three transactions, each in the scope of one side, because nobody may see both. A crash between any two of them only means that the
job comes again: the receiver's row says what was done, and the outcome is taken from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import procrastinate

from privacy_assessment.commission import at_body, at_commission, messages
from privacy_assessment.commission.handing import frozen_forms
from privacy_assessment.commission.models import COMMISSION, Message
from privacy_assessment.commission.papers import content_of
from storage.clock import Clock
from storage.database import Database, Scope, Transaction
from storage.logs import get_logger
from workflows.engine import Engine, Refused

log = get_logger(__name__)

# Again after half a minute, a minute, a minute and a half …: a week in all. Later messages of the lane wait behind it.
RETRY = procrastinate.RetryStrategy(max_attempts=200, linear_wait=30)
DELIVERED = "delivered"
REFUSED = "refused"


class Delivery:
    """Carries messages.

    :param database: of the worker role. :param engine: with the machines of both sides.
    """

    def __init__(self, database: Database, engine: Engine, clock: Clock) -> None:
        self._database = database
        self._engine = engine
        self._clock = clock

    def deliver(self, tenant: str, message_id: UUID) -> str | None:
        """Carry one message; doing it again changes nothing.

        :returns: ``delivered`` or ``refused``; None when there is no such message to carry.
        """
        with self._database.transaction(Scope(tenant=tenant)) as tx:
            message = messages.read_message(tx, message_id)
            if message is None or message.direction != "out":
                return None
            if message.settled_at is not None:
                return message.outcome
            forms = frozen_forms(tx, message.payload) if message.kind == "submission" else {}
            letter = content_of(tx, UUID(message.payload["paper"])) if message.kind == "letter" else None
        with self._database.transaction(Scope(tenant=message.counterpart)) as tx:
            outcome, reasons = self._receive(tx, tenant, message, forms, letter)
        with self._database.transaction(Scope(tenant=tenant)) as tx:
            messages.settle(tx, message_id, outcome, reasons, self._clock.now())
        if outcome == REFUSED:
            log.warning("commission.message_refused", kind=message.kind, message=str(message_id))
        return outcome

    def _receive(
        self,
        tx: Transaction,
        sender: str,
        message: Message,
        forms: Mapping[str, Any],
        letter: tuple[str, bytes] | None,
    ) -> tuple[str, tuple[str, ...]]:
        """The receiver's part, in one transaction."""
        now = self._clock.now()
        ours = None if message.counterpart == COMMISSION else UUID(message.payload["case"])
        if not messages.arrived(tx, message.id, sender, ours, message.kind, _kept(message), now):
            known = messages.read_message(tx, message.id)
            if known is not None and known.outcome is not None:
                return known.outcome, known.reasons
        if message.counterpart == COMMISSION:
            return self._at_commission(tx, sender, message, forms)
        if sender != COMMISSION:
            return REFUSED, ("委員会以外からの連絡は受け取りません。",)
        if letter is not None:
            at_body.take_letter(tx, message.payload, letter, now)
        reasons = at_body.take_message(
            tx, self._engine, self._clock, message.id, message.kind, message.payload, now
        )
        outcome = REFUSED if reasons else DELIVERED
        messages.settle(tx, message.id, outcome, reasons, now)
        return outcome, reasons

    def _at_commission(
        self, tx: Transaction, sender: str, message: Message, forms: Mapping[str, Any]
    ) -> tuple[str, tuple[str, ...]]:
        now = self._clock.now()
        reasons: tuple[str, ...] = ()
        case = None
        try:
            with tx.raw.transaction():
                if message.kind == "submission":
                    case = at_commission.take_submission(
                        tx, self._engine, message.id, sender, message.payload, forms, now
                    )
                else:
                    case = at_commission.take_answer(
                        tx, self._engine, message.id, sender, message.payload, now
                    )
        except Refused as refused:
            reasons = tuple(self._engine.reason_text(reason) for reason in refused.reasons)
        except LookupError:
            reasons = ("委員会に、この質問はありません。",)
        outcome = REFUSED if reasons else DELIVERED
        messages.settle(tx, message.id, outcome, reasons, now, case)
        return outcome, reasons


def register(app: procrastinate.App, database: Database, engine: Engine, clock: Clock) -> None:
    """Teach a worker this job.

    :param database: of the worker role.
    """
    delivery = Delivery(database, engine, clock)

    @app.task(name=messages.TASK, retry=RETRY)
    def deliver(tenant: str, message: str) -> None:
        delivery.deliver(tenant, UUID(message))


def _kept(message: Message) -> Mapping[str, Any]:
    """What the receiver's copy says; the facts of a submission stand with the submission itself."""
    return {name: value for name, value in message.payload.items() if name != "facts"}
