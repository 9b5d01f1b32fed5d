"""The list of dead letters with how full each lane is, and the two things that can be done with one."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.actors import actor_of
from portal.staff.cases.views import refusal
from portal.staff.people import staff_names
from workflows.engine import Refused
from workflows.linkage import outbox
from workflows.linkage.dead_letters import DeadLetterRefused, DeadLetters

PATH = "/staff/dead-letters"
REASONS = {
    "PEER_BACK": "相手が使えるようになった",
    "SETTING_CORRECTED": "設定を直した",
    "CONFIRMED_OTHERWISE": "ほかの方法で確かめた",
    "NO_LONGER_NEEDED": "必要がなくなった",
    "MISTAKE": "まちがって送った",
}
DONE = {
    "replay": "もう一度送ります。",
    "proposed": "終える案を記録しました。別の人が確かめると終わります。",
    "closed": "終えました。",
}
SHOWN = 100


def letters(request: Request) -> dict[str, Any]:
    """The newest dead letters; their content is never shown, only what they are about."""
    desk = DeadLetters(request.clock, request.desk.engine)
    found = desk.list(request.tx, SHOWN)
    now = request.clock.now()
    return {
        "letters": found,
        "names": staff_names(request.tx, (one.proposed_by for one in found if one.proposed_by)),
        "lanes": [
            {
                "lane": lane.lane,
                "ready": lane.ready,
                "dead": lane.dead,
                "minutes": int(lane.age(now).total_seconds() // 60),
            }
            for lane in outbox.lanes(request.tx)
        ],
        "reasons": REASONS,
        "me": actor_of(request).id,
        "done": DONE.get(request.GET.get("done", "")),
        "shown": SHOWN,
    }


def act(request: Request) -> Response:
    """Send one again, or take one of the two steps of closing it."""
    desk = DeadLetters(request.clock, request.desk.engine)
    reason = request.POST.get("reason", "")
    message_id = request.POST.get("letter", "")[:200]
    action = request.POST.get("action", "")
    if reason not in REASONS or action not in ("replay", "close"):
        raise request.problem(400, happened="理由か操作が選ばれていません。")
    try:
        if action == "replay":
            desk.replay(request.tx, message_id, actor_of(request), reason)
            done = "replay"
        else:
            done = "closed" if desk.close(request.tx, message_id, actor_of(request), reason) else "proposed"
    except DeadLetterRefused as refused:
        raise request.problem(
            409, happened="次の理由で、この操作はできませんでした。", reasons=(str(refused),)
        ) from refused
    except Refused as refused:
        raise refusal(request, refused) from refused
    return HTTPSeeOther(location=f"{PATH}?done={done}")
