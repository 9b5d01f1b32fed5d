"""Comments at an item: shown, opened, answered, given to somebody, resolved; proposals taken over."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from pyramid.request import Request

from portal.staff.assessments.editing import addresses, common
from portal.staff.assessments.editing.colleagues import colleagues
from portal.staff.assessments.gate import AtDesk
from portal.staff.people import staff_names
from portal.web.dates import read_date
from portal.web.errors import not_found
from privacy_assessment.comparison.text import Segment, compare
from privacy_assessment.editing.discussions import Proposal, accept, proposals, propose, thread_place
from privacy_assessment.forms import BadPlace, Place, check_place
from privacy_assessment.statements.models import Draft, NoSuchStatement, StatementRefused
from privacy_assessment.statements.notes import THREAD_TYPES, Thread
from privacy_assessment.statements.store import read_drafts

TYPES = {"question": "質問", "to_fix": "要修正", "proposal": "提案", "internal": "内部メモ"}
TONES = {"question": "wait", "to_fix": "stop", "proposal": "wait", "internal": "none"}
assert TYPES.keys() == THREAD_TYPES.keys()


def shown(request: Request, opened: AtDesk, threads: Iterable[Thread]) -> list[dict[str, Any]]:
    """Threads in words, with their place as people cite it."""
    found = list(threads)
    ids = {one.opened_by for one in found} | {entry.by for one in found for entry in one.entries}
    ids |= {one.assignee for one in found if one.assignee} | {
        one.resolved_by for one in found if one.resolved_by
    }
    names = staff_names(request.tx, ids)
    offers = proposals(request.tx, [one.id for one in found])
    drafts = read_drafts(request.tx, opened.id) if found else {}
    today = request.clock.today()
    return [
        {
            "thread": one,
            "type": TYPES[one.type],
            "tone": TONES[one.type],
            "where": _where(drafts, one),
            "path": _path(opened, drafts, one),
            "by": names.get(one.opened_by, ""),
            "assignee": names.get(one.assignee or "", ""),
            "late": one.due_on is not None and one.due_on < today and one.resolved_at is None,
            "resolved_by": names.get(one.resolved_by or "", ""),
            "entries": [(names.get(entry.by, ""), entry) for entry in one.entries],
            "offer": offers.get(one.id),
            "pieces": _pieces(drafts, one, offers.get(one.id)),
        }
        for one in found
    ]


def people(request: Request) -> list[tuple[str, str]]:
    """Whom a comment may be given to."""
    return colleagues(request.tx)


def act(request: Request, opened: AtDesk, draft: Draft, place: str, word: str) -> str:
    """Do what a button of a thread says.

    :returns: what was done, a text of the catalogue. :raises StatementRefused: with words for the person.
    """
    post, notes, by = request.POST, request.assessments.notes, opened.actor.id
    text = post.get("text", "").replace("\r\n", "\n").replace("\r", "\n")
    if word == "open":
        assignee, due = _assigned(request)
        kind = post.get("type", "")
        thread = notes.open_thread(request.tx, opened.id, draft.form_id, place, kind, text, by, assignee, due)
        if kind == "proposal":
            propose(request.tx, thread, post.get("proposal", ""))
        return "コメントを書きました。"
    thread = _thread(request, opened)
    if word == "reply":
        notes.reply(request.tx, thread, text, by)
        return "返事を書きました。"
    if word == "resolve":
        if text.strip():
            notes.reply(request.tx, thread, text, by)
        notes.resolve(request.tx, thread, by)
        return "解決済みにしました。"
    if word == "assign":
        notes.assign(request.tx, thread, *_assigned(request))
        return "担当と期限を決めました。"
    if word != "accept":
        not_found()
    accept(request.tx, request.assessments.drafts, notes, opened.id, thread, opened.actor)
    return "提案の文を項目に入れました。元の文は履歴にあります。"


def _thread(request: Request, opened: AtDesk) -> UUID:
    try:
        thread = UUID(request.POST.get("thread", ""))
        thread_place(request.tx, opened.id, thread)
    except (ValueError, NoSuchStatement):
        not_found()
    return thread


def _assigned(request: Request) -> tuple[str | None, date | None]:
    """Whom, and until when.

    :raises StatementRefused: somebody who is not here, or a day that is none.
    """
    assignee = request.POST.get("assignee", "") or None
    if assignee is not None and assignee not in dict(people(request)):
        raise StatementRefused(
            "NOBODY", "担当に選んだ人は、この役所にいません。保存していません。選び直してください。"
        )
    typed = request.POST.get("due_on", "").strip()
    try:
        return assignee, read_date(typed) if typed else None
    except ValueError as wrong:
        raise StatementRefused(
            "NO_DAY", "期限が日付として読めません。保存していません。例：令和8年11月30日、2026-11-30"
        ) from wrong


def _pieces(drafts: dict[str, Draft], thread: Thread, offer: Proposal | None) -> list[Segment]:
    """What a proposal that is still open would change in its item."""
    draft = drafts.get(thread.form)
    now = draft.document.get(thread.place) if draft is not None else None
    if offer is None or offer.accepted_at is not None or not isinstance(now, str):
        return []
    return compare(now, offer.text)


def _path(opened: AtDesk, drafts: dict[str, Draft], thread: Thread) -> str | None:
    """The thread on its item's page; None when its row was taken out."""
    draft = drafts.get(thread.form)
    try:
        if draft is None:
            return None
        check_place(draft.document, draft.form, Place.parse(thread.place))
    except BadPlace:
        return None
    return addresses.item_path(opened.id, thread.form, thread.place) + f"#t-{thread.id}"


def _where(drafts: dict[str, Draft], thread: Thread) -> str:
    draft = drafts.get(thread.form)
    if draft is None:
        return thread.place
    return " ".join(common.where(draft.document, draft.form, thread.place))
