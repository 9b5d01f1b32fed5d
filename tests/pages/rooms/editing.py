"""Statements being written, for the pages of the editor: one that two people write on, one that nobody may change now."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from privacy_assessment.editing import presence
from privacy_assessment.editing.saving import save
from privacy_assessment.statements.models import Statement
from privacy_assessment.statements.store import read_draft
from storage.clock import FixedClock
from storage.database import Database, Scope, Transaction
from storage.encryption import KeyRing
from tests.privacy_assessment.samples import real_size
from tests.privacy_assessment.world import Office
from tests.web.conftest import Counter
from tests.web.people import CLERK, SUPERVISOR, Person
from workflows.engine import Actor

TENANT = "992011"
COLLEAGUE = Actor("staff", str(SUPERVISOR.account_id), frozenset({"clerk", "supervisor"}), SUPERVISOR.office)
ME = Actor("staff", str(CLERK.account_id), frozenset({"clerk"}), CLERK.office)
# Filled by ``furnish``, read by ``pages``.
known: dict[str, UUID] = {}


def furnish(worker: Database, clock: FixedClock, ring: KeyRing) -> None:
    """Write the statements, with a clash, a colleague, comments and sentences."""
    office = Office(clock)
    with worker.transaction(Scope(tenant=TENANT)) as tx:
        statement = office.drafting(tx, "full")
        document = real_size()
        document.set("c.no", statement.number)
        row = document.add_row("f4.a1.flow")
        for name, text in (("from", "住民"), ("to", "市民税課"), ("what", "申告書"), ("how", "窓口")):
            document.set(f"f4.a1.flow.{name}@{row}", text)
        office.put(tx, statement, "form4", document)
        known["writing"] = statement.id
        clash(tx, office, statement)
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


def pages(counter: Counter) -> list[tuple[str, Person | None]]:
    """Every page of the editor."""
    root = f"/staff/assessments/{known['writing']}"
    form = f"{root}/forms/form4/"
    still = f"/staff/assessments/{known['still']}/forms/form4/"
    found = [
        form, f"{root}/forms/form2/", f"{form}sections/c", f"{form}sections/1", f"{form}sections/a1", f"{form}sections/2@1",
        f"{form}sections/3@2", f"{form}sections/6", f"{form}sections/1?done=v3", f"{form}sections/nothing", f"{form}conflicts",
        still, f"{still}sections/1", f"{still}conflicts",
    ]  # fmt: skip
    return [(path, CLERK) for path in found]
