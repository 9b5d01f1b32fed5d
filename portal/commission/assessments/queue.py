"""The queue: what is there, what is due, who has it, how much is left."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.commission.assessments.common import HOME, id_of, key_of
from portal.commission.assessments.words import KIND_NAMES, OCCASIONS
from portal.staff.actors import actor_of
from portal.staff.cases import presenting
from portal.web.pages import UnreadableKey, address, decode_key, encode_key
from privacy_assessment.commission import queue
from privacy_assessment.commission.models import KIND
from privacy_assessment.pictures import burndown
from workflows.engine import Command, Refused

PAGE = 40
GROUPS = {
    "open": "すべて",
    "mine": "自分の担当",
    "nobody": "担当なし",
    "late": "目安を過ぎた",
    "signing": "署名待ち",
    "returned": "返却中",
    "closed": "終わったもの",
}
SOON_DAYS = 5


def page(request: Request) -> dict[str, Any]:
    """One page of the queue, with counts, the load of each desk and the picture."""
    group = request.GET.get("group") if request.GET.get("group") in GROUPS else "open"
    kind = request.GET.get("kind") if request.GET.get("kind") in KIND_NAMES else None
    words = request.GET.get("words", "").strip()[: queue.MAX_WORDS].replace("\x00", "")
    me, now, today = str(request.identity.account_id), request.clock.now(), request.clock.today()
    rows = queue.queue_page(
        request.tx, group, me, now, kind=kind, words=words, after=_cursor(request), limit=PAGE + 1
    )
    shown = rows[:PAGE]
    people = reviewers(request)
    query = {"group": group if group != "open" else None, "kind": kind, "words": words}
    more = len(rows) > PAGE
    language = presenting.two(request.language)
    definition = request.desk.engine.registry.kind(KIND).newest
    return {
        "groups": GROUPS,
        "group": group,
        "kind": kind,
        "kinds": KIND_NAMES,
        "occasions": OCCASIONS,
        "words": words,
        "counts": queue.group_counts(request.tx, me, now),
        "items": [
            {
                "row": row,
                "state": definition.states[row.state].label[language],
                "tone": presenting.tone(definition, row.state),
                "left": row.days_left(today),
                "who": people.get(row.assignee or ""),
            }
            for row in shown
        ],
        "soon": SOON_DAYS,
        "people": people,
        "load": [
            (people.get(who or ""), who, count, late) for who, count, late in queue.load(request.tx, now)
        ],
        "picture": burndown(queue.burndown_points(request.tx, today), language),
        "first": address(HOME, query) if request.GET.get("after") else None,
        "next": address(HOME, {**query, "after": _mark(shown[-1])}) if more else None,
        "done": request.GET.get("done"),
        "may_act": True,
    }


def assign(request: Request) -> Response:
    """Give the cases ticked to one person; what is closed meanwhile stays as it is and is counted."""
    people = reviewers(request)
    who = request.POST.get("assignee", "")
    if who not in people:
        raise request.problem(
            409, happened="担当者が選ばれていません。", todo="前の画面に戻り、担当者を選んでください。"
        )
    cases = [case for text in request.POST.getall("case")[:PAGE] if (case := id_of(text)) is not None]
    key, actor = key_of(request), actor_of(request)
    commands = [
        Command(case, "assign", actor, "担当者の割当て", f"{key}:{case}", {"assignee": who}) for case in cases
    ]
    answers = request.desk.engine.apply_many(request.tx, commands) if commands else []
    given = sum(not isinstance(one, Refused) for one in answers)
    return HTTPSeeOther(location=address(HOME, {"done": f"assigned-{given}"}))


def reviewers(request: Request) -> dict[str, str]:
    """The commission's people who may review: account to name."""
    rows = request.tx.raw.execute(
        "SELECT account, display_name FROM identity.staff WHERE tenant = %s AND left_at IS NULL"
        " AND roles && ARRAY['commission_reviewer', 'commission_member'] ORDER BY display_name, account",
        (request.tx.tenant,),
    ).fetchall()
    return {str(account): name for account, name in rows}


def _mark(row: queue.QueueRow) -> str:
    due, case = row.cursor
    return encode_key([due.isoformat(), str(case)])


def _cursor(request: Request) -> tuple[datetime, UUID] | None:
    key = decode_key(request.GET.get("after"))
    if key is None:
        return None
    try:
        due, case = key
        return datetime.fromisoformat(str(due)), UUID(str(case))
    except ValueError as error:
        raise UnreadableKey from error
