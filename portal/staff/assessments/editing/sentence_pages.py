"""The ready sentences of an office: found, kept, changed, shared with the other offices of the installation, taken out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.web.errors import not_found
from portal.web.permissions import Permission, identity_permits
from privacy_assessment.editing.sentences import Sentences, text_items
from privacy_assessment.statements.models import NoSuchStatement, StatementRefused

PATH = "/staff/assessments/sentences"
DONE = ("例文を残しました。", "例文を外しました。")


def listed(request: Request) -> dict[str, Any]:
    """Every sentence one may use, and a form for a new one."""
    return _page(request)


def keep(request: Request) -> Response | dict[str, Any]:
    """Keep a new sentence, or a new wording."""
    post = request.POST
    try:
        if post.get("action") == "remove":
            Sentences(request.clock).remove(request.tx, _id(post.get("sentence", "")), _by(request))
            return HTTPSeeOther(location=f"{PATH}?done=1")
        item = post.get("item", "")
        if item and item not in {key for key, _, _ in text_items()}:
            raise StatementRefused("NO_ITEM", "項目を選び直してください。保存していません。")
        may_share = identity_permits(request.identity, None, Permission.ASSESSMENTS_COORDINATE)
        Sentences(request.clock).keep(
            request.tx,
            item,
            post.get("title", ""),
            post.get("text", "").replace("\r\n", "\n").replace("\r", "\n"),
            may_share and post.get("shared") == "1",
            _by(request),
            _id(post["sentence"]) if post.get("sentence") else None,
        )
    except StatementRefused as refused:
        return _page(request, wrong=str(refused), typed=dict(post))
    except NoSuchStatement:
        not_found()
    return HTTPSeeOther(location=f"{PATH}?done=0")


def _page(request: Request, wrong: str = "", typed: Mapping[str, str] | None = None) -> dict[str, Any]:
    words = request.GET.get("words", "").strip()[:100]
    found = Sentences(request.clock).listed(request.tx, words)
    change = request.GET.get("change", "")
    values = dict(typed or {})
    if change and not values:
        one = next((one for one in found if one.own and str(one.id) == change), None)
        if one is None:
            not_found()
        values = {"sentence": change, "item": one.item, "title": one.title, "text": one.text}
        values |= {"shared": "1"} if one.shared else {}
    done = request.GET.get("done", "")
    return {
        "sentences": found,
        "labels": {key: f"{where} {label}" for key, where, label in text_items()},
        "items": text_items(),
        "words": words,
        "values": values,
        "wrong": wrong,
        "path": PATH,
        "done": DONE[int(done)] if done in ("0", "1") else "",
    }


def _by(request: Request) -> str:
    return str(request.identity.account_id)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        not_found()
