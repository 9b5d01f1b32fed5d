"""Deciding requests (番号法21条2項): permit or denial, link code A to link code B, and a record of either."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from psycopg.types.json import Jsonb

from sandbox.database import Connection
from workflows.linkage.wire import core_word, permit
from workflows.linkage.wire.envelope import digest, new_id, stamp
from workflows.linkage.wire.keys import Directory, PartyKeys

from .link_codes import in_order
from .permit_list import PermitList, PermitRow

JAPAN = timezone(timedelta(hours=9))


class Permits:
    """The permit desk of the core."""

    def __init__(
        self, keys: PartyKeys, directory: Directory, rules: PermitList, lifetime_seconds: float
    ) -> None:
        self._keys = keys
        self._directory = directory
        self.rules = rules
        self._lifetime = timedelta(seconds=lifetime_seconds)
        self._recipients: dict[str, dict[str, Any]] = {}

    def decide_many(
        self, tx: Connection, asks: Sequence[dict[str, Any]], now: datetime
    ) -> list[dict[str, Any]]:
        """Decide ``permit.request`` messages; the same inquiry gets the same decision again."""
        ids = [ask["payload"]["inquiry_id"] for ask in asks]
        done = dict(
            tx.execute(
                "SELECT inquiry_id, answer FROM core.exchange WHERE inquiry_id = ANY(%s)", (ids,)
            ).fetchall()
        )
        fugos = [ask["subject"]["fugo"] for ask in asks if "subject" in ask]
        people = {
            (org, fugo): person
            for org, fugo, person in tx.execute(
                "SELECT org, fugo, person FROM core.fugo WHERE fugo = ANY(%s)", (fugos,)
            ).fetchall()
        }
        holders = {
            (org, person): fugo
            for org, person, fugo in tx.execute(
                "SELECT org, person, fugo FROM core.fugo WHERE person = ANY(%s)",
                (list(set(people.values())),),
            ).fetchall()
        }
        exchanges, records, answers = [], [], []
        for ask in asks:
            inquiry_id = ask["payload"]["inquiry_id"]
            if inquiry_id not in done:
                person = people.get((ask["org"], ask.get("subject", {}).get("fugo")))
                answer, record = self._decide(ask, person, holders, now)
                done[inquiry_id] = answer
                wish = ask["payload"]
                exchanges.append(
                    (
                        answer["exchange_id"],
                        inquiry_id,
                        wish["request_digest"],
                        ask["org"],
                        wish["holder"],
                        person,
                        Jsonb(answer),
                        now,
                    )
                )
                records.append(
                    (
                        answer["exchange_id"],
                        person,
                        ask["org"],
                        wish["holder"],
                        Jsonb(record),
                        answer.get("code") or "PERMITTED",
                        now,
                    )
                )
            answers.append(done[inquiry_id])
        in_order(tx, "record")
        with tx.cursor() as cursor:
            cursor.executemany("INSERT INTO core.exchange VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", exchanges)
            cursor.executemany(
                "INSERT INTO core.record (exchange_id, person, asker, holder, record, outcome, at)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                records,
            )
        return answers

    def _decide(
        self, ask: dict[str, Any], person: str | None, holders: dict[tuple[str, str], str], now: datetime
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        wish, exchange_id = ask["payload"], new_id(now)
        verdict = self.rules.decide(
            ask["org"],
            wish["holder"],
            wish["affair"],
            wish["items"],
            ask["legal"]["law_row"],
            now.astimezone(JAPAN).date(),
        )
        law = {"row": ask["legal"]["law_row"], "clause": "", "table_version": self.rules.version}
        answer: dict[str, Any] = {"inquiry_id": wish["inquiry_id"], "exchange_id": exchange_id, "law": law}
        if isinstance(verdict, PermitRow):
            law["clause"] = verdict.clause
            if person is None:
                answer.update(decision="denied", code="NO_FUGO")
            else:
                self._permit(ask, answer, holders.get((wish["holder"], person)), now)
        else:
            answer.update(decision="denied", code="PERMIT_DENIED", why=verdict)
        return answer, self._record(ask, exchange_id, law)

    def _permit(
        self, ask: dict[str, Any], answer: dict[str, Any], subject: str | None, now: datetime
    ) -> None:
        wish = ask["payload"]
        common: dict[str, Any] = {
            "exchange_id": answer["exchange_id"],
            "asker": ask["org"],
            "holder": wish["holder"],
            "affair": wish["affair"],
            "procedure": wish["procedure"],
            "items": wish["items"],
            "law": answer["law"],
            "request_digest": wish["request_digest"],
            "recipient_jwk": self._recipient(ask["org"]),
            "certificate": self._certificate(ask["org"]),
            "now": now,
            "lifetime": self._lifetime,
        }
        answer.update(
            decision="permitted",
            permit_expires=stamp(now + self._lifetime),
            asker_permit=permit.issue(self._keys, audience=ask["org"], subject=None, **common),
        )
        if (
            subject is not None
        ):  # without one the holder does not know this person: NO_SUCH_SUBJECT at the hub
            answer.update(
                subject=subject,
                holder_permit=permit.issue(self._keys, audience=wish["holder"], subject=subject, **common),
            )

    def _recipient(self, org: str) -> dict[str, Any]:
        if org not in self._recipients:
            key = self._directory.sealing_key(org)
            self._recipients[org] = json.loads(
                json.dumps(dict(key.key.as_dict(private=False)) | {"kid": key.kid})
            )
        return self._recipients[org]

    def _certificate(self, org: str) -> str:
        party = self._directory.party(org)
        return party.certificate if party else ""

    def _record(self, ask: dict[str, Any], exchange_id: str, law: dict[str, str]) -> dict[str, Any]:
        wish = ask["payload"]
        return {
            "exchange_id": exchange_id,
            "asker": self._body(ask["org"]),
            "holder": self._body(wish["holder"]),
            "requested_at": wish["requested_at"],
            "affair": wish["affair"],
            "procedure": wish["procedure"],
            "items": sorted(wish["items"]),
            "law_row": law["row"],
            "law_clause": law["clause"],
            "table_version": law["table_version"],
        }

    def _body(self, org: str) -> dict[str, str]:
        party = self._directory.party(org)
        return {"org": org, "label": (party.label if party else "") or org}


def report_many(tx: Connection, reports: Sequence[dict[str, Any]]) -> int:
    """Write how exchanges ended into their records; a report for a record that already ended changes nothing."""
    with tx.cursor() as cursor:
        cursor.executemany(
            "UPDATE core.record SET outcome = %s, provided_at = %s::timestamptz WHERE exchange_id = %s AND outcome ="
            " 'PERMITTED'",
            [
                (r["payload"]["outcome"], r["payload"].get("provided_at"), r["payload"]["exchange_id"])
                for r in reports
            ],
        )
    return len(reports)


def word_to(tx: Connection, keys: PartyKeys, org: str, after: int, limit: int, now: datetime) -> str:
    """The core's signed word to one body on the records it keeps of it, in order from ``after`` on."""
    rows = tx.execute(
        "SELECT seq, exchange_id, record, outcome, provided_at FROM core.record WHERE (asker = %s OR holder = %s) AND seq > %s"
        " ORDER BY seq LIMIT %s",
        (org, org, after, limit + 1),
    ).fetchall()
    said = [
        core_word.Said(
            seq, exchange, None if outcome == "PERMITTED" else finished(record, outcome, at)["digest"]
        )
        for seq, exchange, record, outcome, at in rows[:limit]
    ]
    return core_word.issue(keys, org, after, said, len(rows) <= limit, now)


def finished(record: dict[str, Any], outcome: str, provided_at: datetime | None) -> dict[str, Any]:
    """A core record as it is given out, with the same digest as the asker's and the holder's."""
    shared = {**record, "outcome": outcome, "provided_at": stamp(provided_at) if provided_at else None}
    return {**shared, "side": "core", "digest": digest(shared)}
