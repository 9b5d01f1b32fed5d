"""The register of statements: a statement in each of the states that look different, and every page about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from privacy_assessment.comparison import Decided
from privacy_assessment.statements.changes import decide
from privacy_assessment.statements.counted import keep_count
from privacy_assessment.statements.internal import add_step
from storage.clock import FixedClock
from storage.database import Database, Scope
from storage.encryption import KeyRing
from tests.assessments.desk import Desk, actor, employ
from tests.web.conftest import Counter
from tests.web.people import CLERK, COORDINATOR, SUPERVISOR, Person

TENANT = "992011"
MADE: dict[str, str] = {}
RESERVE = "schedule_publication"


def furnish(worker: Database, clock: FixedClock, ring: KeyRing) -> None:
    """Statements of an office, most of them made last summer."""
    summer = FixedClock(datetime(2026, 6, 1, 1, 0, tzinfo=UTC))
    desk = Desk(summer, "register")
    with worker.transaction(Scope(tenant=TENANT)) as tx:
        employ(tx, summer)
        MADE["planned"] = str(desk.plan(tx, "full", planned_on=datetime(2027, 1, 20, tzinfo=UTC).date()).id)
        MADE["drafting"] = str(desk.drafting(tx, "focused", title="介護保険に関する事務").id)
        public = desk.published(tx, "full")
        MADE["public"] = str(public.id)
        keep_count(tx, summer, public.id, 250_000, summer.today(), actor(CLERK).id)
        amending = desk.published(tx, "basic")
        desk.step(tx, amending, "amend", why="not-material")
        desk.write(
            tx, amending, "form2", "f2.1.1.2", "児童手当の申請を受け付け、受給資格と所得を確かめて支給する。"
        )
        desk.write(tx, amending, "form2", "f2.1.2", "児童手当受給者台帳ファイル")
        decided = Decided("amendment", "", "after", "名称を改めたため。")
        decide(tx, summer, amending.id, "form2", "f2.1.2", decided, actor(CLERK).id)
        MADE["amending"] = str(amending.id)
        again = desk.published(tx, "full", "local")
        desk.step(
            tx, again, "reassess", why="material-change", changes_on=summer.today() + timedelta(days=300)
        )
        desk.write(tx, again, "form4", "f4.1.1.2", "委託先を加え、クラウドに移す。")
        MADE["again"] = str(again.id)
        ended = desk.published(tx, "basic")
        desk.step(tx, ended, "end", stopped_on=summer.today())
        MADE["ended"] = str(ended.id)
        consulting = desk.drafting(tx, "full")
        today = clock.today()
        summer.set(clock.now())
        desk.step(tx, consulting, "consult", opens=today, closes=today + timedelta(days=29))
        MADE["consulting"] = str(consulting.id)
        submitted = desk.drafting(tx, "basic", title="国民健康保険に関する事務")
        desk.step(tx, submitted, "submit")
        MADE["submitted"] = str(submitted.id)
        # Before a step that no other room takes: the office's own steps hold for all its statements.
        add_step(tx, RESERVE, "課長の確認", "supervisor", False, "甲野市事務取扱要綱（見本）5条")
        add_step(tx, RESERVE, "情報政策課の審査", "coordinator", True, "甲野市事務取扱要綱（見本）6条")


def pages(counter: Counter) -> list[tuple[str, Person | None]]:
    """Every page of the register."""
    root = "/staff/assessments"
    answers = (
        "persons=45000&persons_on=2026-11-01&handlers=520&handlers_on=2026-11-01&accident=yes&a0_loss=leak&a0_persons=120"
        "&a0_staff=0&a0_known_on=2026-10-01&a0_happened_on=&a0_specific=yes"
    )
    found = [
        f"{root}/", f"{root}/?stage=public&kind=full", f"{root}/?words=zzz", f"{root}/plan?body=register", f"{root}/calendar",
        f"{root}/calendar?year=2030", *(f"{root}/{one}" for one in MADE.values()),
        f"{root}/{MADE['public']}/threshold", f"{root}/{MADE['planned']}/threshold?q=persons",
        f"{root}/{MADE['planned']}/threshold?persons=x&persons_on=2030-01-01",
        f"{root}/{MADE['planned']}/threshold?persons=45000&persons_on=2026-11-01&q=handlers",
        f"{root}/{MADE['planned']}/threshold?persons=1&persons_on=2026-11-01&handlers=3&handlers_on=2026-11-01",
        f"{root}/{MADE['planned']}/threshold?{answers}&q=a0", f"{root}/{MADE['planned']}/threshold?{answers}",
        f"{root}/{MADE['amending']}/changes/form2?show=all", f"{root}/{MADE['again']}/changes/form4",
        f"{root}/{MADE['planned']}/changes/form2", f"{root}/{MADE['public']}/act/review",
        f"{root}/{MADE['public']}/act/amend", f"{root}/{MADE['public']}/act/reassess",
        f"{root}/{MADE['drafting']}/act/submit", f"{root}/{MADE['public']}/calendar",
    ]  # fmt: skip
    boss = [
        f"{root}/{MADE['submitted']}", f"{root}/{MADE['submitted']}/act/schedule_publication",
        f"{root}/{MADE['drafting']}", f"{root}/{MADE['drafting']}/act/submit", f"{root}/{MADE['submitted']}/act/confirm",
        f"{root}/{MADE['drafting']}/act/send_back", f"{root}/{MADE['public']}/act/end", f"{root}/{MADE['again']}/act/consult",
        f"{root}/{MADE['drafting']}/act/invoke_emergency",
    ]  # fmt: skip
    return [
        *((path, CLERK) for path in found),
        *((path, SUPERVISOR) for path in boss),
        *((f"{root}/{one}", COORDINATOR) for one in ("", "new", "settings", "settings?body=register")),
    ]
