"""Everything about one item: what stands there, sentences to put in, comments, every earlier wording, attachments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.assessments.editing import addresses, attaching, common, discussing
from portal.staff.assessments.gate import AtDesk, statement_at
from portal.staff.people import staff_names
from portal.web.errors import not_found
from portal.web.pages import address
from portal.web.templates import render
from privacy_assessment.comparison.text import compare
from privacy_assessment.editing.guidance import guidance
from privacy_assessment.editing.parts import one_field, part_of
from privacy_assessment.editing.saving import save
from privacy_assessment.editing.sentences import Sentences
from privacy_assessment.forms import BadPlace, Place, check_place, plain
from privacy_assessment.forms.model import Item
from privacy_assessment.statements.drafts import Edit
from privacy_assessment.statements.models import Draft, NoSuchStatement, StatementRefused

TEMPLATE = "staff/assessments/editing/item.jinja2"
KINDS = {
    "edit": "記入", "restore": "履歴から戻した", "undo": "保存の取消し", "merge": "両方の文から選んだ", "proposal": "提案を取り入れた",
    "sentence": "例文を入れた", "add_row": "行の追加", "remove_row": "行を消した", "import": "取込み",
}  # fmt: skip
TEXTS = ("text", "longtext")
ENTRIES = 50


def show(request: Request) -> Response:
    """The page of an item."""
    opened = statement_at(request)
    draft = common.open_draft(request, opened)
    return _page(request, opened, draft, _place(draft, request.GET.get("place", "")))


def act(request: Request) -> Response:
    """Do what a button of the page says, and come back to it; a refusal keeps what was typed in its fields."""
    opened = statement_at(request)
    draft = common.open_draft(request, opened)
    place = _place(draft, request.POST.get("place", ""))
    word = request.POST.get("action", "")
    try:
        done = _do(request, opened, draft, place, word)
    except StatementRefused as refused:
        kept = {name: text for name, text in request.POST.items() if isinstance(text, str)}
        return _page(request, opened, draft, place, wrong=str(refused), typed=kept, status=409)
    except NoSuchStatement:
        not_found()
    path = addresses.item_path(opened.id, draft.form_id, str(place))
    return HTTPSeeOther(location=f"{path}&done={DONE.index(done)}#done")


# What a page may say was done; the address carries the number only, so that nobody can make it say something else.
DONE = (
    "コメントを書きました。", "返事を書きました。", "解決済みにしました。", "担当と期限を決めました。",
    "提案の文を項目に入れました。元の文は履歴にあります。", "例文を項目の終わりに入れました。", "この版の文に戻しました。", "添付しました。",
    "添付を外しました。",
)  # fmt: skip


def _do(request: Request, opened: AtDesk, draft: Draft, place: Place, word: str) -> str:
    if word == "insert":
        return _insert(request, opened, draft, place)
    if word == "restore":
        version = request.POST.get("version", "")
        number = int(version) if version.isascii() and version.isdecimal() and len(version) < 9 else -1
        request.assessments.drafts.restore(
            request.tx, opened.id, draft.form_id, str(place), number, opened.actor
        )
        return "この版の文に戻しました。"
    if word == "detach":
        return attaching.detach(request, opened)
    return discussing.act(request, opened, draft, str(place), word)


def _insert(request: Request, opened: AtDesk, draft: Draft, place: Place) -> str:
    """Put a ready sentence at the end of the item, in a line of its own."""
    found = Sentences(request.clock).one(request.tx, request.POST.get("sentence", ""))
    item = draft.form.by_key[place.key]
    if item.type not in TEXTS:
        raise StatementRefused(
            "NO_TEXT_ITEM", "文章の項目ではないため、例文を入れられません。何も変更していません。"
        )
    before = str(draft.document.get(place) or "")
    text = f"{before}\n{found.text}" if before.strip() else found.text
    outcome = save(
        request.tx,
        request.assessments.drafts,
        opened.id,
        draft.form_id,
        draft.version,
        {str(place): text},
        opened.actor,
        "sentence",
    )
    if outcome.refused:
        raise StatementRefused("TOO_LONG", outcome.refused[0].text)
    return "例文を項目の終わりに入れました。"


def _place(draft: Draft, text: str) -> Place:
    place = Place.parse(text)
    try:
        check_place(draft.document, draft.form, place)
    except BadPlace:
        not_found()
    return place


def _page(
    request: Request,
    opened: AtDesk,
    draft: Draft,
    place: Place,
    wrong: str = "",
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    item = draft.form.by_key[place.key]
    words = request.GET.get("words", "").strip()[:100]
    threads = [
        one
        for one in request.assessments.notes.threads(request.tx, opened.id)
        if one.form == draft.form_id and one.place == str(place)
    ]
    field = one_field(draft.document, draft.form, place)
    number = request.GET.get("done", "")
    part = part_of(draft.document, draft.form, place)
    values = common.frame(
        request,
        opened,
        draft,
        item=item,
        field=field,
        place=str(place),
        path=f"{addresses.form_path(opened.id, draft.form_id)}item",
        here=addresses.item_path(opened.id, draft.form_id, str(place)),
        back=address(addresses.part_path(opened.id, draft.form_id, part), {"at": str(place)})
        + f"#{field.anchor}",
        text=plain(item, draft.document.get(place)),
        is_text=item.type in TEXTS,
        guide=guidance(item.key, item.label, item.type, item.note),
        sentences=Sentences(request.clock).for_item(request.tx, item, words) if item.type in TEXTS else [],
        words=words,
        threads=discussing.shown(request, opened, threads),
        types=discussing.TYPES,
        people=discussing.people(request),
        history=_history(request, opened, draft, item, str(place)),
        attachments=attaching.listed(request, opened, draft.form_id, str(place)),
        wrong=wrong,
        typed=dict(typed or {}),
        done=DONE[int(number)] if number.isascii() and number.isdecimal() and int(number) < len(DONE) else "",
    )
    return Response(render(TEMPLATE, request, **values), status=status)


def _history(request: Request, opened: AtDesk, draft: Draft, item: Item, place: str) -> list[dict[str, Any]]:
    edits = request.assessments.drafts.history(request.tx, opened.id, draft.form_id, place, ENTRIES)
    names = staff_names(request.tx, (one.by for one in edits))
    return [entry(item, one, names) for one in edits]


def entry(item: Item | None, one: Edit, names: Mapping[str, str]) -> dict[str, Any]:
    """One entry of a history in words, with what was taken out and put in."""
    before = plain(item, one.before) if item is not None else ""
    after = plain(item, one.after) if item is not None else ""
    return {
        "version": one.version,
        "at": one.at,
        "by": names.get(one.by, ""),
        "kind": KINDS.get(one.kind, one.kind),
        "pieces": compare(before, after),
        "after": after,
    }
