"""What anyone may write about now, and what became of earlier opinions."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from pyramid.request import Request

from portal.web.pages import UnreadableKey, address, decode_key, encode_key
from privacy_assessment.consultation import announcement
from privacy_assessment.consultation.announcement import PAGE, Announced
from storage.database import NOWHERE


def listing(request: Request) -> dict[str, Any]:
    """Open consultations, the one that ends first at the top; closed ones below, newest first, page by page."""
    today = request.clock.today()
    after = _after(request.GET.get("after"))
    running, ended = request.registry["database"].read(
        NOWHERE, announcement.running(today), announcement.ended(today, after)
    )
    past = [Announced(*row) for row in ended]
    more = len(past) > PAGE
    past = past[:PAGE]
    mark = encode_key([past[-1].closes.isoformat(), str(past[-1].id)]) if more else None
    return {
        "today": today,
        "running": [] if after else [Announced(*row) for row in running],
        "past": past,
        "later_page": after is not None,
        "first": "/consultations/" if after else None,
        "next": address("/consultations/", {"after": mark}) if mark else None,
    }


def _after(text: str | None) -> tuple[date, UUID] | None:
    key = decode_key(text)
    if key is None:
        return None
    try:
        day, found = key
        return date.fromisoformat(str(day)), UUID(str(found))
    except ValueError as error:
        raise UnreadableKey from error
