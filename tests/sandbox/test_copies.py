"""Copies at the hub: versions, bulk with one result for each row, reconciliation, and lanes that do not block each other."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.hub.copies import row_leaf
from tests.sandbox.conftest import ASKER, HOLDER, KEY, Country
from workflows.linkage.wire import envelope, merkle, sealing
from workflows.linkage.wire.problems import Problem

SEALED = sealing.seal_own({"x": 1}, {"danban": "d"}, KEY, "k1")


def row(danban: str, version: int = 1, base: int = 0, sealed: str = SEALED) -> dict[str, Any]:
    return {
        "danban": danban,
        "version": version,
        "base_version": base,
        "as_of": "2026-06-01",
        "sealed": sealed,
    }


def upload(
    country: Country,
    rows: list[dict[str, Any]],
    parts: int = 1,
    item: str = "local-tax",
    root: str | None = None,
) -> dict[str, Any]:
    """A whole bulk registration; the answer to its commit with the batch id."""
    hub, batch_id = country.tenant(HOLDER), envelope.new_id(country.now())
    wanted = root or merkle.root([row_leaf(item, r) for r in rows])
    manifest = {
        "batch_id": batch_id,
        "item": item,
        "layout": "L1",
        "rows": len(rows),
        "parts": parts,
        "merkle_root": wanted,
    }
    hub.open_copy_batch(country.message("copy.batch", HOLDER, payload=manifest))
    size = -(-len(rows) // parts)
    for n in range(parts):
        part = {"batch_id": batch_id, "part": n + 1, "rows": rows[n * size : (n + 1) * size]}
        hub.put_copy_part(country.message("copy.part", HOLDER, payload=part))
    commit = country.message("copy.commit", HOLDER, payload={"batch_id": batch_id})
    return {**hub.commit_copy_batch(commit).body, "batch_id": batch_id}


def test_a_copy_is_taken_on_its_base_version_only(country: Country) -> None:
    hub, danban = country.tenant(HOLDER), country.danban()
    assert hub.put_copy(country.copy(danban, 1, 0)).body["status"] == "CURRENT"
    for version, base in ((2, 0), (3, 2), (1, 0)):
        with pytest.raises(Problem, match="STALE_VERSION"):
            hub.put_copy(country.copy(danban, version, base))
    hub.put_copy(country.copy(danban, 5, 1))
    with pytest.raises(Problem, match="above its base"):
        hub.put_copy(country.copy(danban, 5, 5))


def test_a_copy_must_be_sealed_and_the_path_must_agree(country: Country) -> None:
    hub, message = country.tenant(HOLDER), country.copy(country.danban())
    message["payload"]["sealed"] = "a.b.c.d.e"
    with pytest.raises(Problem, match="FORBIDDEN_CONTENT"):
        hub.put_copy(message)
    good = country.copy(country.danban())
    with pytest.raises(Problem, match="another copy"):
        hub.link.call("PUT", "/v1/copies/999999/local-tax", good)


def test_a_bulk_registration_names_the_fate_of_every_row(country: Country) -> None:
    old = country.danban()
    country.tenant(HOLDER).put_copy(country.copy(old, 1, 0))
    fresh = [country.danban() for _ in range(5)]
    rows = [
        row(fresh[0]),
        row(old, 2, 1),
        row(fresh[1], 3, 2),
        row(fresh[2]),
        row(fresh[2]),
        row(fresh[3], 1, 1),
    ]
    done = upload(country, rows, parts=2)
    assert (done["status"], done["refused"]) == ("PARTIAL", 3)
    found = country.tenant(HOLDER).copy_results(done["batch_id"])
    assert [r["code"] for r in found["results"]] == [
        "CURRENT",
        "CURRENT",
        "STALE_VERSION",
        "CURRENT",
        "DUPLICATE_ROW",
        "ROW_INVALID",
    ]
    assert [r["row"] for r in found["results"]] == [1, 2, 3, 4, 5, 6]
    paged = country.tenant(HOLDER).copy_results(done["batch_id"], after=4, limit=1)
    assert [r["row"] for r in paged["results"]] == [5]


def test_a_manifest_that_does_not_fit_takes_nothing_and_can_be_completed(country: Country) -> None:
    rows = [row(country.danban()) for _ in range(3)]
    with pytest.raises(Problem, match="differ from the manifest"):
        upload(country, rows, root="x" * 43)
    with country.hub.store.transaction() as tx:
        found = tx.execute(
            "SELECT count(*) FROM hub.copy WHERE danban = ANY(%s)", ([r["danban"] for r in rows],)
        ).fetchone()
    assert found == (0,)


def test_a_part_may_be_sent_again_and_a_committed_batch_is_closed(country: Country) -> None:
    hub, batch_id, rows = country.tenant(HOLDER), envelope.new_id(country.now()), [row(country.danban())]
    manifest = {
        "batch_id": batch_id,
        "item": "local-tax",
        "layout": "L1",
        "rows": 1,
        "parts": 1,
        "merkle_root": merkle.root([row_leaf("local-tax", rows[0])]),
    }
    hub.open_copy_batch(country.message("copy.batch", HOLDER, payload=manifest))
    for name, other in (("rows", 2), ("merkle_root", "x" * 43), ("item", "pension")):
        with pytest.raises(Problem, match="another manifest"):
            hub.open_copy_batch(country.message("copy.batch", HOLDER, payload={**manifest, name: other}))
    part = {"batch_id": batch_id, "part": 1, "rows": rows}
    for _ in range(2):
        hub.put_copy_part(country.message("copy.part", HOLDER, payload=part))
    with pytest.raises(Problem, match="fewer parts"):
        hub.put_copy_part(country.message("copy.part", HOLDER, payload={**part, "part": 2}))
    commit = country.message("copy.commit", HOLDER, payload={"batch_id": batch_id})
    assert hub.commit_copy_batch(commit).body["status"] == "COMPLETE"
    assert hub.commit_copy_batch(commit).replayed
    for again in (
        lambda: hub.put_copy_part(country.message("copy.part", HOLDER, payload=part)),
        lambda: hub.commit_copy_batch(country.message("copy.commit", HOLDER, payload={"batch_id": batch_id})),
    ):
        with pytest.raises(Problem, match="EXCHANGE_CLOSED"):
            again()


def test_another_body_cannot_touch_a_batch_or_see_a_copy(country: Country) -> None:
    done = upload(country, [row(country.danban())])
    with pytest.raises(Problem, match="NOT_FOUND"):
        country.tenant(ASKER).copy_results(done["batch_id"])
    assert country.tenant(ASKER).copy_digest("local-tax", 0)["rows"] == 0


def test_an_open_batch_of_one_item_does_not_hold_up_another(country: Country) -> None:
    """会津若松 2023: a backlog of one kind of data kept other kinds waiting for months."""
    hub, stuck = country.tenant(HOLDER), envelope.new_id(country.now())
    manifest = {
        "batch_id": stuck,
        "item": "immunisation-record",
        "layout": "L1",
        "rows": 200_001,
        "parts": 11,
        "merkle_root": "x" * 43,
    }
    hub.open_copy_batch(country.message("copy.batch", HOLDER, payload=manifest))
    assert upload(country, [row(country.danban())])["status"] == "COMPLETE"


def test_bucket_digests_find_the_row_that_differs(country: Country) -> None:
    rows = [row(country.danban()) for _ in range(40)]
    upload(country, rows, item="resident-record")
    from sandbox.hub.copies import bucket_of

    for bucket in {bucket_of(r["danban"]) for r in rows}:
        mine = sorted((r for r in rows if bucket_of(r["danban"]) == bucket), key=lambda r: r["danban"])
        expected = merkle.root([row_leaf("resident-record", r) for r in mine])
        assert country.tenant(HOLDER).copy_digest("resident-record", bucket) == {
            "rows": len(mine),
            "root": expected,
        }


def test_twenty_thousand_rows_in_a_part_are_the_most(country: Country) -> None:
    part = {"batch_id": envelope.new_id(country.now()), "part": 1, "rows": [row("000000000000018")] * 20_001}
    with pytest.raises(Problem):
        envelope.validate(country.message("copy.part", HOLDER, payload=part))
