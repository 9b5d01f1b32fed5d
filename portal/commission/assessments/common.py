"""What every page of a review begins with: the case when this person may see it, what was handed in, who everybody is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from portal.staff.actors import actor_of
from portal.staff.cases import presenting
from portal.staff.people import staff_names
from portal.web.errors import Problem, not_found
from privacy_assessment.commission.models import KIND, CommissionRefused, NoSuchReview, Submission
from privacy_assessment.commission.service import ReviewService
from privacy_assessment.commission.store import submissions_of
from storage.ids import new_id
from workflows.engine import Actor, CaseNotFound, CaseView, Command, Engine, Refused

HOME = "/commission/"


@dataclass(frozen=True)
class Review:
    """One case of the commission as a page works with it.

    :param submissions: newest first; the first is under review.
    """

    case: CaseView
    submissions: list[Submission]
    actor: Actor
    engine: Engine

    @property
    def submission(self) -> Submission:
        """What is under review."""
        return self.submissions[0]

    @property
    def path(self) -> str:
        """The address of the case's first page."""
        return f"/commission/cases/{self.case.id}"

    @property
    def editable(self) -> bool:
        """Whether this person may write in the state the case is in."""
        return self.engine.may_edit(self.case, self.actor)


def review_of(request: Request) -> Review:
    """The case of the address; a missing one and a hidden one are the same page."""
    engine = request.desk.engine
    actor = actor_of(request)
    try:
        found = engine.case(request.tx, UUID(request.matchdict["case_id"]))
        if found.kind != KIND or not engine.may_read(found, actor):
            not_found()
        submissions = submissions_of(request.tx, found.id)
    except (CaseNotFound, NoSuchReview, ValueError):
        not_found()
    if not submissions:
        not_found()
    return Review(found, submissions, actor, engine)


def frame(request: Request, review: Review, here: str) -> dict[str, Any]:
    """What the head of every page of a case shows."""
    language = presenting.two(request.language)
    definition = review.engine.definition(review.case)
    return {
        "case": review.case,
        "submission": review.submission,
        "path": review.path,
        "here": here,
        "state": definition.states[review.case.state].label[language],
        "tone": presenting.tone(definition, review.case.state),
        "editable": review.editable,
        "lang2": language,
        "forms": forms_of(review.submission),
        "done": request.GET.get("done"),
        "request_key": str(new_id()),
    }


def forms_of(submission: Submission) -> tuple[str, ...]:
    """The forms of a submission, the main one first."""
    if submission.notice:
        return ()
    return {"basic": ("form2",), "focused": ("form3", "form2"), "full": ("form4", "form2")}[submission.kind]


def service_of(request: Request) -> ReviewService:
    """The desk's own writing."""
    return ReviewService(request.clock, request.desk.engine)


def names_of(request: Request, ids: Iterable[str | None]) -> dict[str, str]:
    """Names of the commission's people by account."""
    return staff_names(request.tx, [one for one in ids if one])


def take(
    request: Request, review: Review, trigger: str, given: dict[str, Any], done: str, to: str | None = None
) -> HTTPSeeOther:
    """Take a step of the case and go on; a refusal says every reason, with its article."""
    label = review.engine.definition(review.case).triggers[trigger].label["ja"]
    command = Command(review.case.id, trigger, review.actor, label, key_of(request), given)
    try:
        review.engine.apply(request.tx, command)
    except Refused as refused:
        raise refusal(request, review, refused) from refused
    return HTTPSeeOther(location=f"{to or review.path}?done={done}")


def key_of(request: Request) -> str:
    """The form's own key, so that a second press is the same step."""
    return request.POST.get("request_key", "")[:64] or str(new_id())


def refusal(request: Request, review: Review, refused: Refused) -> Problem:
    """The page that says everything that stood in the way."""
    language = presenting.two(request.language)
    found: Problem = request.problem(
        409,
        happened="次の理由で、この操作はできませんでした。",
        reasons=tuple(review.engine.reason_text(one, review.case, language) for one in refused.reasons),
    )
    return found


def not_kept(request: Request, refused: CommissionRefused) -> Problem:
    """The page for something the desk could not write down."""
    found: Problem = request.problem(
        409,
        happened="次の理由で、この操作はできませんでした。",
        reasons=(str(refused),),
    )
    return found


def day_of(text: str) -> date | None:
    """A day as a date field sends it, or None."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def id_of(text: str) -> UUID | None:
    """An identifier as a form sends it, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None
