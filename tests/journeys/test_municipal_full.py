"""One 全項目評価 of a municipality from the plan to the publication, clicked as its people would (表T3).

The coordinating office, a clerk, a supervisor, two residents without an account and an outside reviewer, each in a browser of their own;
the consultation runs its thirty days on the clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.staff.assessments.review_room.jobs import invite
from storage.encryption import KeyRing
from tests.assessments.consulted import make_keys
from tests.assessments.desk import employ
from tests.browser import turn
from tests.conftest import Databases
from tests.journeys.house import PHONE, House, follow, press, says
from tests.journeys.workbooks import workbook
from tests.privacy_assessment.world import Office
from tests.web.people import CLERK, COORDINATOR, SUPERVISOR, Person
from workflows.law import statements as register

pytestmark = pytest.mark.browser
TENANT = "992011"
TITLE = "児童手当の支給に関する事務"
AFFAIR = "child-allowance"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OPINION = "委託先でマイナンバーを扱う人が、どのように確かめられているのかを、もっと具体的に書いてください。"
FINDING = "委託先の従業者の確認の頻度が書かれていない。頻度を明記されたい。"


@pytest.fixture
def house(
    databases: Databases, key_ring: KeyRing, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    begins = datetime(2026, 11, 22, 1, tzinfo=UTC)
    found = House(databases, key_ring, chromium, tmp_path_factory.mktemp("house"), begins)
    found.work(
        TENANT,
        lambda tx: (employ(tx, found.clock, CLERK, SUPERVISOR, COORDINATOR), make_keys(tx, found.keys)),
    )
    yield found
    found.close()


@pytest.mark.timeout(900)
def test_a_full_assessment_from_the_plan_to_the_publication(house: House) -> None:
    home = plan(house)
    judge(house, home)
    write(house, home)
    lay_open(house, home)
    place = comment(house)
    wait_for_the_end(house, home)
    answer(house, home)
    review(house, home)
    hand_in(house, home)
    publish(house, home)
    read(house, place)
    assert house.complaints == []


def plan(house: House) -> str:
    """The coordinating office registers the body, its own step before the submission, and the plan."""
    page = house.open(COORDINATOR, "/staff/")
    press(page, "評価書")
    follow(page, "評価の設定")
    page.get_by_label("名称").fill("甲野市長")
    page.get_by_label("担当部署").fill("総務部情報政策課")
    page.get_by_label("連絡先").fill("電話000-000-0000（見本）")
    press(page, "保存する")
    expect(page.get_by_text("保存しました。")).to_be_visible()
    page.get_by_label("確認の名前").fill("課長の確認")
    page.get_by_label("どの操作の前か").select_option(label="委員会に提出する")
    page.get_by_label("根拠").fill("甲野市事務取扱要綱（見本）5条")
    press(page, "加える")
    expect(page.get_by_role("rowheader", name="課長の確認")).to_be_visible()
    follow(page, "評価書の一覧")
    press(page, "新しく計画する")
    page.get_by_label("評価書名").fill(TITLE)
    page.get_by_role("checkbox", name=TITLE).check()
    page.get_by_role("radio", name="全項目評価（と基礎項目評価）").check()
    page.get_by_label("ファイルを持ち始める予定の日").fill("R9.7.1")
    press(page, "計画に入れる")
    expect(page.get_by_role("heading", level=1)).to_contain_text(TITLE)
    return page.url.removeprefix(house.origin).partition("?")[0]


def judge(house: House, home: str) -> None:
    """The clerk finds the statement in the list of work and answers three questions."""
    page = house.open(CLERK, "/staff/")
    follow(page, f"1 {TITLE}")
    press(page, "しきい値判断を記録する")
    press(page, "判断を始める")
    page.get_by_label("対象人数").fill("４０００００")
    press(page, "次へ")
    page.get_by_label("取扱者数").fill("120")
    press(page, "次へ")
    page.get_by_role("radio", name="ない").check()
    press(page, "次へ")
    expect(page.get_by_role("heading", name="結果：全項目評価（と基礎項目評価）")).to_be_visible()
    expect(page.get_by_role("cell", name=re.compile("ここに当たります"))).to_have_count(1)
    press(page, "この判断を記録する")
    press(page, "評価書の作成を始める")
    press(page, "評価書の作成を始める")
    expect(page.locator(".as-way__here")).to_contain_text("作成中")


def write(house: House, home: str) -> None:
    """The clerk takes the office's Excel files in, then writes two parts by hand and looks whether anything is missing."""
    page = house.open(CLERK, "/staff/assessments/")
    follow(page, "評価書をファイルから取り込む")
    both = {"c.no": "1", "c.body": "甲野市長", "c.title": f"{TITLE} 評価書"}
    files = [
        {"name": f"{form}.xlsx", "mimeType": XLSX, "buffer": workbook(form, both | values, rows=2)}
        for form, values in (
            ("form2", {"f2.2.1": "5", "f2.1.1.1": TITLE, "f2.1.5.1": "子育て支援課"}),
            ("form4", {"f4.1.1.3": "5", "f4.1.1.1": TITLE, "f4.1.7.1": "子育て支援課"}),
        )
    ]
    page.locator("#files").set_input_files(files)
    press(page, "読み取る")
    press(page, "項目を確かめて取り込む")
    page.get_by_label("取り込む先").select_option(index=choice(page, TITLE))
    press(page, "この先と比べる")
    press(page, "取り込む")
    page.goto(house.origin + home)
    press(page, "書く：様式4 全項目評価書")
    follow(page, "Ⅰ")
    box = page.get_by_label("事務の内容").first
    box.fill("甲野市は、児童手当の申請を受け付け、所得などを確かめて支給する。委託先は入力だけを行う。")
    press(page, "保存する")
    expect(page.get_by_text("保存しました").first).to_be_attached()
    page.goto(house.origin + home)
    press(page, "書く：様式2 基礎項目評価書")
    follow(page, "Ⅰ")
    page.get_by_label("事務の概要").fill("児童手当の申請の受付、審査、支給を行う。")
    press(page, "保存する")
    expect(page.get_by_text("保存しました").first).to_be_attached()
    page.goto(house.origin + home)
    follow(page, "点検", exact=True)
    expect(page.get_by_text("先へ進むのを止めるものはありません。")).to_be_visible()


