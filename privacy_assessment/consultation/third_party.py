"""第三者点検 (規則7条4項): what the reviewers found for each viewpoint, what was answered, and the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

import orjson

from privacy_assessment.statements.models import Statement, StatementRefused
from privacy_assessment.statements.store import read_draft
from storage.clock import Clock
from storage.database import Transaction
from storage.ids import new_id

VIEWPOINTS = {
    "適合性": "指針に定める実施手続等に適合しているか",
    "妥当性": "評価の内容が指針の目的等に照らし妥当か",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding under a viewpoint (適合性 or 妥当性), bound to an item where there is one, with the body's answer."""

    viewpoint: str
    place: str
    text: str
    answer: str


def record_review(
    tx: Transaction,
    clock: Clock,
    statement: Statement,
    reviewed_on: date,
    reviewers: str,
    method: str,
    findings: Sequence[Finding],
    favourable: bool,
    by: str,
) -> UUID:
    """Keep the result of a review; it is never changed, a further one is added.

    :raises StatementRefused: a day in the future, nobody named, an unknown viewpoint, or a finding without an answer in a favourable one.
    """
    if reviewed_on > clock.today():
        raise StatementRefused("FUTURE", "点検の日が将来の日付です。保存していません。日付を直してください。")
    if not reviewers.strip() or not method.strip():
        raise StatementRefused("NOBODY", "点検した者と方法が要ります（様式4 Ⅵ3）。保存していません。")
    for one in findings:
        if one.viewpoint not in VIEWPOINTS or not one.text.strip():
            raise StatementRefused(
                "BAD_FINDING", "観点（適合性・妥当性）と指摘の内容が要ります。保存していません。"
            )
        if favourable and not one.answer.strip():
            raise StatementRefused(
                "UNANSWERED", "答えのない指摘があるまま適とはできません。保存していません。"
            )
    draft = read_draft(tx, statement.id, "form4")
    key = new_id()
    tx.raw.execute(
        "INSERT INTO madoguchi.third_party_review (tenant, id, assessment_id, case_id, draft_version, reviewed_on, reviewers,"
        " method, findings, favourable, recorded_by, at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (tx.tenant, key, statement.id, statement.case_id, draft.version, reviewed_on, reviewers, method,
         orjson.dumps([asdict(one) for one in findings]).decode(), favourable, by, clock.now()),
    )  # fmt: skip
    return key
