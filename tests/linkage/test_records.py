"""Machine E: the hub's record list is pulled without gaps, and a list that was altered is noticed."""

from __future__ import annotations

import pytest

from tests.linkage.house import KONO, OTSUKAWA
from workflows.linkage.worker import sync_records


def sync_state(house, tenant=KONO):
    with house.tx(tenant) as tx:
        return tx.raw.execute(
            "SELECT c.state, s.last_seq FROM madoguchi.linkage_record_sync s JOIN madoguchi.case_file c"
            " ON c.tenant = s.tenant AND c.id = s.case_id"
        ).fetchone()


def ask_one(house):
    opened = house.ask(house.apply_for("hanako"))
    house.settle()
    assert house.state(KONO, opened.case_id) == "answered"


def test_both_sides_find_the_hub_s_records_the_same_as_their_own(house):
    for tenant in (KONO, OTSUKAWA):
        sync_records(house.worker, house.runtime, tenant, force=True)
    before = {tenant: sync_state(house, tenant)[1] for tenant in (KONO, OTSUKAWA)}
    ask_one(house)
    for tenant in (KONO, OTSUKAWA):
        sync_records(house.worker, house.runtime, tenant, force=True)
        assert sync_state(house, tenant)[0] == "synced"
        with house.tx(tenant) as tx:
            fresh = tx.raw.execute(
                "SELECT matched FROM madoguchi.linkage_record WHERE seq > %s", (before[tenant],)
            ).fetchall()
            seqs = [row[0] for row in tx.raw.execute("SELECT seq FROM madoguchi.linkage_record ORDER BY seq")]
        assert fresh
        assert set(fresh) == {("same",)}
        assert seqs == list(range(1, len(seqs) + 1))


def test_when_the_hub_is_away_the_source_says_so_and_recovers(house):
    sync_records(house.worker, house.runtime, KONO, force=True)
    house.stand_ins.fault("hub", "down")
    assert sync_records(house.worker, house.runtime, KONO, force=True) == 0
    assert sync_state(house)[0] == "delayed"
    with house.tx(KONO) as tx:
        assert tx.raw.execute(
            "SELECT state FROM madoguchi.provision_source WHERE source = 'hub' AND tenant = %s", (KONO,)
        ).fetchone() == ("delayed",)
    house.stand_ins.heal("hub")
    sync_records(house.worker, house.runtime, KONO)
    assert sync_state(house)[0] == "synced"


@pytest.fixture
def undone(house):
    """What a test does to the reconciliation of 甲野市 is taken back: the case starts anew from where it was."""
    yield
    with house.tx(KONO) as tx:
        from tests.linkage.house import BOSS
        from workflows.engine import Command

        case = tx.raw.execute("SELECT case_id FROM madoguchi.linkage_record_sync").fetchone()[0]
        if house.engine.case(tx, case).state == "tampered":
            house.engine.apply(
                tx, Command(case, "resolve", BOSS, "調べた", f"resolve:{case}", {"reason": "TEST"})
            )


@pytest.mark.usefixtures("undone")
@pytest.mark.parametrize("how", ["gap", "altered", "gone"])
def test_a_list_with_a_gap_an_altered_record_or_a_missing_end_is_not_taken(house, monkeypatch, how):
    sync_records(house.worker, house.runtime, KONO, force=True)
    ask_one(house)
    gateway = house.parts.offices.gateway(KONO)
    records, checkpoint = gateway.records, gateway.checkpoint
    last = sync_state(house)[1]
    if how == "gap":
        monkeypatch.setattr(
            gateway, "records", lambda a, n: [{**r, "seq": r["seq"] + 1} for r in records(a, n)]
        )
    elif how == "altered":
        monkeypatch.setattr(
            gateway, "records", lambda a, n: [{**r, "outcome": "TIMEOUT"} for r in records(a, n)]
        )
    else:
        monkeypatch.setattr(gateway, "checkpoint", lambda: {**checkpoint(), "root": "A" * 43})
    assert sync_records(house.worker, house.runtime, KONO, force=True) == 0
    assert sync_state(house) == ({"gap": "gap"}.get(how, "tampered"), last)
    with house.tx(KONO) as tx:
        kinds = {
            row[0]
            for row in tx.raw.execute("SELECT kind FROM madoguchi.linkage_incident ORDER BY id DESC LIMIT 1")
        }
    assert kinds == {"RECORDS_GAP" if how == "gap" else "RECORDS_TAMPERED"}
    monkeypatch.undo()
    if how == "gap":
        assert sync_records(house.worker, house.runtime, KONO, force=True) > 0
        assert sync_state(house)[0] == "synced"
