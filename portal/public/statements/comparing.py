"""The same affair in several municipalities, side by side and item by item: two to four statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from pyramid.request import Request

from portal.public.statements.filters import KIND_WORDS, form_name
from portal.public.statements.laid_open import LaidOpen, Shelf
from privacy_assessment.forms import Item, load_form
from privacy_assessment.publication.read import (
    Version,
    content_statement,
    statement_path,
    version_of,
    versions_statement,
)
from privacy_assessment.reading import Line
from storage.database import NOWHERE

LEAST, MOST = 2, 4


@dataclass(frozen=True)
class Cell:
    """What one statement says at an item: a line, or several where the item repeats."""

    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Row:
    """One item in all statements. ``same`` when all say the same."""

    address: str
    label: str
    cells: tuple[Cell, ...]
    same: bool


def page(request: Request) -> dict[str, Any]:
    """The comparison; with fewer than two or unknown statements it says how to choose."""
    wanted = list(dict.fromkeys(request.GET.getall("with")))
    found = [one for one in (_read(request, text) for text in wanted[: MOST + 1]) if one is not None]
    chosen = found[:MOST]
    common = (
        sorted(set.intersection(*(set(text.forms) for _, text in chosen)), reverse=True) if chosen else []
    )
    asked = request.GET.get("form")
    form = asked if asked in common else (common[0] if common else None)
    only = request.GET.get("only") == "different"
    sections = _sections([text for _, text in chosen], form, only) if form and len(chosen) >= LEAST else []
    return {
        "statements": [
            {
                "version": version,
                "path": statement_path(version.tenant, version.body, version.number),
                "office": request.office_name(version.tenant),
                "kind_words": KIND_WORDS[version.kind],
            }
            for version, _ in chosen
        ],
        "wanted": wanted,
        "missing": len(wanted[:MOST]) - len(chosen),
        "too_many": len(wanted) > MOST,
        "enough": len(chosen) >= LEAST,
        "forms": common,
        "form": form,
        "form_name": form_name,
        "sections": sections,
        "only": only,
    }


def _read(request: Request, text: str) -> tuple[Version, LaidOpen] | None:
    """The newest published version of ``tenant/body/number``; None of anything else."""
    parts = [unquote(part) for part in text.split("/")]
    if len(parts) != 3 or any("\0" in part or len(part) > 200 for part in parts):
        return None
    database = request.registry["database"]
    (rows,) = database.read(NOWHERE, versions_statement(*parts))
    versions = [version_of(row) for row in rows]
    version = next((one for one in versions if one.stage == "published" and not one.gone), None)
    if version is None:
        return None
    key = (version.tenant, version.body, version.number, version.stage, version.ordinal)
    shelf: Shelf = request.registry["statement shelf"]
    return version, shelf.get(key, lambda: database.read(NOWHERE, content_statement(*key))[0][0][0])


def _sections(texts: list[LaidOpen], form_id: str, only: bool) -> list[tuple[str, list[Row]]]:
    """Items in the order of the newest edition among them, matched by key, which is the same in every edition."""
    editions = [text.forms[form_id].form for text in texts]
    newest = max((form.edition for form in editions), key=lambda edition: edition.first_day)
    form = load_form(form_id, newest.id)
    by_key: list[dict[str, list[Line]]] = []
    for text in texts:
        lines: dict[str, list[Line]] = {}
        for line in text.reading(form_id, "ja").lines:
            lines.setdefault(line.key, []).append(line)
        by_key.append(lines)
    found = []
    for section in form.sections:
        rows = [
            row for item in section.items for row in _rows(item, form_id, by_key) if not (only and row.same)
        ]
        if rows:
            title = section.title if section.title == section.number else f"{section.number} {section.title}"
            found.append((title, rows))
    return found


def _rows(item: Item, form_id: str, by_key: list[dict[str, list[Line]]]) -> list[Row]:
    if item.type == "repeat" and not any(item.key in lines for lines in by_key):
        return [row for inner in item.items for row in _rows(inner, form_id, by_key)]
    cells = tuple(Cell(tuple(line for line in lines.get(item.key, ()) if not line.empty)) for lines in by_key)
    if not any(cell.lines for cell in cells):
        return []
    said = {tuple(line.text for line in cell.lines) for cell in cells}
    table = any(line.rows for cell in cells for line in cell.lines)
    first = next(line for cell in cells for line in cell.lines)
    return [Row(first.address, item.label, cells, len(said) == 1 and not table)]
