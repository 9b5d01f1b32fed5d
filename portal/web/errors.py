"""Error pages. Each says what happened, what was kept, and what to do next; none says more than the person may know.

The page for something that is not there is the same, byte for byte, as the page for something of somebody else's.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import Any, NoReturn

import orjson
import structlog
from psycopg import OperationalError
from pyramid.config import Configurator
from pyramid.exceptions import BadCSRFOrigin, BadCSRFToken, PredicateMismatch, URLDecodeError
from pyramid.httpexceptions import HTTPException, HTTPForbidden, HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy.exc import OperationalError as EngineOperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from webob.request import DisconnectionError

from portal.web.csrf import SentFromElsewhere
from portal.web.pages import address
from portal.web.templates import render
from storage.ids import new_id

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Words:
    """What an error page says, in Japanese; the catalogues hold the other languages."""

    title: str
    happened: str
    kept: str
    todo: str


PAGES: dict[int, Words] = {
    400: Words(
        "送られた内容を読み取れませんでした",
        "アドレスか、送られた内容の形が正しくありません。",
        "何も変更していません。",
        "前の画面に戻って、もう一度お試しください。アドレスを手で入力したときは、入力した文字を確かめてください。",
    ),
    403: Words(
        "この画面は、今のログインでは使えません",
        "この画面を使う権限がありません。",
        "何も変更していません。ログインはそのままです。",
        "最初の画面から、使える機能を選んでください。必要な権限があるはずのときは、窓口にお問い合わせください。",
    ),
    404: Words(
        "ページが見つかりません",
        "このアドレスのページはありません。移動したか、もともとないか、あなたには見られないものです。",
        "何も変更していません。",
        "アドレスを確かめるか、最初の画面からたどってください。",
    ),
    405: Words(
        "この操作はできません",
        "このアドレスは、送られた方法での操作を受け付けていません。",
        "何も変更していません。",
        "前の画面に戻って、ボタンを押してください。",
    ),
    409: Words(
        "今は、この操作ができません",
        "ほかの人が先に進めたか、条件がまだそろっていません。",
        "あなたの操作は記録していません。案件は元のままです。",
        "前の画面に戻り、最新の状態を見てから、もう一度お試しください。",
    ),
    411: Words(
        "送られた内容を読み取れませんでした",
        "送られた内容の大きさが書かれていません。",
        "何も変更していません。",
        "別のブラウザーでもう一度お試しください。",
    ),
    413: Words(
        "送られた内容が大きすぎます",
        "一度に送れる大きさをこえています。",
        "何も保存していません。",
        "文を短くするか、添付を減らして、もう一度送ってください。",
    ),
    421: Words(
        "このアドレスでは使えません",
        "この窓口の名前ではないアドレスで開かれました。別のところから導かれたのかもしれません。",
        "何も変更していません。何も送っていません。",
        "市区町村が案内している窓口のアドレスを開いてください。",
    ),
    429: Words(
        "短い時間に、操作が多すぎます",
        "安全のため、しばらく操作を止めています。",
        "これまでに終わった操作は、そのまま残っています。",
        "少し待ってから、もう一度お試しください。",
    ),
    500: Words(
        "システムの不具合で、表示できませんでした",
        "こちら側の不具合です。あなたの操作のせいではありません。",
        "この操作で行うはずだった変更は、すべて取り消しました。それまでの内容は残っています。",
        "少し待ってから、もう一度お試しください。続くときは、下の番号をそえて窓口にお知らせください。",
    ),
    503: Words(
        "今、つながりにくくなっています",
        "データベースにつながりません。点検か、こみ合っているためです。",
        "この操作で行うはずだった変更は、記録していません。それまでの内容は残っています。",
        "1分ほど待ってから、もう一度お試しください。",
    ),
}

FORM_TOO_OLD = Words(
    "画面を開いてから時間がたちました",
    "安全のため、この画面からの送信を受け付けませんでした。",
    "何も変更していません。",
    "前の画面に戻り、画面を読み込み直してから、もう一度送ってください。クッキーを止めているときは、使えるようにしてください。",
)


class Problem(Exception):
    """An error with words of its own, raised by a view: ``raise request.problem(409, happened=…)``.

    :param status: HTTP status; the words that are not given come from that status's page.
    :param reasons: further sentences, shown as a list.
    :param retry_after: seconds, for 429 and 503.
    """

    def __init__(
        self, status: int, *, words: Words, reasons: tuple[str, ...] = (), retry_after: int | None = None
    ) -> None:
        super().__init__(f"problem {status}")
        self.status = status
        self.words = words
        self.reasons = reasons
        self.retry_after = retry_after


def problem(
    _request: Request,
    status: int,
    *,
    title: str | None = None,
    happened: str | None = None,
    kept: str | None = None,
    todo: str | None = None,
    reasons: tuple[str, ...] = (),
    retry_after: int | None = None,
) -> Problem:
    """An exception to raise (``request.problem``). Texts are Japanese keys of the catalogues."""
    usual = PAGES[status]
    words = Words(title or usual.title, happened or usual.happened, kept or usual.kept, todo or usual.todo)
    return Problem(status, words=words, reasons=reasons, retry_after=retry_after)


def error_response(
    request: Request,
    status: int,
    words: Words,
    *,
    reasons: tuple[str, ...] = (),
    reference: str | None = None,
    retry_after: int | None = None,
) -> Response:
    """The page, or RFC 9457 JSON for a caller that prefers it."""
    if _wants_json(request):
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": request.texts.plain(words.title),
            "status": status,
            "detail": request.texts.plain(words.happened),
            "kept": request.texts.plain(words.kept),
            "next": request.texts.plain(words.todo),
        }
        if reference:
            body["instance"] = f"urn:uuid:{reference}"
        response = Response(orjson.dumps(body), status=status, content_type="application/problem+json")
    else:
        html = render(
            "errors/error.jinja2", request, status=status, words=words, reasons=reasons, reference=reference
        )
        response = Response(html, status=status)
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _wants_json(request: Request) -> bool:
    accept = request.headers.get("Accept", "")
    return "json" in accept and "text/html" not in accept


def problem_view(error: Problem, request: Request) -> Response:
    """A view raised ``request.problem(…)``."""
    return error_response(
        request, error.status, error.words, reasons=error.reasons, retry_after=error.retry_after
    )


def http_view(error: HTTPException, request: Request) -> Response:
    """Any HTTP exception: redirects pass, errors get their page."""
    if error.status_code < 400:
        return error
    status = error.status_code if error.status_code in PAGES else 400
    response = error_response(
        request, status, PAGES[status], retry_after=60 if status in (429, 503) else None
    )
    response.status_code = error.status_code
    return response


def not_found_view(error: HTTPNotFound, request: Request) -> Response:
    """Nothing there; or something there that takes another method."""
    route = request.matched_route
    if isinstance(error, PredicateMismatch) and route is not None:
        response = error_response(request, 405, PAGES[405])
        response.headers["Allow"] = "GET, HEAD" if request.method == "POST" else "POST"
        return response
    return error_response(request, 404, PAGES[404])


def forbidden_view(_error: HTTPForbidden, request: Request) -> Response:
    """Not allowed: somebody who is not signed in is shown where to sign in and brought back afterwards."""
    identity = request.identity
    if (identity is None or identity.kind == "anonymous") and not _wants_json(request):
        where = "/staff/login" if request.path.startswith(("/staff", "/commission")) else "/login"
        back = request.path_qs if request.method == "GET" else "/"
        return HTTPSeeOther(location=address(where, {"next": back}))
    return error_response(request, 403, PAGES[403])


def old_form_view(_error: Exception, request: Request) -> Response:
    """The form's token is missing, old, or the form came from another site."""
    return error_response(request, 400, FORM_TOO_OLD)


