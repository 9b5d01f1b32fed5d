"""Copies (副本) at the hub: sealed by their holder to itself, versioned, in bulk with per-row results.

The hub sees who (団体内統合宛名番号), which item, which version and how old; never what it says.
"""

from collections.abc import Sequence
from typing import Any

from sandbox.web import Call, Reply
from workflows.linkage.wire import merkle
from workflows.linkage.wire.envelope import canonical
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.tokens import is_sealed

BUCKETS = 256
ANALYZE_FROM = 1000


def row_leaf(item: str, row: dict[str, Any]) -> bytes:
    """The Merkle leaf of a copy row: danban, item, version, as_of and the sealed text."""
    return merkle.leaf(canonical([row["danban"], item, row["version"], row["as_of"], row["sealed"]]))


def bucket_of(leaf_of: str) -> int:
    """Which of the 256 reconciliation buckets a danban falls into."""
    return merkle.leaf(leaf_of.encode())[0]


_UPSERT = """
INSERT INTO hub.copy (org, danban, item, version, as_of, layout, sealed, leaf, bucket)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (org, danban, item) DO UPDATE SET version = EXCLUDED.version, as_of = EXCLUDED.as_of,
  layout = EXCLUDED.layout, sealed = EXCLUDED.sealed, leaf = EXCLUDED.leaf WHERE hub.copy.version = %s
RETURNING version
"""


def put(call: Call) -> Reply:
    """``PUT /v1/copies/{danban}/{item}``: STALE_VERSION when ``base_version`` is not the current one (0 = none yet)."""
    message = call.message("copy.put")
    payload, danban = message["payload"], message["subject"]["danban"]
    if (danban, payload["item"]) != (call.path["danban"], call.path["item"]):
        raise Problem("SCHEMA_INVALID", "the path names another copy")
    if payload["version"] <= payload["base_version"]:
        raise Problem(
            "SCHEMA_INVALID",
            "the version must be above its base",
            [{"pointer": "/payload/version", "kind": "order"}],
        )
    exists = call.tx.execute(
        "SELECT version FROM hub.copy WHERE org = %s AND danban = %s AND item = %s FOR UPDATE",
        (call.party.id, danban, payload["item"]),
    ).fetchone()
    if (exists[0] if exists else 0) != payload["base_version"]:
        raise Problem("STALE_VERSION")
    leaf = row_leaf(payload["item"], {"danban": danban, **payload}).hex()
    done = call.tx.execute(
        _UPSERT,
        (
            call.party.id,
            danban,
            payload["item"],
            payload["version"],
            payload["as_of"],
            payload["layout"],
            payload["sealed"],
            leaf,
            bucket_of(danban),
            payload["base_version"],
        ),
    ).fetchone()
    if done is None:
        raise Problem("STALE_VERSION")
    return Reply(
        {"danban": danban, "item": payload["item"], "version": payload["version"], "status": "CURRENT"}
    )


def open_batch(call: Call) -> Reply:
    """``POST /v1/copy-batches``: the manifest with the Merkle root over all rows in order; the same one may come again, another may not."""
    wish = call.message("copy.batch")["payload"]
    call.tx.execute(
        "INSERT INTO hub.copy_batch VALUES (%s, %s, %s, %s, %s, %s, %s, 'OPEN', %s) ON CONFLICT DO NOTHING",
        (
            wish["batch_id"],
            call.party.id,
            wish["item"],
            wish["layout"],
            wish["rows"],
            wish["parts"],
            wish["merkle_root"],
            call.now,
        ),
    )
    manifest = (wish["item"], wish["layout"], wish["rows"], wish["parts"], wish["merkle_root"])
    if tuple(_batch(call, wish["batch_id"])[:5]) != manifest:
        raise Problem("IDEMPOTENCY_CONFLICT", "another manifest came under this batch id before")
    return Reply({"batch_id": wish["batch_id"], "status": "OPEN"}, 201)


def _batch(call: Call, batch_id: str) -> Sequence[Any]:
    row = call.tx.execute(
        "SELECT item, layout, rows, parts, merkle_root, status FROM hub.copy_batch WHERE id = %s AND"
        " org = %s FOR UPDATE",
        (batch_id, call.party.id),
    ).fetchone()
    if row is None:
        raise Problem("NOT_FOUND")
    return row


def put_part(call: Call) -> Reply:
    """``PUT /v1/copy-batches/{id}/parts/{n}``: rows land in a holding table; sending a part again replaces it."""
    wish = call.message("copy.part")["payload"]
    if wish["batch_id"] != call.path["id"] or str(wish["part"]) != call.path["part"]:
        raise Problem("SCHEMA_INVALID", "the path names another part")
    item, _, _, parts, _, status = _batch(call, wish["batch_id"])
    if status != "OPEN":
        raise Problem("EXCHANGE_CLOSED")
    if wish["part"] > parts:
        raise Problem(
            "SCHEMA_INVALID",
            "the manifest has fewer parts",
            [{"pointer": "/payload/part", "kind": "maximum"}],
        )
    call.tx.execute(
        "DELETE FROM hub.copy_part WHERE batch = %s AND part = %s", (wish["batch_id"], wish["part"])
    )
    with (
        call.tx.cursor() as cursor,
        cursor.copy(
            "COPY hub.copy_part (batch, part, row, danban, version, base_version, as_of, sealed, leaf, code) FROM STDIN"
        ) as copy,
    ):
        for n, row in enumerate(wish["rows"], start=1):
            code = (
                None if is_sealed(row["sealed"]) and row["version"] > row["base_version"] else "ROW_INVALID"
            )
            copy.write_row(
                (
                    wish["batch_id"],
                    wish["part"],
                    n,
                    row["danban"],
                    row["version"],
                    row["base_version"],
                    row["as_of"],
                    row["sealed"],
                    row_leaf(item, row).hex(),
                    code,
                )
            )
    return Reply({"batch_id": wish["batch_id"], "part": wish["part"], "rows": len(wish["rows"])})


