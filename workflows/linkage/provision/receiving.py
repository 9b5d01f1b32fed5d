"""What the holding side does with a request: permit, person, statement, flags, copy; then an answer, a refusal, or a pair of staff's eyes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from storage.database import Transaction
from workflows.engine import Actor, Command, Engine, Refused
from workflows.law import statements
from workflows.linkage import freezes
from workflows.linkage.gateway import ContentRefused, PermitFacts
from workflows.linkage.inbox import Dead, Done, Received, Verdict, note_incident
from workflows.linkage.parts import LinkParts
from workflows.linkage.provision.machine import KIND, protected_of
from workflows.linkage.wire import envelope

HUB = Actor(kind="system", id="link")
PURPOSE = "情報提供の求めによる"
SECOND_REQUEST = "SECOND_REQUEST"


@dataclass(frozen=True)
class Wanted:
    """One request and the case it opened."""

    case_id: UUID
    received: Received

    @property
    def addressee(self) -> str:
        """The person it is about, as we know her."""
        return str(self.received.message["subject"]["danban"])

    @property
    def items(self) -> tuple[str, ...]:
        """What is asked for."""
        return tuple(item["code"] for item in self.received.payload["items"])

    @property
    def has_copy(self) -> bool:
        """Whether the hub had a copy of at least one item."""
        return any(item["copy"] is not None for item in self.received.payload["items"])

    def command(self, trigger: str, **given: str) -> Command:
        """A step of the system on this case."""
        return Command(self.case_id, trigger, HUB, PURPOSE, f"{self.received.id}:{trigger}", given)


class ProvisionReceiver:
    """Handlers of machine C."""

    def __init__(self, parts: LinkParts, engine: Engine) -> None:
        self.parts = parts
        self.engine = engine

    def handlers(self) -> dict[str, Callable[[Transaction, Sequence[Received]], Mapping[str, Verdict]]]:
        """By type."""
        return {"provision.request": self.requested}

    def requested(self, tx: Transaction, messages: Sequence[Received]) -> Mapping[str, Verdict]:
        """Open a case for each request and take it as far as it goes without staff."""
        verdicts: dict[str, Verdict] = {}
        wanted = []
        for one in messages:
            case_id = self._open(tx, one)
            if case_id is None:
                detail = {"message_id": one.id, "exchange_id": one.payload["exchange_id"]}
                note_incident(tx, SECOND_REQUEST, detail, self.parts.clock.now())
                verdicts[one.id] = Dead(SECOND_REQUEST)
            else:
                wanted.append(Wanted(case_id, one))
        self._store(tx, wanted)
        valid = self._verify(tx, wanted)
        matched = self._match(tx, valid)
        self._answer(tx, matched)
        return {one.id: verdicts.get(one.id, Done()) for one in messages}

    def _open(self, tx: Transaction, received: Received) -> UUID | None:
        """Open a case for a request; None when there is one for its exchange: a permit is for one exchange, an exchange for one answer."""
        payload = received.payload
        try:
            opened = self.engine.open(
                tx,
                KIND,
                actor=HUB,
                purpose=PURPOSE,
                request_key=f"provision:{payload['exchange_id']}",
                subject=received.message["subject"]["danban"],
                input={
                    "provision_id": payload["provision_id"],
                    "exchange_id": payload["exchange_id"],
                    "asker": payload["asker"]["org"],
                    "law_row": received.message["legal"]["law_row"],
                    "items": [item["code"] for item in payload["items"]],
                },
            )
        except Refused as refused:
            if [reason.code for reason in refused.reasons] != ["request_key_reused"]:
                raise
            return None
        return None if opened.replayed else opened.case_id

    def _store(self, tx: Transaction, wanted: Sequence[Wanted]) -> None:
        now = self.parts.clock.now()
        rows = []
        for one in wanted:
            payload, legal = one.received.payload, one.received.message["legal"]
            row = self._law_clause(legal["law_row"])
            rows.append(
                (
                    tx.tenant,
                    one.case_id,
                    payload["provision_id"],
                    payload["exchange_id"],
                    payload["inquiry_id"],
                    one.addressee,
                    payload["asker"]["org"],
                    self.parts.offices.label(payload["asker"]["org"]),
                    payload["affair"],
                    payload["procedure"],
                    list(one.items),
                    legal["law_row"],
                    row,
                    legal["table_version"],
                    payload["purpose"],
                    payload["permit"],
                    envelope.moment(payload["permit_expires"]),
                    envelope.dumps(one.received.message),
                    now,
                )
            )
        with tx.raw.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO madoguchi.linkage_provision (tenant, case_id, provision_id, exchange_id, inquiry_id, addressee, asker_org,"
                " asker_label, affair, procedure, items, law_row, law_clause, table_version, purpose, permit, permit_expires, request,"
                " received_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                rows,
            )

    def _law_clause(self, law_row: str) -> str:
        try:
            return self.parts.law.row(law_row).clause
        except KeyError:
            return ""

    def _verify(self, tx: Transaction, wanted: Sequence[Wanted]) -> list[Wanted]:
        """番号法21条2項: only with the core's word, for exactly what it allows."""
        commands, valid = [], []
        for one in wanted:
            fault = self._fault(tx, one)
            if fault is None:
                commands.append(one.command("verify"))
                valid.append(one)
            else:
                commands.append(one.command("reject", code=fault))
        self.engine.apply_many(tx, commands)
        return valid

    def _fault(self, tx: Transaction, one: Wanted) -> str | None:
        payload = one.received.payload
        gateway = self.parts.offices.gateway(tx.tenant)
        assert gateway is not None, "messages are received only by a process that talks"
        try:
            permit = gateway.verify_permit(payload["permit"], self.parts.clock.now())
        except ContentRefused as refused:
            return "PERMIT_EXPIRED" if refused.code == "PERMIT_EXPIRED" else "NOT_PROVIDABLE"
        return None if self._same(permit, one) else "NOT_PROVIDABLE"

    def _same(self, permit: PermitFacts, one: Wanted) -> bool:
        """Whether the permit says what the request says; the hub's own words prove nothing."""
        payload = one.received.payload
        return (
            permit.exchange_id == payload["exchange_id"]
            and permit.asker == payload["asker"]["org"]
            and permit.affair == payload["affair"]
            and set(permit.items) == set(one.items)
            and permit.law_row == one.received.message["legal"]["law_row"]
        )

    def _match(self, tx: Transaction, wanted: Sequence[Wanted]) -> list[tuple[Wanted, bool]]:
        """Find the person, and stop where our own statement is not published (28条6項)."""
        known = protected_of(tx, [one.addressee for one in wanted])
        published = statements.published_affairs(tx, tx.tenant, self.parts.clock.today())
        commands, matched = [], []
        for one in wanted:
            if one.addressee not in known:
                commands.append(one.command("no_match", code="NO_SUCH_SUBJECT"))
            elif not self._statement(published, one):
                commands.append(one.command("block", code="REFUSED_BY_HOLDER", ground="PIA_UNPUBLISHED"))
            else:
                commands.append(one.command("match"))
                matched.append((one, known[one.addressee]))
        self.engine.apply_many(tx, commands)
        return matched

    def _statement(self, published: frozenset[str], one: Wanted) -> bool:
        """The data lie in the file of the affair that keeps them; its statement must be published."""
        files = files_of(self.parts.clock.today())
        return all(files[item] in published for item in one.items if item in files)

    def _answer(self, tx: Transaction, matched: Sequence[tuple[Wanted, bool]]) -> None:
        frozen = freezes.standing(tx)
        commands = []
        for one, protected in matched:
            if frozen.scope_of(one.addressee, "", one.items) is not None:
                commands.append(one.command("stop", code="FROZEN"))
            elif not one.has_copy:
                commands.append(one.command("no_copy", code="NOT_REGISTERED"))
            elif protected:
                commands.append(one.command("to_review"))
            else:
                commands.append(one.command("answer"))
        self.engine.apply_many(tx, commands)


def files_of(day: date) -> dict[str, str]:
    """Which affair's file an item lies in, on a day."""
    return {row["item"]: row["affair"] for row in _files() if row["valid_from"] <= day}


@lru_cache(maxsize=1)
def _files() -> list[dict[str, Any]]:
    path = Path(__file__).with_name("files.yaml")
    return list(yaml.safe_load(path.read_text(encoding="utf-8"))["files"])
