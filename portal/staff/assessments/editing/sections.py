"""One part of a form at a time: fill in, save, add and take out rows, go on. Everything works without a script."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.assessments.editing import addresses, common
from portal.staff.assessments.editing.kept import kept_page
from portal.staff.assessments.editing.replies import json_reply, wants_json
from portal.staff.assessments.gate import AtDesk, statement_at
from portal.web.errors import not_found
from portal.web.templates import render
from privacy_assessment.editing import presence
from privacy_assessment.editing.discussions import open_counts
from privacy_assessment.editing.guidance import guidance
from privacy_assessment.editing.model import Part
from privacy_assessment.editing.parts import anchor_of, anchors_of, blocks, parts
from privacy_assessment.editing.saving import Outcome, asides, save
from privacy_assessment.editing.typed import read_typed
from privacy_assessment.forms import FILE, Place
from privacy_assessment.pictures import Picture, flow
from privacy_assessment.reading import read_document
from privacy_assessment.reading.model import Section
from privacy_assessment.statements.models import Draft, StatementRefused

TEMPLATE = "staff/assessments/editing/section.jinja2"


def overview(request: Request) -> dict[str, Any]:
    """A form: its parts, how far each is, who is in it."""
    opened = statement_at(request)
    draft = common.open_draft(request, opened)
    return common.frame(
        request,
        opened,
        draft,
        navigation=common.navigation(request, opened, draft),
        others=_others(request, opened, draft),
        asides=len(asides(request.tx, opened.id, draft.form_id, opened.actor.id)),
        done=request.GET.get("done", ""),
        files=draft.document.rows_of(FILE) if any(s.per_file for s in draft.form.sections) else None,
    )


def section(request: Request) -> Response:
    """One part of a form."""
    opened = statement_at(request)
    draft = common.open_draft(request, opened)
    part = common.part_named(draft, request.matchdict["section"])
    if opened.editable:
        presence.touch(request.tx, opened.id, draft.form_id, part.key, opened.actor.id, request.clock.now())
    return _page(request, opened, draft, part)


def write(request: Request) -> Response:
    """Save what a page sends, then do what its button says."""
    # A part of real size is read from a temporary file, which nobody else closes.
    request.add_finished_callback(lambda done: done.body_file_raw.close())
    opened = statement_at(request)
    draft = common.open_draft(request, opened)
    part = _part_or_first(draft, request.matchdict["section"])
    pairs = [(name, text) for name, text in request.POST.items() if isinstance(text, str)]
    typed = read_typed(pairs, draft.document, draft.form)
    try:
        outcome = save(
            request.tx,
            request.assessments.drafts,
            opened.id,
            draft.form_id,
            _number(request.POST.get("seen", "")),
            {**typed.values, **typed.strangers},
            opened.actor,
            later=typed.later,
        )
    except StatementRefused as refused:
        return kept_page(request, opened, draft, str(refused), {**typed.values, **typed.strangers})
    presence.touch(request.tx, opened.id, draft.form_id, part.key, opened.actor.id, request.clock.now())
    if wants_json(request):
        return json_reply(request, opened, outcome, part)
    if outcome.refused:
        typed_texts = {one.place: str(typed.values.get(one.place)) for one in outcome.refused}
        return _page(request, opened, outcome.draft, part, outcome=outcome, typed=typed_texts)
    return _go(request, opened, outcome, part)


def undo(request: Request) -> Response:
    """Take back everything one save did, rows included."""
    opened = statement_at(request)
    draft = common.open_draft(request, opened)
    version = _number(request.POST.get("version", ""))
    try:
        after = request.assessments.drafts.undo(request.tx, opened.id, draft.form_id, version, opened.actor)
    except StatementRefused as refused:
        raise request.problem(
            409,
            happened=str(refused),
            kept="今の記載は、そのまま残っています。",
            todo="履歴から、項目ごとに戻すことができます。",
        ) from refused
    back = request.POST.get("part", "")
    known = [one.key for one in parts(after.document, after.form)]
    path = addresses.part_path(opened.id, draft.form_id, back) if back in known else None
    return HTTPSeeOther(location=f"{path or addresses.form_path(opened.id, draft.form_id)}?done=undone")


def files(request: Request) -> Response:
    """Add another file (Ⅱ, 別添 and Ⅲ stand once for each), or take one out."""
    opened = statement_at(request)
    draft = common.open_draft(request, opened)
    drafts = request.assessments.drafts
    try:
        if request.POST.get("remove"):
            after = drafts.remove_row(
                request.tx, opened.id, draft.form_id, FILE, request.POST["remove"], (), opened.actor
            )
        else:
            after, _row = drafts.add_row(request.tx, opened.id, draft.form_id, FILE, (), opened.actor)
    except StatementRefused as refused:
        raise request.problem(
            409,
            happened=str(refused),
            kept="今の記載は、そのまま残っています。",
            todo="画面を読み直してください。",
        ) from refused
    return HTTPSeeOther(location=f"{addresses.form_path(opened.id, draft.form_id)}?done=v{after.version}")


def _go(request: Request, opened: AtDesk, outcome: Outcome, part: Part) -> Response:
    """Where the button leads after the save."""
    if outcome.aside:
        return HTTPSeeOther(location=f"{addresses.form_path(opened.id, outcome.draft.form_id)}conflicts")
    word, _, rest = request.POST.get("action", "save").partition(":")
    saved = outcome.draft.version if outcome.changed else 0
    draft = outcome.draft
    if word in ("add", "remove"):
        return _row(request, opened, draft, part, word, rest)
    if word == "item":
        return HTTPSeeOther(location=addresses.item_path(opened.id, draft.form_id, rest))
    if word == "checks":
        return HTTPSeeOther(location=f"{opened.path}/checks")
    target = part.key
    if word in ("next", "previous"):
        keys = [one.key for one in parts(draft.document, draft.form)]
        at = keys.index(part.key) + (1 if word == "next" else -1)
        if not 0 <= at < len(keys):
            return HTTPSeeOther(location=f"{addresses.form_path(opened.id, draft.form_id)}?done=v{saved}")
        target = keys[at]
    path = addresses.part_path(opened.id, draft.form_id, target)
    return HTTPSeeOther(location=f"{path}?done=v{saved}")


def _row(request: Request, opened: AtDesk, draft: Draft, part: Part, word: str, rest: str) -> Response:
    """Add a row to a repeat, or take one out."""
    drafts = request.assessments.drafts
    place, _, row = rest.partition(":")
    repeat = Place.parse(place)
    try:
        if word == "add":
            after, row = drafts.add_row(
                request.tx, opened.id, draft.form_id, repeat.key, repeat.rows, opened.actor
            )
        else:
            after = drafts.remove_row(
                request.tx, opened.id, draft.form_id, repeat.key, row, repeat.rows, opened.actor
            )
    except StatementRefused as refused:
        raise request.problem(
            409,
            happened=str(refused),
            kept="それまでに入力した内容は残っています。",
            todo="前の画面に戻り、読み直してください。",
        ) from refused
    item = draft.form.by_key[repeat.key]
    at = str(Place(item.items[0].key, (*repeat.rows, row))) if word == "add" else place
    return HTTPSeeOther(
        location=addresses.place_path(opened.id, after.document, after.form, at, done=f"v{after.version}")
    )


def _page(
    request: Request,
    opened: AtDesk,
    draft: Draft,
    part: Part,
    outcome: Outcome | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    navigation = common.navigation(request, opened, draft, part.key)
    keys = [one["part"].key for one in navigation]
    here = keys.index(part.key)
    waiting = asides(request.tx, opened.id, draft.form_id, opened.actor.id)
    attached: dict[str, int] = {}
    for _, form, place, *_rest in request.assessments.notes.attachments(request.tx, opened.id):
        if form == draft.form_id:
            attached[place] = attached.get(place, 0) + 1
    values = common.frame(
        request,
        opened,
        draft,
        sheet=part,
        path=addresses.part_path(opened.id, draft.form_id, part.key),
        blocks=blocks(draft.document, draft.form, part) if opened.editable else [],
        reading=None if opened.editable else _reading(draft, part, request.language),
        navigation=navigation,
        previous=navigation[here - 1] if here else None,
        next=navigation[here + 1] if here + 1 < len(navigation) else None,
        others=_others(request, opened, draft),
        asides=len(waiting),
        counts=open_counts(request.tx, opened.id, draft.form_id),
        attached=attached,
        guidance=guidance,
        item_link=lambda line: (addresses.item_path(opened.id, draft.form_id, line.place), "コメント・履歴"),
        picture=_drawing(draft, part, request.language) if opened.editable else None,
        at=Place.parse(request.GET.get("at", "")),
        done=request.GET.get("done", ""),
        refused=outcome.refused if outcome is not None else (),
        saved=outcome.draft.version if outcome is not None and outcome.changed else 0,
        typed=typed or {},
        anchors={
            one.place: anchor_of(draft.document, draft.form, Place.parse(one.place))
            for one in outcome.refused
        }
        if outcome is not None
        else {},
    )
    return Response(render(TEMPLATE, request, **values))


def _drawing(draft: Draft, part: Part, language: str) -> Picture | None:
    """The picture of 別添1, made from the table of flows below it and from the rest of the statement."""
    if not any(item.key.endswith(".flow") for item in part.section.items):
        return None
    return flow(draft.document, draft.form, "en" if language == "en" else "ja")


def _reading(draft: Draft, part: Part, language: str) -> Section:
    """The part as it is read, for those who cannot write now."""
    rows = draft.document.rows_of(FILE)
    number = rows.index(part.file) + 1 if part.file in rows else 1
    wanted = anchors_of(draft.form_id, draft.form.edition.id).section(
        part.section.number or part.section.key, number
    )
    found = read_document(draft.document, draft.form, "en" if language == "en" else "ja").sections
    return next(one for one in found if one.anchor == wanted)


def _others(request: Request, opened: AtDesk, draft: Draft) -> list[dict[str, Any]]:
    """Colleagues with the form open, and where."""
    titles = {one.key: f"{one.number} {one.title}" for one in parts(draft.document, draft.form)}
    now = request.clock.now()
    return [
        {"name": one.name, "part": one.part, "title": titles.get(one.part, ""), "since": one.since}
        for one in presence.others(request.tx, opened.id, draft.form_id, opened.actor.id, now)
    ]


def _part_or_first(draft: Draft, key: str) -> Part:
    """The part of the address; the first one when its file was taken out meanwhile, so that nothing sent is lost."""
    known = parts(draft.document, draft.form)
    if key.partition("@")[0] not in draft.form.by_section:
        not_found()
    return next((one for one in known if one.key == key), known[0])


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else -1
