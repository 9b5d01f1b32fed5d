"""Dead letters with what can be done with one, discrepancies between the keepers of records, and how full each lane is."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.actors import actor_of
from portal.staff.cases import presenting
from portal.staff.cases.views import refusal
from portal.staff.dead_letters.words import HOURS, cause, traffic
from portal.staff.people import staff_names
from workflows.engine import Refused
from workflows.linkage import outbox
from workflows.linkage.dead_letters import DeadLetterRefused, DeadLetters
from workflows.linkage.record_sync import discrepancies

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
    "explained": "食い違いを調べ終えたと記録しました。",
}
EXPLANATIONS = {
    "KEEPER_CORRECTED": "相手の記録が直された",
    "WRITTEN_LATE": "記録が遅れて書かれた",
    "REPORTED": "事故として届け出た",
    "CONFIRMED_OTHERWISE": "ほかの方法で確かめた",
}
DISCREPANCIES = {
    discrepancies.MISSING: "中間サーバーにある記録が、こちらにありません",
    discrepancies.DIFFERS: "中間サーバーの記録と、こちらの記録の中身が違います",
    discrepancies.CORE_MISSING_HERE: "コアシステムにある記録が、中間サーバーから届いていません",
    discrepancies.CORE_MISSING_THERE: "中間サーバーにある記録が、コアシステムにありません",
    discrepancies.CORE_DIFFERS: "コアシステムの記録と、中間サーバーの記録の中身が違います",
    discrepancies.CORE_STAYS_OPEN: "コアシステムで、やりとりが終わらないままになっています",
}
NOT_EXPLAINED = {
    "NOT_ALLOWED": "この操作は運用担当か責任者ができます。何も変えていません。担当に依頼してください。",
    "NOT_STANDING": "この食い違いは、もう一覧にありません。何も変えていません。一覧を開きなおしてください。",
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
                "minutes": max(0, int(lane.age(now).total_seconds() // 60)),
            }
            for lane in outbox.lanes(request.tx)
        ],
        "discrepancies": discrepancies.standing(request.tx, SHOWN),
        "traffic": traffic,
        "hours": HOURS,
        "cause": lambda code: cause(code, presenting.two(request.language)),
        "reasons": REASONS,
        "kinds": DISCREPANCIES,
        "explanations": EXPLANATIONS,
        "me": actor_of(request).id,
        "done": DONE.get(request.GET.get("done", "")),
        "shown": SHOWN,
    }


def act(request: Request) -> Response:
    """Send one again, take one of the two steps of closing it, or note that a discrepancy of records was looked into."""
    if request.POST.get("action") == "explain":
        return _explain(request)
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
            409,
            happened="次の理由で、この操作はできませんでした。",
            reasons=(refused.text(request.language),),
        ) from refused
    except Refused as refused:
        raise refusal(request, refused) from refused
    return HTTPSeeOther(location=f"{PATH}?done={done}")


def _explain(request: Request) -> Response:
    """Note why a discrepancy between the keepers of records may rest; nothing of the records is changed."""
    reason = request.POST.get("reason", "")
    if reason not in EXPLANATIONS:
        raise request.problem(400, happened="理由か操作が選ばれていません。")
    about = request.POST.get("about", "")[:200]
    try:
        discrepancies.explain(request.tx, about, actor_of(request), reason, request.clock.now())
    except discrepancies.DiscrepancyRefused as refused:
        raise request.problem(
            409, happened="次の理由で、この操作はできませんでした。", reasons=(NOT_EXPLAINED[refused.code],)
        ) from refused
    return HTTPSeeOther(location=f"{PATH}?done=explained")
