"""Opening and ending the room, naming people for it, handing out a code. Each act says on the page what it did."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.identity.secrets import grouped
from portal.staff.assessments.review_room.common import Review, review_of
from portal.staff.assessments.review_room.views import shown
from portal.web.dates import read_date
from portal.web.errors import not_found
from privacy_assessment.consultation import rooms
from privacy_assessment.consultation.rooms import Room
from privacy_assessment.statements.models import StatementRefused

REFUSALS = {
    "NO_TEXT": ("until", "点検に出した評価書がありません。先に「第三者点検を求める」を行ってください"),
    "ROOM_OPEN": ("until", "点検の部屋はもう開いています"),
    "BAD_DAY": ("until", "期限は、今日から1年以内の日にしてください"),
    "ENDED": ("until", "部屋は終わっています。新しい部屋を開いてください"),
    "NO_NAME": ("name", "氏名と所属を書いてください（それぞれ100字まで）"),
    "TWICE": ("name", "この人は、もう部屋に入れます"),
}


def act(request: Request) -> dict[str, Any] | Response:
    """Do what the form asks for."""
    review = review_of(request)
    acts = {
        "open": _open, "until": _until, "end": _end, "invite": _invite, "again": _again, "out": _out, "code": _code,
    }  # fmt: skip
    wanted = acts.get(request.POST.get("action", ""))
    if wanted is None:
        return shown(request, review, {})
    try:
        return wanted(request, review)
    except StatementRefused as refused:
        name, words = REFUSALS.get(refused.code, REFUSALS["NO_NAME"])
        return shown(request, review, {name: words})


def _open(request: Request, review: Review) -> Any:
    day = _day(request)
    if day is None:
        return shown(
            request, review, {"until": "期限の日を書いてください（例：令和8年12月21日、2026-12-21）"}
        )
    rooms.open_room(request.tx, request.clock, review.statement, day, review.actor.id)
    return _done(review, "opened")


def _until(request: Request, review: Review) -> Any:
    day = _day(request)
    if day is None:
        return shown(
            request, review, {"until": "期限の日を書いてください（例：令和8年12月21日、2026-12-21）"}
        )
    rooms.move_end(request.tx, request.clock, _room(review), day)
    return _done(review, "moved")


def _end(request: Request, review: Review) -> Any:
    reason = request.POST.get("reason", "")
    if not reason.strip():
        return shown(request, review, {"reason": "終える理由を書いてください"})
    rooms.end_room(request.tx, request.clock, _room(review).id, review.actor.id, reason)
    return _done(review, "ended")


def _invite(request: Request, review: Review) -> Any:
    rooms.name_member(
        request.tx,
        request.clock,
        _room(review),
        request.POST.get("name", "")[:200],
        request.POST.get("organisation", "")[:200],
        review.actor.id,
    )
    return _done(review, "invited")


def _again(request: Request, review: Review) -> Any:
    """Somebody who reviewed for this office before: her key stays good."""
    room = _room(review)
    wanted = request.POST.get("account", "")
    known = {
        str(account): (account, name, organisation)
        for account, name, organisation in rooms.reviewers_known(request.tx, room.id)
    }
    if wanted not in known:
        not_found()
    account, name, organisation = known[wanted]
    rooms.name_member(request.tx, request.clock, room, name, organisation, review.actor.id, account)
    return _done(review, "invited")


def _out(request: Request, review: Review) -> Any:
    rooms.end_member(request.tx, request.clock, _room(review).id, _member(request), review.actor.id)
    return _done(review, "out")


def _code(request: Request, review: Review) -> Any:
    """Show a code; it is gone from the database with this answer."""
    room, member = _room(review), _member(request)
    code = rooms.take_code(request.tx, request.clock, request.keys, room.id, member)
    if code is None:
        return shown(request, review_of(request), {"name": "登録コードは、もう渡したか、期限が過ぎています"})
    found = rooms.read_member(request.tx, room.id, member)
    return shown(request, review_of(request), {}, (found.name if found else "", grouped(code)))


def _room(review: Review) -> Room:
    if review.room is None:
        not_found()
    return review.room


def _member(request: Request) -> UUID:
    try:
        return UUID(request.POST.get("member", ""))
    except ValueError:
        not_found()


def _day(request: Request) -> Any:
    try:
        return read_date(request.POST.get("until", "")[:40])
    except ValueError:
        return None


def _done(review: Review, what: str) -> Response:
    return HTTPSeeOther(location=f"{review.path}?done={what}")
