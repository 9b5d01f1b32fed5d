"""Guard, facts and effect of an application (申請)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from storage.database import Transaction
from workflows.engine import Applied, CaseView, Command, Reason, Registry
from workflows.linkage.inquiry.machine import KIND as INQUIRY
from workflows.linkage.inquiry.service import OPEN_STATES

KIND = "application"
DEFINITION = Path(__file__).with_name("workflow.yaml")


def no_open_inquiry(facts: Mapping[str, Any], given: Mapping[str, Any]) -> Reason | None:
    """Nothing is decided while an answer is still on its way (番号法22条2項: the answer stands in for a paper)."""
    count = facts["open_inquiries"]
    return Reason("inquiry_open", count=count) if count else None


def register(registry: Registry) -> None:
    """Load the definition and give its names their functions."""
    kind = registry.load(DEFINITION)
    kind.guard("no_open_inquiry")(no_open_inquiry)

    @kind.facts
    def facts(
        tx: Transaction, cases: Sequence[CaseView], commands: Sequence[Command]
    ) -> list[Mapping[str, Any]]:
        """How many inquiries of each application still wait."""
        deciding = {
            case.id for case, one in zip(cases, commands, strict=True) if one.trigger in ("grant", "deny")
        }
        counts: dict[Any, int] = {}
        if deciding:
            rows = tx.raw.execute(
                "SELECT parent, count(*) FROM madoguchi.case_file WHERE tenant = %s AND parent = ANY(%s) AND kind = %s"
                " AND state = ANY(%s) GROUP BY parent",
                (tx.tenant, list(deciding), INQUIRY, list(OPEN_STATES)),
            )
            counts = dict(rows.fetchall())
        return [{"open_inquiries": counts.get(case.id, 0)} for case in cases]

    @kind.write_effect("register")
    def register_row(tx: Transaction, applied: Sequence[Applied]) -> None:
        """Write the application's own row."""
        with tx.raw.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO madoguchi.application (tenant, case_id, receipt_no, addressee, procedure, affair, office, opened_by, opened_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    (
                        one.tenant,
                        one.case_id,
                        one.input["receipt_no"],
                        one.subject,
                        one.input["procedure"],
                        one.input["affair"],
                        one.actor.office or "",
                        one.actor.id,
                        one.at,
                    )
                    for one in applied
                ],
            )