def choice(page: Page, words: str) -> int:
    """Which choice of the target says these words."""
    texts = page.get_by_label("取り込む先").locator("option").all_inner_texts()
    return next(number for number, text in enumerate(texts) if words in text)


def lay_open(house: House, home: str) -> None:
    """The supervisor tries 29 days first, is told why not, and opens the consultation for thirty."""
    page = house.open(SUPERVISOR, home)
    press(page, "公示して意見を聴く")
    last = house.clock.today() + timedelta(days=28)
    page.get_by_label("意見を聴く期間の末日").fill(last.isoformat())
    page.get_by_label("内容を確かめました").check()
    press(page, "公示して意見を聴く")
    expect(page.get_by_role("alert")).to_contain_text("29日")
    expect(page.get_by_role("alert")).to_contain_text("指針第5の3")
    page.get_by_label("意見を聴く期間の末日").fill((last + timedelta(days=1)).isoformat())
    page.get_by_label("内容を確かめました").check()
    press(page, "公示して意見を聴く")
    expect(page.locator(".as-way__here")).to_contain_text("意見聴取中")
    clerk = house.open(CLERK, home)
    assert not clerk.get_by_role("link", name=re.compile("^書く：")).count()


def comment(house: House) -> str:
    """A resident writes about one item on her phone, another about the whole and takes it back. Neither has an account."""
    page = house.open(None, "/", PHONE)
    turn(page.get_by_role("navigation", name="おもなメニュー").get_by_role("link", name="意見の募集"))
    follow(page, TITLE)
    place = page.url
    turn(page.get_by_role("link", name=re.compile("この項目に意見を書く")).nth(2))
    page.get_by_role("textbox", name="意見").first.fill(OPINION)
    press(page, "内容を確かめる")
    assert says(page, OPINION)
    press(page, "この内容で出す")
    expect(page.get_by_role("heading", name="意見を受け付けました")).to_be_visible()
    other = house.open(None, place.removeprefix(house.origin), PHONE)
    press(other, "全体について意見を書く")
    other.get_by_role("textbox", name="意見").first.fill("まちがえて書きました。")
    press(other, "内容を確かめる")
    press(other, "この内容で出す")
    number, key = other.locator(".md-receipt__number").all_inner_texts()
    other.goto(place + "/mine")
    other.get_by_label("受付番号").fill(number)
    other.get_by_label("変更用の鍵").fill(key)
    press(other, "意見を見る")
    press(other, "取り下げの確認へ")
    press(other, "取り下げる")
    assert says(other, "取り下げました")
    return place


