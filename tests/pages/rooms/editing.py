"""Statements being written, for the pages of the editor: one that two people write on, one that nobody may change now."""

from __future__ import annotations

import base64
from datetime import timedelta
from uuid import UUID

from privacy_assessment.editing import presence
from privacy_assessment.editing.attachments import attach
from privacy_assessment.editing.discussions import propose
from privacy_assessment.editing.saving import save
from privacy_assessment.editing.sentences import Sentences
from privacy_assessment.statements.models import Statement
from privacy_assessment.statements.store import read_draft
from storage.clock import FixedClock
from storage.database import Database, Scope, Transaction
from storage.encryption import KeyRing
from tests.privacy_assessment.samples import filled
from tests.privacy_assessment.world import Office
from tests.web.conftest import Counter
from tests.web.people import CLERK, COORDINATOR, SUPERVISOR, Person
from workflows.engine import Actor

TENANT = "992011"
# One blue dot.
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
COLLEAGUE = Actor("staff", str(SUPERVISOR.account_id), frozenset({"clerk", "supervisor"}), SUPERVISOR.office)
ME = Actor("staff", str(CLERK.account_id), frozenset({"clerk"}), CLERK.office)
# Filled by ``furnish``, read by ``pages``.
known: dict[str, UUID] = {}


def furnish(worker: Database, clock: FixedClock, ring: KeyRing) -> None:
    """Write the statements, with a clash, a colleague, comments and sentences."""
    office = Office(clock)
    with worker.transaction(Scope(tenant=TENANT)) as tx:
        statement = office.drafting(tx, "full")
        document = filled("form4", files=2, rows=2)
        document.set("c.no", statement.number)
        row = document.add_row("f4.a1.flow")
        for name, text in (("from", "住民"), ("to", "市民税課"), ("what", "申告書"), ("how", "窓口")):
            document.set(f"f4.a1.flow.{name}@{row}", text)
        office.put(tx, statement, "form4", document)
        known["writing"] = statement.id
        clash(tx, office, statement)
        talk(tx, office, statement, ring)
        presence.touch(tx, statement.id, "form4", "1", COLLEAGUE.id, clock.now())
        still = office.drafting(tx, "full")
        office.step(tx, still, "consult", opens=office.today, closes=office.today + timedelta(days=29))
        known["still"] = still.id


def clash(tx: Transaction, office: Office, statement: Statement) -> None:
    """Two people save one item from the same version."""
    seen = read_draft(tx, statement.id, "form4").version
    drafts = office.drafts
    save(tx, drafts, statement.id, "form4", seen, {"f4.1.1.2": "先に保存した文。"}, COLLEAGUE)
    save(tx, drafts, statement.id, "form4", seen, {"f4.1.1.2": "後から保存した文。"}, ME)


def talk(tx: Transaction, office: Office, statement: Statement, ring: KeyRing) -> None:
    """Comments, a proposal, sentences, a warning with a reason, an attachment."""
    given = (tx, statement.id, "form4", "f4.1.1.2")
    week = office.today + timedelta(days=7)
    thread = office.notes.open_thread(*given, "to_fix", "流れが分かりません。", COLLEAGUE.id, ME.id, week)
    office.notes.reply(tx, thread, "図を足しました。", ME.id)
    propose(
        tx,
        office.notes.open_thread(*given, "proposal", "こう書きませんか。", COLLEAGUE.id),
        "申告書を受け付ける。",
    )
    office.notes.resolve(
        tx, office.notes.open_thread(*given, "question", "これは何ですか。", ME.id), COLLEAGUE.id
    )
    Sentences(office.clock).keep(tx, "f4.1.1.2", "事務の流れ", "①申告書を受け付ける。", True, ME.id)
    office.write(tx, statement, "form4", "f4.1.7.1", "資産税課")
    office.write(tx, statement, "form4", "f4.1.4.1", None)
    office.write(tx, statement, "form4", "f4.1.7.2", "課長\n主幹")
    office.notes.give_reason(tx, statement.id, "form4", "forms_differ", "f4.1.7.1", "来月移管するため", ME.id)
    figure = (tx, ring, office.notes, statement.id, "form4", "f4.a1.fig")
    attach(*figure, "流れ.png", base64.b64decode(PICTURE), ME.id)
    attach(*figure, "説明.txt", "説明".encode(), ME.id)


def pages(counter: Counter) -> list[tuple[str, Person | None]]:
    """Every page of the editor."""
    root = f"/staff/assessments/{known['writing']}"
    form = f"{root}/forms/form4/"
    still = f"/staff/assessments/{known['still']}/forms/form4/"
    found = [
        form, f"{form}sections/1?done=v3", f"{form}sections/a1", f"{form}sections/2@1", f"{form}conflicts",
        f"{form}item?place=f4.1.1.2&done=0", f"{form}item?place=f4.a1.fig", f"{form}history", f"{root}/threads?shown=all",
        f"{root}/attachments", f"{root}/checks", "/staff/assessments/threads", f"{still}sections/1", f"{still}item?place=f4.1.1.2",
    ]  # fmt: skip
    return [*((path, CLERK) for path in found), ("/staff/assessments/sentences", COORDINATOR)]
