"""Opinions: kept as they came, changed by their giver only, grouped, redacted with a reason, answered in a table."""

from __future__ import annotations

import random
import time
from datetime import timedelta
from itertools import count

import psycopg
import pytest

from privacy_assessment.consultation.duplicates import group
from privacy_assessment.consultation.opinions import OpinionRefused, OpinionService
from privacy_assessment.consultation.results import ResultService
from privacy_assessment.consultation.store import last_consultation, unanswered
from privacy_assessment.consultation.third_party import Finding, record_review
from privacy_assessment.statements.models import StatementRefused
from privacy_assessment.statements.store import read_statement
from tests.privacy_assessment.samples import number
from tests.privacy_assessment.world import CENTRE

LETTER = (
    "委託先の選定基準が評価書からは読み取れません。再委託を認めるのであれば、その条件と監督の方法を具体的に書いてください。"
    "また、漏えいが起きたときに市民へ知らせる手順も、期限とともに書くべきです。"
)


@pytest.fixture
def opinions(clock, key_ring, vault_key) -> OpinionService:
    numbers = count(1)
    return OpinionService(clock, key_ring, lambda: f"secret-{next(numbers)}")


@pytest.fixture
def vault_key(databases, key_ring, tenant_a) -> None:
    """The tenant's data key, made once by the role that may."""
    from storage.database import Scope

    with databases.vault.transaction(Scope(tenant=tenant_a)) as tx:
        key_ring.seal(tx, tenant_a, b"x", "test")


@pytest.fixture
def consultation(tx, office):
    statement = office.drafting(tx, "full")
    office.step(tx, statement, "consult", opens=office.today, closes=office.today + timedelta(days=29))
    return last_consultation(tx, read_statement(tx, statement.id).case_id)


def test_an_opinion_gets_a_receipt_and_is_kept_as_it_came(tx, opinions, consultation):
    receipt = opinions.give(tx, consultation.id, LETTER, ["f4.1.1.2"], {"name": "見本 花子"})
    assert receipt.number == "20261122-00001"
    (found,) = opinions.inbox(tx, consultation.id)
    assert (found.body, found.places, found.revision) == (LETTER, ("f4.1.1.2",), 1)
    assert opinions.personal(tx, consultation.id, receipt.number) == {"name": "見本 花子"}
    row = tx.raw.execute(
        "SELECT personal FROM madoguchi.opinion WHERE receipt = %s", (receipt.number,)
    ).fetchone()
    assert "花子".encode() not in bytes(row[0])


def test_the_original_cannot_be_changed_even_in_the_database(tx, opinions, consultation):
    opinions.give(tx, consultation.id, LETTER)
    with pytest.raises(psycopg.Error, match=r"never changed|permission denied"), tx.raw.transaction():
        tx.raw.execute("UPDATE madoguchi.opinion SET body = 'x'")


def test_only_the_giver_changes_or_withdraws_and_every_text_stays(tx, opinions, consultation):
    receipt = opinions.give(tx, consultation.id, "初めの意見")
    for number_given, key in ((receipt.number, "guess"), ("20261122-99999", receipt.edit_key)):
        with pytest.raises(OpinionRefused, match="控えを確かめて"):
            opinions.edit(tx, consultation.id, number_given, key, "乗っ取り")
    opinions.edit(tx, consultation.id, receipt.number, receipt.edit_key, "直した意見")
    assert [one.body for one in opinions.inbox(tx, consultation.id)] == ["直した意見"]
    opinions.withdraw(tx, consultation.id, receipt.number, receipt.edit_key)
    opinions.withdraw(tx, consultation.id, receipt.number, receipt.edit_key)
    assert opinions.inbox(tx, consultation.id) == []
    assert [one.kind for one in opinions.revisions(tx, consultation.id, receipt.number)] == [
        "given",
        "edited",
        "withdrawn",
    ]
    opinions.edit(tx, consultation.id, receipt.number, receipt.edit_key, "やはり出す")
    assert len(opinions.inbox(tx, consultation.id)) == 1


