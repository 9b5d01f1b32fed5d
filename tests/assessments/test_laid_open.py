"""What must not be laid open: a text before its day, words left out, numbers in any spelling; addresses nobody wrote break nothing."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from time import process_time

import pytest

from privacy_assessment.consultation import publishing
from privacy_assessment.consultation.results import ResultService
from privacy_assessment.consultation.rules import OpinionRefused
from privacy_assessment.forms import Place
from privacy_assessment.redaction import Redaction, find_personal
from privacy_assessment.statements.redactions import redact
from privacy_assessment.statements.store import read_draft
from storage.clock import FixedClock
from storage.database import NOWHERE, Scope
from storage.encryption import KeyRing
from tests.assessments import consulted
from tests.conftest import Databases
from tests.privacy_assessment.world import CENTRE, Office
from tests.web.conftest import Counter, counter

__all__ = ["counter"]
TENANT = "992011"
# Synthetic: the official check digit plus five.
NUMBER = "123456789013"
SECRET = "見本の秘匿語"


def test_a_text_for_a_consultation_that_begins_later_is_found_by_nobody(
    databases: Databases, clock: FixedClock, counter: Counter
) -> None:
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        one = consulted.begin(tx, clock, wait=5).statement
    path = f"/statements/{TENANT}/{one.body}/{one.number}"
    browser = counter.of(None)
    for tail in ("", "/c1", "/c1/data.json", "/c1/files", "/c1/form4.xlsx", "/c1/changes"):
        browser.get(path + tail, status=404)
    for way in (
        "",
        "?q=%E5%80%8B%E4%BA%BA",
        "?state=consulted",
        "atom.xml",
        "open-data.csv",
        "open-data.json",
    ):
        assert path not in browser.get(f"/statements/{way}", status=200).text, way


def test_a_reason_for_a_short_period_is_laid_open_without_the_words_left_out(
    databases: Databases, clock: FixedClock
) -> None:
    office = Office(clock)
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        one = office.drafting(tx, "full")
        document = read_draft(tx, one.id, "form4").document
        document.set("f4.6.2.3", f"急ぐため。{SECRET}がある。")
        office.put(tx, one, "form4", document)
        left_out = Redaction(Place("f4.6.2.3"), "10-2", "攻撃の手掛かり", 5, 5 + len(SECRET))
        redact(tx, clock, one.id, "form4", left_out, CENTRE.id)
        office.step(tx, one, "consult", opens=office.today, closes=office.today + timedelta(days=10))
    (rows,) = databases.web.read(
        NOWHERE, ("SELECT short_reason, rendering::text FROM madoguchi.public_consultation", ())
    )
    said = [text for row in rows for text in row]
    assert any("急ぐため。" in text for text in said)
    assert not any(SECRET in text for text in said)


@pytest.mark.parametrize(
    "written",
    [
        NUMBER, "1234 - 5678 - 9013", "1234  5678  9013", "1234\n5678\n9013", "1234・5678・9013", "1234/5678/9013", "１２３４　５６７８　９０１３",
        "1234\u200b5678\u200b9013", "1234\u00ad56789013", f"No{NUMBER}", f"{NUMBER}X", "1234_5678_9013", "一二三四五六七八九〇一三", f"1234 {NUMBER}",
        "(1234)(5678)(9013)", "\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u0660\u0661\u0663",
    ],
)  # fmt: skip
def test_a_number_is_seen_however_it_is_written(written: str) -> None:
    assert any(one.stops for one in find_personal({"at": f"番号は{written}である。"})), written


@pytest.mark.parametrize(
    "written",
    ["2024、2025、2026", "2026-11-22 2026-12-22", "9" + NUMBER, "03-1234-5678", "第1条、第2条", "1234,5678"],
)
def test_years_days_and_other_digits_stop_nothing(written: str) -> None:
    assert not any(one.stops for one in find_personal({"at": written})), written


@pytest.mark.parametrize("piece", ["a", "1 ", "1234 ", "一", "a@", "12-"])
def test_a_long_text_is_looked_through_in_the_time_its_length_takes(piece: str) -> None:
    began = process_time()
    find_personal({"at": piece * (200_000 // len(piece))})
    assert process_time() - began < 5


def test_a_title_with_a_number_in_it_is_not_laid_open(databases: Databases, clock: FixedClock) -> None:
    office = Office(clock)
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        one = office.drafting(tx, "full")
        tx.raw.execute(
            "UPDATE madoguchi.assessment SET title = %s WHERE tenant = %s AND id = %s",
            (f"個人住民税（{NUMBER}）", TENANT, one.id),
        )
        period = {"opens": office.today, "closes": office.today + timedelta(days=30)}
        assert "number_in_public" in office.refused(tx, one, "consult", **period)


def test_what_is_said_of_a_correction_holds_no_number_and_no_writer(
    databases: Databases, clock: FixedClock, key_ring: KeyRing
) -> None:
    past = FixedClock(clock.now() - timedelta(days=30))
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        consulted.make_keys(tx, key_ring)
        one = consulted.begin(tx, past)
        opinions, results = consulted.service(past, key_ring), ResultService(past)
        receipt = opinions.give(tx, one.consultation, "図が小さい。", (), {"name": "仮名 さくら"}).number
        past.advance(days=30)
        results.keep(
            tx, one.consultation, None, [receipt], "図が小さい。", "大きくします。", False, CENTRE.id
        )

        def publish(note: str) -> int:
            return publishing.publish(
                tx, past, opinions, results, one.consultation, CENTRE.id, citations={}, note=note
            )

        publish("")
        for note in (f"{NUMBER}を消した。", "仮名さくら様のご指摘による。"):
            with pytest.raises(OpinionRefused) as refused:
                publish(note)
            assert refused.value.code == "PERSONAL_NOTE"
        assert publish("誤字を直した。") == 2


def test_another_text_under_the_form_that_was_sent_is_not_answered_as_if_it_had_been_taken(
    databases: Databases, clock: FixedClock, key_ring: KeyRing
) -> None:
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        consulted.make_keys(tx, key_ring)
        one = consulted.begin(tx, clock)
        opinions = consulted.service(clock, key_ring)
        first = opinions.give(tx, one.consultation, "初めの意見。", (), None, "form-1")
        assert opinions.give(tx, one.consultation, "初めの意見。", (), None, "form-1") == first
        with pytest.raises(OpinionRefused) as refused:
            opinions.give(tx, one.consultation, "書き直した意見。", (), None, "form-1")
        assert refused.value.code == "SENT_BEFORE"


def key(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode()


def test_addresses_that_nobody_wrote_break_nothing(counter: Counter) -> None:
    browser = counter.of(None)
    for path in ("/consultations/992011/a%00-1", "/statements/992011/a%00/1", "/%00"):
        browser.get(path, status=404)
    half, long = key("2026-01-01", "\ud800", "a", "b", "c"), key("2026-01-01", 10**30)
    for after in (half, long, key("2026-01-01", "\0", "a", "b", "c")):
        browser.get(f"/statements/?after={after}", status=400)
