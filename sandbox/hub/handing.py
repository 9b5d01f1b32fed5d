"""Handing permitted inquiries to their holders: the subject by the holder's own link code, with the sealed copies."""

from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from sandbox.database import Connection
from workflows.linkage.wire import envelope

from . import inbox
from .provisions import Outcome, close


def hand_out(
    tx: Connection,
    inquiries: list[dict[str, Any]],
    decided: dict[str, Any],
    labels: dict[str, str],
    now: datetime,
) -> None:
    """Carry out the core's decisions in the caller's transaction.

    :param decided: the core's result for each inquiry id.
    :param labels: names of bodies by organisation code.
    """
    tx.cursor().executemany(
        "UPDATE hub.inquiry SET exchange_id = %s, law = %s, status = 'PERMITTED' WHERE id = %s",
        [(decided[m["id"]]["exchange_id"], Jsonb(decided[m["id"]]["law"]), m["id"]) for m in inquiries],
    )
    permitted = [m for m in inquiries if decided[m["id"]]["decision"] == "permitted"]
    outcomes = [
        Outcome(m["id"], decided[m["id"]]["code"], ground=decided[m["id"]].get("why"))
        for m in inquiries
        if decided[m["id"]]["decision"] == "denied"
    ]
    known = _holder_subjects(
        tx, [(m["payload"]["holder"], decided[m["id"]].get("subject")) for m in permitted]
    )
    frozen = set(tx.execute("SELECT org, scope, value FROM hub.freeze").fetchall())
    copies = _copies(
        tx,
        [
            (m["payload"]["holder"], danban, item)
            for m in permitted
            if (danban := known.get((m["payload"]["holder"], decided[m["id"]].get("subject"))))
            for item in m["payload"]["items"]
        ],
    )
    messages, provisions = [], []
    for inquiry in permitted:
        result, wish = decided[inquiry["id"]], inquiry["payload"]
        holder, until = wish["holder"], envelope.moment(result["permit_expires"])
        danban = known.get((holder, result.get("subject")))
        messages.append(
            (
                inquiry["org"],
                envelope.build(
                    "inquiry.permitted",
                    tenant=inquiry["tenant"],
                    org=inquiry["org"],
                    created=now,
                    causation=inquiry["id"],
                    payload={
                        "inquiry_id": inquiry["id"],
                        "exchange_id": result["exchange_id"],
                        "permit": result["asker_permit"],
                        "permit_expires": result["permit_expires"],
                    },
                ),
            )
        )
        provision_id = envelope.new_id(now)
        stops = {(holder, "tenant", ""), (holder, "office", holder), (holder, "person", danban or "")}
        stops |= {(holder, "item", item) for item in wish["items"]}
        status = "OPEN" if danban and not stops & frozen else "CLOSED"
        provisions.append((provision_id, inquiry["id"], result["exchange_id"], holder, danban, status, until))
        if status == "CLOSED":
            outcomes.append(Outcome(inquiry["id"], "FROZEN" if danban else "NO_SUCH_SUBJECT"))
            continue
        messages.append(
            (
                holder,
                envelope.build(
                    "provision.request",
                    tenant=holder.split("-")[0],
                    org=holder,
                    created=now,
                    danban=danban,
                    causation=inquiry["id"],
                    legal=inquiry["legal"],
                    payload={
                        "provision_id": provision_id,
                        "exchange_id": result["exchange_id"],
                        "inquiry_id": inquiry["id"],
                        "permit": result["holder_permit"],
                        "permit_expires": result["permit_expires"],
                        "asker": {
                            "org": inquiry["org"],
                            "label": labels.get(inquiry["org"]) or inquiry["org"],
                        },
                        "affair": wish["affair"],
                        "procedure": wish["procedure"],
                        "purpose": wish["purpose"],
                        "items": [
                            {"code": item, "copy": copies.get((holder, danban or "", item))}
                            for item in wish["items"]
                        ],
                    },
                ),
            )
        )
    with tx.cursor() as cursor:
        cursor.executemany("INSERT INTO hub.provision VALUES (%s, %s, %s, %s, %s, %s, %s)", provisions)
    inbox.put(tx, messages)
    close(tx, outcomes, now, labels)


def _holder_subjects(tx: Connection, wanted: list[tuple[str, Any]]) -> dict[tuple[str, Any], str]:
    pairs = [(org, fugo) for org, fugo in wanted if fugo]
    rows = tx.execute(
        "SELECT s.org, s.fugo, s.danban FROM hub.subject s JOIN unnest(%s::text[], %s::text[]) AS w(org, fugo)"
        " ON s.org = w.org AND s.fugo = w.fugo WHERE s.state = 'OPEN'",
        ([org for org, _ in pairs], [fugo for _, fugo in pairs]),
    ).fetchall()
    return {(org, fugo): danban for org, fugo, danban in rows}


def _copies(tx: Connection, wanted: list[tuple[str, str, str]]) -> dict[tuple[str, str, str], dict[str, Any]]:
    rows = tx.execute(
        "SELECT c.org, c.danban, c.item, c.sealed, c.version, c.as_of, c.layout FROM hub.copy c JOIN"
        " unnest(%s::text[], %s::text[], %s::text[]) AS w(org, danban, item) USING (org, danban, item)",
        tuple([w[i] for w in wanted] for i in range(3)),
    ).fetchall()
    return {
        (org, danban, item): {
            "sealed": sealed,
            "version": version,
            "as_of": as_of.isoformat(),
            "layout": layout,
        }
        for org, danban, item, sealed, version, as_of, layout in rows
    }
