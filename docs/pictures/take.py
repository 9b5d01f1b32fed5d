"""Takes the pictures of the README from a running demonstration: ``.venv/bin/python docs/pictures/take.py``.

Signs in as the tour does (a real card, a real key), then hands the sign-in to a browser and photographs what is there.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from portal.settings import Settings
from portal.tour import resident, staff
from portal.tour.visitor import Visitor

HERE = Path(__file__).parent
# 地方税の賦課徴収に関する事務 of the demonstration, a 全項目評価 with two files.
STATEMENT = "/statements/992011/mayor/16"
SIZES = {"phone": (390, 844), "desktop": (1200, 900)}
BROWSER = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")


def photograph(browser: Browser, visitor: Visitor, address: str, name: str, full: bool = False) -> None:
    """One page in both sizes."""
    for size, (width, height) in SIZES.items():
        context = browser.new_context(viewport={"width": width, "height": height}, locale="ja-JP")
        context.add_cookies(
            [
                {"name": c.name, "value": c.value or "", "url": str(visitor.client.base_url)}
                for c in visitor.client.cookies.jar
            ]
        )
        page = context.new_page()
        page.goto(str(visitor.client.base_url).rstrip("/") + address)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=HERE / f"{name}-{size}.png", full_page=full)
        context.close()


def photograph_part(browser: Browser, visitor: Visitor, address: str, part: str, name: str) -> None:
    """One part of a page at a desk's width, e.g. a picture of a statement."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, locale="ja-JP")
    page = context.new_page()
    page.goto(str(visitor.client.base_url).rstrip("/") + address)
    page.wait_for_load_state("networkidle")
    page.locator(part).first.screenshot(path=HERE / f"{name}.png")
    context.close()


def main() -> int:
    """Take all of them."""
    settings = Settings.from_env()
    home, desk = Visitor(settings.origin), Visitor(settings.origin)
    resident.sign_in(home, settings.var / "sandbox" / "cards" / "hanako", "1234")
    staff.sign_in(desk, staff.Key(settings.var / "tour" / "clerk.key.json", settings.origin))
    record = next(
        a for a, _ in home.get("/my/records").links if re.fullmatch(r"/my/records/[0-9a-f-]{36}", a)
    )
    case = next(
        a for a, _ in desk.get("/staff/").links if re.fullmatch(r"/staff/(cases|inquiries)/[0-9a-f-]{36}", a)
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(BROWSER))
        photograph(browser, home, "/my/records", "resident-records")
        photograph(browser, home, record, "resident-record", full=True)
        photograph(browser, home, "/my/", "resident-home")
        photograph(browser, desk, "/staff/", "staff-worklist")
        photograph(browser, desk, case, "staff-case", full=True)
        photograph(browser, desk, "/staff/assessments/", "staff-assessments")
        photograph_part(
            browser,
            Visitor(settings.origin),
            STATEMENT,
            "figure.md-statement-picture >> nth=2",
            "statement-risks",
        )
        photograph(browser, Visitor(settings.origin), "/", "front")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
