"""Carrying out what two people agreed on: the step and the change of the register are one transaction of the vault role.

Two addressees with two different numbers are two people: they are never joined. What moved is written into the register's events, so that taking it
back restores exactly that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import procrastinate

from storage.database import Database, Scope, Transaction
from workflows.addressees.changes.machine import KIND, TASK
from workflows.addressees.models import NewAddressee
from workflows.addressees.service import AddresseeRefused, AddresseeRegister, unknown
from workflows.engine import Actor, Applied, Command, Engine

MERGE, SPLIT = "merge", "split"
SYSTEM = Actor(kind="system", id="addressees")


def register_tasks(app: procrastinate.App, vault: Database, changes: AddresseeChanges) -> None:
    """Register the job that carries a change out.

    :param vault: the vault role's database.
    """

    @app.task(name=TASK, retry=procrastinate.RetryStrategy(max_attempts=10, exponential_wait=2))
    def carry_out(tenant: str, case_id: str, seq: int) -> None:
        """Carry out, or take back, what was approved."""
        with vault.transaction(Scope(tenant=tenant)) as tx:
            changes.carry_out(tx, UUID(case_id))


class AddresseeChanges:
    """Proposals to join or part addressees."""

    def __init__(self, engine: Engine, register: AddresseeRegister) -> None:
        self.engine = engine
        self.register = register

    def propose_merge(
        self, tx: Transaction, actor: Actor, source: str, target: str, request_key: str
    ) -> Applied:
        """Propose that `source` is the same person as `target`, who stays.

        :raises AddresseeRefused: ``UNKNOWN_ADDRESSEE``, ``SAME_ADDRESSEE``.
        """
        if source == target:
            raise AddresseeRefused(
                "SAME_ADDRESSEE",
                "同じ宛名どうしは名寄せできません。何も変えていません。宛名番号を確かめてください。",
            )
        self._require_active(tx, source, target)
        given = {"action": MERGE, "source": source, "target": target}
        return self._open(tx, actor, target, request_key, given)

    def propose_split(
        self, tx: Transaction, actor: Actor, source: str, numbers: Sequence[tuple[str, str]], request_key: str
    ) -> Applied:
        """Propose that some business numbers of `source` belong to another person, who gets an addressee of her own.

        :param numbers: pairs (system, number), at least one and not all of them.
        :raises AddresseeRefused: ``UNKNOWN_ADDRESSEE``, ``WRONG_NUMBERS``.
        """
        self._require_active(tx, source)
        held = self._business(tx, source)
        if not numbers or not set(numbers) < set(held):
            raise AddresseeRefused(
                "WRONG_NUMBERS",
                "分ける業務番号は、この宛名の業務番号の一部でなければなりません。何も変えていません。",
            )
        given = {
            "action": SPLIT,
            "source": source,
            "numbers": [f"{system}/{number}" for system, number in numbers],
        }
        return self._open(tx, actor, source, request_key, given)

    def carry_out(self, tx: Transaction, case_id: UUID) -> Applied | None:
        """Do what was approved, or take it back when that was decided (vault role). Doing it again changes nothing."""
        case = self.engine.case(tx, case_id)
        steps = self.engine.history(tx, case_id)
        given: Mapping[str, Any] = steps[0].input
        if case.state == "approved":
            try:
                with tx.connection.begin_nested():
                    result = self._do(tx, given)
            except AddresseeRefused as refused:
                return self._step(tx, case_id, "fail", {"code": refused.code})
            return self._step(tx, case_id, "apply", {"result": result})
        if case.state == "undoing":
            result = next(str(step.input["result"]) for step in steps if step.trigger == "apply")
            self._take_back(tx, given, result)
            return self._step(tx, case_id, "take_back", {})
        return None

    # --- parts -----------------------------------------------------------------------------------------------

    def _open(
        self, tx: Transaction, actor: Actor, subject: str, request_key: str, given: dict[str, Any]
    ) -> Applied:
        return self.engine.open(
            tx,
            KIND,
            actor=actor,
            purpose="宛名の名寄せ・分離",
            request_key=request_key,
            subject=subject,
            input=given,
        )

    def _step(self, tx: Transaction, case_id: UUID, trigger: str, given: dict[str, Any]) -> Applied:
        return self.engine.apply(
            tx, Command(case_id, trigger, SYSTEM, "宛名への反映", f"{trigger}:{case_id}", given)
        )

    def _require_active(self, tx: Transaction, *numbers: str) -> None:
        for number in numbers:
            found = self.register.get(tx, number)
            if found is None or found.state != "active":
                raise unknown(number)

    def _business(self, tx: Transaction, addressee: str) -> list[tuple[str, str]]:
        rows = tx.raw.execute(
            "SELECT system, number FROM madoguchi.business_number WHERE tenant = %s AND addressee = %s ORDER BY 1, 2",
            (tx.tenant, addressee),
        )
        return [(system, number) for system, number in rows.fetchall()]

    def _do(self, tx: Transaction, given: Mapping[str, Any]) -> str:
        source = str(given["source"])
        if given["action"] == MERGE:
            target = str(given["target"])
            self._require_active(tx, source, target)
            if self.register.has_number(tx, source) and self.register.has_number(tx, target):
                raise AddresseeRefused(
                    "TWO_NUMBERS",
                    "番号が違う二人です。名寄せしていません。住基システムの登録を確かめてください。",
                )
            moved = self._business(tx, source)
            number_moved = self.register.move_number(tx, source, target)
            self._move(tx, moved, target)
            self._set_state(tx, source, "merged", target)
            detail = {"into": target, "numbers": [f"{s}/{n}" for s, n in moved], "number_moved": number_moved}
            self.register.record_event(tx, source, "merged", detail, actor=SYSTEM.id)
            return target
        self._require_active(tx, source)
        numbers = _pairs(given["numbers"])
        if not set(numbers) < set(self._business(tx, source)):
            raise AddresseeRefused(
                "WRONG_NUMBERS", "業務番号が変わっています。分けていません。提案しなおしてください。"
            )
        (fresh,) = self.register.open_many(tx, [NewAddressee("resident", None, {})], actor=SYSTEM.id)
        self._move(tx, numbers, fresh)
        self.register.record_event(
            tx, source, "split", {"to": fresh, "numbers": list(given["numbers"])}, actor=SYSTEM.id
        )
        return fresh

    def _take_back(self, tx: Transaction, given: Mapping[str, Any], result: str) -> None:
        source = str(given["source"])
        if given["action"] == MERGE:
            row = tx.raw.execute(
                "SELECT detail FROM madoguchi.addressee_event WHERE tenant = %s AND addressee = %s AND kind = 'merged' ORDER BY id DESC LIMIT 1",
                (tx.tenant, source),
            ).fetchone()
            assert row is not None
            self._set_state(tx, source, "active", None)
            self._move(tx, _pairs(row[0]["numbers"]), source)
            if row[0]["number_moved"]:
                self.register.move_number(tx, result, source)
            self.register.record_event(tx, source, "merge_undone", {"from": result}, actor=SYSTEM.id)
            return
        self._move(tx, self._business(tx, result), source)
        self.register.close(tx, result, actor=SYSTEM.id, reason="SPLIT_UNDONE")
        self.register.record_event(tx, source, "split_undone", {"from": result}, actor=SYSTEM.id)

    def _move(self, tx: Transaction, numbers: Sequence[tuple[str, str]], to: str) -> None:
        with tx.raw.cursor() as cursor:
            cursor.executemany(
                "UPDATE madoguchi.business_number SET addressee = %s WHERE tenant = %s AND system = %s AND number = %s",
                [(to, tx.tenant, system, number) for system, number in numbers],
            )

    def _set_state(self, tx: Transaction, addressee: str, state: str, into: str | None) -> None:
        tx.raw.execute(
            "UPDATE madoguchi.addressee SET state = %s, merged_into = %s, updated_at = %s WHERE tenant = %s AND number = %s",
            (state, into, self.register.clock.now(), tx.tenant, addressee),
        )


def _pairs(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs (system, number) from ``system/number``."""
    return [(system, number) for system, _, number in (one.partition("/") for one in texts)]
