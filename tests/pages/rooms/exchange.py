"""Files in and out: a sending with good, half-understood and refused files, its preview for a new plan and for a draft, the exports."""

from __future__ import annotations

from privacy_assessment.exchange import to_json, write_workbook
from privacy_assessment.exchange.imports import ImportService
from privacy_assessment.forms import FILE, Document, Place, load_form
from storage.clock import FixedClock
from storage.database import Database, Scope
from storage.encryption import KeyRing
from tests.assessments.desk import Desk, actor, employ
from tests.privacy_assessment.samples import EDITION, filled
from tests.web.conftest import Counter
from tests.web.people import CLERK, Person

TENANT = "992011"
FOUND: dict[str, str] = {}
TEXT = "[平成26年4月 様式2]\n評価書番号\n31000\n評価書名\n国民年金に関する事務 基礎項目評価書\n？？？"


def furnish(worker: Database, clock: FixedClock, ring: KeyRing) -> None:
    """Send files in for 甲野市."""
    office = Desk(clock)
    with worker.transaction(Scope(tenant=TENANT)) as tx:
        employ(tx, clock)
        statement = office.drafting(tx, "full", number="801")
        changed = Document("form4", EDITION, {"c.no": "801", "c.title": "予防接種に関する事務 全項目評価書"})
        file = changed.add_row(FILE)
        changed.set("f4.1.1.2", "接種の記録を管理し、\n未接種の方に案内を送る。" + "長い記載。" * 40)
        changed.set(Place("f4.2.1", (file,)), "予防接種情報ファイル")
        plan = filled("form2")
        plan.set("f2.1.8", "連絡先 123456789018")
        files = [
            ("様式4の見本.json", to_json([changed])),
            ("様式2の見本.xlsx", write_workbook(plan, load_form("form2", EDITION))),
            ("写した文章.txt", TEXT.encode("cp932")),
            ("計画管理書.xlsx", write_workbook(filled("form1"), load_form("form1", EDITION))),
            ("手紙.txt", "ただの手紙です。".encode()),
        ]
        batch = ImportService(clock, office.drafts).receive(tx, files, actor(CLERK).id)
        FOUND.update(batch=str(batch), statement=str(statement.id))


def pages(_counter: Counter) -> list[tuple[str, Person | None]]:
    """Every page of the room."""
    batch, statement = f"/staff/assessments/import/{FOUND['batch']}", FOUND["statement"]
    return [
        ("/staff/assessments/import", CLERK), (batch, CLERK), (f"{batch}/1", CLERK), (f"{batch}/1?into={statement}", CLERK),
        (f"{batch}/2", CLERK), (f"{batch}/3", CLERK), (f"{batch}/99", CLERK), (f"/staff/assessments/{statement}/export", CLERK),
    ]  # fmt: skip
