"""Taking the opinions and the table away as Excel, at any time. Names and contacts are never in a file.

There may be any number of opinions, so a job writes them; the table is what the office wrote itself and is made at once.
"""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.assessments.opinions.common import Room, room_of, tabs
from portal.web.errors import not_found
from portal.web.pages import address
from privacy_assessment.consultation import sheets
from privacy_assessment.consultation.export import XLSX_TYPE, as_workbook

OPINIONS = (
    "受付番号",
    "受け付けた日時",
    "版",
    "項目",
    "意見",
    "分類",
    "まとまり",
    "結果の表の行",
    "公表用の写し",
)
TABLE = ("番号", "項目", "意見の概要", "件数", "考え方", "修正の有無", "修正の内容")


def files(request: Request) -> dict[str, Any]:
    """How far the files are, and the files."""
    room = room_of(request)
    found = sheets.standing(request.tx, request.clock, room.key)
    return {"room": room, "tabs": tabs(room, ""), "sheets": found, "asked": request.GET.get("asked", "")}


def ask(request: Request) -> Response:
    """Have them made of what stands now."""
    room = room_of(request)
    head = [request.texts.plain(name) for name in OPINIONS]
    begun = sheets.ask(request.tx, request.clock, room.key, head, room.actor.id)
    path = address(f"{room.path}/files", {"asked": "1" if begun else "already", **_chosen(request, room)})
    return HTTPSeeOther(location=path)


def file(request: Request) -> Response:
    """One file."""
    room = room_of(request)
    part = int(request.matchdict["part"])
    found = sheets.content(request.tx, request.clock, room.key, part)
    if found is None:
        not_found()
    return _file(found, f"opinions-{part}.xlsx")


def _chosen(request: Request, room: Room) -> dict[str, str]:
    """What names the consultation in an address when it is not the newest."""
    return {"consultation": str(room.key)} if room.key != room.every[0].id else {}


def table(request: Request) -> Response:
    """The table as it stands, in the form offices publish."""
    room = room_of(request)
    kept = request.assessments.results.table(request.tx, room.key)
    rows = [
        (
            str(one.row), "、".join(room.address(place) for place in one.places), one.summary, str(len(one.receipts)), one.answer,
            request.texts.plain("有") if one.changed else request.texts.plain("無"), one.change_note,
        )
        for one in kept.rows
    ]  # fmt: skip
    head = tuple(request.texts.plain(name) for name in TABLE)
    return _file(as_workbook([head, *rows], "results", (8, 24, 60, 8, 60, 12, 40)), "results.xlsx")


def _file(body: bytes, name: str) -> Response:
    response = Response(body=body)
    response.headers["Content-Type"] = XLSX_TYPE
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