def wait_for_the_end(house: House, home: str) -> None:
    """Nobody can close the consultation early; the clock does it after the last day."""
    page = house.open(SUPERVISOR, home)
    assert not page.get_by_role("link", name="第三者点検を求める", exact=True).count()
    engine = Office(house.clock).engine
    house.clock.advance(days=29)
    house.work(TENANT, engine.fire_due_deadlines)
    page.reload()
    expect(page.locator(".as-way__here")).to_contain_text("意見聴取中")
    house.clock.advance(days=1)
    house.work(TENANT, engine.fire_due_deadlines)
    page.reload()
    expect(page.locator(".as-way__here")).to_contain_text("意見を考慮した見直し")


def answer(house: House, home: str) -> None:
    """Without an answer the third party cannot be asked; the clerk answers, changes the text and lays the results open."""
    boss = house.open(SUPERVISOR, home + "/act/send_to_third_party")
    assert says(boss, "考え方が書かれていない意見が1件あります")
    page = house.open(CLERK, home)
    follow(page, "意見", exact=True)
    turn(page.get_by_role("table").get_by_role("link", name=re.compile("^書く")).first)
    page.get_by_label("意見の概要").fill("委託先の従業者の確認について、具体的に書いてほしい。")
    page.get_by_label("考え方").fill("御意見を踏まえ、確認の方法を追記しました。")
    page.get_by_role("radio", name="有", exact=True).check()
    page.get_by_label("修正の内容").fill("Ⅰ-1②に、委託先の従業者の確認の方法を追記した。")
    press(page, "行を保存する")
    press(page, "結果を公表する")
    expect(page.get_by_text("結果を公表しました。")).to_be_visible()
    page.goto(house.origin + home)
    press(page, "書く：様式4 全項目評価書")
    follow(page, "Ⅰ")
    box = page.get_by_label("事務の内容").first
    box.fill(box.input_value() + "委託先の従業者は、着任のときと毎年、所属と誓約を確かめる。")
    press(page, "保存する")
    expect(page.get_by_text("保存しました").first).to_be_attached()


