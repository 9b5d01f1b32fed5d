"""情報提供等記録 of a tenant as the intermediate server keeps them: ordered, gap-free, with a Merkle root (番号法23条)."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from sandbox.database import Connection
from sandbox.web import Call, Reply
from workflows.linkage.wire import core_word
from workflows.linkage.wire.client import LinkClient
from workflows.linkage.wire.envelope import build, canonical, digest, new_id, stamp
from workflows.linkage.wire.merkle import root
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.retry import LinkUnreachable, LinkUntrusted

from . import inbox


def make(
    inquiry: Mapping[str, Any],
    side: str,
    exchange_id: str,
    outcome: str,
    law: Mapping[str, str],
    labels: Mapping[str, str],
    provided_at: datetime | None,
    danban: str | None,
    now: datetime,
) -> dict[str, Any]:
    """One record of one side of an exchange.

    :param inquiry: the ``inquiry.request`` as it was asked.
    :param law: ``{"row", "clause", "table_version"}`` the core decided by.
    :param danban: the subject as this side knows her; None when this side does not.
    """
    payload = inquiry["payload"]
    shared = {
        "exchange_id": exchange_id,
        "asker": {"org": inquiry["org"], "label": labels.get(inquiry["org"]) or inquiry["org"]},
        "holder": {"org": payload["holder"], "label": labels.get(payload["holder"]) or payload["holder"]},
        "requested_at": inquiry["created"],
        "affair": payload["affair"],
        "procedure": payload["procedure"],
        "items": sorted(payload["items"]),
        "law_row": law["row"],
        "law_clause": law["clause"],
        "table_version": law["table_version"],
        "outcome": outcome,
        "provided_at": stamp(provided_at) if provided_at else None,
    }
    # The digest covers what all three records share, so that asker, holder and core can be matched by it.
    record = {
        **shared,
        "record_id": new_id(now),
        "side": side,
        "digest": digest(shared),
        "nondisclosure": False,
    }
    if danban is not None:
        record["danban"] = danban
    return record


def append(tx: Connection, records: Sequence[tuple[str, str, dict[str, Any]]], now: datetime) -> None:
    """Append records: (organisation, tenant, record). The counter row is locked until commit, so there is no gap."""
    by_org: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for org, tenant, record in records:
        by_org.setdefault((org, tenant), []).append(record)
    notices = []
    for (org, tenant), group in sorted(by_org.items()):  # a fixed order of locks cannot deadlock
        last = tx.execute(
            "INSERT INTO hub.record_counter VALUES (%s, %s) ON CONFLICT (org) DO UPDATE SET last ="
            " hub.record_counter.last + EXCLUDED.last RETURNING last",
            (org, len(group)),
        ).fetchone()
        assert last is not None
        first = last[0] - len(group) + 1
        rows = []
        for seq, record in enumerate(group, start=first):
            full = {"seq": seq, **record}
            leaf = hashlib.sha256(b"\x00" + canonical(full)).digest()
            rows.append((org, seq, record["record_id"], Jsonb(full), leaf, now))
        with tx.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO hub.record (org, seq, record_id, record, leaf, at)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                rows,
            )
        notices.append(
            (org, build("record.available", tenant=tenant, org=org, created=now, payload={"upto": last[0]}))
        )
    inbox.put(tx, notices)


def page(call: Call) -> Reply:
    """``GET /v1/records?after=&limit=``: in order from ``after`` + 1."""
    after = call.number("after", 0, 2**62)
    rows = call.tx.execute(
        "SELECT record, nondisclosure FROM hub.record WHERE org = %s AND seq > %s ORDER BY seq LIMIT %s",
        (call.party.id, after, call.number("limit", 1000, 1000) or 1),
    ).fetchall()
    last = call.tx.execute("SELECT last FROM hub.record_counter WHERE org = %s", (call.party.id,)).fetchone()
    return Reply(
        {
            "records": [{**record, "nondisclosure": mark} for record, mark in rows],
            "last": last[0] if last else 0,
        }
    )


def checkpoint(call: Call) -> Reply:
    """``GET /v1/records/checkpoints``: the number of records and the Merkle root over them (RFC 9162)."""
    leaves = [
        bytes(row[0])
        for row in call.tx.execute(
            "SELECT leaf FROM hub.record WHERE org = %s ORDER BY seq", (call.party.id,)
        )
    ]
    return Reply({"seq": len(leaves), "root": root(leaves), "at": stamp(call.now)})


class CoreRecords:
    """Passes on what the core says of its own records, signed by the core and made out to the body that asks.

    :param core: signed client of the hub towards the interface system.
    """

    def __init__(self, core: LinkClient) -> None:
        self._core = core

    def page(self, call: Call) -> Reply:
        """``GET /v1/records/core?after=&limit=``."""
        after, limit = call.number("after", 0, 2**62), call.number("limit", 1000, core_word.MOST) or 1
        try:
            answer = self._core.call("GET", f"/if/v1/records/{call.party.id}?after={after}&limit={limit}")
        except (LinkUnreachable, LinkUntrusted):
            raise Problem("UNAVAILABLE", "the core does not answer", retry_after=5) from None
        return Reply({"word": answer.body["word"]})


def mark(call: Call) -> Reply:
    """``POST /v1/records/{id}/nondisclosure``: 番号法23条2項; the mark is not part of the leaf, so the root stays."""
    message = call.message("record.nondisclosure")
    wish = message["payload"]
    if wish["record_id"] != call.path["id"]:
        raise Problem("SCHEMA_INVALID", "the path names another record")
    found = call.tx.execute(
        "UPDATE hub.record SET nondisclosure = %s WHERE org = %s AND record_id = %s RETURNING 1",
        (wish["mark"], call.party.id, wish["record_id"]),
    ).fetchone()
    if found is None:
        raise Problem("NOT_FOUND")
    return Reply({"record_id": wish["record_id"], "nondisclosure": wish["mark"]})
