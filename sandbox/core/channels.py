"""The core's two other channels: towards the portal (a person's own records) and the commission (supervision)."""

from typing import Any

from sandbox.web import Call, Reply
from workflows.linkage.wire import envelope
from workflows.linkage.wire.problems import Problem

from .link_codes import LinkCodes, results
from .permits import finished


class Portal:
    """MP向け: the portal holds its own link code for each account (開示システム用符号) and asks with it."""

    def __init__(self, codes: LinkCodes) -> None:
        self._codes = codes

    def acquire(self, call: Call) -> Reply:
        """``POST /v1/portal/fugo-acquisitions``."""
        message = call.message("fugo.open")
        acquisition = message["payload"]["acquisition_id"]
        token = self._codes.open(call.tx, acquisition, call.party.id, call.party.id, call.now)
        return Reply({"acquisition_id": acquisition, "token": token}, 202)

    def acquired(self, call: Call) -> Reply:
        """``GET /v1/portal/fugo-results?after=``."""
        return Reply({"results": results(call.tx, call.party.id, call.number("after", 0, 2**62), 500)})

    def records(self, call: Call) -> Reply:
        """``POST /v1/portal/records:query``: newest last; hidden ones stay hidden because they are not asked for.

        What the holder marked 不開示 (番号法23条2項) lives at the bodies; the core gives only ended exchanges with their
        digest, so that the portal can match them with what the bodies show.
        """
        message = call.message("records.query")
        if "subject" not in message:
            raise Problem("SCHEMA_INVALID", "a subject is needed")
        row = call.tx.execute(
            "SELECT person FROM core.fugo WHERE fugo = %s AND org = %s",
            (message["subject"]["fugo"], call.party.id),
        ).fetchone()
        if row is None:
            raise Problem("NOT_FOUND")
        wish = message["payload"]
        rows = call.tx.execute(
            "SELECT seq, record, outcome, provided_at FROM core.record WHERE person = %s AND seq > %s AND outcome <>"
            " 'PERMITTED' ORDER BY seq LIMIT %s",
            (row[0], wish.get("after", 0), wish.get("limit", 100)),
        ).fetchall()
        return Reply(
            {
                "records": [{"seq": seq, **finished(r, o, p)} for seq, r, o, p in rows],
                "next": rows[-1][0] if rows else None,
            }
        )


class Commission:
    """委員会向け: counts and records without any person (監視・検査支援機能)."""

    def counts(self, call: Call) -> Reply:
        """``GET /v1/commission/counts``: exchanges by asker, holder, affair and outcome."""
        rows = call.tx.execute(
            "SELECT asker, holder, record->>'affair', outcome, count(*) FROM core.record GROUP BY 1, 2, 3, 4 ORDER BY"
            " 1, 2, 3, 4"
        ).fetchall()
        return Reply(
            {
                "counts": [
                    dict(zip(("asker", "holder", "affair", "outcome", "count"), row, strict=True))
                    for row in rows
                ]
            }
        )

    def records(self, call: Call) -> Reply:
        """``GET /v1/commission/records?after=``: all records in order, no subject of any kind."""
        rows: list[Any] = call.tx.execute(
            "SELECT seq, record, outcome, provided_at FROM core.record WHERE seq > %s ORDER BY seq LIMIT %s",
            (call.number("after", 0, 2**62), call.number("limit", 1000, 1000) or 1),
        ).fetchall()
        return Reply(
            {
                "records": [{"seq": seq, **finished(r, o, p)} for seq, r, o, p in rows],
                "at": envelope.stamp(call.now),
            }
        )
