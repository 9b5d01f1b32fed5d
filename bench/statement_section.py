"""`statement-section`: opening the largest part of a 全項目 of real size (296 items), beside the same HTML from its template alone.

What is counted is the server's time: session, permission, database and page, without a network. ``after_a_save`` is the first
opening of a version, when nothing is remembered about it.
"""

from __future__ import annotations

import sys
from typing import Any

import orjson

from bench.statement_desk import TENANT, WARM, Portal, median, portal, rounds_of, tell, timed
from portal.staff.assessments.editing import sections
from portal.web.templates import render
from privacy_assessment.statements.store import read_draft
from storage.database import Scope

TARGET = 100.0


def main(arguments: list[str]) -> int:
    """Measure and print a JSON line."""
    with portal() as (found, _server):
        section(found, rounds_of(arguments))
    return 0


def section(portal: Portal, rounds: int) -> None:
    """Open the part; half of the rounds after a save by somebody else, when nothing is remembered about it."""
    caught: dict[str, Any] = {}

    def catch(name: str, request: Any, /, **values: Any) -> str:
        caught.update(name=name, request=request, values=values)
        return render(name, request, **values)

    sections.render = catch
    page = portal.ask()
    ours, cold, limit = [], [], []
    for turn in range(rounds + WARM):
        touch(portal, turn)
        first, again = timed(portal.ask), timed(portal.ask)
        bare = timed(lambda: render(caught["name"], caught["request"], **caught["values"]).encode())
        if turn >= WARM:
            cold.append(first)
            ours.append(again)
            limit.append(bare)
    tell(
        "statement-section",
        ours,
        limit,
        TARGET,
        bytes=len(page),
        fields=page.count(b"data-place="),
        after_a_save=median(cold),
    )


def touch(portal: Portal, turn: int) -> None:
    """Somebody else saves a field, so that the next page is the first of its version."""
    with portal.worker.transaction(Scope(tenant=TENANT)) as tx:
        draft = read_draft(tx, portal.statement, "form4", lock=True)
        draft.document.set("f4.4.3", f"測定 {turn}")
        tx.raw.execute(
            "UPDATE madoguchi.assessment_draft SET version = version + 1, body = %s WHERE tenant = %s AND assessment_id = %s"
            " AND form = 'form4'",
            (orjson.dumps(draft.document.to_json()).decode(), TENANT, portal.statement),
        )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
