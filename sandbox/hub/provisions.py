"""Answers of the holder (情報提供) and how an exchange ends: two records, a message to the asker, a report to the core."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from sandbox.database import Connection
from sandbox.web import Call, Reply, accept
from workflows.linkage.wire.codes import REFUSAL_CODES, REFUSAL_GROUNDS
from workflows.linkage.wire.envelope import build, check, id_of, moment, new_id, stamp
from workflows.linkage.wire.problems import Problem

from . import inbox, records

NO_LAW = {"row": "none", "clause": "", "table_version": "none"}


@dataclass(frozen=True)
class Outcome:
    """How one exchange ends.

    :ivar code: a result class.
    :ivar answer: the holder's ``provision.answer`` when content was provided.
    :ivar ground: coded ground of a refusal.
    """

    inquiry_id: str
    code: str
    answer: dict[str, Any] | None = None
    ground: str | None = None


_STATUS = {
    "OK": "ANSWERED",
    "OK_PARTIAL": "ANSWERED",
    "PERMIT_DENIED": "DENIED",
    "NO_FUGO": "DENIED",
    "CANCELLED": "CANCELLED",
    "TIMEOUT": "EXPIRED",
    "NOT_DISCLOSED": "NOT_DISCLOSED",
    "NOT_REGISTERED": "NOT_REGISTERED",
    "NO_SUCH_SUBJECT": "NO_SUCH_SUBJECT",
}


def close(tx: Connection, outcomes: Sequence[Outcome], now: datetime, labels: dict[str, str]) -> None:
    """End exchanges, all in the caller's transaction: states, records of both sides, inbox, report to the core."""
    if not outcomes:
        return
    by_id = {o.inquiry_id: o for o in outcomes}
    found = tx.execute(
        "SELECT i.id, i.tenant, i.message, i.exchange_id, i.law, p.org, p.danban FROM hub.inquiry i"
        " LEFT JOIN hub.provision p ON p.inquiry = i.id WHERE i.id = ANY(%s) ORDER BY i.id",
        (list(by_id),),
    ).fetchall()
    messages, kept, reports, states = [], [], [], []
    for id_, tenant, inquiry, exchange, law, holder, holder_danban in found:
        outcome = by_id[id_]
        exchange_id, rule = exchange or new_id(now), law or NO_LAW
        provided = now if outcome.answer else None
        kept.append(
            (
                inquiry["org"],
                tenant,
                records.make(
                    inquiry,
                    "asker",
                    exchange_id,
                    outcome.code,
                    rule,
                    labels,
                    provided,
                    inquiry["subject"]["danban"],
                    now,
                ),
            )
        )
        if holder is not None:
            kept.append(
                (
                    holder,
                    holder.split("-")[0],
                    records.make(
                        inquiry,
                        "holder",
                        exchange_id,
                        outcome.code,
                        rule,
                        labels,
                        provided,
                        holder_danban,
                        now,
                    ),
                )
            )
        if outcome.code != "CANCELLED":
            messages.append((inquiry["org"], _word(inquiry, exchange_id, outcome, now)))
        states.append((_STATUS.get(outcome.code, "REFUSED"), outcome.code, exchange_id, id_))
        if exchange is not None:
            payload = {"exchange_id": exchange_id, "outcome": outcome.code, "side": "hub"}
            if provided:
                payload["provided_at"] = stamp(provided)
            report = build("exchange.report", tenant=tenant, org="hub", created=now, payload=payload)
            reports.append((report["id"], Jsonb(report), now))
    with tx.cursor() as cursor:
        cursor.executemany(
            "UPDATE hub.inquiry SET status = %s, code = %s, exchange_id = %s WHERE id = %s", states
        )
        cursor.executemany("INSERT INTO hub.report (id, message, next_at) VALUES (%s, %s, %s)", reports)
    tx.execute("UPDATE hub.provision SET status = 'CLOSED' WHERE inquiry = ANY(%s)", (list(by_id),))
    inbox.put(tx, messages)
    records.append(tx, kept, now)


def _word(inquiry: dict[str, Any], exchange_id: str, outcome: Outcome, now: datetime) -> dict[str, Any]:
    common = {"tenant": inquiry["tenant"], "org": inquiry["org"], "created": now, "causation": inquiry["id"]}
    base = {"inquiry_id": inquiry["id"], "exchange_id": exchange_id, "code": outcome.code}
    if outcome.answer is not None:
        given = outcome.answer["payload"]
        return build(
            "inquiry.answer",
            **common,
            payload_jwe=outcome.answer["payload_jwe"],
            payload={**base, "items": given["items"], "as_of": given["as_of"], "provided_at": stamp(now)},
        )
    if outcome.code in ("PERMIT_DENIED", "NO_FUGO"):
        return build(
            "inquiry.denied",
            **common,
            payload=base if outcome.ground is None else {**base, "why": outcome.ground},
        )
    payload = {**base, "decided_at": stamp(now)}
    if outcome.ground is not None:
        payload["ground"] = outcome.ground
    return build("inquiry.refused", **common, payload=payload)


