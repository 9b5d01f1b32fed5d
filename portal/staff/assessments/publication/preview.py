"""The public rendering next to the full one, item by item, exactly as it would be published now."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from portal.public.statements.filters import form_name
from portal.staff.assessments.publication.common import draft_of, room_of
from portal.staff.cases import presenting
from privacy_assessment.reading import Line, Section, read_document


def page(request: Request) -> dict[str, Any]:
    """The two renderings side by side; only the items that differ when asked so."""
    room = room_of(request)
    draft = draft_of(request, room)
    language = presenting.two(request.language)
    only = request.GET.get("only") == "different"
    full = read_document(draft.document, draft.form, language)
    shown = room.public(draft.form_id).reading(language).by_place
    sections = [(one, _pairs(one, shown, only)) for one in full.sections]
    return {
        "room": room,
        "found": room.found,
        "statement": room.found.statement,
        "form": draft.form_id,
        "form_name": form_name,
        "sections": [(section, pairs) for section, pairs in sections if pairs],
        "only": only,
        "problems": room.problems(draft.form_id),
        "left_out": len({one.redaction.place for one in room.kept[draft.form_id]}),
    }


def _pairs(section: Section, shown: dict[str, Line], only: bool) -> list[tuple[Line, Line | None, bool]]:
    """Each item in full and in public, and whether they differ."""
    pairs = []
    for line in section.lines:
        if line.kind == "heading":
            continue
        other = shown.get(line.place)
        differs = other is None or (line.text, line.values, line.rows) != (
            other.text,
            other.values,
            other.rows,
        )
        if (differs or not only) and not (line.empty and other is not None and other.empty):
            pairs.append((line, other, differs))
    return pairs
