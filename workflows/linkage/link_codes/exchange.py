"""The two lanes of machine A (hub and 住基ネット CS) and what the hub says back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from storage.database import Transaction
from workflows.addressees.service import AddresseeRefused, AddresseeRegister
from workflows.engine import Actor, Command, Engine, Refused
from workflows.linkage import outbox
from workflows.linkage.gateway import LinkageGateway, Outcome
from workflows.linkage.inbox import Dead, Done, Early, Received, Verdict
from workflows.linkage.link_codes.machine import token_context
from workflows.linkage.outbox import Waiting
from workflows.linkage.parts import LinkParts
from workflows.linkage.pump import Lane
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.retry import LinkUntrusted

HUB = Actor(kind="system", id="link")
PURPOSE = "符号の取得"
ACQUIRE = "fugo.acquire"
STEPS = {"LINKED": "link", "DUPLICATE": "find_duplicate", "REJECTED": "cs_reject"}


def hub_lane(parts: LinkParts, engine: Engine) -> Lane:
    """Acquisitions towards the hub."""

    def send(tx: Transaction, gateway: LinkageGateway, rows: Sequence[Waiting], batch: str) -> list[Outcome]:
        return [_acquire(gateway, one) if one.type == ACQUIRE else _give_up(gateway, one) for one in rows]

    def on_sent(tx: Transaction, sent: Sequence[tuple[Waiting, Outcome]]) -> None:
        commands, numbered = [], {}
        for one, outcome in sent:
            if one.type != ACQUIRE:
                continue
            assert one.case_id is not None
            if "over" in outcome.body:
                # The hub has this addressee's code already, so it is here what it is there: linked. A case of the first
                # version of the definition knows no such step from its state and ends; the next one is linked.
                commands.append(Command(one.case_id, "link", HUB, PURPOSE, f"link:{one.id}"))
                commands.append(Command(one.case_id, "find_duplicate", HUB, PURPOSE, f"duplicate:{one.id}"))
                continue
            for trigger in (
                "number",
                "renumber",
            ):  # whichever fits the state: a first code, or taking one anew
                given = {"acquisition_id": one.id}
                command = Command(one.case_id, trigger, HUB, PURPOSE, f"{trigger}:{one.id}", given)
                numbered[command.request_key] = (one, str(outcome.body["token"]))
                commands.append(command)
        for command, answer in zip(commands, engine.apply_many(tx, commands), strict=True):
            # A case that ended meanwhile, or has its code already, has no use for the number: it is not kept (21条の2第3項).
            if command.request_key in numbered and not isinstance(answer, Refused):
                keep(tx, *numbered[command.request_key])

    def keep(tx: Transaction, one: Waiting, token: str) -> None:
        assert one.case_id is not None
        sealed = parts.keys.seal(tx, tx.tenant, token.encode(), context=token_context(one.case_id))
        tx.raw.execute(
            "UPDATE madoguchi.linkage_link_code SET token = %s WHERE tenant = %s AND case_id = %s AND acquisition_id = %s",
            (sealed, tx.tenant, one.case_id, one.id),
        )

    def on_dead(tx: Transaction, dead: Sequence[tuple[Waiting, str]]) -> None:
        engine.apply_many(tx, [_rejected(one, cause) for one, cause in dead if one.type == ACQUIRE])

    return Lane(outbox.FUGO, 20, send, on_sent, on_dead)


def juki_lane(parts: LinkParts, engine: Engine, register: AddresseeRegister) -> Lane:
    """Requests towards the CS; runs in the process of the vault role, the only one that can read a number."""

    def before(tx: Transaction, gateway: LinkageGateway, empty: Sequence[Waiting]) -> None:
        # The body stays a reference for good: a mark that the row is ready to be sent, with nothing in it.
        tx.raw.execute(
            "UPDATE madoguchi.linkage_outbox SET body = '{}' WHERE tenant = %s AND id = ANY(%s)",
            (tx.tenant, [one.id for one in empty]),
        )

    def send(tx: Transaction, gateway: LinkageGateway, rows: Sequence[Waiting], batch: str) -> list[Outcome]:
        return [_request(tx, parts, register, gateway, one) for one in rows]

    def on_sent(tx: Transaction, sent: Sequence[tuple[Waiting, Outcome]]) -> None:
        commands = []
        for one, _ in sent:
            assert one.case_id is not None
            for trigger in ("send_to_cs", "cs_accept"):
                commands.append(Command(one.case_id, trigger, HUB, PURPOSE, f"{trigger}:{one.id}"))
        engine.apply_many(tx, commands)

    def on_dead(tx: Transaction, dead: Sequence[tuple[Waiting, str]]) -> None:
        engine.apply_many(tx, [_rejected(one, cause) for one, cause in dead])

    return Lane(outbox.JUKI, 20, send, on_sent, on_dead, before)


def _give_up(gateway: LinkageGateway, one: Waiting) -> Outcome:
    try:
        return gateway.cancel_link_code(one.message)
    except Problem as problem:
        if problem.code in ("EXCHANGE_CLOSED", "NOT_FOUND"):
            return Outcome(one.id, {})  # it was over before: no number of it is left there
        return Outcome(one.id, {}, problem)
    except LinkUntrusted as failure:
        return Outcome(one.id, {}, failure)


def _acquire(gateway: LinkageGateway, one: Waiting) -> Outcome:
    try:
        return gateway.acquire_link_code(one.message)
    except Problem as problem:
        if problem.code == "ALREADY_LINKED":
            return Outcome(one.id, {"over": "LINKED"})
        return Outcome(one.id, {}, problem)
    except (
        LinkUntrusted
    ) as failure:  # each is sent by itself: what is said of one is nothing against the others
        return Outcome(one.id, {}, failure)


def _request(
    tx: Transaction, parts: LinkParts, register: AddresseeRegister, gateway: LinkageGateway, one: Waiting
) -> Outcome:
    row = tx.raw.execute(
        "SELECT addressee, token FROM madoguchi.linkage_link_code WHERE tenant = %s AND case_id = %s",
        (tx.tenant, one.case_id),
    ).fetchone()
    if row is None or row[1] is None or one.case_id is None:
        return Outcome(one.id, {}, Problem("EXCHANGE_CLOSED", "the acquisition number is gone"))
    token = parts.keys.open(tx, tx.tenant, bytes(row[1]), context=token_context(one.case_id)).decode()
    try:
        number = register.reveal_number(tx, row[0], actor=HUB.id, purpose="LINK_CODE")
        return gateway.request_link_code(one.id, token, number.reveal())
    except AddresseeRefused as refused:
        return Outcome(one.id, {}, Problem("NOT_FOUND", refused.code))
    except (Problem, LinkUntrusted) as failure:
        return Outcome(one.id, {}, failure)


def _rejected(one: Waiting, cause: str) -> Command:
    assert one.case_id is not None
    code = cause.split(":", maxsplit=1)[0]
    return Command(
        one.case_id, "cs_reject", HUB, PURPOSE, f"cs_reject:{one.id}:{one.attempts}", {"code": code}
    )


class LinkCodeReceiver:
    """The handler of machine A."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def handlers(self) -> dict[str, Callable[[Transaction, Sequence[Received]], Mapping[str, Verdict]]]:
        """By type."""
        return {"fugo.matched": self.matched}

    def matched(self, tx: Transaction, messages: Sequence[Received]) -> Mapping[str, Verdict]:
        """The hub has the result of an acquisition."""
        ids = [one.payload["acquisition_id"] for one in messages]
        found = dict(
            tx.raw.execute(
                "SELECT acquisition_id, case_id FROM madoguchi.linkage_link_code WHERE tenant = %s AND acquisition_id = ANY(%s)",
                (tx.tenant, ids),
            ).fetchall()
        )
        verdicts: dict[str, Verdict] = {
            one.id: Dead("UNKNOWN_ACQUISITION")
            for one in messages
            if one.payload["acquisition_id"] not in found
        }
        known = [one for one in messages if one.id not in verdicts]
        commands = []
        for one in known:
            trigger = STEPS[one.payload["status"]]
            given = {"code": "REJECTED"} if trigger == "cs_reject" else {}
            case_id = found[one.payload["acquisition_id"]]
            commands.append(Command(case_id, trigger, HUB, PURPOSE, f"{one.id}:{trigger}", given))
        for one, answer in zip(known, self.engine.apply_many(tx, commands), strict=True):
            verdicts[one.id] = _verdict(answer)
        return verdicts


def _verdict(answer: object) -> Verdict:
    if not isinstance(answer, Refused):
        return Done()
    state = next((reason.params["state"] for reason in answer.reasons if reason.code == "wrong_state"), None)
    if state in ("draft", "requested"):
        return Early()
    return Done()  # known already, or ended here: a second word about it changes nothing
