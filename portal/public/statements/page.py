"""The page of one statement: what it says in plain words, its pictures, its versions, and the whole text with an address for each item."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from portal.public.statements.filters import KIND_WORDS, STATE_TONES, STATE_WORDS, form_name
from portal.public.statements.laid_open import LaidOpen, Shelf
from portal.web.errors import not_found
from privacy_assessment.consultation import announcement
from privacy_assessment.publication.files import File, files_statement
from privacy_assessment.publication.read import (
    Version,
    content_statement,
    read_edition,
    statement_path,
    version_of,
    versions_statement,
)
from privacy_assessment.reading import Line, Reading
from storage.database import NOWHERE

# What the statement says about how it was made: opinions, third party, commission.
PROCEDURE = {
    "form3": (("意見を聴いた結果", "f3.5.2."), ("第三者点検の結果", "f3.5.3.")),
    "form4": (
        ("意見を聴いた結果", "f4.6.2."),
        ("第三者点検の結果", "f4.6.3."),
        ("個人情報保護委員会の承認", "f4.6.4."),
    ),
}


def place_of(request: Request) -> tuple[str, str, str]:
    """Tenant, body and number of the address; a text the database cannot hold is no address."""
    found = tuple(str(request.matchdict[name]) for name in ("tenant", "body", "number"))
    if any("\0" in one or len(one) > 200 for one in found):
        not_found()
    tenant, body, number = found
    return tenant, body, number


def versions_of(request: Request) -> list[Version]:
    """Every version of the statement of the address, newest first; none of an unknown one: the same page as any that is not there."""
    (rows,) = request.registry["database"].read(NOWHERE, versions_statement(*place_of(request)))
    # A text for a consultation that begins later is nobody's to read yet.
    today = request.clock.today()
    found = [one for one in map(version_of, rows) if one.shown_on <= today]
    return found or not_found()


def chosen(request: Request, versions: list[Version]) -> Version:
    """The version of the address; without one the published one, or the text laid open when nothing was published yet."""
    wanted = request.matchdict.get("edition")
    if wanted is None:
        published = [one for one in versions if one.stage == "published"]
        return next((one for one in published if not one.gone), (published or versions)[0])
    key = read_edition(wanted)
    found = next((one for one in versions if (one.stage, one.ordinal) == key), None)
    if found is None:
        not_found()
    return found


def laid_open(request: Request, version: Version) -> LaidOpen:
    """The text of a version."""
    shelf: Shelf = request.registry["statement shelf"]
    key = (version.tenant, version.body, version.number, version.stage, version.ordinal)

    def load() -> Any:
        (rows,) = request.registry["database"].read(NOWHERE, content_statement(*key))
        return rows[0][0]

    return shelf.get(key, load)


def statement(request: Request) -> dict[str, Any]:
    """The page."""
    versions = versions_of(request)
    version = chosen(request, versions)
    today = request.clock.today()
    common = {
        **head(request, version),
        "versions": versions,
        "newest": next((one for one in versions if one.current and one.stage == "published"), None),
        "open_now": next((one for one in versions if one.current and one.state(today) == "consulting"), None),
        "own_address": request.matchdict.get("edition") is not None,
    }
    if version.gone:
        request.response.status_int = 410
        return {**common, "open": None}
    text = laid_open(request, version)
    wanted = request.GET.get("form")
    form = wanted if wanted in text.forms else text.main
    key = (version.tenant, version.body, version.number)
    files, consultations = request.registry["database"].read(
        NOWHERE,
        files_statement(*key, version.stage, version.ordinal),
        announcement.newest_of(*key, today),
    )
    return {
        **common,
        "open": text,
        "form": form,
        "summary": text.summary,
        "pictures": text.part("pictures", text.main, request.display),
        "text": text.part("text", form, request.display),
        "procedure": _procedure(text),
        "files": [File(*row) for row in files],
        "consultation": f"/consultations/{version.tenant}/{consultations[0][0]}" if consultations else None,
    }


def head(request: Request, version: Version) -> dict[str, Any]:
    """What every page of a statement says at its top."""
    state = version.state(request.clock.today())
    affairs = request.registry["law"].affairs
    two = "en" if request.language == "en" else "ja"
    return {
        "version": version,
        "path": statement_path(version.tenant, version.body, version.number),
        "office": request.office_name(version.tenant),
        "kind_words": KIND_WORDS[version.kind],
        "state": STATE_WORDS[state],
        "tone": STATE_TONES[state],
        "affairs": [(code, affairs[code].name[two] if code in affairs else code) for code in version.affairs],
        "form_name": form_name,
    }


def _procedure(text: LaidOpen) -> list[tuple[str, list[Line]]]:
    reading: Reading = text.reading(text.main, "ja")
    found = []
    for words, prefix in PROCEDURE.get(text.main, ()):
        lines = [line for line in reading.lines if line.key.startswith(prefix) and not line.empty]
        if lines:
            found.append((words, lines))
    return found
