"""What a clerk's list says of a deadline, and how an answer's content is laid out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from portal.staff.cases.dues import SOON, Due
from portal.staff.inquiries.answers import sheets
from portal.web.language import texts
from storage.clock import JAPAN, FixedClock
from storage.database import Scope
from storage.encryption import KeyRing
from tests.conftest import Databases
from tests.pages import office
from tests.web.conftest import Counter, open_portal
from tests.web.forms import form_of
from tests.web.people import CLERK


@pytest.fixture(scope="module")
def counter(databases: Databases, key_ring: KeyRing, tmp_path_factory: pytest.TempPathFactory) -> Counter:
    """The portal with an office in it, on 22 November 2026 at ten."""
    clock = FixedClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))
    office.furnish(databases.worker, clock, key_ring)
    return open_portal(databases, clock, tmp_path_factory.mktemp("var"), key_ring)


@pytest.mark.parametrize(
    ("days", "late", "words"),
    [
        (-2, True, "{days}日すぎ"), (-1, True, "1日すぎ"), (0, False, "今日"), (0, True, "時間をすぎました"), (1, False, "あした"), (3, False, "あと{days}日"),
        (SOON, False, "あと{days}日"), (SOON + 1, False, None),
    ],
)  # fmt: skip
def test_how_far_a_day_is_is_said_in_words(days: int, late: bool, words: str | None) -> None:
    assert Due("", date(2026, 11, 22), None, days, late).words == words


@pytest.mark.parametrize(("days", "shown"), [(-1, "1 day late"), (-2, "2 days late")])
def test_english_counts_one_day_as_one(days: int, shown: str) -> None:
    words = Due("", date(2026, 11, 22), None, days, True).words
    assert words is not None
    assert texts("en", False).plain(words, days=abs(days)) == shown


@pytest.mark.parametrize(
    ("ends", "shown"),
    [
        (datetime(2026, 11, 26, tzinfo=JAPAN), "あと3日 2026-11-25"),
        (datetime(2026, 11, 23, tzinfo=JAPAN), "今日 2026-11-22"),
        (datetime(2026, 11, 21, tzinfo=JAPAN), "2日すぎ 2026-11-20"),
        (datetime(2026, 11, 22, 17, 30, tzinfo=JAPAN), "今日 2026-11-22 17:30"),
        (datetime(2026, 11, 22, 9, 0, tzinfo=JAPAN), "時間をすぎました 2026-11-22 09:00"),
        (datetime(2027, 11, 26, tzinfo=JAPAN), "2027-11-25"),
    ],
)
def test_a_term_of_days_is_shown_by_its_last_day_and_one_of_hours_by_its_time(
    counter: Counter, databases: Databases, ends: datetime, shown: str
) -> None:
    form = form_of(counter.of(CLERK).get("/staff/cases/new"), "/staff/cases/new")
    form["affair"], form["addressee"] = office.AFFAIR, office.ADDRESSEE
    path = form.submit().follow().request.path
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        tx.raw.execute(
            "INSERT INTO madoguchi.deadline (tenant, case_id, name, armed_by, trigger, due_at, rule, status)"
            " VALUES ('992011', %s, 'reply', 1, 'withdraw', %s, '', 'pending')",
            (UUID(path.rsplit("/", 1)[-1]), ends),
        )
    row = counter.of(CLERK).get("/staff/").html.find("a", href=path).find_parent("tr")
    assert row.select("td")[2].get_text(" ", strip=True) == shown


def test_years_stand_beside_each_other_newest_first_and_amounts_have_their_thousands_set_off() -> None:
    told, rest = sheets(
        "住民税", {"years": {"2025": {"所得": 5, "区分": "課税"}, "2026": {"所得": 1757000, "備考": None}}, "世帯": [{"数": 3}]}
    )  # fmt: skip
    assert told.columns == ("2026", "2025")
    assert dict(told.rows) == {"所得": ("1,757,000", "5"), "備考": ("", ""), "区分": ("", "課税")}
    assert (rest.columns, rest.rows) == ((), (("世帯 1 数", ("3",)),))


@pytest.mark.parametrize("content", [{}, {"years": []}, "有", 12, None, True])
def test_content_without_years_is_shown_as_it_is(content: object) -> None:
    (sheet,) = sheets("項目", content)
    assert sheet.columns == ()
    assert all(len(values) == 1 for _, values in sheet.rows)
