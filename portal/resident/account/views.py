"""The person's own sign-ins, for residents and staff alike."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.identity.sessions import (
    end,
    end_all,
    open_sessions_statement,
    operation_lines,
    operations_statement,
    session_lines,
)
from portal.web.errors import not_found

METHODS = {
    "card": "マイナンバーカード",
    "tls": "マイナンバーカード（証明書）",
    "passkey": "セキュリティーキー",
}
EVENTS = {
    "login": "ログインしました",
    "logout": "ログアウトしました",
    "ended": "このログインを止めました",
    "ended-others": "ほかのログインを止めました",
    "step-up": "もう一度本人を確かめました",
    "card-renewed": "新しいカードに引き継ぎました",
    "key-added": "セキュリティーキーを登録しました",
    "key-ended": "セキュリティーキーを使えなくしました",
    "alarm-sign-count": "セキュリティーキーの複製の疑いがあり、止めました",
    "records-csv": "やりとりの記録をCSVで受け取りました",
    "records-pdf": "やりとりの記録をPDFで受け取りました",
    "records-proof": "やりとりの記録の証明を受け取りました",
}
PATH = "/my/sessions"


def sessions(request: Request) -> dict[str, Any]:
    """Open sign-ins and the history, in one trip."""
    identity = request.identity
    open_rows, past_rows = request.read(
        open_sessions_statement(identity, request.clock.now()), operations_statement(identity)
    )
    return {
        "lines": session_lines(open_rows, identity),
        "history": operation_lines(past_rows),
        "methods": METHODS,
        "events": EVENTS,
        "ended": request.GET.get("ended") == "1",
    }


def end_one(request: Request) -> Response:
    """End one sign-in; ending the present one is signing out."""
    try:
        session_id = UUID(request.matchdict["session_id"])
    except ValueError:
        not_found()
    identity = request.identity
    if not end(request.tx, identity.account_id, session_id, "ended", request.clock.now()):
        not_found()
    return HTTPSeeOther(location="/" if session_id == identity.session_id else f"{PATH}?ended=1")


def end_others(request: Request) -> Response:
    """End every sign-in but the present one."""
    identity = request.identity
    end_all(request.tx, identity.account_id, "ended-others", request.clock.now(), keep=identity.session_id)
    return HTTPSeeOther(location=f"{PATH}?ended=1")
