"""What stands between the keepers of records is what the newest word on each says, however it came to be."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from storage.database import Scope, Transaction
from tests.conftest import Databases
from tests.linkage.house import KONO, OPERATOR, OTHER_BOSS
from workflows.linkage.inbox import note_incident
from workflows.linkage.record_sync import discrepancies
from workflows.linkage.record_sync.discrepancies import AGREES, EXPLAINED, KINDS, DiscrepancyRefused, Found

BEGIN = datetime.fromisoformat("2026-11-22T01:00:00Z")
NAMES = [f"core:01{number:024d}" for number in range(6)]


def by_the_incidents(tx: Transaction) -> dict[str, tuple[str, str]]:
    """What stands, by what was ever said."""
    newest: dict[str, tuple[str, str]] = {}
    for about, kind, said in tx.raw.execute(
        "SELECT detail->>'about', kind, detail->>'said' FROM madoguchi.linkage_incident WHERE detail ? 'about' ORDER BY at, id"
    ):
        newest[about] = (kind, said)
    return {about: word for about, word in newest.items() if word[0] not in (AGREES, EXPLAINED)}


@pytest.mark.parametrize("seed", range(4))
def test_what_stands_is_what_the_newest_words_say(tx: Transaction, seed: int) -> None:
    chance = random.Random(seed)
    stood = 0
    for minute in range(60):
        now = BEGIN + timedelta(minutes=minute)
        some = chance.sample(NAMES, chance.randrange(1, 4))
        act = chance.choice(("say", "say", "settle", "explain"))
        if act == "say":
            found = [Found(about, chance.choice(KINDS), chance.choice("ab")) for about in some]
            discrepancies.say(tx, found, now)
            assert discrepancies.say(tx, found, now) == [], "said once"
        elif act == "settle":
            standing = {one.about for one in discrepancies.standing(tx)}
            assert discrepancies.settle(tx, some, now) == len(standing & set(some))
        elif some[0] in by_the_incidents(tx):
            discrepancies.explain(tx, some[0], OPERATOR, "REPORTED", now)
        else:
            with pytest.raises(DiscrepancyRefused):
                discrepancies.explain(tx, some[0], OPERATOR, "REPORTED", now)
        expected = by_the_incidents(tx)
        found_now = discrepancies.standing(tx)
        assert {one.about: (one.kind, one.said) for one in found_now} == expected
        assert discrepancies.count(tx) == len(expected)
        assert found_now == sorted(found_now, key=lambda one: (one.at, one.about), reverse=True)
        assert discrepancies.standing(tx, 2) == found_now[:2]
        stood = max(stood, len(expected))
    assert stood > 2


def test_what_the_release_before_noted_alone_stands_from_the_next_night_on(tx: Transaction) -> None:
    """Between the new tables and the restart a worker that knows no rows of what stands goes on noting."""
    one = Found(NAMES[0], KINDS[0], "a")
    note_incident(tx, one.kind, {"about": one.about, "said": one.said}, BEGIN)
    for night in (1, 2):
        assert discrepancies.say(tx, [one], BEGIN + timedelta(days=night)) == [], "said once"
        (found,) = discrepancies.standing(tx)
        assert (found.about, found.kind, found.said, found.at) == (one.about, one.kind, one.said, BEGIN)
    assert discrepancies.settle(tx, [one.about], BEGIN + timedelta(days=3)) == 1
    assert discrepancies.count(tx) == 0


def test_what_a_person_explained_rests_however_many_nights_find_it(tx: Transaction) -> None:
    one = Found(NAMES[0], KINDS[0], "a")
    discrepancies.say(tx, [one], BEGIN)
    discrepancies.explain(tx, one.about, OPERATOR, "REPORTED", BEGIN + timedelta(minutes=1))
    assert discrepancies.say(tx, [one], BEGIN + timedelta(days=1)) == []
    assert discrepancies.standing(tx) == []


def test_of_two_who_explain_the_same_one_finds_it_gone(databases: Databases) -> None:
    with databases.worker.transaction(Scope(tenant=KONO)) as tx:
        discrepancies.say(tx, [Found(NAMES[0], KINDS[0], "a")], BEGIN)
    for actor, refused in ((OPERATOR, None), (OTHER_BOSS, "NOT_STANDING")):
        with databases.web.transaction(Scope(tenant=KONO)) as tx:
            if refused is None:
                discrepancies.explain(tx, NAMES[0], actor, "REPORTED", BEGIN)
                continue
            with pytest.raises(DiscrepancyRefused) as no:
                discrepancies.explain(tx, NAMES[0], actor, "REPORTED", BEGIN)
            assert no.value.code == refused


def test_the_list_costs_what_stands_and_not_what_was_ever_said(databases: Databases) -> None:
    """Three hundred that ended, one that stands: no row of the incidents is read for the list."""
    with databases.worker.transaction(Scope(tenant=KONO)) as tx:
        many = [Found(f"core:02{number:024d}", KINDS[0], "a") for number in range(300)]
        discrepancies.say(tx, many, BEGIN)
        discrepancies.settle(tx, [one.about for one in many[1:]], BEGIN + timedelta(minutes=1))

    def read(tx: Transaction) -> tuple[int, ...]:
        return tx.raw.execute(
            "SELECT coalesce(sum(seq_tup_read + idx_tup_fetch), 0) FROM pg_stat_xact_user_tables WHERE relname = %s",
            ("linkage_incident",),
        ).fetchone()

    with databases.web.transaction(Scope(tenant=KONO)) as tx:
        assert [one.about for one in discrepancies.standing(tx)] == [many[0].about]
        assert discrepancies.count(tx) == 1
        assert read(tx) == (0,)
        assert tx.raw.execute("SELECT count(*) FROM madoguchi.linkage_incident").fetchone() > (300,)
        assert read(tx) > (300,), "the counting counts"
