"""In a real Chromium without JavaScript, on a phone: somebody reads, writes about an item, keeps her receipt, changes and withdraws."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from storage.clock import FixedClock
from storage.encryption import KeyRing
from tests.assessments import consulted, reviewed
from tests.assessments.consulted import Consulted
from tests.browser import Served, turn, visiting
from tests.conftest import Databases
from tests.web.conftest import Counter
from tests.web.people import COORDINATOR, OUTSIDER

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def one(databases: Databases, time: FixedClock, key_ring: KeyRing, counter: Counter) -> Consulted:
    return consulted.opened(databases.worker, time, key_ring)


@pytest.fixture(scope="module")
def served(counter: Counter) -> Iterator[Served]:
    found = Served(counter)
    yield found
    found.close()


@pytest.fixture
def phone(chromium: Browser, served: Served) -> Iterator[Page]:
    served.person = None
    with visiting(chromium, java_script_enabled=False, viewport={"width": 390, "height": 844}) as context:
        yield context.new_page()


def press(page: Page, name: str) -> None:
    """Press a button; the page that comes is there afterwards."""
    turn(page.get_by_role("button", name=name))


def test_an_opinion_is_written_changed_and_withdrawn_without_javascript(
    served: Served, phone: Page, one: Consulted
) -> None:
    phone.goto(f"{served.origin}/consultations/")
    turn(phone.get_by_role("link", name=one.statement.title).first)
    item = phone.locator(".md-item", has_text="Ⅰ-1②").first
    turn(item.get_by_role("link", name="この項目に意見を書く"))
    press(phone, "内容を確かめる")
    expect(phone.locator(".govuk-error-summary")).to_be_visible()
    phone.get_by_label("意見 ※必須").fill("再委託の条件を書いてください。")
    press(phone, "内容を確かめる")
    assert "まだ出していません" in phone.content()
    press(phone, "書き直す")
    phone.get_by_label("意見 ※必須").fill("再委託の条件と、監督の方法を書いてください。")
    press(phone, "内容を確かめる")
    press(phone, "この内容で出す")
    assert phone.get_by_role("heading", level=1).inner_text() == "意見を受け付けました"
    receipt, key = phone.locator(".md-receipt__number").all_inner_texts()
    assert receipt not in phone.url
    phone.goto(f"{served.origin}{one.path}")
    turn(phone.get_by_role("link", name="出した意見を見る・直す・取り下げる"))
    phone.get_by_label("受付番号").fill(receipt)
    phone.get_by_label("変更用の鍵").fill(key.lower().replace("-", ""))
    press(phone, "意見を見る")
    assert "Ⅰ-1②" in phone.content()
    phone.get_by_label("意見 ※必須").fill("直しました。")
    press(phone, "この内容に直す")
    assert "意見を直しました" in phone.content()
    press(phone, "取り下げの確認へ")
    press(phone, "取り下げる")
    assert "意見を取り下げました" in phone.content()


def test_a_reviewer_reads_writes_and_is_shut_out_without_javascript(
    databases: Databases, served: Served, phone: Page, one: Consulted, time: FixedClock, key_ring: KeyRing
) -> None:
    room = reviewed.in_a_room(databases.worker, time, key_ring)
    served.person = OUTSIDER
    phone.goto(f"{served.origin}/review/")
    turn(phone.locator(f"a[href='{room.path}']"))
    turn(phone.get_by_role("link", name="評価書を読む", exact=True))
    assert reviewed.SECRET in phone.content()
    item = phone.locator(".md-item", has_text="Ⅰ-1②").first
    turn(item.get_by_role("link", name="この項目に指摘を書く"))
    phone.get_by_label("妥当性").check()
    phone.get_by_label("指摘の内容").fill("流れが分かりにくい。")
    press(phone, "指摘を書く")
    served.person = COORDINATOR
    phone.goto(f"{served.origin}{room.desk}")
    phone.get_by_role("textbox", name="答え").fill("図を改めます。")
    press(phone, "答えを書く")
    phone.locator("summary", has_text="部屋をすぐに終える").click()
    phone.get_by_label("終える理由").fill("試験のため")
    press(phone, "部屋を終える")
    served.person = OUTSIDER
    answer = phone.goto(f"{served.origin}{room.path}")
    assert answer is not None
    assert answer.status == 404


def test_the_watermark_stands_on_every_printed_page(
    databases: Databases,
    served: Served,
    chromium: Browser,
    one: Consulted,
    time: FixedClock,
    key_ring: KeyRing,
) -> None:
    pypdf = pytest.importorskip("pypdf")
    import io

    room = reviewed.in_a_room(databases.worker, time, key_ring)
    served.person = OUTSIDER
    with visiting(chromium) as context:
        page = context.new_page()
        page.goto(f"{served.origin}{room.path}/text")
        printed = pypdf.PdfReader(io.BytesIO(page.pdf(format="A4")))
    assert len(printed.pages) > 3
    for sheet in printed.pages:
        assert "仮名 点検" in sheet.extract_text().replace("\u3000", " ")
