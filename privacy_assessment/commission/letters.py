"""A decision as a letter: number, day, to whom, what, why. Plain values; the page around them is made elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from privacy_assessment.commission.machine import asked_of
from privacy_assessment.commission.models import KIND_NAMES, Decision, Submission
from privacy_assessment.commission.store import read_checks, read_questions, read_submission
from privacy_assessment.forms.dates import in_japanese
from storage.database import Transaction


@dataclass(frozen=True)
class Letter:
    """A letter as it is printed.

    :param number: 文書番号; empty in a draft. :param facts: the table under 記. :param parts: headed paragraphs or lists after it.
    """

    number: str
    day: str
    addressee: str
    sender: str
    title: str
    opening: str
    heading: str
    facts: tuple[tuple[str, str], ...]
    parts: tuple[tuple[str, tuple[str, ...]], ...]
    closing: str
    draft: str


def letter_of(tx: Transaction, decision: Decision, today: date) -> Letter:
    """The letter of a decision, signed or not.

    :param today: whose words a draft is written in.
    """
    submission = read_submission(tx, decision.submission)
    day = decision.decided_on or today
    words = _words(day)
    own, say = words["letters"][decision.outcome], words["parts"]
    return Letter(
        number=decision.letter_number or "",
        day=in_japanese(decision.decided_on) if decision.decided_on else "",
        addressee=f"{submission.body_name}　{words['honorific']}",
        sender=words["sender"],
        title=own["title"],
        opening=own["opening"],
        heading=say["subject"],
        facts=(
            (say["statement"], submission.title),
            (say["number"], submission.number),
            (say["kind"], KIND_NAMES[submission.kind]),
            (say["submitted"], in_japanese(submission.submitted_on)),
            (say["receipt"], submission.receipt),
        ),
        parts=tuple(_parts(tx, decision, submission, own, say)),
        closing=own["closing"],
        draft="" if decision.signed_at else say["draft"],
    )


def _parts(
    tx: Transaction,
    decision: Decision,
    submission: Submission,
    own: Mapping[str, str],
    say: Mapping[str, str],
) -> list[tuple[str, tuple[str, ...]]]:
    parts = [(say["reasons"], _lines(decision.reasons))]
    if decision.notes and "notes" in own:
        parts.append((own["notes"], _lines(decision.notes)))
    if decision.outcome == "return":
        checks = read_checks(tx, submission.id)
        fix = tuple(
            f"{one.number}{one.label['ja']}：{checks[one.code].comment}"
            for one in asked_of(submission)
            if one.code in checks and checks[one.code].rating == "fix"
        )
        asked = tuple(
            f"問{one.number}（{one.address}）{one.entries[0].text}"
            for one in read_questions(tx, decision.case_id)
            if one.state in ("open", "answered") and one.entries
        )
        parts += [(say["to_fix"], fix)] if fix else []
        parts += [(say["remarks"], asked)] if asked else []
    return parts


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.splitlines() if line.strip())


@cache
def _sets() -> tuple[Mapping[str, Any], ...]:
    text = (files("privacy_assessment.commission") / "letters.yaml").read_text("utf-8")
    return tuple(sorted(yaml.safe_load(text)["sets"], key=lambda one: one["valid_from"]))


def _words(day: date) -> Mapping[str, Any]:
    known = [one for one in _sets() if one["valid_from"] <= day]
    if not known:
        raise LookupError(f"no words of letters were in force on {day.isoformat()}")
    return known[-1]