class Provisions:
    """The endpoints a holder answers at."""

    def __init__(self, manual_seconds: float, bell: inbox.Bell, wake: Any, labels: dict[str, str]) -> None:
        self._manual = timedelta(seconds=manual_seconds)
        self._bell = bell
        self._wake = wake
        self._labels = labels

    def _after(self) -> None:
        self._bell.ring()
        self._wake()

    def one(self, call: Call) -> Reply:
        """``POST /v1/provisions/{id}/answer`` and ``/decision``."""
        result = self._settle(call, [call.body])[0]
        if "problem" in result:
            raise Problem(
                result["problem"]["msl_code"],
                result["problem"]["detail"],
                result["problem"].get("errors", []),
            )
        if call.body["payload"]["provision_id"] != call.path["id"]:
            raise Problem("SCHEMA_INVALID", "the path names another provision")
        return Reply({"provision_id": call.path["id"], "status": result["state"]}, after=self._after)

    def many(self, call: Call) -> Reply:
        """``POST /v1/provisions:batch``: answers and decisions together, one result each."""
        check("batch", call.body)
        return Reply({"results": self._settle(call, call.body["messages"])}, after=self._after)

    def _settle(self, call: Call, messages: Sequence[Any]) -> list[dict[str, Any]]:
        ids = [
            m["payload"]["provision_id"]
            for m in messages
            if isinstance(m, dict)
            and isinstance(m.get("payload"), dict)
            and isinstance(m["payload"].get("provision_id"), str)
        ]
        found = {
            row[0]: row
            for row in call.tx.execute(
                "SELECT p.id, p.inquiry, p.exchange_id, p.status, p.permit_until, i.message, i.answer_by FROM hub.provision p"
                " JOIN hub.inquiry i ON i.id = p.inquiry WHERE p.org = %s AND p.id = ANY(%s) ORDER BY p.id FOR UPDATE OF p, i",
                (call.party.id, ids),
            ).fetchall()
        }
        outcomes: dict[str, Outcome] = {}
        results = []
        for message in messages:
            id_ = id_of(message)
            try:
                accept(message, call.party, call.now, "provision.answer", "provision.decision")
                state = self._judge(call, message, found, outcomes)
                results.append({"id": id_, "status": 200, "state": state})
            except Problem as problem:
                results.append({"id": id_, "status": problem.status, "problem": problem.to_dict()})
        close(call.tx, list(outcomes.values()), call.now, self._labels)
        return results

    def _judge(
        self, call: Call, message: dict[str, Any], found: dict[str, Any], outcomes: dict[str, Outcome]
    ) -> str:
        payload = message["payload"]
        row = found.get(payload["provision_id"])
        if row is None or row[2] != payload["exchange_id"]:
            raise Problem("NOT_FOUND")
        _, inquiry_id, _, status, permit_until, inquiry, answer_by = row
        if status == "CLOSED" or inquiry_id in outcomes:
            raise Problem("EXCHANGE_CLOSED")
        if (permit_until if status == "OPEN" else answer_by) < call.now:
            raise Problem("PERMIT_EXPIRED")
        if message["type"] == "provision.answer":
            asked = set(inquiry["payload"]["items"])
            if {item["code"] for item in payload["items"]} - asked:
                raise Problem(
                    "SCHEMA_INVALID",
                    "an item that was not asked for",
                    [{"pointer": "/payload/items", "kind": "not_asked"}],
                )
            outcomes[inquiry_id] = Outcome(inquiry_id, payload["code"], message)
            return "PROVIDED"
        if payload["decision"] == "more_time":
            self._more_time(call, payload, inquiry)
            return "WAITING_MANUAL"
        if payload["code"] not in REFUSAL_CODES or (
            payload["code"] == "REFUSED_BY_HOLDER" and payload.get("ground") not in REFUSAL_GROUNDS
        ):
            # 番号法22条1項 obliges the holder: a refusal stands on a coded ground or not at all.
            raise Problem(
                "SCHEMA_INVALID",
                "a refusal needs a code and, if refused, a coded ground",
                [{"pointer": "/payload/ground", "kind": "ground"}],
            )
        outcomes[inquiry_id] = Outcome(inquiry_id, payload["code"], ground=payload.get("ground"))
        return "REFUSED"

    def _more_time(self, call: Call, payload: dict[str, Any], inquiry: dict[str, Any]) -> None:
        latest = call.now + self._manual
        until = min(moment(payload["until"]), latest) if "until" in payload else latest
        call.tx.execute(
            "UPDATE hub.provision SET status = 'MANUAL' WHERE id = %s", (payload["provision_id"],)
        )
        call.tx.execute(
            "UPDATE hub.inquiry SET status = 'WAITING_MANUAL', code = 'PENDING_MANUAL', answer_by = %s"
            " WHERE id = %s",
            (until, inquiry["id"]),
        )
        word = build(
            "inquiry.refused",
            tenant=inquiry["tenant"],
            org=inquiry["org"],
            created=call.now,
            causation=inquiry["id"],
            payload={
                "inquiry_id": inquiry["id"],
                "exchange_id": payload["exchange_id"],
                "code": "PENDING_MANUAL",
                "decided_at": stamp(call.now),
            },
        )
        inbox.put(call.tx, [(inquiry["org"], word)])