def test_both_the_first_and_the_last_day_are_open(tx, office, opinions, consultation):
    opinions.give(tx, consultation.id, "初日")
    office.clock.advance(days=29)
    receipt = opinions.give(tx, consultation.id, "末日")
    office.clock.advance(days=1)
    with pytest.raises(OpinionRefused, match="終わりました"):
        opinions.give(tx, consultation.id, "翌日")
    with pytest.raises(OpinionRefused, match="終わりました"):
        opinions.withdraw(tx, consultation.id, receipt.number, receipt.edit_key)
    assert len(opinions.inbox(tx, consultation.id)) == 2


def test_nothing_is_taken_before_the_first_day(tx, office, opinions):
    statement = office.drafting(tx, "full")
    office.step(
        tx,
        statement,
        "consult",
        opens=office.today + timedelta(days=3),
        closes=office.today + timedelta(days=40),
    )
    found = last_consultation(tx, read_statement(tx, statement.id).case_id)
    with pytest.raises(OpinionRefused, match="からです"):
        opinions.give(tx, found.id, "早すぎる")


@pytest.mark.parametrize(
    ("body", "places", "personal", "code"),
    [
        ("  \n", (), None, "EMPTY"),
        ("長" * 10_001, (), None, "TOO_LONG"),
        ("意見", ("p" * 501,), None, "TOO_MUCH"),
        ("意見", ("p",) * 51, None, "TOO_MUCH"),
        ("意見", (), {"name": "名" * 501}, "TOO_MUCH"),
        ("意見\x00", (), None, "BAD_TEXT"),
        ("\ud83d", (), None, "BAD_TEXT"),
        (f"私の番号は{number(5)}です", (), None, "NUMBER"),
        ("意見", (), {"contact": number(0)}, "NUMBER"),
    ],
)
def test_bad_opinions_are_refused_with_what_to_do(tx, opinions, consultation, body, places, personal, code):
    with pytest.raises(OpinionRefused) as refused:
        opinions.give(tx, consultation.id, body, places, personal)
    assert refused.value.code == code
    assert number(5) not in str(refused.value)
    assert opinions.inbox(tx, consultation.id) == []


def test_ten_thousand_characters_are_taken(tx, opinions, consultation):
    opinions.give(tx, consultation.id, "長" * 10_000)
    assert len(opinions.inbox(tx, consultation.id)[0].body) == 10_000


def test_a_redacted_copy_says_who_and_why_and_adds_nothing(tx, opinions, consultation):
    receipt = opinions.give(tx, consultation.id, "隣の仮名さくらさんの件も教えてください。")
    assert opinions.copies(tx, consultation.id) == {}
    with pytest.raises(OpinionRefused, match="原文にない"):
        opinions.redact(tx, consultation.id, receipt.number, "隣の悪い人の件", "個人名", CENTRE.id)
    with pytest.raises(OpinionRefused, match="理由"):
        opinions.redact(tx, consultation.id, receipt.number, "隣の■", " ", CENTRE.id)
    with pytest.raises(OpinionRefused, match="ありません"):
        opinions.redact(tx, consultation.id, "20261122-77777", "■", "x", CENTRE.id)
    opinions.redact(tx, consultation.id, receipt.number, "■", "仮", CENTRE.id)
    opinions.redact(
        tx, consultation.id, receipt.number, "隣の■さんの件も教えてください。", "個人名", CENTRE.id
    )
    copy = opinions.copies(tx, consultation.id)[receipt.number]
    assert (copy.body, copy.reason, copy.by, copy.seq) == (
        "隣の■さんの件も教えてください。",
        "個人名",
        CENTRE.id,
        2,
    )
    opinions.edit(tx, consultation.id, receipt.number, receipt.edit_key, "まったく別の意見")
    # A copy of an older text is not shown for the new one.
    assert opinions.copies(tx, consultation.id) == {}


def test_the_same_text_is_grouped_exactly_and_a_changed_letter_nearly(tx, opinions, consultation):
    for text in (
        LETTER,
        LETTER.replace("。", "．"),
        LETTER.replace("市民", "区民"),
        "図が小さくて読めません。大きくしてください。",
    ):
        opinions.give(tx, consultation.id, text)
    found = opinions.groups(tx, consultation.id)
    assert [(len(one.receipts), one.kind) for one in found] == [(3, "near"), (1, "single")]
    assert 0.7 <= found[0].likeness < 1
    assert group({"a": "同じ", "b": " 同じ。"})[0].kind == "exact"
    assert group({}) == []


