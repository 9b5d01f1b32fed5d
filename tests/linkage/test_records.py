"""Machine E: the hub's record list is pulled without gaps, and a list that was altered, or is no list, is noticed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.linkage.bending import bend
from tests.linkage.house import BOSS, KONO, OTSUKAWA, House
from workflows.engine import Command
from workflows.linkage.wire import envelope
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
def looked_into(house: House) -> Any:
    """What was found to be tampered with is resolved by a supervisor, and the list is read on from there."""
    yield
    with house.tx(KONO) as tx:
        (case,) = tx.raw.execute("SELECT case_id FROM madoguchi.linkage_record_sync").fetchone()
        if house.engine.case(tx, case).state == "tampered":
            given = {"reason": "TEST"}
            house.engine.apply(
                tx,
                Command(
                    case,
                    "resolve",
                    BOSS,
                    "調べた",
                    f"resolve:{envelope.new_id(house.parts.clock.now())}",
                    given,
                ),
            )
    sync_records(house.worker, house.runtime, KONO, force=True)
    assert sync_state(house)[0] == "synced"


@pytest.mark.usefixtures("looked_into")
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


@pytest.mark.usefixtures("looked_into")
@pytest.mark.parametrize(
    "how",
    [
        lambda record: {},
        lambda record: "record",
        lambda record: {**record, "seq": str(record["seq"])},
        lambda record: {**record, "items": None},
        lambda record: {**record, "asker": "甲野市"},
        lambda record: {k: v for k, v in record.items() if k != "digest"},
        lambda record: {**record, "requested_at": "2026-02-30T00:00:00Z"},
        lambda record: {**record, "氏名": "見本 花子"},
    ],
    ids=["empty", "text", "seq", "items", "asker", "digest", "time", "more"],
)
def test_a_record_that_has_not_its_shape_stops_the_reading_and_is_not_kept(
    house: House, monkeypatch: pytest.MonkeyPatch, how: Callable[[Any], Any]
) -> None:
    sync_records(house.worker, house.runtime, KONO, force=True)
    last = sync_state(house)[1]
    ask_one(house)
    bend(
        house,
        monkeypatch,
        "/v1/records?",
        lambda body: {**body, "records": [how(r) for r in body["records"]]},
    )
    assert sync_records(house.worker, house.runtime, KONO, force=True) == 0
    assert sync_state(house) == ("tampered", last)
    monkeypatch.undo()


@pytest.mark.parametrize("mark", [{}, {"seq": "1", "root": "A"}, {"seq": None, "root": 7}], ids=str)
def test_a_checkpoint_that_has_not_its_shape_is_not_believed_and_asked_for_again(
    house: House, monkeypatch: pytest.MonkeyPatch, mark: dict[str, Any]
) -> None:
    bend(house, monkeypatch, "/v1/records/checkpoints", lambda _: mark)
    assert sync_records(house.worker, house.runtime, KONO, force=True) == 0
    assert sync_state(house)[0] == "delayed"
    monkeypatch.undo()
    sync_records(house.worker, house.runtime, KONO, force=True)
    assert sync_state(house)[0] == "synced"


@pytest.mark.usefixtures("looked_into")
def test_records_that_vanish_after_they_were_read_are_noticed_though_nothing_new_came(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync_records(house.worker, house.runtime, KONO, force=True)
    bend(house, monkeypatch, "/v1/records/checkpoints", lambda body: {**body, "seq": body["seq"] - 1})
    assert sync_records(house.worker, house.runtime, KONO, force=True) == 0
    assert sync_state(house)[0] == "tampered"
    monkeypatch.undo()


def test_a_gap_is_said_once_and_reading_goes_on_when_it_is_filled(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync_records(house.worker, house.runtime, KONO, force=True)
    ask_one(house)

    def counted() -> tuple[int, int]:
        with house.tx(KONO) as tx:
            return tx.raw.execute(
                "SELECT (SELECT count(*) FROM madoguchi.linkage_incident WHERE kind = 'RECORDS_GAP'),"
                " (SELECT count(*) FROM madoguchi.step s JOIN madoguchi.linkage_record_sync r USING (tenant, case_id))"
            ).fetchone()

    before = counted()
    bend(
        house,
        monkeypatch,
        "/v1/records?",
        lambda body: {**body, "records": [{**one, "seq": one["seq"] + 1} for one in body["records"]]},
    )
    for _ in range(3):
        assert sync_records(house.worker, house.runtime, KONO, force=True) == 0
    assert counted() == (before[0] + 1, before[1] + 2)
    monkeypatch.undo()
    assert sync_records(house.worker, house.runtime, KONO, force=True) > 0
    assert sync_state(house)[0] == "synced"
