"""What is laid open: one row a version, public words only, for everybody to read and for nobody to change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from privacy_assessment import publication
from privacy_assessment.forms import Place, load_form
from privacy_assessment.publication.rows import PublicForm, facts_of
from privacy_assessment.publication.store import row_of
from privacy_assessment.redaction import Redaction, public
from privacy_assessment.statements.models import Statement
from privacy_assessment.statements.redactions import redact
from privacy_assessment.statements.store import read_statement
from storage.clock import FixedClock
from storage.database import NOWHERE, Scope, Transaction
from tests.conftest import Databases
from tests.privacy_assessment.samples import EDITION, filled
from tests.privacy_assessment.world import CENTRE, Office
from workflows.law.statements import published

COLUMNS = "SELECT row_to_json(p)::text FROM madoguchi.public_statement AS p WHERE body = %s AND number = %s ORDER BY stage, ordinal"
# Characters that stand nowhere else in the sample document.
SECRET = "龘靐齉鱻麤龖爨"
ALONE = "KAIGO"
"""An affair that no other statement of these tests is about."""
PLACES = ("f4.1.1.2", "f4.1.1.1", "f4.1.4.1", "c.declaration", "f4.1.7.2")
STATEMENT = Statement(
    UUID(int=1),
    "mayor",
    "7",
    "個人住民税に関する事務",
    "full",
    ("JUMINZEI",),
    None,
    None,
    None,
    None,
    None,
    None,
)


@pytest.fixture
def office(clock: FixedClock) -> Office:
    return Office(clock)


def rows(tx: Transaction, statement: Statement) -> list[str]:
    return [row[0] for row in tx.raw.execute(COLUMNS, (statement.body, statement.number))]


def current(tx: Transaction, statement: Statement) -> list[tuple]:
    return tx.raw.execute(
        "SELECT stage, ordinal, current, shown_on, redo_by, ended_on, kept_until, left_on, withdrawn_on"
        " FROM madoguchi.public_statement WHERE body = %s AND number = %s ORDER BY stage, ordinal",
        (statement.body, statement.number),
    ).fetchall()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    spans=st.lists(
        st.tuples(
            st.sampled_from(PLACES),
            st.text(st.characters(categories=["Lo", "Nd", "Po"]), max_size=12),
            st.text(st.sampled_from(SECRET), min_size=2, max_size=6),
            st.text(st.characters(categories=["Lo", "Lu"]), min_size=1, max_size=12),
            st.booleans(),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda one: one[0],
    )
)
def test_no_words_left_out_stand_in_any_column(spans: list[tuple[str, str, str, str, bool]]) -> None:
    form = load_form("form4", EDITION)
    document = filled("form4")
    found = []
    for key, before, secret, after, whole in spans:
        before, after = ("".join(c for c in text if c not in SECRET) + "。" for text in (before, after))
        document.set(key, before + secret + after)
        starts, ends = (None, None) if whole else (len(before), len(before) + len(secret))
        found.append(Redaction(Place(key), "10-1", "捜査に支障", starts, ends))
    shown = public(document, form, found, "first")
    forms = {"form4": PublicForm(shown.document, shown.texts, shown.gaps)}
    row = row_of("992011", STATEMENT, "甲野市長", "甲野市", forms, stage="published")
    for column, value in row.items():
        assert not set(SECRET) & set(str(value)), column
        assert all(f"\\u{ord(char):04x}" not in str(value).lower() for char in SECRET), column


def test_publishing_lays_one_row_open_and_asks_for_its_files(tx: Transaction, office: Office) -> None:
    statement = office.published(tx, "focused")
    (found,) = current(tx, statement)
    assert found[:4] == ("published", 1, True, office.today)
    assert found[4] == date(office.today.year + 5, office.today.month, office.today.day)
    files = tx.raw.execute(
        "SELECT form, media, state FROM madoguchi.public_statement_file WHERE body = %s AND number = %s ORDER BY form, media",
        (statement.body, statement.number),
    ).fetchall()
    assert files == [(form, media, "waiting") for form in ("form2", "form3") for media in ("pdf", "xlsx")]
    jobs = tx.raw.execute(
        "SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name = 'statements.make_file' AND args->>'number' = %s",
        (statement.number,),
    ).fetchone()
    assert jobs == (4,)


def test_words_left_out_at_the_desk_do_not_come_out(tx: Transaction, office: Office) -> None:
    statement = office.drafting(tx, "full")
    text = f"課税の資料を名寄せする。{SECRET}を使う。"
    office.write(tx, statement, "form4", "f4.1.1.2", text)
    starts = text.index(SECRET)
    wanted = Redaction(Place("f4.1.1.2"), "10-2", "攻撃の手掛かりになる", starts, starts + len(SECRET))
    redact(tx, office.clock, statement.id, "form4", wanted, CENTRE.id)
    office.procedure(tx, statement)
    found = rows(tx, statement)
    assert len(found) == 2, "the text laid open for opinions, and the published one"
    for row in found:
        assert not set(SECRET) & set(row)
        assert "非公表（規則10条2項）" in row
    assert [one[:3] for one in current(tx, statement)] == [("consulted", 1, False), ("published", 1, True)]


def test_a_text_under_consultation_stands_beside_the_published_one(tx: Transaction, office: Office) -> None:
    statement = office.published(tx, "full")
    office.step(tx, statement, "reassess", why="change", changes_on=office.today + timedelta(days=200))
    office.step(tx, statement, "consult", opens=office.today, closes=office.today + timedelta(days=30))
    assert [one[:3] for one in current(tx, statement)] == [
        ("consulted", 1, False), ("consulted", 2, True), ("published", 1, True),
    ]  # fmt: skip


def test_an_amendment_is_a_new_version_and_does_not_begin_the_five_years_again(
    tx: Transaction, office: Office
) -> None:
    statement = office.published(tx, "basic")
    first = current(tx, statement)[0][4]
    office.clock.advance(days=100)
    office.step(tx, statement, "amend", why="other")
    office.step(tx, statement, "submit_amended")
    office.step(tx, statement, "publish_amended")
    assert [one[:3] for one in current(tx, statement)] == [("published", 1, False), ("published", 2, True)]
    assert current(tx, statement)[1][4] == first


def test_an_ended_statement_stays_and_says_until_when_and_leaves_afterwards(
    tx: Transaction, office: Office
) -> None:
    statement = office.published(tx, "basic")
    stopped = office.today
    office.step(tx, statement, "end", stopped_on=stopped)
    (found,) = current(tx, statement)
    assert found[2] is True
    assert found[5:7] == (stopped, stopped.replace(year=stopped.year + 3))
    publication.left(tx, read_statement(tx, statement.id), office.today, office.clock.now())
    (found,) = current(tx, statement)
    assert (found[2], found[7]) == (False, office.today)


def test_a_version_is_withdrawn_once_and_the_link_is_told_when_none_is_left(
    tx: Transaction, office: Office
) -> None:
    statement = office.drafting(tx, "basic", affairs=[ALONE])
    office.procedure(tx, statement)
    office.clock.advance(days=3)
    told = (statement, "published", 1, office.today, "誤って公表", office.clock.now())
    assert is_open_on_the_link(tx, office, ALONE)
    assert publication.withdraw(tx, *told) is True
    assert publication.withdraw(tx, *told) is False
    assert current(tx, statement)[0][2] is False
    assert not is_open_on_the_link(tx, office, ALONE)


def test_the_version_before_a_withdrawn_one_is_the_newest_again(tx: Transaction, office: Office) -> None:
    statement = office.published(tx, "basic")
    office.clock.advance(days=3)
    for trigger in ("amend", "submit_amended", "publish_amended"):
        office.step(tx, statement, trigger, **({"why": "other"} if trigger == "amend" else {}))
    publication.withdraw(tx, statement, "published", 2, office.today, "誤って公表", office.clock.now())
    assert [one[:3] for one in current(tx, statement)] == [("published", 1, True), ("published", 2, False)]
    assert is_open_on_the_link(tx, office)


def is_open_on_the_link(tx: Transaction, office: Office, affair: str = "JUMINZEI") -> bool:
    return published(tx, tx.tenant, affair, office.today) is not None


@pytest.fixture(scope="module")
def laid_open(databases: Databases) -> Statement:
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        return Office(FixedClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))).published(tx, "basic")


def test_anyone_reads_it_without_a_tenant(databases: Databases, laid_open: Statement) -> None:
    (found,) = databases.web.read(NOWHERE, (COLUMNS, (laid_open.body, laid_open.number)))
    assert len(found) == 1
    (files,) = databases.web.read(NOWHERE, ("SELECT count(*) FROM madoguchi.public_statement_file", ()))
    assert files == [(2,)]
    (hidden,) = databases.web.read(NOWHERE, ("SELECT count(*) FROM madoguchi.assessment_version", ()))
    assert hidden == [(0,)], "the versions themselves stay closed"


@pytest.mark.parametrize(
    "scope", [NOWHERE, Scope(tenant="992020"), Scope(addressees=(("992011", "900000000000001"),))]
)
def test_nobody_but_its_tenant_writes_it(databases: Databases, laid_open: Statement, scope: Scope) -> None:
    with databases.web.transaction(scope) as tx:
        changed = tx.raw.execute("UPDATE madoguchi.public_statement SET current = false, withdrawn_why = 'x'")
        assert changed.rowcount == 0
    with pytest.raises(psycopg.errors.InsufficientPrivilege), databases.web.transaction(scope) as tx:
        tx.raw.execute(
            "INSERT INTO madoguchi.public_statement SELECT tenant, body, 'false', stage, ordinal, assessment_id, body_name, title,"
            " kind, publication, forms, affairs, shown_on, closes, review_by, redo_by, network, entrusted, incident, persons, content,"
            " tokens, folded, starts, anchors, addresses, lines, current, ended_on, kept_until, left_on, withdrawn_on, withdrawn_why,"
            " changed_at FROM madoguchi.public_statement LIMIT 1"
        )


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE madoguchi.public_statement SET content = '{}'",
        "UPDATE madoguchi.public_statement SET title = 'x'",
        "DELETE FROM madoguchi.public_statement",
    ],
)
def test_what_a_row_says_never_changes_not_even_by_its_owner(
    databases: Databases, laid_open: Statement, change: str
) -> None:
    with (
        pytest.raises(psycopg.errors.IntegrityConstraintViolation),
        databases.migrator.transaction(Scope(tenant="992011")) as tx,
    ):
        tx.raw.execute(change)


def test_the_filters_know_what_the_forms_answer_and_nothing_that_was_left_out() -> None:
    basic, full = filled("form2"), filled("form4")
    basic.set("f2.1.4.1", "2")
    basic.set("f2.2.3", "1")
    full.set(Place("f4.2.4", (full.rows_of("file")[0],)), "2")

    def shown(document, found=()):
        made = public(document, load_form(document.form_id, EDITION), list(found), "first")
        return PublicForm(made.document, made.texts, made.gaps)

    facts = facts_of({"form2": shown(basic), "form4": shown(full)})
    assert (facts.network, facts.entrusted, facts.incident, facts.persons) == (False, False, True, "1")
    hidden = [Redaction(Place(key), "10-1", "捜査", None, None) for key in ("f2.1.4.1", "f2.2.3", "f2.2.1")]
    facts = facts_of({"form2": shown(basic, hidden)})
    assert (facts.network, facts.incident, facts.persons) == (None, None, "")
    assert facts.entrusted is True
    basic.set("f2.4.4n", True)
    assert facts_of({"form2": shown(basic)}).entrusted is False
    full.set("f4.1.1.3", "4")
    assert facts_of({"form4": shown(full)}).persons == "4"
