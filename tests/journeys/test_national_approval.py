"""A 全項目 of a national body from its threshold to its publication, through the commission's approval, by clicking.

The people sit at their own desks: the agency's office, somebody from the public, the commission's reviewer and its member. Between
their clicks the clock goes on and the jobs are run as the worker would run them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from portal.commission.printing import Press
from privacy_assessment.commission.delivery import Delivery
from privacy_assessment.commission.machine import register as register_commission
from privacy_assessment.commission.messages import TASK as DELIVER
from privacy_assessment.commission.models import COMMISSION
from privacy_assessment.commission.papers import TASK as PRINT
from privacy_assessment.machines import register
from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import KeyRing
from tests.browser import PATIENCE, Served, turn
from tests.conftest import Databases
from tests.journeys.workbooks import workbook
from tests.web.conftest import open_portal
from tests.web.people import MEMBER, REVIEWER, Person, enter_staff
from workflows.engine import Engine, Registry

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

AGENCY, NUMBER, TITLE = "999016", "1", "架空給付金の支給に関する事務"
OFFICE = "給付課"
CLERK = Person("staff", "見本 給子", UUID(int=51), AGENCY, frozenset({"caseworker"}), OFFICE)
BOSS = Person("staff", "見本 決", UUID(int=52), AGENCY, frozenset({"approver"}), OFFICE)
CENTRE = Person("staff", "見本 集", UUID(int=53), AGENCY, frozenset({"assessment_coordinator"}), "総務課")
PURPOSES = ("data", "index:linkage.staff", "index:opinion.edit_key", "index:opinion.network")
FLOW = "申請書を受け付け、所得の情報と突き合わせて支給の要否を決め、申請者に通知する。"


class World:
    """Everybody, the clock, and the worker's hands."""

    def __init__(self, databases: Databases, ring: KeyRing, folder: Path, page: Page) -> None:
        self.clock = FixedClock(datetime(2026, 4, 1, 1, 0, tzinfo=UTC))
        self.worker = databases.worker
        _people(databases, ring, self.clock)
        self.served = Served(open_portal(databases, self.clock, folder, ring))
        registry = Registry()
        register(registry, self.clock)
        register_commission(registry, self.clock)
        self.engine = Engine(registry, self.clock)
        self.page = page

    def at(self, person: Person | None, path: str) -> Page:
        """Somebody sits down and opens an address."""
        self.served.person = person
        self.page.goto(self.served.origin + path)
        return self.page

    def press(self, name: str, exact: bool = True) -> None:
        """Press a button; the page that comes is there afterwards."""
        turn(self.page.get_by_role("button", name=name, exact=exact).first)

    def step(self, person: Person, statement: str, trigger: str, label: str, **days: str) -> None:
        """Take a step of the body's case on its page, looking at what it says first."""
        page = self.at(person, f"{statement}/act/{trigger}")
        for name, value in days.items():
            page.locator(f"#{name}").fill(value)
        sure = page.locator("input[name=sure]")
        if sure.count():
            sure.check()
        self.press(label)
        expect(page).to_have_url(re.compile(f"done={trigger}"))

    def jobs(self) -> list[str]:
        """Run what waits on the job list for the commission and the printer, in order, as the worker does."""
        done = []
        delivery, press = (
            Delivery(self.worker, self.engine, self.clock),
            Press(self.worker, self.clock),
        )
        while True:
            with self.worker.transaction() as tx:
                row = tx.raw.execute(
                    "UPDATE jobs.procrastinate_jobs SET status = 'succeeded' WHERE id = (SELECT min(id)"
                    " FROM jobs.procrastinate_jobs WHERE task_name = ANY(%s) AND status = 'todo')"
                    " RETURNING task_name, args",
                    ([DELIVER, PRINT],),
                ).fetchone()
            if row is None:
                return done
            task, args = row
            if task == DELIVER:
                assert delivery.deliver(args["tenant"], UUID(args["message"])) == "delivered"
            else:
                press.make(args["tenant"], UUID(args["paper"]))
            done.append(task)

    def days_pass(self, days: int) -> None:
        """Time goes on and the clock does what falls due."""
        self.clock.advance(days=days)
        for tenant in (AGENCY, COMMISSION):
            with self.worker.transaction(Scope(tenant=tenant)) as tx:
                self.engine.fire_due_deadlines(tx)


