"""Subjects and their link codes at the hub: 団体内統合宛名番号 on one side, 符号 on the other, nothing else (facts M7, M8)."""

from datetime import datetime, timedelta
from typing import Any

from sandbox.database import Connection
from sandbox.web import Call, Reply
from workflows.linkage.wire import answers, envelope
from workflows.linkage.wire.client import LinkClient
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.retry import LinkUnreachable, LinkUntrusted

from . import inbox


class Subjects:
    """FGU endpoints.

    :param core: where acquisition numbers (取得番号) come from.
    :param seconds: how long an acquisition number may live.
    """

    def __init__(self, core: LinkClient, seconds: float) -> None:
        self._core = core
        self._life = timedelta(seconds=seconds)

    def change(self, call: Call) -> Reply:
        """``POST /v1/subjects``: open, close, merge into another, split off another."""
        message = call.message("subject.change")
        danban, wish = message["subject"]["danban"], message["payload"]
        action, other = wish["action"], wish.get("other")
        if action in ("merge", "split") and (other is None or other == danban):
            raise Problem(
                "SCHEMA_INVALID",
                "merge and split name another subject",
                [{"pointer": "/payload/other", "kind": "required"}],
            )
        opened = {"open": danban, "split": other}.get(action)
        if opened is not None:
            call.tx.execute(
                "INSERT INTO hub.subject VALUES (%s, %s, 'OPEN', NULL, %s) ON CONFLICT (org, danban) DO UPDATE"
                " SET state = 'OPEN', changed_at = EXCLUDED.changed_at",
                (call.party.id, opened, call.now),
            )
        if action in ("close", "merge"):
            row = call.tx.execute(
                "UPDATE hub.subject SET state = %s, fugo = NULL, changed_at = %s WHERE org = %s AND"
                " danban = %s RETURNING 1",
                ("CLOSED" if action == "close" else "MERGED", call.now, call.party.id, danban),
            ).fetchone()
            if row is None:
                raise Problem("NOT_FOUND")
        return Reply({"danban": danban, "action": action})

    def acquire(self, call: Call) -> Reply:
        """``POST /v1/fugo-acquisitions``: 202 with the acquisition number that goes to the 住基ネット CS."""
        message = call.message("fugo.acquire")
        danban = message["subject"]["danban"]
        call.tx.execute(
            "INSERT INTO hub.subject VALUES (%s, %s, 'OPEN', NULL, %s) ON CONFLICT DO NOTHING",
            (call.party.id, danban, call.now),
        )
        row = call.tx.execute(
            "SELECT fugo FROM hub.subject WHERE org = %s AND danban = %s FOR UPDATE", (call.party.id, danban)
        ).fetchone()
        if row is not None and row[0] is not None:
            raise Problem("ALREADY_LINKED")
        ask = envelope.build(
            "fugo.open",
            tenant=message["tenant"],
            org=call.party.id,
            created=call.now,
            payload={"acquisition_id": message["id"]},
        )
        try:
            answer = self._core.call("POST", "/if/v1/fugo-acquisitions", ask).body
            answers.believe("openAcquisition", answer)
            token = answer["token"]
        except (LinkUnreachable, LinkUntrusted):
            raise Problem("UNAVAILABLE", "the core does not answer", retry_after=5) from None
        expires = call.now + self._life
        call.tx.execute(
            "UPDATE hub.acquisition SET status = 'CANCELLED', token = NULL WHERE org = %s AND danban = %s AND"
            " status = 'NUMBERED'",
            (call.party.id, danban),
        )
        call.tx.execute(
            "INSERT INTO hub.acquisition VALUES (%s, %s, %s, %s, %s, 'NUMBERED', %s, %s)",
            (message["id"], call.party.id, message["tenant"], danban, token, call.now, expires),
        )
        return Reply(
            {
                "acquisition_id": message["id"],
                "token": token,
                "expires": envelope.stamp(expires),
                "status": "NUMBERED",
            },
            202,
        )

    def show(self, call: Call) -> Reply:
        """``GET /v1/fugo-acquisitions/{id}``: the state; the number itself is given once and never shown again."""
        row = call.tx.execute(
            "SELECT status FROM hub.acquisition WHERE id = %s AND org = %s", (call.path["id"], call.party.id)
        ).fetchone()
        if row is None:
            raise Problem("NOT_FOUND")
        return Reply({"acquisition_id": call.path["id"], "status": row[0]})

    def cancel(self, call: Call) -> Reply:
        """``POST /v1/fugo-acquisitions/{id}/cancel``: wipes the acquisition number."""
        message = call.message("fugo.cancel")
        if message["payload"]["acquisition_id"] != call.path["id"]:
            raise Problem("SCHEMA_INVALID", "the path names another acquisition")
        row = call.tx.execute(
            "UPDATE hub.acquisition SET status = 'CANCELLED', token = NULL WHERE id = %s AND org = %s"
            " AND status = 'NUMBERED' RETURNING 1",
            (call.path["id"], call.party.id),
        ).fetchone()
        if row is None:
            raise Problem("EXCHANGE_CLOSED")
        return Reply({"acquisition_id": call.path["id"], "status": "CANCELLED"})

    def freeze(self, call: Call) -> Reply:
        """``POST /v1/freezes``: stop, or release, a person, an office, the tenant or an item; seen by send and answer."""
        wish = call.message("freeze")["payload"]
        value = wish.get("value", "")
        if (wish["scope"] == "tenant") != (value == ""):
            raise Problem(
                "SCHEMA_INVALID",
                "tenant takes no value, the other scopes take one",
                [{"pointer": "/payload/value", "kind": "required"}],
            )
        key = (call.party.id, wish["scope"], value)
        if wish["action"] == "freeze":
            call.tx.execute(
                "INSERT INTO hub.freeze VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (*key, wish["reason"], call.now),
            )
        else:
            call.tx.execute("DELETE FROM hub.freeze WHERE org = %s AND scope = %s AND value = %s", key)
        return Reply({"scope": wish["scope"], "value": value, "frozen": wish["action"] == "freeze"})


def settle(tx: Connection, result: dict[str, Any], now: datetime) -> None:
    """Take a matched acquisition from the core: link the subject, wipe the acquisition number, tell the body."""
    row = tx.execute(
        "SELECT org, tenant, danban FROM hub.acquisition WHERE id = %s AND status = 'NUMBERED' FOR UPDATE",
        (result["acquisition_id"],),
    ).fetchone()
    if row is None:
        return  # cancelled or expired meanwhile: the late code is not kept
    org, tenant, danban = row
    other = tx.execute(
        "SELECT danban FROM hub.subject WHERE org = %s AND fugo = %s", (org, result["fugo"])
    ).fetchone()
    status = "LINKED" if other is None or other[0] == danban else "DUPLICATE"
    if status == "LINKED":
        tx.execute(
            "UPDATE hub.subject SET fugo = %s, changed_at = %s WHERE org = %s AND danban = %s",
            (result["fugo"], now, org, danban),
        )
    tx.execute(
        "UPDATE hub.acquisition SET status = %s, token = NULL WHERE id = %s",
        (status, result["acquisition_id"]),
    )
    inbox.put(
        tx,
        [
            (
                org,
                envelope.build(
                    "fugo.matched",
                    tenant=tenant,
                    org=org,
                    created=now,
                    danban=danban,
                    payload={"acquisition_id": result["acquisition_id"], "status": status},
                ),
            )
        ],
    )
