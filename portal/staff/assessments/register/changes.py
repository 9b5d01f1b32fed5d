"""What a draft changes against the published version, phrase by phrase; a person decides what each change is in law (規則11条・14条)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.assessments.gate import AtDesk, statement_at
from portal.staff.assessments.register import words
from portal.web.dates import iso
from portal.web.errors import not_found
from privacy_assessment.comparison import (
    AMENDMENT,
    MATERIAL,
    BadDecision,
    Change,
    Decided,
    Segment,
    flags,
)
from privacy_assessment.statements import changes as store
from privacy_assessment.statements.changes import Judged, changes_of
from privacy_assessment.statements.drafts import Conflict
from privacy_assessment.statements.models import Draft, NoSuchStatement, StatementRefused
from privacy_assessment.statements.store import read_draft

PAGE = 30
SHOWS = {"open": "まだ決めていないもの", "marked": "※の付いた項目", "all": "すべて"}
DECISIONS = {AMENDMENT: "修正（重要な変更ではない）", MATERIAL: "重要な変更"}
TIMINGS = {"before": "事前（変更の前に出す）", "after": "事後（変更の後に出す）"}
KINDS = {
    "changed": "書き換え",
    "added": "追加",
    "removed": "削除",
    "moved_edition": "様式の改定でなくなった項目",
}
NOTE_LENGTH = 500


@dataclass(frozen=True)
class Row:
    """A change on the page.

    :param number: its place among all changes, for its address on the page.
    """

    number: int
    judged: Judged
    flags: tuple[str, ...]

    @property
    def change(self) -> Change:
        """The change itself."""
        return self.judged.change

    @property
    def decided(self) -> Decided | None:
        """What was decided and still fits the text."""
        return self.judged.decided

    @property
    def segments(self) -> list[Segment]:
        """The comparison, in pieces."""
        return self.judged.change.segments


def page(request: Request) -> dict[str, Any]:
    """The changes, the decisions, and the table 変更箇所 that follows from them."""
    found = statement_at(request)
    return _page(request, found, _draft(request, found), None, {}, {})


def decide(request: Request) -> dict[str, Any] | Response:
    """Keep a decision, take all proposals for the items without ※, or write the table into the form."""
    found = statement_at(request)
    draft = _draft(request, found)
    what = request.POST.get("what", "")
    try:
        request.assessments.statements.may_edit(request.tx, found.statement.id, found.actor)
        if what == "table":
            count = store.write_table(
                request.tx,
                request.clock,
                request.assessments.drafts,
                found.statement.id,
                draft.form_id,
                found.actor,
            )
            return HTTPSeeOther(location=f"{_path(found, draft)}?written={count}#table")
        if what == "rest":
            count = store.decide_rest(
                request.tx, request.clock, found.statement.id, draft.form_id, _timing(request), found.actor.id
            )
            return HTTPSeeOther(location=f"{_path(found, draft)}?done={count}")
    except (StatementRefused, Conflict) as refused:
        raise request.problem(409, happened=str(refused)) from refused
    return _decide_one(request, found, draft)


def _decide_one(request: Request, found: AtDesk, draft: Draft) -> dict[str, Any] | Response:
    given = request.POST
    place = given.get("place", "")
    typed = {
        "decision": given.get("decision", ""),
        "reason": given.get("reason", "").strip()[:NOTE_LENGTH],
        "timing": given.get("timing", ""),
        "note": given.get("note", "").strip()[:NOTE_LENGTH],
    }
    try:
        store.decide(
            request.tx,
            request.clock,
            found.statement.id,
            draft.form_id,
            place,
            Decided(**typed),
            found.actor.id,
        )
    except BadDecision as bad:
        request.response.status_int = 400
        return _page(request, found, draft, place, typed, {place: str(bad)})
    except StatementRefused as refused:
        raise request.problem(409, happened=str(refused)) from refused
    show = given.get("show", "")
    query = f"?show={show}&done=1" if show in SHOWS else "?done=1"
    return HTTPSeeOther(location=f"{_path(found, draft)}{query}")


def _timing(request: Request) -> str:
    timing = request.POST.get("timing", "before")
    return timing if timing in TIMINGS else "before"


def _draft(request: Request, found: AtDesk) -> Draft:
    form = request.matchdict["form"]
    if form not in found.statement.forms:
        not_found()
    try:
        return read_draft(request.tx, found.statement.id, form)
    except NoSuchStatement:
        not_found()


def _path(found: AtDesk, draft: Draft) -> str:
    return f"{found.path}/changes/{draft.form_id}"


def _page(
    request: Request,
    found: AtDesk,
    draft: Draft,
    wrong: str | None,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
) -> dict[str, Any]:
    base, judged = changes_of(request.tx, draft)
    rows = [
        Row(number, one, tuple(flags(one.change, one.decided)) if one.decided else ())
        for number, one in enumerate(judged, 1)
    ]
    undecided = [one for one in rows if one.decided is None]
    show = request.params.get("show", "")
    if show not in SHOWS:
        show = "open" if any(one.change.marked for one in undecided) else "all"
    chosen = {"open": undecided, "marked": [one for one in rows if one.change.marked], "all": rows}[show]
    if wrong is not None and not any(str(one.change.place) == wrong for one in chosen):
        chosen = [one for one in rows if str(one.change.place) == wrong] + chosen
    start = int(start) if (start := request.GET.get("from", "0")).isdecimal() and len(start) < 6 else 0
    may = request.assessments.engine.may_edit(found.case, found.actor)
    return {
        "found": found,
        "statement": found.statement,
        "draft": draft,
        "form_words": words.FORMS,
        "base": base,
        "rows": chosen[start : start + PAGE],
        "start": start,
        "earlier": start > 0,
        "later": start + PAGE if start + PAGE < len(chosen) else None,
        "counts": {
            "all": len(rows),
            "marked": sum(one.change.marked for one in rows),
            "open": len(undecided),
            "open_marked": sum(one.change.marked for one in undecided),
            "material": sum(one.decided is not None and one.decided.decision == MATERIAL for one in rows),
            "rest": sum(not one.change.marked for one in undecided),
        },
        "show": show,
        "shows": SHOWS,
        "kinds": KINDS,
        "decisions": [{"value": name, "text": text} for name, text in DECISIONS.items()],
        "decision_words": DECISIONS,
        "timings": [{"value": name, "text": text} for name, text in TIMINGS.items()],
        "timing_words": {"before": "事前", "after": "事後"},
        "typed": typed,
        "wrong": wrong,
        "errors": errors,
        "may": may,
        "table": store.change_table(draft, [one.judged for one in rows], iso(request.clock.today())),
        "path": _path(found, draft),
        "done": request.GET.get("done"),
        "written": request.GET.get("written"),
    }