def test_ten_thousand_opinions_are_grouped_in_seconds():
    chance = random.Random(7)
    words = [
        "委託",
        "監査",
        "漏えい",
        "職員",
        "端末",
        "記録",
        "手順",
        "窓口",
        "番号",
        "説明",
        "費用",
        "期限",
        "教育",
        "市民",
        "外部",
        "点検",
    ]
    texts = {}
    for n in range(10_000):
        if n % 2:
            texts[str(n)] = LETTER + f"{n % 7}番の住民より"
        else:
            texts[str(n)] = "".join(chance.choice(words) + chance.choice("はがをにの") for _ in range(30))
    started = time.process_time()
    found = group(texts)
    assert time.process_time() - started < 10
    assert len(found[0].receipts) == 5_000


def test_the_result_table_counts_each_opinion_once_and_is_there_without_any(
    tx, office, opinions, consultation
):
    results = ResultService(office.clock)
    empty = results.table(tx, consultation.id)
    assert (empty.days, empty.opinions) == (30, 0)
    assert empty.published()[1][2] == "意見はありませんでした"
    first, second = (opinions.give(tx, consultation.id, text).number for text in ("甲", "乙"))
    assert unanswered(tx, consultation.id) == 2
    row = results.keep(tx, consultation.id, None, [first, second, first], "概要", "", False, CENTRE.id)
    assert unanswered(tx, consultation.id) == 2
    results.keep(
        tx,
        consultation.id,
        row,
        [first, second],
        "概要",
        "考え方",
        True,
        CENTRE.id,
        ["Ⅱ-4"],
        "委託先を明記した",
    )
    assert unanswered(tx, consultation.id) == 0
    table = results.table(tx, consultation.id)
    assert table.published()[1] == ("1", "Ⅱ-4", "概要", "2", "考え方", "有", "委託先を明記した")
    assert results.drop(tx, consultation.id, row)
    assert not results.drop(tx, consultation.id, row)
    assert unanswered(tx, consultation.id) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"receipts": []}, "NO_OPINION"),
        ({"receipts": ["20261122-99999"]}, "NO_OPINION"),
        ({"summary": " "}, "NO_SUMMARY"),
        ({"answer": "長" * 20_001}, "NO_SUMMARY"),
        ({"changed": True}, "NO_CHANGE_NOTE"),
    ],
)
def test_a_line_that_cannot_stand_is_refused(tx, office, opinions, consultation, change, code):
    receipt = opinions.give(tx, consultation.id, "意見").number
    given = {"receipts": [receipt], "summary": "概要", "answer": "考え方", "changed": False, **change}
    with pytest.raises(OpinionRefused) as refused:
        ResultService(office.clock).keep(tx, consultation.id, None, by=CENTRE.id, **given)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reviewed_on": timedelta(days=1)}, "将来"),
        ({"reviewers": " "}, "点検した者"),
        ({"findings": [Finding("美しさ", "", "x", "y")]}, "観点"),
        ({"findings": [Finding("妥当性", "", "x", "")]}, "適とはできません"),
    ],
)
def test_a_review_that_cannot_be_is_not_recorded(tx, office, consultation, change, words):
    statement = read_statement(tx, consultation.statement)
    given = {"reviewed_on": timedelta(0), "reviewers": "審査会", "method": "会議", "findings": [], **change}
    given["reviewed_on"] = office.today + given["reviewed_on"]
    with pytest.raises(StatementRefused, match=words):
        record_review(tx, office.clock, statement, favourable=True, by=CENTRE.id, **given)


@pytest.mark.parametrize("text", ["=1+1", "　=1+1", "  ＝cmd", "@x", "\n=1"])
def test_a_formula_in_a_published_result_is_not_run_by_a_spreadsheet(text: str) -> None:
    from privacy_assessment.consultation.export import as_csv

    assert b"".join(as_csv([(text,)])).decode("utf-8-sig").strip('"\r\n').startswith("'")
