"""Files of a public version: the printed form and Excel as the worker made them, JSON at once; and how far they are."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.public.statements.page import chosen, head, laid_open, versions_of
from portal.web.errors import not_found
from privacy_assessment.exchange import to_json
from privacy_assessment.publication.files import File, ask_for, content_statement, files_statement
from privacy_assessment.publication.read import Version
from storage.database import NOWHERE, Scope

TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def shown_version(request: Request) -> Version:
    """The version of the address, when its text is still shown."""
    version = chosen(request, versions_of(request))
    if version.gone:
        not_found()
    return version


def files(request: Request) -> dict[str, Any]:
    """How far the files are; from here what failed can be asked for again."""
    version = shown_version(request)
    (rows,) = request.registry["database"].read(NOWHERE, files_statement(*key_of(version)))
    found = [File(*row) for row in rows]
    return {
        **head(request, version),
        "files": found,
        "ready": sum(1 for one in found if one.state == "ready"),
        "failed": any(one.state == "failed" for one in found) or not found,
        "asked": request.GET.get("asked") == "1",
    }


def ask_again(request: Request) -> Response:
    """Put what failed on the list again. Anyone may: what is made is public, and what is ready or waiting is left alone."""
    version = shown_version(request)
    with request.registry["database"].transaction(Scope(tenant=version.tenant)) as tx:
        ask_for(
            tx,
            version.body,
            version.number,
            version.stage,
            version.ordinal,
            version.forms,
            request.clock.now(),
        )
    return HTTPSeeOther(location=f"{version.path}/files?asked=1")


def fetch(request: Request) -> Response:
    """A file that is ready."""
    version = shown_version(request)
    form, media = request.matchdict["form"], request.matchdict["media"]
    (rows,) = request.registry["database"].read(NOWHERE, content_statement(*key_of(version), form, media))
    if not rows:
        not_found()
    return _file(bytes(rows[0][0]), TYPES[media], f"{_name(version)}-{form}.{media}")


def as_json(request: Request) -> Response:
    """Every form of the version as one JSON file; what was left out stands there as its gap."""
    version = shown_version(request)
    text = laid_open(request, version)
    told = {
        "tenant": version.tenant, "body": version.body, "body_name": version.body_name, "number": version.number,
        "title": version.title, "kind": version.kind, "version": version.edition, "published_on": version.shown_on,
        "ended_on": version.ended_on, "address": version.path,
        "gaps": {form: one.gaps for form, one in text.forms.items()},
    }  # fmt: skip
    body = to_json([one.document for one in text.forms.values()], told)
    return _file(body, "application/json", f"{_name(version)}.json")


def key_of(version: Version) -> tuple[str, str, str, str, int]:
    """The key of the version's rows."""
    return version.tenant, version.body, version.number, version.stage, version.ordinal


def _name(version: Version) -> str:
    """A file name of ASCII letters only; it holds no name of a person."""
    number = "".join(char for char in version.number if char.isascii() and char.isalnum())
    return f"statement-{version.tenant}-{number or 'x'}-{version.edition}"


def _file(body: bytes, media_type: str, name: str) -> Response:
    response = Response(body)
    response.headers["Content-Type"] = media_type
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
