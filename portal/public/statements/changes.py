"""What changed between two versions: every item, with ＋ and － in words and signs, never by colour alone."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from portal.public.statements.page import chosen, head, laid_open, versions_of
from portal.web.errors import not_found
from privacy_assessment.comparison import changes
from privacy_assessment.publication.read import Version, read_edition

KIND_OF_CHANGE = {
    "changed": "変更",
    "added": "追加",
    "removed": "削除",
    "moved_edition": "様式の改定で項目がなくなりました",
}


def page(request: Request) -> dict[str, Any]:
    """The comparison of the version of the address with another one, the one before it when none is named."""
    versions = versions_of(request)
    version = chosen(request, versions)
    base = _base(request, versions, version)
    if version.gone or base is None or base.gone:
        not_found()
    new, old = laid_open(request, version), laid_open(request, base)
    forms = [form for form in sorted(new.forms, reverse=True) if form in old.forms]
    wanted = request.GET.get("form")
    form = wanted if wanted in forms else (forms[0] if forms else None)
    found: list[dict[str, Any]] = []
    if form is not None:
        known = {line.place: line.anchor for line in new.reading(form, "ja").lines if line.place}
        here, there = new.forms[form], old.forms[form]
        found = [
            {"change": one, "kind": KIND_OF_CHANGE[one.kind], "anchor": known.get(str(one.place))}
            for one in changes(there.document, there.form, here.document, here.form)
        ]
    return {
        **head(request, version),
        "base": base,
        "others": [one for one in versions if one is not version and not one.gone],
        "forms": forms,
        "form": form,
        "found": found,
    }


def _base(request: Request, versions: list[Version], version: Version) -> Version | None:
    wanted = request.GET.get("from")
    if wanted is not None:
        key = read_edition(wanted)
        found = next((one for one in versions if (one.stage, one.ordinal) == key), None)
        if found is None or found is version:
            not_found()
        return found
    at = versions.index(version)
    older = [one for one in versions[at + 1 :] if not one.gone]
    same = [one for one in older if one.stage == version.stage]
    return next(iter(same or older), None)