def review(house: House, home: str) -> None:
    """A professor reads the whole text in the room, finds something, is answered, and concludes."""
    boss = house.open(SUPERVISOR, home)
    press(boss, "第三者点検を求める")
    press(boss, "第三者点検を求める")
    page = house.open(COORDINATOR, home)
    follow(page, "第三者点検", exact=True)
    press(page, "部屋を開く")
    page.get_by_label("氏名").fill("仮名 みどり")
    page.get_by_label("所属（大学、法律事務所など）").fill("架空大学")
    press(page, "加える")
    room, member = house.work(
        TENANT,
        lambda tx: tx.raw.execute(
            "SELECT room_id, id FROM madoguchi.review_member WHERE tenant = %s", (TENANT,)
        ).fetchone(),
    )
    invite(house.databases.worker, house.clock, house.keys, TENANT, room, member)
    account: UUID = house.work(
        TENANT,
        lambda tx: tx.raw.execute(
            "SELECT account FROM madoguchi.review_member WHERE tenant = %s", (TENANT,)
        ).fetchone()[0],
    )
    professor = Person("staff", "仮名 みどり", account, TENANT, frozenset({"outside_reviewer"}), "架空大学")
    page.reload()
    press(page, "登録コードを見る（1回だけ）", exact=False)
    expect(page.get_by_role("heading", name="仮名 みどりさんの登録コード")).to_be_visible()

    outside = house.open(professor, "/review/")
    follow(outside, TITLE)
    press(outside, "評価書を読んで、項目に指摘を書く")
    assert says(outside, "着任のときと毎年")
    turn(outside.get_by_role("link", name=re.compile("この項目に指摘を書く")).nth(2))
    outside.get_by_role("radio", name="妥当性").check()
    outside.get_by_label("指摘の内容").fill(FINDING)
    press(outside, "指摘を書く")
    expect(outside.get_by_text("答えを待っています")).to_be_visible()

    clerk = house.open(CLERK, home)
    follow(clerk, "第三者点検", exact=True)
    assert says(clerk, FINDING)
    clerk.get_by_role("textbox", name="答え").fill("毎年4月に確かめることを、運用の手順に明記しています。")
    press(clerk, "答えを書く")

    outside.reload()
    assert says(outside, "毎年4月に確かめる")
    follow(outside, "結論を書く")
    outside.get_by_role("radio", name="適当と認める").check()
    outside.get_by_role("textbox", name="理由・求めること").fill(
        "確認の頻度が明らかになり、対策は具体的である。"
    )
    press(outside, "結論を書く")

    page.goto(f"{house.origin}{home}/review")
    follow(page, "点検の結果を記録する")
    method = page.get_by_role("textbox", name="方法")
    if not method.input_value():
        method.fill("点検の部屋での書面の点検")
    page.get_by_role("radio", name="適当と認める").check()
    press(page, "結果を記録して、部屋を終える")
    press(page, "点検の結果を受けて、次へ進む")
    press(page, "点検の結果を受ける")
    expect(page.locator(".as-way__here")).to_contain_text("提出できます")
    outside.goto(f"{house.origin}/review/{room}")
    assert says(outside, "ページが見つかりません")
    house.complaints[:] = [one for one in house.complaints if "404" not in one]


def hand_in(house: House, home: str) -> None:
    """The submission waits for the head of section; then it goes to the commission."""
    page = house.open(SUPERVISOR, home)
    assert not page.get_by_role("link", name="委員会に提出する", exact=True).count()
    page.get_by_text("今はできないこと").click()
    assert says(page, "庁内の手続が終わっていません：課長の確認")
    press(page, "庁内の確認をする")
    press(page, "庁内の確認をする")
    expect(page.locator(".as-inside")).to_contain_text("確認済み")
    press(page, "委員会に提出する")
    page.get_by_label("内容を確かめました").check()
    press(page, "委員会に提出する")
    expect(page.locator(".as-way__here")).to_contain_text("提出済み")


def publish(house: House, home: str) -> None:
    """Nothing may be asked over the link before the publication, and it may from that moment on."""
    today: date = house.clock.today()
    assert house.work(TENANT, lambda tx: register.published(tx, TENANT, AFFAIR, today)) is None
    page = house.open(SUPERVISOR, home)
    press(page, "公表する")
    page.get_by_label("内容を確かめました").check()
    press(page, "公表する")
    expect(page.locator(".as-way__here")).to_contain_text("公表中")
    assert says(page, "1年ごとの見直し")
    found = house.work(TENANT, lambda tx: register.published(tx, TENANT, AFFAIR, today))
    assert found is not None
    assert found.title == TITLE


def read(house: House, place: str) -> None:
    """Anybody finds the statement, its whole text and what became of the opinion."""
    page = house.open(None, "/statements/", PHONE)
    page.get_by_label("さがすことば").fill("児童")
    press(page, "さがす")
    follow(page, TITLE)
    assert says(page, "着任のときと毎年")
    assert says(page, "公表")
    page.goto(place + "/results")
    assert says(page, "確認の方法を追記しました")
    assert not says(page, "まちがえて書きました")