def unreadable_view(_error: Exception, request: Request) -> Response:
    """The address holds bytes that are no text; or whoever sent the form went away in the middle of it, which is no fault of ours."""
    return error_response(request, 400, PAGES[400])


def database_view(error: Exception, request: Request) -> Response:
    """The database cannot be reached; what was under way is wholly undone."""
    log.error("database unavailable", error=type(error).__name__, route=_route(request))
    return error_response(request, 503, PAGES[503], retry_after=60)


def unexpected_view(error: Exception, request: Request) -> Response:
    """Anything else. The log gets where it happened, not the message: a message may quote a person's data."""
    reference = str(new_id())
    frames = [
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
    ]
    log.error(
        "unexpected",
        reference=reference,
        error=type(error).__qualname__,
        route=_route(request),
        frames=frames[-12:],
    )
    return error_response(request, 500, PAGES[500], reference=reference)


def _route(request: Request) -> str | None:
    return getattr(request.matched_route, "name", None) if hasattr(request, "matched_route") else None


def not_found() -> NoReturn:
    """Say that something is not there, or not this person's; the two cannot be told apart."""
    raise HTTPNotFound


def includeme(config: Configurator) -> None:
    """Register the pages."""
    config.add_request_method(problem, "problem")
    config.add_exception_view(problem_view, context=Problem)
    config.add_exception_view(http_view, context=HTTPException)
    config.add_notfound_view(not_found_view)
    config.add_forbidden_view(forbidden_view)
    for kind in (BadCSRFToken, BadCSRFOrigin, SentFromElsewhere):
        config.add_exception_view(old_form_view, context=kind)
    for kind in (URLDecodeError, DisconnectionError):
        config.add_exception_view(unreadable_view, context=kind)
    for kind in (OperationalError, EngineOperationalError, PoolTimeout):
        config.add_exception_view(database_view, context=kind)
    config.add_exception_view(unexpected_view, context=Exception)