def _people(databases: Databases, ring: KeyRing, clock: FixedClock) -> None:
    with psycopg.connect(databases.admin_url) as connection:
        connection.execute(
            "INSERT INTO madoguchi.tenant (code, name, name_en, name_kana)"
            " VALUES (%s, '架空庁', 'Kakuu Agency', 'かくうちょう')",
            (AGENCY,),
        )
    for tenant, people in ((AGENCY, (CLERK, BOSS, CENTRE)), (COMMISSION, (REVIEWER, MEMBER))):
        with databases.worker.transaction(Scope(tenant=tenant)) as tx:
            for purpose in PURPOSES:
                ring.ensure(tx, tenant, purpose)
            enter_staff(tx, clock.now(), *people)


def _files(folder: Path) -> list[Path]:
    """The agency's Excel files of 様式2 and 様式4, filled in before the system came."""
    found = []
    for form, values in (
        ("form2", {"f2.2.1": "5", "f2.1.1.1": TITLE, "f2.1.5.1": OFFICE}),
        ("form4", {"f4.1.1.3": "5", "f4.1.1.1": TITLE, "f4.1.7.1": OFFICE}),
    ):
        path = folder / f"{form}.xlsx"
        both = {"c.no": NUMBER, "c.title": TITLE, "c.body": "架空庁長官"}
        path.write_bytes(workbook(form, both | values))
        found.append(path)
    return found


