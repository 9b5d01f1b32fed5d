"""Published statements in every state: amended with something left out, ended, under consultation, withdrawn, its period over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from privacy_assessment import publication
from privacy_assessment.forms import Place
from privacy_assessment.redaction import Redaction
from privacy_assessment.statements.models import Statement
from privacy_assessment.statements.redactions import redact
from privacy_assessment.statements.store import read_draft, read_statement
from storage.clock import FixedClock
from storage.database import Database, Scope
from storage.encryption import KeyRing
from tests.privacy_assessment.samples import filled
from tests.privacy_assessment.world import CENTRE, Office
from tests.web.conftest import Counter
from tests.web.people import Person

MADE: dict[str, Statement] = {}
LEFT_OUT = "装置の型番は見本九号"


def path(name: str) -> str:
    """The public address of one of the statements."""
    one = MADE[name]
    return f"/statements/992011/{quote(one.body)}/{quote(one.number)}"


def choice(name: str) -> str:
    """How the comparison names one of them."""
    return quote(path(name).removeprefix("/statements/"))


def furnish(worker: Database, clock: FixedClock, _ring: KeyRing) -> None:
    """Carry statements through their whole way, on a clock that begins in the summer."""
    office = Office(FixedClock(datetime(2026, 6, 1, 1, 0, tzinfo=UTC)))
    with worker.transaction(Scope(tenant="992011")) as tx:
        full = office.drafting(tx, "full")
        document = filled("form4", files=2)
        for key, value in (
            ("f4.1.1.3", "5"),
            ("f4.1.1.1", "個人住民税に関する事務"),
            ("f4.1.7.1", "市民税課"),
            ("c.no", full.number),
            ("c.body", "甲野市長"),
        ):
            document.set(key, value)
        text = f"申告書を受け付け、税額を計算して知らせる。{LEFT_OUT}である。窓口は葛󠄀城 𠮷子の班が受け持つ。"
        document.set("f4.1.1.2", text)
        document.set(Place("f4.3.3.1e", (document.rows_of("file")[0],)), "3")
        office.put(tx, full, "form4", document)
        starts = text.index(LEFT_OUT)
        wanted = Redaction(Place("f4.1.1.2"), "10-2", "攻撃の手掛かりになる", starts, starts + len(LEFT_OUT))
        redact(tx, office.clock, full.id, "form4", wanted, CENTRE.id)
        office.procedure(tx, full)
        MADE["full"] = read_statement(tx, full.id)
        changed = office.published(tx, "focused")
        office.clock.advance(days=20)
        office.step(tx, changed, "amend", why="other")
        document = read_draft(tx, changed.id, "form3").document
        document.set("f3.1.1.2", "申告書を受け取り、税額を計算する。電話でも相談を受ける。")
        office.put(tx, changed, "form3", document)
        office.step(tx, changed, "submit_amended")
        office.step(tx, changed, "publish_amended")
        MADE["changed"] = read_statement(tx, changed.id)
        ended = office.published(tx, "basic")
        office.step(tx, ended, "end", stopped_on=office.today)
        MADE["ended"] = read_statement(tx, ended.id)
        for name in ("withdrawn", "left"):
            MADE[name] = office.published(tx, "basic")
        one = MADE["withdrawn"]
        publication.withdraw(
            tx,
            one,
            "published",
            1,
            office.today,
            "別の事務の評価書を公表していました。",
            office.clock.now(),
        )
        publication.ended(tx, MADE["left"], office.today, office.clock.now())
        publication.left(tx, MADE["left"], office.today, office.clock.now())
        office.clock.advance(days=(clock.today() - office.today).days - 5)
        consulting = office.drafting(tx, "full")
        office.step(tx, consulting, "consult", opens=office.today, closes=office.today + timedelta(days=40))
        MADE["consulting"] = read_statement(tx, consulting.id)


def pages(_counter: Counter) -> list[tuple[str, Person | None]]:
    """The public pages."""
    full, changed, ended, consulting = (path(name) for name in ("full", "changed", "ended", "consulting"))
    return [
        (one, None)
        for one in (
            "/statements/", f"/statements/?q={quote('個人住民税')}", f"/statements/?q={quote('龘龘龘')}", "/statements/?kind=x&from=99&state=published",
            full, f"{full}?form=form2", f"{changed}/v1", f"{changed}/v2/changes", f"{changed}/v2/changes?form=form2", ended, consulting,
            f"{consulting}/c1",
            f"{full}/v1/files",
            "/statements/compare",
            f"/statements/compare?with={choice('full')}&with={choice('changed')}&with=x",
            f"/statements/compare?with={choice('ended')}&with={choice('changed')}&only=different", "/statements/992011/nobody/1",
        )
    ]  # fmt: skip
