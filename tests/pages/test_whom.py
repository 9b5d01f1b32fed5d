"""A record says whom to ask and what the asking office has published about the affair, and makes nothing up where it does not know."""

from __future__ import annotations

import json

import pytest

from portal.resident.provision_records.whom import Published, published_of
from storage.database import Scope
from tests.conftest import Databases
from tests.pages import records
from tests.web.conftest import Counter
from tests.web.people import RESIDENT

CONTACT = "甲野市総務部情報政策課　電話0120－12－3456（平日）"
# The affair of the newest record, and one of another.
AFFAIR = records.LAW.rows[0].affair
OTHER = next(row.affair for row in records.LAW.rows if row.affair != AFFAIR)
COLUMNS = (
    "tenant, body, number, stage, ordinal, assessment_id, body_name, title, kind, publication, forms, affairs, shown_on, persons, content,"
    " tokens, folded, starts, anchors, addresses, lines, current, changed_at"
)


def lay_out(databases: Databases, number: str, affair: str, shown_on: str, tenant: str = "992011") -> None:
    """Publish a statement that names a contact."""
    content = {"form4": {"texts": {"f4.5.2.1": CONTACT}}}
    with databases.worker.transaction(Scope(tenant=tenant)) as tx:
        tx.raw.execute(
            f"INSERT INTO madoguchi.public_statement ({COLUMNS}) VALUES (%s, 'mayor', %s, 'published', 1,"
            " gen_random_uuid(), '市長', %s, 'full_local', 'first', '{form4}', %s, %s, '', %s, '{}', '', '{}', '{}', '{}', '{}', true, now())",
            (tenant, number, f"{number}号の事務", [affair], shown_on, json.dumps(content)),
        )


def page_of(counter: Counter, number: int = 0) -> str:
    return counter.of(RESIDENT).get(f"/my/records/{records.record_id(number)}").html.main.get_text(" ")


def test_without_a_published_statement_the_page_says_how_to_ask_and_names_no_number(counter: Counter) -> None:
    shown = page_of(counter)
    assert "この記録についてたずねる" in shown
    assert "電話番号は、この窓口では分かりません" in shown
    assert "の評価書を読む" not in shown


def test_the_statement_of_the_asking_office_for_this_affair_is_the_one_that_is_linked(
    counter: Counter, databases: Databases
) -> None:
    lay_out(databases, "21", AFFAIR, "2024-04-01")
    lay_out(databases, "22", AFFAIR, "2025-04-01")
    lay_out(databases, "23", OTHER, "2026-04-01")
    lay_out(databases, "24", AFFAIR, "2026-05-01", tenant="992020")
    lay_out(databases, "25", AFFAIR, "2027-04-01")
    page = counter.of(RESIDENT).get(f"/my/records/{records.record_id(0)}").html.main
    links = [link["href"] for link in page.select("a[href^='/statements/']")]
    assert links == ["/statements/992011/mayor/22"], "the newest one that is shown, of this office and affair"
    assert CONTACT in page.get_text()
    assert page.select_one("a[href^='tel:']")["href"] == "tel:0120-12-3456"
    assert "令和7年（2025年）4月1日（火）に公表された評価書" in page.get_text()
    assert "この窓口では分かりません" not in page.get_text()


@pytest.mark.parametrize(
    ("contact", "phone"),
    [
        ("代表 03-1234-5678、内線 12-34", "03-1234-5678"),
        ("市役所2階の窓口", None),
        (None, None),
        ("12-345-6789", None),
    ],
)
def test_only_what_looks_like_a_telephone_number_can_be_called(
    contact: str | None, phone: str | None
) -> None:
    found = published_of([("992011", "mayor", "1", "題", records.NEWEST.date(), contact)])
    assert isinstance(found, Published)
    assert found.phone == phone
