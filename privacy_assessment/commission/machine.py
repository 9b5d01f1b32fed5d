"""Loads the commission's machine and gives the names in it their functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from privacy_assessment.commission import guards
from privacy_assessment.commission.effects import Effects
from privacy_assessment.commission.models import KIND, Check, Decision, Question, Submission
from privacy_assessment.commission.standpoints import Standpoint, standpoints_on
from privacy_assessment.commission.store import (
    current,
    draft_of,
    read_checks,
    read_questions,
    read_submission,
)
from storage.clock import JAPAN, Clock
from storage.database import Transaction
from workflows.engine import CaseView, Command, Registry
from workflows.engine.definition import OPEN

HERE = Path(__file__).parent


def register(registry: Registry, clock: Clock) -> None:
    """Take the machine into a registry."""
    kind = registry.load(HERE / "workflow.yaml")
    for guard in guards.ALL:
        kind.guard(guard.__name__)(guard)
    for effect in Effects().all():
        kind.write_effect(effect.__name__)(effect)

    @kind.facts
    def facts(
        tx: Transaction, cases: Sequence[CaseView], commands: Sequence[Command]
    ) -> list[Mapping[str, Any]]:
        """For each step the facts its guards name, and no others."""
        today = clock.today()
        found: list[Mapping[str, Any]] = []
        for case, command in zip(cases, commands, strict=True):
            definition = registry.kind(KIND).decider(case.definition_version).definition
            opening = command.trigger == OPEN
            trigger = definition.opening if opening else definition.triggers.get(command.trigger)
            names = trigger.all_guards if trigger is not None else frozenset()
            reading = Reading(tx, case, command, today)
            found.append({name: READERS[name](reading) for name in names if name in READERS})
        return found


@dataclass
class Reading:
    """One case and the step wanted of it; reads each thing at most once."""

    tx: Transaction
    case: CaseView
    command: Command
    today: date

    @cached_property
    def submission(self) -> Submission:
        """What is under review: the newest, or the one a step brings."""
        given = self.command.input.get("submission")
        return read_submission(self.tx, given) if given else current(self.tx, self.case.id)

    @cached_property
    def checks(self) -> Mapping[str, Check]:
        """Judgements by standpoint."""
        return read_checks(self.tx, self.submission.id)

    @cached_property
    def questions(self) -> list[Question]:
        """All questions of the case."""
        return read_questions(self.tx, self.case.id)

    @cached_property
    def draft(self) -> Decision | None:
        """The decision that waits for its signature."""
        return draft_of(self.tx, self.case.id)

    @property
    def asked(self) -> tuple[Standpoint, ...]:
        """The standpoints of this submission."""
        return asked_of(self.submission)

    @property
    def to_fix(self) -> list[str]:
        """Labels of the standpoints judged 要修正."""
        return [
            one.number + one.label["ja"]
            for one in self.asked
            if one.code in self.checks and self.checks[one.code].rating == "fix"
        ]


def asked_of(submission: Submission) -> tuple[Standpoint, ...]:
    """The standpoints a submission is judged by: those in force when it was received."""
    if submission.notice:
        return ()
    return standpoints_on(submission.received_at.astimezone(JAPAN).date()).asked(submission.kind)


def _kind(r: Reading) -> Mapping[str, Any]:
    return {"needs_approval": r.submission.needs_approval, "notice": r.submission.notice}


def _outcome(r: Reading) -> str | None:
    return r.draft.outcome if r.draft else None


READERS: Mapping[str, Any] = {
    "approval_asked": _kind,
    "no_approval_asked": _kind,
    "notice_only": lambda r: r.submission.notice,
    "questions_written": lambda r: {
        "unsent": sum(one.state == "draft" for one in r.questions),
        "today": r.today,
    },
    "answers_in": lambda r: sum(one.state == "open" for one in r.questions),
    "checklist_done": lambda r: [one.number + one.label["ja"] for one in r.asked if one.code not in r.checks],
    "questions_settled": lambda r: {
        "open": [one.number for one in r.questions if one.state in ("open", "answered")],
        "outcome": _outcome(r),
    },
    "draft_written": lambda r: {"draft": str(r.draft.id) if r.draft else None, "today": r.today},
    "draft_fits": lambda r: {
        "outcome": _outcome(r),
        "needs_approval": r.submission.needs_approval,
        "fix": r.to_fix,
    },
    "draft_approves": _outcome,
    "draft_returns": _outcome,
    "draft_advises": _outcome,
    "other_person_than_drafter": lambda r: r.draft.drafters if r.draft else (),
    "nothing_to_fix": lambda r: r.to_fix,
}
