"""Taking the opinions and the table away as Excel, at any time. Names and contacts are never in a file."""

from __future__ import annotations

from collections.abc import Iterator

from pyramid.request import Request
from pyramid.response import Response

from portal.staff.assessments.opinions.common import Room, room_of
from portal.web.dates import stamp
from privacy_assessment.consultation import inbox
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
PAGE = 500


def opinions(request: Request) -> Response:
    """Every opinion that stands, with its tags, group, line and copy."""
    room = room_of(request)
    lines = as_workbook(_opinions(request, room), "opinions", (18, 18, 6, 24, 80, 16, 10, 12, 60))
    return _file(lines, "opinions.xlsx")


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


def _opinions(request: Request, room: Room) -> Iterator[tuple[str, ...]]:
    yield tuple(request.texts.plain(name) for name in OPINIONS)
    copies = request.assessments.opinions.copies(request.tx, room.key)
    after = ""
    while rows := inbox.page(request.tx, room.key, inbox.Narrowed(), after, PAGE):
        bodies = inbox.bodies(request.tx, room.key, [one.receipt for one in rows])
        for one in rows:
            copy = copies.get(one.receipt)
            yield (
                one.receipt, stamp(one.at), str(one.revision), "、".join(room.address(place) for place in one.places),
                bodies[one.receipt], "、".join(one.tags), str(one.group or ""), "、".join(map(str, one.lines)),
                copy.body if copy else "",
            )  # fmt: skip
        after = rows[-1].receipt


def _file(body: bytes, name: str) -> Response:
    response = Response(body=body)
    response.headers["Content-Type"] = XLSX_TYPE
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
