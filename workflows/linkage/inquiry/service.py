"""What staff can ask of inquiries: what may be asked today, ask it, and read the answer while the state of the case lets them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from storage.database import Transaction
from storage.ids import new_id
from workflows.engine import Actor, CaseNotFound, CaseView, Command, Engine, Reason, Refused
from workflows.law.table import LawRow
from workflows.linkage.inquiry.machine import KIND, InquiryMachine
from workflows.linkage.inquiry.models import Inquiry, read_inquiries, read_of_application, write_inquiry
from workflows.linkage.inquiry.viewing import InquiryView, InquiryViewer, Offer
from workflows.linkage.parts import LinkParts
from workflows.linkage.refusals import ASKING, DeskRefused
from workflows.linkage.wire import envelope, linter
from workflows.linkage.wire.problems import Problem

__all__ = ["OPEN_STATES", "InquiryRefused", "InquiryService", "InquiryView", "Offer", "Opened"]

OPEN_STATES = ("draft", "ready", "approved", "sent", "accepted", "permitted", "waiting_manual", "dead")


class InquiryRefused(DeskRefused):
    """An inquiry cannot be made as asked; nothing was sent. Holds a code and a text for the person at the desk."""

    def __init__(self, code: str) -> None:
        super().__init__(code, ASKING)


# Characters that turn the direction of what follows: a text could be read otherwise than it is stored.
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# What the law and the kill switches can say against an inquiry; anything else that refuses it is the actor's own affair.
BLOCKING = frozenset({"no_law_row", "statement_missing", "addressee_inactive", "frozen"})


@dataclass(frozen=True)
class Opened:
    """What became of a new inquiry: its case, the state it reached, and what stood in the way when it is ``blocked``."""

    case_id: UUID
    state: str
    reasons: tuple[Reason, ...]
    replayed: bool = False


class InquiryService:
    """Inquiries at the desk. No method needs the network: sending is the worker's work."""

    def __init__(self, parts: LinkParts, engine: Engine) -> None:
        self.parts = parts
        self.engine = engine
        self._machine = InquiryMachine(parts)
        self._viewer = InquiryViewer(parts)

    def offers(self, tx: Transaction, application: UUID) -> list[Offer]:
        """Return what may be asked for an application today, and why not where it may not.

        :param application: the case of the application.
        :raises InquiryRefused: ``NO_APPLICATION``.
        """
        addressee, affair, office = self._application(tx, application)
        ours = self.parts.offices.ours(tx.tenant)
        today = self.parts.clock.today()
        law = self.parts.law
        rows = law.possible(ours.org, today, affair)
        if not rows:
            return []
        probes = [
            self._probe(row.id, ours.org, row.holder, affair, row.item, addressee, office) for row in rows
        ]
        facts = self._machine.facts_of(tx, probes)
        guards = self.engine.registry.kind(KIND).guards
        offers = []
        for row, probe in zip(rows, probes, strict=True):
            holders = tuple(
                one for one in self.parts.offices.others(tx.tenant) if row.holder in law.roles_of(one.org)
            )
            names = ("statement_published", "addressee_active", "not_frozen")
            reasons = [
                reason for name in names if (reason := guards[name](facts[probe.case_id], {})) is not None
            ]
            if not holders:
                reasons.append(Reason("no_holder"))
            offers.append(
                Offer(
                    law_row=row.id,
                    clause=row.clause,
                    item=row.item,
                    item_name=law.items[row.item].name["ja"],
                    affair=affair,
                    affair_name=law.affairs[affair].name["ja"],
                    holders=holders,
                    reasons=tuple(reasons),
                    certainty=row.certainty_on(today),
                    source=row.source,
                    read_from=row.read_from,
                    note=row.note,
                )
            )
        return offers

    def open_and_send(
        self,
        tx: Transaction,
        actor: Actor,
        application: UUID,
        law_row_id: str,
        items: Sequence[str],
        purpose: str,
        request_key: str,
        *,
        holder: str,
        wanted_as_of: date | None = None,
    ) -> Opened:
        """Open an inquiry and put it on its way; with the same key a second time it answers as before.

        When the law, the statement, the addressee or a freeze stands in the way, the attempt is kept as ``blocked`` (with its record):
        look at ``Opened.state`` and ``Opened.reasons``.

        :param holder: organisation code of the body to ask.
        :param purpose: why, in plain words that the resident will read; no name, no number.
        :raises InquiryRefused: with a code of `ASKING`; nothing was stored.
        :raises Refused: this actor may not do it; nothing was stored.
        """
        addressee, affair, office = self._application(tx, application)
        row = self._row(law_row_id, affair, items)
        self._check_words(tx, purpose, holder)
        opened = self.engine.open(
            tx,
            KIND,
            actor=actor,
            purpose=purpose,
            request_key=request_key,
            subject=addressee,
            parent=application,
            office=office,
            input={
                "law_row": law_row_id,
                "holder": holder,
                "items": list(items),
                "application": str(application),
            },
        )
        if opened.replayed:
            inquiry = read_inquiries(tx, [opened.case_id])[opened.case_id]
            reasons = tuple(Reason(code) for code in inquiry.blocked_by)
            return Opened(opened.case_id, self.engine.case(tx, opened.case_id).state, reasons, replayed=True)
        now = self.parts.clock.now()
        inquiry = Inquiry(
            case_id=opened.case_id,
            message_id=envelope.new_id(now),
            application=application,
            addressee=addressee,
            asker_org=self.parts.offices.ours(tx.tenant).org,
            asker_office=office,
            holder_org=holder,
            affair=affair,
            procedure=affair,
            items=tuple(items),
            law_row=row.id,
            law_clause=row.clause,
            table_version=row.table_version,
            purpose=purpose,
            staff=actor.id,
            wanted_as_of=wanted_as_of,
            requested_at=now,
            request_digest="",
            exchange_id=None,
            permit_expires=None,
            outcome=None,
            blocked_by=(),
            provided_at=None,
        )
        # The permit must name this very request, so its digest is kept.
        digest = envelope.request_digest(self._machine.message(tx, inquiry))
        write_inquiry(tx, replace(inquiry, request_digest=digest))
        return self._advance(tx, opened.case_id, actor, purpose, request_key)

    def _advance(
        self, tx: Transaction, case_id: UUID, actor: Actor, purpose: str, request_key: str
    ) -> Opened:
        """Check and send a draft; what stands in the way blocks it, with its reasons."""
        try:
            self.engine.apply(tx, Command(case_id, "check", actor, purpose, f"{request_key}:check"))
            sent = self.engine.apply(tx, Command(case_id, "send", actor, purpose, f"{request_key}:send"))
        except Refused as refused:
            found = [reason.code for reason in refused.reasons]
            if not set(found) <= BLOCKING:
                raise
            tx.raw.execute(
                "UPDATE madoguchi.linkage_inquiry SET blocked_by = %s, outcome = %s WHERE tenant = %s AND case_id = %s",
                (found, "FROZEN" if "frozen" in found else "PERMIT_DENIED", tx.tenant, case_id),
            )
            blocked = self.engine.apply(
                tx, Command(case_id, "block", actor, purpose, f"{request_key}:block", {"reasons": found})
            )
            return Opened(case_id, blocked.after, refused.reasons)
        return Opened(case_id, sent.after, ())

    def view(self, tx: Transaction, case_id: UUID, actor: Actor, language: str = "ja") -> InquiryView:
        """Return an inquiry in words, its answer opened when this actor may read it in this state.

        :param language: ``ja`` or ``en``.
        :raises CaseNotFound: there is none, or this actor may not see it.
        """
        case = self.engine.case(tx, case_id)
        inquiry = read_inquiries(tx, [case_id]).get(case_id)
        if inquiry is None or not self.engine.may_read(case, actor):
            raise CaseNotFound(case_id)
        return self._viewer.view(tx, case, inquiry, actor, language)

    def for_application(self, tx: Transaction, application: UUID) -> list[tuple[CaseView, Inquiry]]:
        """Return the inquiries of an application with their cases, oldest first; no answers."""
        return [(self.engine.case(tx, one.case_id), one) for one in read_of_application(tx, application)]

    # --- parts ---------------------------------------------------------------------------------------------------

    def _application(self, tx: Transaction, application: UUID) -> tuple[str, str, str]:
        row = tx.raw.execute(
            "SELECT addressee, affair, office FROM madoguchi.application WHERE tenant = %s AND case_id = %s",
            (tx.tenant, application),
        ).fetchone()
        if row is None:
            raise InquiryRefused("NO_APPLICATION")
        return row[0], row[1], row[2]

    def _row(self, law_row_id: str, affair: str, items: Sequence[str]) -> LawRow:
        try:
            row = self.parts.law.row(law_row_id)
        except KeyError:
            raise InquiryRefused("UNKNOWN_LAW_ROW") from None
        if row.affair != affair:
            raise InquiryRefused("OTHER_AFFAIR")
        if list(items) != [row.item]:
            raise InquiryRefused("WRONG_ITEMS")
        return row

    def _check_words(self, tx: Transaction, purpose: str, holder: str) -> None:
        known = {one.org for one in self.parts.offices.others(tx.tenant)}
        if holder not in known:
            raise InquiryRefused("UNKNOWN_HOLDER")
        if not purpose.strip() or len(purpose) > 200:
            raise InquiryRefused("PURPOSE")
        if not readable(purpose):
            raise InquiryRefused("PURPOSE_UNREADABLE")
        try:
            linter.lint({"payload": {"purpose": purpose}})
        except Problem:
            raise InquiryRefused("PURPOSE_PERSONAL") from None

    def _probe(
        self, row: str, asker: str, holder: str, affair: str, item: str, addressee: str, office: str
    ) -> Inquiry:
        """An inquiry that does not exist, to ask the guards what they would say."""
        now = self.parts.clock.now()
        return Inquiry(
            case_id=new_id(),
            message_id="",
            application=None,
            addressee=addressee,
            asker_org=asker,
            asker_office=office,
            holder_org=holder,
            affair=affair,
            procedure=affair,
            items=(item,),
            law_row=row,
            law_clause="",
            table_version="",
            purpose="",
            staff="",
            wanted_as_of=None,
            requested_at=now,
            request_digest="",
            exchange_id=None,
            permit_expires=None,
            outcome=None,
            blocked_by=(),
            provided_at=None,
        )


def readable(text: str) -> bool:
    """Whether a text shows something and nothing in it plays with what shows it: the resident reads it as it stands."""
    kinds = [unicodedata.category(one) for one in text if one not in "\r\n\t"]
    return (
        not {"Cc", "Cs"} & set(kinds) and not TURNING & set(text) and any(kind[0] in "LNPS" for kind in kinds)
    )
