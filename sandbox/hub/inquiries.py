"""Taking inquiries in (情報照会): each of a batch is checked and answered by itself; all are kept in one commit."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from sandbox.web import Call, Reply, accept
from workflows.linkage.wire.envelope import check, digest, id_of, request_digest
from workflows.linkage.wire.problems import Problem

from .inbox import Bell
from .provisions import Outcome, close

OPEN = ("ACCEPTED", "PERMITTED", "WAITING_MANUAL")


class Inquiries:
    """The inquiry endpoints.

    :param answer_seconds: how long an automatic answer may take before the inquiry expires.
    :param wake: rings the pump that asks the core.
    """

    def __init__(self, answer_seconds: float, bell: Bell, wake: Any, labels: dict[str, str]) -> None:
        self._answer = timedelta(seconds=answer_seconds)
        self._bell = bell
        self._wake = wake
        self._labels = labels

    def one(self, call: Call) -> Reply:
        """``POST /v1/inquiries``."""
        result = self._take(call, [call.body])[0]
        if "problem" in result:
            raise Problem(
                result["problem"]["msl_code"],
                result["problem"]["detail"],
                result["problem"].get("errors", []),
            )
        return Reply({"inquiry_id": result["id"], "status": "ACCEPTED"}, 202, after=self._wake)

    def many(self, call: Call) -> Reply:
        """``POST /v1/inquiries:batch``: one result for each, in order; a bad one does not hold up the others."""
        check("batch", call.body)
        return Reply({"results": self._take(call, call.body["messages"])}, 202, after=self._wake)

    def _take(self, call: Call, messages: Sequence[Any]) -> list[dict[str, Any]]:
        frozen = {
            (scope, value)
            for scope, value in call.tx.execute(
                "SELECT scope, value FROM hub.freeze WHERE org = %s", (call.party.id,)
            ).fetchall()
        }
        results: list[dict[str, Any]] = []
        good: dict[str, dict[str, Any]] = {}
        for message in messages:
            id_ = id_of(message)
            try:
                accept(message, call.party, call.now, "inquiry.request")
                _refuse_frozen(frozen, message)
                if id_ in good and digest(good[id_]) != digest(message):
                    raise Problem("IDEMPOTENCY_CONFLICT")
                good[id_] = message
                results.append({"id": id_, "status": 202})
            except Problem as problem:
                results.append({"id": id_, "status": problem.status, "problem": problem.to_dict()})
        self._store(call, good, results)
        return results

    def _store(self, call: Call, good: dict[str, dict[str, Any]], results: list[dict[str, Any]]) -> None:
        known: dict[str, str] = dict(
            call.tx.execute("SELECT id, digest FROM hub.inquiry WHERE id = ANY(%s)", (list(good),)).fetchall()
        )
        rows = []
        for id_, message in good.items():
            own = request_digest(message) + ":" + digest(message["subject"])
            if id_ not in known:
                rows.append(
                    (
                        id_,
                        message["org"],
                        message["tenant"],
                        message["subject"]["danban"],
                        message["payload"]["holder"],
                        Jsonb(message),
                        own,
                        call.now,
                        call.now + self._answer,
                        call.now,
                    )
                )
            elif known[id_] != own:
                problem = Problem("IDEMPOTENCY_CONFLICT")
                for result in results:
                    if result["id"] == id_:
                        result.update(status=problem.status, problem=problem.to_dict())
        with call.tx.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO hub.inquiry (id, org, tenant, danban, holder, message, digest, status, accepted_at,"
                " answer_by, next_at) VALUES (%s, %s, %s, %s, %s, %s, %s, 'ACCEPTED', %s, %s, %s)",
                rows,
            )

    def show(self, call: Call) -> Reply:
        """``GET /v1/inquiries/{id}``."""
        row = call.tx.execute(
            "SELECT status, exchange_id, code FROM hub.inquiry WHERE id = %s AND org = %s",
            (call.path["id"], call.party.id),
        ).fetchone()
        if row is None:
            raise Problem("NOT_FOUND")
        return Reply({"inquiry_id": call.path["id"], "status": row[0], "exchange_id": row[1], "code": row[2]})

    def cancel(self, call: Call) -> Reply:
        """``POST /v1/inquiries/{id}/cancel``: a record is written for this end too."""
        message = call.message("inquiry.cancel")
        id_ = message["payload"]["inquiry_id"]
        row = call.tx.execute(
            "SELECT status FROM hub.inquiry WHERE id = %s AND org = %s FOR UPDATE", (id_, call.party.id)
        ).fetchone()
        if row is None or id_ != call.path["id"]:
            raise Problem("NOT_FOUND")
        if row[0] not in OPEN:
            raise Problem("EXCHANGE_CLOSED")
        close(call.tx, [Outcome(id_, "CANCELLED")], call.now, self._labels)
        return Reply({"inquiry_id": id_, "status": "CANCELLED"}, after=self._bell.ring)


def _refuse_frozen(frozen: set[tuple[str, str]], message: dict[str, Any]) -> None:
    wanted = {
        ("tenant", ""),
        ("office", message["org"]),
        ("person", message["subject"]["danban"]),
        *(("item", item) for item in message["payload"]["items"]),
    }
    if frozen & wanted:
        raise Problem("FROZEN")
