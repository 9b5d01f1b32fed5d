"""The statement as it was handed in, with what has changed marked, the checklist beside it, and a way to ask at each item."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from pyramid.request import Request

from portal.commission.assessments.common import Review, forms_of, frame, names_of, review_of
from portal.commission.assessments.words import RATINGS
from portal.staff.cases import presenting
from portal.web.errors import not_found
from privacy_assessment.commission.machine import asked_of
from privacy_assessment.commission.standpoints import standpoints_on
from privacy_assessment.commission.store import read_checks, read_forms, read_questions, read_submission
from privacy_assessment.comparison import Change, changes
from privacy_assessment.pictures import flow, risk_matrix, who_gets_what
from privacy_assessment.reading import Line, Reading, read_document
from storage.clock import JAPAN


def page(request: Request) -> dict[str, Any]:
    """The page."""
    return text_page(request, review_of(request), request.matchdict["form"])


def text_page(
    request: Request, review: Review, form: str, errors: dict[str, str] | None = None, typed: str = ""
) -> dict[str, Any]:
    """What the page shows, also when a judgement could not be kept.

    :param errors: standpoint to what is wrong. :param typed: the comment that was typed with it.
    """
    handed = read_forms(request.tx, review.submission.id).get(form)
    if handed is None:
        not_found()
    language = presenting.two(request.language)
    reading = read_document(handed.document, handed.form, language)
    found = changed(request, review, "base").get(form, [])
    questions = [
        one
        for one in read_questions(request.tx, review.case.id)
        if one.form == form and one.state != "closed"
    ]
    asked_at: dict[str, list[int]] = {}
    for one in questions:
        asked_at.setdefault(one.place, []).append(one.number)
    checks = read_checks(request.tx, review.submission.id)
    asked = {one.code for one in asked_of(review.submission)}
    day = review.submission.received_at.astimezone(JAPAN).date()
    return {
        **frame(request, review, "text"),
        "form": form,
        "reading": reading,
        "marks": marks_of(reading, found),
        "change_count": len(found),
        "compared": review.submission.base is not None,
        "item_link": _asker(review, form) if review.editable else None,
        "asked_at": asked_at,
        "open_questions": questions,
        "groups": standpoints_on(day).groups,
        "source": standpoints_on(day).source,
        "asked": asked,
        "checks": checks,
        "names": names_of(request, [one.by for one in checks.values()]),
        "ratings": RATINGS,
        "sections": {one.key: one for one in reversed(reading.sections)},
        "check_errors": errors or {},
        "typed": typed,
    }


def changes_page(request: Request) -> dict[str, Any]:
    """Every changed item with both texts: against what was accepted last, or against the round before."""
    review = review_of(request)
    against = "before" if request.GET.get("against") == "before" else "base"
    other = review.submission.before if against == "before" else review.submission.base
    found = changed(request, review, against)
    return {
        **frame(request, review, "changes"),
        "against": against,
        "has": {"base": review.submission.base is not None, "before": review.submission.before is not None},
        "other": read_submission(request.tx, other) if other else None,
        "changes": [(form, one) for form, each in found.items() for one in each],
        "names_of_forms": {"form2": "様式2", "form3": "様式3", "form4": "様式4"},
    }


def pictures_page(request: Request) -> dict[str, Any]:
    """What the main form says, as pictures: risks before and after measures, who gets what, the flow of 別添1."""
    review = review_of(request)
    main = forms_of(review.submission)[:1]
    handed = read_forms(request.tx, review.submission.id).get(main[0]) if main else None
    if handed is None:
        not_found()
    # Drawn from Japanese words, so in Japanese, whatever language the page around them is in.
    drawn = (risk_matrix, who_gets_what, flow)
    return {
        **frame(request, review, "pictures"),
        "pictures": [one(handed.document, handed.form) for one in drawn],
    }


def changed(request: Request, review: Review, against: str) -> dict[str, list[Change]]:
    """The changes of each form against another submission; empty when there is none to compare with."""
    other = review.submission.base if against == "base" else review.submission.before
    if other is None:
        return {}
    old, new = read_forms(request.tx, other), read_forms(request.tx, review.submission.id)
    return {
        form: changes(old[form].document, old[form].form, handed.document, handed.form)
        for form, handed in new.items()
        if form in old
    }


def marks_of(reading: Reading, found: list[Change]) -> dict[str, str]:
    """Place on the page to mark; a change inside a table marks the table."""
    marks: dict[str, str] = {}
    for one in found:
        line = reading.by_place.get(str(one.place))
        if line is not None:
            marks[line.place] = "changed" if line.kind == "table" or one.kind != "added" else "added"
    return marks


def _asker(review: Review, form: str) -> Any:
    def link(line: Line) -> tuple[str, str] | None:
        if line.kind == "table" and not line.rows:
            return None
        place = line.rows[0][0].place if line.kind == "table" else line.place
        if not line.key or line.key == "c.edition":
            return None
        return (
            f"{review.path}/questions?{urlencode({'form': form, 'place': place})}#write",
            "この項目を質問する",
        )

    return link
