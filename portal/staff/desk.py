"""What the desks work with: the engine with every kind of case, and the services for applications and inquiries.

Made once in a process, when a desk is first used. The web process loads no private key of the link: it opens cases and puts
messages into the outbox; sending is the worker's work.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from pyramid.config import Configurator

from portal.web.keys import key_ring
from privacy_assessment import machines as assessments
from privacy_assessment.commission import machine as commission
from storage.clock import Clock
from storage.database import NOWHERE, Database, Transaction
from storage.encryption import KeyRing
from workflows.addressees.changes import machine as changes
from workflows.addressees.imports import JUKI
from workflows.addressees.service import AddresseeRegister
from workflows.engine import Actor, CaseView, Engine, Reason, Registry
from workflows.engine.texts import reason_text
from workflows.law.table import LawTable
from workflows.linkage.connect import LinkNotSet, load_offices
from workflows.linkage.inquiry.machine import KIND as INQUIRY
from workflows.linkage.inquiry.service import InquiryService
from workflows.linkage.offices import Offices, Organisation
from workflows.linkage.parts import LinkParts
from workflows.linkage.runtime import register_kinds
from workflows.linkage.wire.codes import words as outcome_words
from workflows.procedures import machine as procedures
from workflows.procedures.machine import KIND as APPLICATION
from workflows.procedures.service import Application, ApplicationService
from workflows.provision_records.writer import RecordWriter

log = structlog.get_logger(__name__)

MAYOR = "01"
"""Kind of organisation (機関) that a municipality's mayor is, in the organisation codes of the link."""

REASONS = {
    "no_holder": {
        "ja": "この情報を持つ役所が、つながる先にありません。",
        "en": "No body that holds this item can be reached over the link.",
    }
}


class Desk:
    """The collaborators of the staff pages.

    :param keys: opens answers for those who may read them.
    :param link: folder with the link's directory of organisations.
    :param offices: names of organisations; read from that folder when None.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        law: LawTable,
        keys: KeyRing,
        link: Path,
        offices: Offices | None = None,
    ) -> None:
        self._link = link
        self._database = database
        self._given_offices = offices
        self.clock = clock
        self.law = law
        self.keys = keys

    @cached_property
    def parts(self) -> LinkParts:
        """What the machines of the link need here: no gateway, no private key."""
        records = RecordWriter(self.clock, self.law, secrets.token_bytes)
        return LinkParts(self.clock, self.keys, self.law, self._given_offices or self._offices(), records)

    @cached_property
    def engine(self) -> Engine:
        """The engine with every kind of case."""
        registry = Registry()
        procedures.register(registry)
        changes.register(registry)
        assessments.register(registry, self.clock)
        commission.register(registry, self.clock)
        register_kinds(registry, self.parts)
        return Engine(registry, self.clock)

    @cached_property
    def inquiries(self) -> InquiryService:
        """Asking over the link."""
        return InquiryService(self.parts, self.engine)

    @cached_property
    def applications(self) -> ApplicationService:
        """Applications at the counter."""
        return ApplicationService(self.clock, self.law, self.engine)

    def application(self, tx: Transaction, case: CaseView, actor: Actor) -> Application | None:
        """The application behind a case, when it is one."""
        return self.applications.view(tx, case.id, actor) if case.kind == APPLICATION else None

    def addressee(self, tx: Transaction, typed: str) -> str:
        """The addressee number behind what was typed: itself, or the number of the resident system; else as typed."""
        register = AddresseeRegister(self.clock, self.keys)
        found = register.get(tx, typed) or register.by_business_number(tx, JUKI, typed)
        return found.number if found else typed

    def receipts(self, tx: Transaction, cases: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
        """Receipt number and affair of those cases that are applications, or belong to one."""
        rows = tx.raw.execute(
            "SELECT c.id, a.receipt_no, a.affair FROM madoguchi.case_file AS c JOIN madoguchi.application AS a"
            " ON a.tenant = c.tenant AND a.case_id IN (c.id, c.parent) WHERE c.tenant = %s AND c.id = ANY(%s)",
            (tx.tenant, list(cases)),
        ).fetchall()
        return {case_id: (number, affair) for case_id, number, affair in rows}

    def organisation(self, code: str) -> str:
        """The name of an organisation."""
        return self.parts.offices.label(code)

    def item_name(self, code: str, language: str) -> str:
        """The plain name of an item in a language."""
        found = self.law.items.get(code)
        return found.plain[language] if found else code

    def affair_name(self, code: str, language: str) -> str:
        """The name of an affair in a language."""
        found = self.law.affairs.get(code)
        return found.name[language] if found else code

    def detail_words(self, key: str, value: str, language: str) -> str:
        """A code of the journal in the words of the screen; what has none stands as it is."""
        if key in ("affair", "procedure"):
            return self.affair_name(value, language)
        if key == "items":
            return self.item_name(value, language)
        if key == "holder":
            return self.organisation(value)
        return outcome_words(value, "en" if language == "en" else "ja") if key == "code" else value

    def usual_purpose(self, tx: Transaction, application: UUID, actor: Actor) -> str:
        """The purpose the law table words for an application's affair: what most inquiries are for."""
        affair = self.law.affairs.get(self.applications.view(tx, application, actor).affair)
        return affair.purpose["ja"] if affair else ""

    def inquiry_reason(self, reason: Reason, language: str) -> str:
        """Why something cannot be asked, in words."""
        if reason.code in REASONS:
            return REASONS[reason.code][language]
        return reason_text(reason, self.engine.registry.kind(INQUIRY).newest, language)

    def _offices(self) -> Offices:
        """Names from the link's directory; from our own tenants where the link is not set up yet."""
        try:
            return load_offices(self._link, talk=False)
        except LinkNotSet:
            log.warning("link.not_set", folder=self._link.name)
        (rows,) = self._database.read(NOWHERE, ("SELECT code, name FROM madoguchi.tenant ORDER BY code", ()))
        return Offices(Organisation(f"{code}-{MAYOR}", code, name) for code, name in rows)


def desk_of(registry: Any) -> Desk:
    """The desk of this process, made when first asked for: the master key need not exist before that."""
    if "desk" not in registry:
        registry["desk"] = Desk(
            registry["database"],
            registry["clock"],
            registry["law"],
            key_ring(registry),
            registry["portal"].link_folder,
        )
    desk: Desk = registry["desk"]
    return desk


def includeme(config: Configurator) -> None:
    """Add ``request.desk``."""
    config.add_request_method(lambda request: desk_of(request.registry), "desk", property=True)