def commit(call: Call) -> Reply:
    """``POST /v1/copy-batches/{id}/commit``: all rows that fit are taken, the others are named; other lanes go on."""
    wish = call.message("copy.commit")["payload"]
    item, layout, rows, _parts, wanted_root, status = _batch(call, wish["batch_id"])
    if wish["batch_id"] != call.path["id"]:
        raise Problem("SCHEMA_INVALID", "the path names another batch")
    if status != "OPEN":
        raise Problem("EXCHANGE_CLOSED")
    leaves = [
        bytes.fromhex(row[0])
        for row in call.tx.execute(
            "SELECT leaf FROM hub.copy_part WHERE batch = %s ORDER BY part, row", (wish["batch_id"],)
        )
    ]
    if len(leaves) != rows or merkle.root(leaves) != wanted_root:
        raise Problem(
            "SCHEMA_INVALID",
            "rows or root differ from the manifest; send the missing parts, then commit",
            [{"pointer": "/payload/batch_id", "kind": "manifest"}],
        )
    if rows > ANALYZE_FROM:
        # Rows that came a moment ago have no statistics; guessing turns one pass into one look at everything for each row.
        call.tx.execute("ANALYZE hub.copy_part")
        call.tx.execute("ANALYZE hub.copy")
    call.tx.execute(
        "UPDATE hub.copy_part SET code = 'STALE_VERSION' WHERE ctid = ANY (ARRAY(SELECT p.ctid FROM hub.copy_part p LEFT"
        " JOIN hub.copy c ON c.org = %s AND c.item = %s AND c.danban = p.danban WHERE p.batch = %s AND p.code IS NULL"
        " AND p.base_version <> COALESCE(c.version, 0)))",
        (call.party.id, item, wish["batch_id"]),
    )
    # One pass over the batch: comparing every row with every other would take minutes for a large one.
    call.tx.execute(
        "UPDATE hub.copy_part SET code = 'DUPLICATE_ROW' WHERE ctid = ANY (ARRAY(SELECT place FROM (SELECT ctid AS place,"
        " row_number() OVER (PARTITION BY danban ORDER BY part, row) AS nth FROM hub.copy_part WHERE batch = %s AND"
        " code IS NULL) AS d WHERE nth > 1))",
        (wish["batch_id"],),
    )
    call.tx.execute(
        "INSERT INTO hub.copy (org, danban, item, version, as_of, layout, sealed, leaf, bucket)"
        " SELECT %s, danban, %s, version, as_of, %s, sealed, leaf,"
        " get_byte(sha256('\\x00'::bytea || convert_to(danban, 'UTF8')), 0) FROM hub.copy_part WHERE batch = %s AND code"
        " IS NULL ON CONFLICT (org, danban, item) DO UPDATE SET version = EXCLUDED.version, as_of = EXCLUDED.as_of,"
        " layout = EXCLUDED.layout, sealed = EXCLUDED.sealed, leaf = EXCLUDED.leaf",
        (call.party.id, item, layout, wish["batch_id"]),
    )
    bad = call.tx.execute(
        "SELECT count(*) FROM hub.copy_part WHERE batch = %s AND code IS NOT NULL", (wish["batch_id"],)
    ).fetchone()
    state = "PARTIAL" if bad and bad[0] else "COMPLETE"
    call.tx.execute("UPDATE hub.copy_batch SET status = %s WHERE id = %s", (state, wish["batch_id"]))
    call.tx.execute(
        "UPDATE hub.copy_part SET sealed = '', code = COALESCE(code, 'CURRENT') WHERE batch = %s",
        (wish["batch_id"],),
    )
    return Reply(
        {"batch_id": wish["batch_id"], "status": state, "rows": rows, "refused": bad[0] if bad else 0}
    )


def results(call: Call) -> Reply:
    """``GET /v1/copy-batches/{id}/results``: each row's fate, in order."""
    status = _batch(call, call.path["id"])[5]
    after = call.number("after", 0, 2**31)
    rows = call.tx.execute(
        "SELECT n, danban, code FROM (SELECT row_number() OVER (ORDER BY part, row) AS n, danban, code FROM hub.copy_part"
        " WHERE batch = %s) r WHERE n > %s ORDER BY n LIMIT %s",
        (call.path["id"], after, call.number("limit", 20_000, 20_000) or 1),
    ).fetchall()
    return Reply(
        {
            "batch_id": call.path["id"],
            "status": status,
            "next": rows[-1][0] if rows else None,
            "results": [
                {
                    "row": n,
                    "danban": danban,
                    "code": code,
                    "status": "CURRENT" if code == "CURRENT" else "WAITING" if code is None else "REFUSED",
                }
                for n, danban, code in rows
            ],
        }
    )


def digest(call: Call) -> Reply:
    """``GET /v1/copies/digest?item=&bucket=``: number of rows and Merkle root of one bucket, for reconciliation."""
    rows = call.tx.execute(
        "SELECT leaf FROM hub.copy WHERE org = %s AND item = %s AND bucket = %s ORDER BY danban",
        (call.party.id, call.query.get("item", ""), call.number("bucket", 0, BUCKETS - 1)),
    ).fetchall()
    return Reply({"rows": len(rows), "root": merkle.root([bytes.fromhex(row[0]) for row in rows])})
