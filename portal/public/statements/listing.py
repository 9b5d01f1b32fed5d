"""Looking for statements: words anywhere in the text, filters in the address, pages by key."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from pyramid.request import Request

from portal.public.statements.filters import (
    KIND_WORDS,
    OFFICES,
    STATE_TONES,
    STATE_WORDS,
    Form,
    prefecture_name,
    read_form,
)
from portal.web.pages import UnreadableKey, address, decode_key, encode_key
from privacy_assessment.publication.read import LETTERS, statement_path
from privacy_assessment.publication.search import STATES, Found, Hit, keyed, search
from storage.database import NOWHERE

PATH = "/statements/"


def listing(request: Request) -> dict[str, Any]:
    """The page of results; without words or filters, what was published last."""
    law = request.registry["law"]
    form = read_form(request.GET, law)
    found = look(request, form)
    database = request.registry["database"]
    (offices,) = database.read(NOWHERE, OFFICES)
    today = request.clock.today()
    return {
        "form": form,
        "choices": _choices(request, [row[0] for row in offices]),
        "found": found,
        "results": [_shown(request, hit, today) for hit in found.hits],
        "first": address(PATH, form.values) if request.GET.get("after") else None,
        "next": address(PATH, {**form.values, "after": encode_key(found.after)}) if found.after else None,
        "query": address("", form.values),
        "orders": _orders(form),
    }


def look(request: Request, form: Form) -> Found:
    """The page of results that the address names."""
    try:
        after = keyed(decode_key(request.GET.get("after")), form.query, form.order)
    except ValueError as error:
        raise UnreadableKey from error
    database, today = request.registry["database"], request.clock.today()
    return search(database, form.query, form.filters, after, today, order=form.order)


def _shown(request: Request, hit: Hit, today: Any) -> dict[str, Any]:
    state = hit.state(today)
    path = statement_path(hit.tenant, hit.body, hit.number)
    if hit.stage == "consulted":
        path += f"/{LETTERS[hit.stage]}{hit.ordinal}"
    form, _, anchor = hit.anchor.partition("#")
    return {
        "hit": hit,
        "path": path,
        "place": f"{path}?form={form}#{quote(anchor)}" if anchor else path,
        "office": request.office_name(hit.tenant),
        "kind": KIND_WORDS[hit.kind],
        "state": STATE_WORDS[state],
        "tone": STATE_TONES[state],
        "choice": f"{hit.tenant}/{quote(hit.body, safe='')}/{quote(hit.number, safe='')}",
    }


def _orders(form: Form) -> list[tuple[str, str, bool]]:
    """Ways to put the results in order: address, name, whether it is this one; without words there is one way only."""
    if not form.query.words:
        return []
    plain = {name: value for name, value in form.values.items() if name != "order"}
    return [
        (address(PATH, plain), "新しい順", form.order == "date"),
        (address(PATH, {**plain, "order": "name"}), "名前に合うものが先", form.order == "name"),
    ]


def _choices(request: Request, tenants: list[str]) -> dict[str, list[dict[str, Any]]]:
    language = request.language
    two = "en" if language == "en" else "ja"
    affairs = sorted(request.registry["law"].affairs.values(), key=lambda one: one.code)
    every = {"value": "", "text": "すべて"}
    prefectures = sorted({tenant[:2] for tenant in tenants})
    yes_no = [every, {"value": "yes", "text": "はい"}, {"value": "no", "text": "いいえ"}]
    return {
        "prefecture": [every, *(_data(code, prefecture_name(code, language)) for code in prefectures)],
        "tenant": [every, *(_data(code, request.office_name(code)) for code in tenants)],
        "affair": [every, *(_data(one.code, one.name[two]) for one in affairs)],
        "kind": [every, *({"value": code, "text": text} for code, text in KIND_WORDS.items())],
        "state": [every, *({"value": code, "text": STATE_WORDS[code]} for code in STATES)],
        "network": yes_no,
        "entrusted": yes_no,
        "incident": yes_no,
    }


def _data(value: str, text: str) -> dict[str, Any]:
    return {"value": value, "text": text, "data": True}
