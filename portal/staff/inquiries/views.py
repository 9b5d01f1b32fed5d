"""Asking over the link, and the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.actors import actor_of
from portal.staff.cases import presenting
from portal.staff.cases.views import page_of, refusal, visible_case
from portal.staff.inquiries.answers import sheets
from portal.web.dates import day_words
from portal.web.errors import not_found
from portal.web.permissions import Permission, identity_permits
from privacy_assessment.statements.missing import missing_statements
from storage.ids import new_id
from workflows.engine import CaseNotFound, CaseView, Reason, Refused
from workflows.linkage.inquiry.service import InquiryRefused, Offer

PURPOSE_LENGTH = 200
MISSING = "statement_missing"
BEFORE_THE_ANSWER = frozenset(
    {"draft", "ready", "approved", "sent", "accepted", "permitted", "waiting_manual"}
)


def new(request: Request) -> dict[str, Any]:
    """What may be asked for this application today, with the clause, and why not where it may not."""
    return _form(request, visible_case(request), {}, {})


def ask(request: Request) -> dict[str, Any] | Response:
    """Open the inquiry and put it on its way."""
    found = visible_case(request)
    desk = request.desk
    law_row, _, holder = request.POST.get("choice", "").partition("|")
    purpose = request.POST.get("purpose", "").strip()
    values = {"choice": request.POST.get("choice", ""), "purpose": purpose}
    errors = {}
    if not law_row or not holder:
        errors["choice"] = "何を、どこに求めるかを選んでください"
    if not purpose or len(purpose) > PURPOSE_LENGTH:
        errors["purpose"] = "求める理由を、200字までで書いてください"
    offer = next((one for one in _offers(request, found) if one.law_row == law_row), None)
    if not errors and offer is None:
        errors["choice"] = "選んだ根拠は、今は使えません。選び直してください"
    if errors or offer is None:
        return _form(request, found, values, errors)
    try:
        opened = desk.inquiries.open_and_send(
            request.tx,
            actor_of(request),
            found.id,
            law_row,
            [offer.item],
            purpose,
            request.POST.get("request_key", "")[:64] or str(new_id()),
            holder=holder,
        )
    except InquiryRefused as refused:
        field = "purpose" if refused.code.startswith("PURPOSE") else "choice"
        return _form(request, found, values, {field: refused.text(request.language)})
    except Refused as refused:
        about_words = [reason for reason in refused.reasons if reason.code.startswith("purpose_")]
        if not about_words:
            raise refusal(request, refused, found) from refused
        text = desk.engine.reason_text(about_words[0], None, presenting.two(request.language))
        return _form(request, found, values, {"purpose": text})
    return HTTPSeeOther(location=f"/staff/inquiries/{opened.case_id}?done=1")


def inquiry(request: Request) -> dict[str, Any]:
    """One inquiry: where it stands, and the answer while the state lets this person read it."""
    desk = request.desk
    found = visible_case(request)
    try:
        language = presenting.two(request.language)
        view = desk.inquiries.view(request.tx, found.id, actor_of(request), language)
    except CaseNotFound:
        not_found()
    return {
        **page_of(request, found),
        "view": view,
        "waiting": found.state in BEFORE_THE_ANSWER,
        "items": [desk.item_name(code, request.language) for code in view.inquiry.items],
        "answer": [
            sheet
            for code, content in view.answer.items.items()
            for sheet in sheets(desk.item_name(code, request.language), content)
        ]
        if view.answer and view.answer.items
        else [],
        "blocked": [desk.engine.reason_text(reason, found, language) for reason in _blocked(view)],
        **_missing(request, [view.inquiry.affair] if MISSING in view.inquiry.blocked_by else []),
    }


def _offers(request: Request, found: CaseView) -> Sequence[Offer]:
    try:
        return request.desk.inquiries.offers(request.tx, found.id)
    except InquiryRefused:
        not_found()


def _form(
    request: Request, found: CaseView, values: Mapping[str, str], errors: Mapping[str, str]
) -> dict[str, Any]:
    """The form, filled with what was sent."""
    desk = request.desk
    language = request.language
    offers = _offers(request, found)
    without = [one.affair for one in offers if any(reason.code == MISSING for reason in one.reasons)]
    return {
        **_missing(request, without),
        "case": found,
        "application": desk.application(request.tx, found, actor_of(request)),
        "offers": [
            {
                "row": offer.law_row,
                "clause": offer.clause,
                "item": desk.item_name(offer.item, language),
                "item_legal": offer.item_name,
                "affair": desk.affair_name(offer.affair, language),
                "holders": offer.holders,
                "available": offer.available,
                "read": offer.read,
                "source": offer.source,
                "since": day_words(offer.read_from, language) if offer.read_from else "",
                "note": offer.note,
                "reasons": [
                    desk.inquiry_reason(reason, presenting.two(language)) for reason in offer.reasons
                ],
            }
            for offer in offers
        ],
        "values": {"purpose": desk.usual_purpose(request.tx, found.id, actor_of(request)), **values},
        "errors": errors,
        "request_key": request.POST.get("request_key") or str(new_id()),
    }


def _missing(request: Request, affairs: Sequence[str]) -> dict[str, Any]:
    """The statements that would have to be published first (番号法28条6項), by what the office has of them."""
    found = (
        missing_statements(
            request.tx, request.desk.engine, affairs, request.clock.today(), presenting.two(request.language)
        )
        if affairs
        else {}
    )
    reads = identity_permits(request.identity, None, Permission.ASSESSMENTS_READ)
    return {"missing": list(found.values()), "reads_statements": reads}


def _blocked(view: Any) -> list[Any]:
    return [Reason(code, affair=view.affair_name, scope="") for code in view.inquiry.blocked_by]
