"""Makes the commission's papers: letters, drafts of letters, and the bundle of a meeting. The worker's work, never a request's.

How far a paper has come is written after each step in a transaction of its own, so that the page of the paper can show it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import procrastinate
import structlog

from portal.web.templates import environment
from privacy_assessment.commission import messages, papers
from privacy_assessment.commission.letters import Letter, letter_of
from privacy_assessment.commission.machine import asked_of
from privacy_assessment.commission.meetings import Meeting, read_meeting
from privacy_assessment.commission.models import (
    KIND_NAMES,
    OCCASIONS,
    OUTCOMES,
    RATINGS,
    NoSuchReview,
    Submission,
)
from privacy_assessment.commission.papers import Paper
from privacy_assessment.commission.store import (
    draft_of,
    read_checks,
    read_decision,
    read_forms,
    read_questions,
    read_submission,
)
from privacy_assessment.comparison import changes
from storage.clock import Clock
from storage.database import Database, Scope, Transaction

log = structlog.get_logger(__name__)
TITLES = {"letter": "通知書", "draft": "通知書の案", "bundle": "会議資料"}


@dataclass(frozen=True)
class Item:
    """One matter of a meeting as its papers show it.

    :param changed: changed items against what was accepted last; None when there is nothing to compare with.
    """

    submission: Submission
    judged: tuple[tuple[str, str, str], ...]
    questions: tuple[tuple[int, str, str, str], ...]
    changed: int | None
    outcome: str
    letter: Letter | None


class Press:
    """Prints papers.

    :param database: of the worker role.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def make(self, tenant: str, paper_id: UUID) -> None:
        """Make one paper. Doing it again does no harm; one that cannot be made is marked so."""
        from portal.web.printing import pdf  # loads the print engine, which the web process must not

        scope = Scope(tenant=tenant)
        with self._database.transaction(scope) as tx:
            paper = papers.read_paper(tx, paper_id)
        if paper is None or paper.state in ("ready", "failed"):
            return
        content: bytes | None = None
        try:
            content = pdf(self._page(scope, paper))
        except Exception as failure:
            log.error("paper.failed", paper=str(paper_id), kind=paper.kind, error=type(failure).__qualname__)
        with self._database.transaction(scope) as tx:
            if papers.finish(tx, paper_id, content, self._clock.now()) and paper.kind == "letter":
                _send_letter(tx, paper, self._clock.now())

    def _page(self, scope: Scope, paper: Paper) -> str:
        today = self._clock.today()
        if paper.kind != "bundle":
            with self._database.transaction(scope) as tx:
                letter = letter_of(tx, read_decision(tx, paper.subject), today)
                papers.step_on(tx, paper.id, 1, 2)
            return _render("print/commission_letter.jinja2", letter=letter, title=TITLES[paper.kind])
        with self._database.transaction(scope) as tx:
            meeting = read_meeting(tx, paper.subject)
            steps = len(meeting.items) + 1
            papers.step_on(tx, paper.id, 0, steps)
        items = []
        for number, submission in enumerate(meeting.items, 1):
            with self._database.transaction(scope) as tx:
                items.append(_item(tx, submission, today))
                papers.step_on(tx, paper.id, number, steps)
        return _bundle(meeting, items)


def _send_letter(tx: Transaction, paper: Paper, at: datetime) -> None:
    """A signed letter goes to the body as soon as it is printed."""
    decision = read_decision(tx, paper.subject)
    submission = read_submission(tx, decision.submission)
    payload = {"case": str(submission.sender_case), "paper": str(paper.id), "decision": str(decision.id)}
    messages.send(tx, submission.sender, decision.case_id, "letter", payload, at, submission.sender_case)


def _item(tx: Transaction, submission_id: UUID, today: date) -> Item:
    submission = read_submission(tx, submission_id)
    checks = read_checks(tx, submission.id)
    judged = tuple(
        (
            one.number + one.label["ja"],
            RATINGS[checks[one.code].rating] if one.code in checks else "未確認",
            checks[one.code].comment if one.code in checks else "",
        )
        for one in asked_of(submission)
    )
    asked = tuple(
        (
            one.number,
            one.address,
            one.entries[0].text if one.entries else "",
            "\n".join(entry.text for entry in one.entries if entry.side == "body"),
        )
        for one in read_questions(tx, submission.case_id)
        if one.sent_at is not None
    )
    draft = draft_of(tx, submission.case_id)
    return Item(
        submission,
        judged,
        asked,
        _changed(tx, submission),
        OUTCOMES[draft.outcome] if draft else "案なし",
        letter_of(tx, draft, today) if draft else None,
    )


def _changed(tx: Transaction, submission: Submission) -> int | None:
    if submission.base is None:
        return None
    old, new = read_forms(tx, submission.base), read_forms(tx, submission.id)
    return sum(
        len(changes(old[form].document, old[form].form, one.document, one.form))
        for form, one in new.items()
        if form in old
    )


def _bundle(meeting: Meeting, items: list[Item]) -> str:
    return _render(
        "print/commission_bundle.jinja2",
        meeting=meeting,
        items=items,
        title=TITLES["bundle"],
        kinds=KIND_NAMES,
        occasions=OCCASIONS,
    )


def _render(name: str, **values: Any) -> str:
    """An official paper of the commission is Japanese, whatever language the one who ordered it reads."""
    return environment("ja", False).get_template(name).render(**values)


def register(app: procrastinate.App, database: Database, clock: Clock) -> None:
    """Teach a worker this job.

    :param database: of the worker role.
    """
    press = Press(database, clock)

    @app.task(name=papers.TASK, queue="print", retry=2)
    def make_paper(tenant: str, paper: str) -> None:
        try:
            press.make(tenant, UUID(paper))
        except NoSuchReview:
            log.warning("paper.without_subject", paper=paper)
