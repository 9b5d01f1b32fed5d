"""The staff's room of publication: nothing left out, something left out with everything there is to say about it, after publication."""

from __future__ import annotations

from datetime import UTC, datetime

from privacy_assessment.forms import Place
from privacy_assessment.redaction import Redaction
from privacy_assessment.statements.redactions import redact
from storage.clock import FixedClock
from storage.database import Database, Scope
from storage.encryption import KeyRing
from tests.assessments.desk import Desk, actor, employ
from tests.web.conftest import Counter
from tests.web.people import CLERK, COORDINATOR, Person

MADE: dict[str, str] = {}
WORDS = "装置見本丁八"


def furnish(worker: Database, _clock: FixedClock, _ring: KeyRing) -> None:
    """Two statements of an office."""
    summer = FixedClock(datetime(2026, 7, 1, 1, 0, tzinfo=UTC))
    desk = Desk(summer, "publication")
    with worker.transaction(Scope(tenant="992011")) as tx:
        employ(tx, summer)
        open_one = desk.drafting(tx, "focused", title="介護保険に関する事務")
        text = f"申請を受け付ける。{WORDS}で計算する。"
        desk.write(tx, open_one, "form3", "f3.1.1.2", text)
        desk.write(
            tx, open_one, "form2", "f2.1.1.2", f"{WORDS}は03-0000-0000と見本の数1234-5678-9023を持つ。"
        )
        starts = text.index(WORDS)
        redact(
            tx, summer, open_one.id, "form3",
            Redaction(Place("f3.1.1.2"), "10-2", "攻撃の手掛かり", starts, starts + len(WORDS)), actor(CLERK).id,
        )  # fmt: skip
        redact(
            tx,
            summer,
            open_one.id,
            "form3",
            Redaction(Place("f3.1.1.3"), "10-1", "捜査に支障"),
            actor(CLERK).id,
        )
        MADE["open"] = str(open_one.id)
        MADE["public"] = str(desk.published(tx, "basic").id)


def pages(_counter: Counter) -> list[tuple[str, Person | None]]:
    """The pages of the room."""
    room, public = (f"/staff/assessments/{MADE[name]}/publication" for name in ("open", "public"))
    return [
        *((one, CLERK) for one in (
            room, f"{room}?done=redacted", f"{room}/form3/", f"{room}/form3/item?place=f3.1.1.2", f"{room}/form3/item?place=f3.1.1.3",
            f"{room}/form2/item?place=f2.1.1.2", f"{room}/form3/preview", f"{room}/form3/preview?only=different",
            f"{room}/form2/preview?only=different", f"{room}/form3/item?place=nothing",
        )),
        (public, COORDINATOR),
    ]  # fmt: skip
