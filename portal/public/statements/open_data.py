"""Open data: the public statements as CSV and as JSON with their full texts, narrowed by the same address as the search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from pyramid.request import Request
from pyramid.response import Response

from portal.public.statements.filters import KIND_WORDS, STATE_WORDS, prefecture_name, read_form
from portal.public.statements.fixed import fixed
from privacy_assessment.publication.lists import every
from privacy_assessment.publication.read import Version
from workflows.csv_lines import BOM, csv_line

FORMAT = "madoguchi.public-statements/1"


def as_csv(request: Request) -> Response:
    """The list as CSV (UTF-8 with BOM, as spreadsheets expect)."""
    return _file(_csv(request), "text/csv; charset=utf-8", "statements.csv")


def as_json(request: Request) -> Response:
    """The list with every public text as JSON."""
    return _file(_json(request), "application/json", "statements.json")


def _csv(request: Request) -> Iterator[bytes]:
    yield BOM + csv_line(fixed()["columns"])
    for version, answers, _ in _every(request, content=False):
        yield csv_line(_cells(request, version, answers))


def _json(request: Request) -> Iterator[bytes]:
    head = {"format": FORMAT, "made_at": request.clock.now()}
    yield orjson.dumps(head)[:-1] + b',"statements":['
    first = True
    for version, answers, content in _every(request, content=True):
        yield b"\n" if first else b",\n"
        first = False
        yield orjson.dumps(_told(request, version, answers) | {"forms": content})
    yield b"\n]}\n"


def _every(request: Request, content: bool) -> Iterator[Any]:
    form = read_form(request.GET, request.registry["law"])
    database = request.registry["database"]
    return every(database, form.query, form.filters, request.clock.today(), content)


def _cells(request: Request, version: Version, answers: tuple[bool | None, ...]) -> list[str]:
    told = _told(request, version, answers)
    return [
        version.tenant, prefecture_name(version.tenant[:2], "ja"), request.office_name(version.tenant), version.body_name,
        version.number, version.title, KIND_WORDS[version.kind], STATE_WORDS[told["state"]], version.edition,
        version.shown_on.isoformat(), _day(version.closes), " ".join(version.affairs), *map(_answer, answers),
        _day(version.review_by), _day(version.redo_by), _day(version.ended_on), told["address"],
    ]  # fmt: skip


def _told(request: Request, version: Version, answers: tuple[bool | None, ...]) -> dict[str, Any]:
    network, entrusted, incident = answers
    return {
        "tenant": version.tenant, "body": version.body, "body_name": version.body_name, "number": version.number,
        "title": version.title, "kind": version.kind, "state": version.state(request.clock.today()),
        "version": version.edition, "shown_on": version.shown_on, "closes": version.closes,
        "affairs": list(version.affairs), "network": network, "entrusted": entrusted, "incident": incident,
        "review_by": version.review_by, "redo_by": version.redo_by, "ended_on": version.ended_on,
        "address": request.host_url + version.path,
    }  # fmt: skip


def _answer(answer: bool | None) -> str:
    return "" if answer is None else str(fixed()["answers"]["yes" if answer else "no"])


def _day(day: Any) -> str:
    return day.isoformat() if day else ""


def _file(pieces: Iterator[bytes], media_type: str, name: str) -> Response:
    response = Response(app_iter=pieces)
    response.headers["Content-Type"] = media_type
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