@pytest.fixture(scope="module")
def world(
    databases: Databases, key_ring: KeyRing, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """The agency on 1 April 2026, with nothing planned yet."""
    page = chromium.new_context(locale="ja-JP", viewport={"width": 1200, "height": 900}).new_page()
    page.set_default_timeout(PATIENCE)
    found = World(databases, key_ring, tmp_path_factory.mktemp("agency"), page)
    yield found
    found.served.close()


def test_from_the_threshold_to_the_publication_with_the_commission_s_approval(
    world: World, tmp_path: Path
) -> None:
    statement = plan_and_judge(world)
    write(world, statement, tmp_path)
    consult(world, statement)
    ask_for_approval(world, statement)
    review = review_and_ask(world)
    answer(world, statement)
    decide(world, review)
    publish(world, statement)


def plan_and_judge(world: World) -> str:
    """The body is entered, the statement planned, the threshold judged. Returns the statement's address."""
    page = world.at(CENTRE, "/staff/assessments/settings")
    page.get_by_label("名称").fill("架空庁長官")
    page.get_by_label("符号").fill("agency")
    page.locator("input[name=standing][value=national]").check()
    page.get_by_label("担当部署").fill("総務課")
    page.get_by_label("連絡先").fill("内線100")
    turn(page.locator("form#body").get_by_role("button", name="保存する"))
    page = world.at(CENTRE, "/staff/assessments/new")
    page.locator("#title").fill(TITLE)
    page.locator("input[name=affairs]").first.check()
    page.locator("input[name=kind][value=full]").check()
    page.locator("#hold_start").fill("2027-04-01")
    page.locator("#office").select_option(OFFICE)
    world.press("計画に入れる")
    expect(page).to_have_url(re.compile("done=planned"))
    statement = page.url.removeprefix(world.served.origin).partition("?")[0]
    page = world.at(CLERK, f"{statement}/threshold")
    world.press("判断を始める")
    page.get_by_label("対象人数").fill("400000")
    world.press("次へ")
    page.get_by_label("取扱者数").fill("120")
    world.press("次へ")
    page.locator("input[name=accident][value=no]").check()
    world.press("次へ")
    expect(page.get_by_role("heading", name=re.compile("^結果：全項目"))).to_be_visible()
    page.locator("input[name=chosen][value=full]").check()
    world.press("この判断を記録する")
    world.step(CLERK, statement, "begin", "評価書の作成を始める")
    return statement


def write(world: World, statement: str, folder: Path) -> None:
    """The two Excel files are taken in, one item is written by hand."""
    page = world.at(CLERK, "/staff/assessments/import")
    page.locator("#files").set_input_files(_files(folder))
    world.press("読み取る")
    world.press("項目を確かめて取り込む")
    into = page.locator("select[name=into]")
    if statement.rpartition("/")[2] not in (into.input_value() or ""):
        into.select_option(statement.rpartition("/")[2])
        world.press("この先と比べる")
    turn(page.get_by_role("button", name="取り込む", exact=True))
    page = world.at(CLERK, f"{statement}/forms/form4/sections/1")
    page.locator("textarea[name='v:f4.1.1.2']").fill(FLOW)
    turn(page.locator(".md-savebar__buttons").get_by_role("button", name="保存する", exact=True))
    page = world.at(CLERK, f"{statement}/forms/form4/sections/1")
    expect(page.locator("textarea[name='v:f4.1.1.2']")).to_have_value(FLOW)


def consult(world: World, statement: str) -> None:
    """Laid open for thirty days; somebody writes; the office answers and lays its answers open."""
    refused = world.at(CENTRE, f"{statement}/act/ask_approval")
    expect(refused.get_by_role("main")).to_contain_text("今はできません")
    world.step(CENTRE, statement, "consult", "公示して意見を聴く", opens="2026-04-01", closes="2026-04-30")
    page = world.at(None, "/consultations/")
    turn(page.get_by_role("link", name=re.compile(TITLE)).first)
    place = page.url.removeprefix(world.served.origin)
    page = world.at(None, f"{place}/write")
    page.locator("#body").fill("申請者に知らせる方法を、もう少し具体的に書いてほしい。")
    turn(page.get_by_role("main").get_by_role("button").first)
    world.press("この内容で出す")
    receipt = page.locator(".md-receipt__number").first.inner_text()
    world.days_pass(30)
    page = world.at(CLERK, f"{statement}/opinions/results/new?receipt={receipt}")
    if not page.locator("input[name=keep]").count():
        page = world.at(CLERK, f"{statement}/opinions/results/new")
        page.locator("#add").fill(receipt)
    page.locator("#summary").fill("通知の方法を具体的に書いてほしい。")
    page.locator("#answer").fill("書面と電子の両方で知らせることを書き加えます。")
    page.locator("#changed-1").check()
    page.locator("#change_note").fill("Ⅰ-1②に通知の方法を加えた。")
    turn(page.get_by_role("main").get_by_role("button", name=re.compile("保存")).first)
    page = world.at(CLERK, f"{statement}/forms/form4/sections/1")
    page.locator("textarea[name='v:f4.1.1.2']").fill(FLOW + "通知は書面と電子の両方で行う。")
    turn(page.locator(".md-savebar__buttons").get_by_role("button", name="保存する", exact=True))


def ask_for_approval(world: World, statement: str) -> None:
    """The approval is asked for; publishing before it is refused with the article."""
    world.step(BOSS, statement, "ask_approval", "委員会に承認を求める")
    assert world.jobs() == [DELIVER, DELIVER]
    page = world.at(BOSS, f"{statement}/commission")
    expect(page.get_by_role("main")).to_contain_text("2026-0001")
    page = world.at(BOSS, f"{statement}/act/publish")
    expect(page.get_by_role("main")).to_contain_text("今はできません")


def review_and_ask(world: World) -> str:
    """The reviewer takes the submission up, judges every standpoint, asks one question. Returns the review's address."""
    page = world.at(REVIEWER, "/commission/")
    turn(page.get_by_role("link", name=re.compile(TITLE)))
    review = page.url.removeprefix(world.served.origin)
    world.press("審査を始める")
    turn(page.get_by_role("link", name="評価書と確認表"))
    for standpoint in page.locator("details.md-standpoint").evaluate_all("all => all.map(one => one.id)"):
        one = page.locator(f"#{standpoint}")
        if not one.get_attribute("open") and not one.get_by_label("可", exact=True).is_visible():
            one.locator("summary").click()
        one.get_by_label("可", exact=True).check()
        turn(one.get_by_role("button", name=re.compile("^保存する")))
        expect(page.get_by_role("main")).to_contain_text("観点の結果を保存しました。")
    turn(page.locator("#I-1-2").get_by_role("link", name=re.compile("この項目を質問する")))
    page.locator("#text").fill("電子の通知を開かない人には、どのように知らせますか。")
    turn(page.get_by_role("button", name="質問を書いておく"))
    page.locator("#due_on").fill("2026-05-20")
    world.press("質問を送る")
    expect(page.get_by_role("main")).to_contain_text("質問を送りました。")
    world.jobs()
    return review


def answer(world: World, statement: str) -> None:
    """The agency answers on its own page."""
    page = world.at(CLERK, statement)
    turn(page.get_by_role("link", name="委員会とのやりとり"))
    expect(page.locator("#q1")).to_contain_text("どのように知らせますか")
    page.locator("#text-1").fill("開封のない人には、2週間の後に書面を送ります。")
    turn(page.locator("#q1").get_by_role("button", name=re.compile("回答を送る")))
    expect(page.get_by_role("main")).to_contain_text("回答を送りました。")
    assert world.jobs() == [DELIVER]


def decide(world: World, review: str) -> None:
    """The reviewer closes the question and drafts; she may not sign; the member signs; the letter is printed."""
    page = world.at(REVIEWER, f"{review}/questions")
    expect(page.locator("#q1")).to_contain_text("2週間の後に書面を送ります")
    turn(page.locator("#q1").get_by_role("button", name=re.compile("この質問を閉じる")))
    page = world.at(REVIEWER, review)
    world.press("決定の起案を始める")
    turn(page.get_by_role("link", name="決定", exact=True))
    page.get_by_label("承認", exact=True).check()
    page.locator("#reasons").fill("指針に適合していると認められる。")
    turn(page.get_by_role("button", name="案を保存する"))
    turn(page.get_by_role("main").get_by_role("button", name="署名を求める"))
    page = world.at(REVIEWER, f"{review}/signature")
    expect(page.get_by_role("button", name="署名する")).to_have_count(0)
    page = world.at(MEMBER, f"{review}/signature")
    expect(page.locator(".md-letter")).to_contain_text("これを承認します")
    world.press("署名する")
    expect(page.get_by_role("main")).to_contain_text("署名しました。")
    assert sorted(world.jobs()) == sorted([DELIVER, PRINT, DELIVER, DELIVER])
    page = world.at(MEMBER, review)
    turn(page.get_by_role("link", name="通知書", exact=True))
    with page.expect_download() as coming:
        page.get_by_role("button", name="PDFを受け取る").click()
    assert coming.value.path().read_bytes().startswith(b"%PDF-")


def publish(world: World, statement: str) -> None:
    """With the approval on its cover the statement is laid open for everybody."""
    page = world.at(BOSS, f"{statement}/commission")
    expect(page.get_by_role("main")).to_contain_text("承認")
    with page.expect_download() as coming:
        page.get_by_role("link", name="通知書をPDFで受け取る").click()
    assert coming.value.path().read_bytes().startswith(b"%PDF-")
    world.step(BOSS, statement, "publish", "公表する")
    page = world.at(None, f"/statements/{AGENCY}/agency/{NUMBER}")
    expect(page.get_by_role("main")).to_contain_text(TITLE)
    expect(page.get_by_role("main")).to_contain_text("通知は書面と電子の両方で行う。")
    expect(page.get_by_role("main")).to_contain_text("令和8年5月1日")
    steps = history(world, statement)
    assert [one for one in steps if one[0] in ("ask_approval", "recommend", "approve", "publish")] == [
        ("ask_approval", str(BOSS.account_id)),
        ("recommend", str(REVIEWER.account_id)),
        ("approve", str(MEMBER.account_id)),
        ("publish", str(BOSS.account_id)),
    ]


def history(world: World, statement: str) -> list[tuple[Any, ...]]:
    """Steps and who took them."""
    with world.worker.transaction(Scope(tenant=AGENCY)) as tx:
        return tx.raw.execute(
            "SELECT s.trigger, s.actor_id FROM madoguchi.step AS s JOIN madoguchi.assessment AS a"
            " ON a.tenant = s.tenant AND a.case_id = s.case_id WHERE a.id = %s ORDER BY s.seq",
            (statement.rpartition("/")[2],),
        ).fetchall()
