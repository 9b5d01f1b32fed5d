"""Copies (副本): from the tax system's file to a result for every row."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.linkage.house import KONO, OTSUKAWA
from workflows.linkage.copies.batches import CopySender
from workflows.linkage.copies.sealing import OwnSealer
from workflows.linkage.copies.staging import CopyStager
from workflows.linkage.copies.tax_csv import COLUMNS, TaxFileRefused, read_tax
from workflows.linkage.wire import envelope, sealing

HEAD = ",".join(COLUMNS)
GOOD = "7001,2026,1,2026-06-01,1000,1000,1500,60,3,40,0,無,課税"


class Undone(Exception):
    """What a test did is not kept."""


def csv_of(*lines):
    return ("\r\n".join([HEAD, *lines]) + "\r\n").encode()


@pytest.mark.parametrize(
    "content",
    [
        csv_of(GOOD).decode().encode("cp932"),
        csv_of(GOOD).replace("課税年度".encode(), "年度".encode()),
        csv_of('7001,"2026'),
        csv_of(GOOD).replace(b"7001", b"7001\x00"),
        csv_of(GOOD).replace(HEAD.encode(), f"{HEAD},{COLUMNS[0]}".encode()),
        csv_of(f'"{"x" * 200_000}",{GOOD}'),
        b"",
        b"\r\n\r\n",
        "\ufeff".encode(),
    ],
)
def test_what_is_not_a_file_of_the_tax_system_is_refused_whole(content):
    with pytest.raises(TaxFileRefused) as refused:
        read_tax(content)
    assert "何も取り込んでいません" in str(refused.value)


def test_good_rows_go_on_and_bad_rows_are_named():
    file = read_tax(
        csv_of(
            GOOD,
            "7002,2026,1,2026-06-31,1,1,1,1,1,1,1,無,課税",
            "7003,2026",
            GOOD.replace("課税", "免税").replace("7001", "7004"),
        )
    )
    assert set(file.people) == {"7001"}
    assert [(fault.line, fault.code) for fault in file.faults] == [
        (3, "ROW_VALUE"),
        (4, "ROW_COLUMNS"),
        (5, "ROW_VALUE"),
    ]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("課税年度", "令和8"),
        ("課税年度", "見本 花子"),
        ("課税年度", "２０２６"),
        ("課税年度", ""),
        ("版", "1.0"),
        ("版", "-1"),
        ("版", "٣"),
        ("異動日", "20260601"),
        ("異動日", "2026-W23-1"),
        ("異動日", "2026-02-30"),
        ("異動日", "2026-06-01T00:00"),
        ("総所得金額等", "1_000"),
        ("総所得金額等", "+5"),
        ("総所得金額等", " 5"),
        ("総所得金額等", "１０００"),
        ("総所得金額等", "1e3"),
        ("総所得金額等", "9" * 16),
        ("総所得金額等", "9" * 5000),
        ("総所得金額等", "1,000"),
        ("総所得金額等", ""),
        ("住基宛名番号", " "),
    ],
)
def test_only_plain_figures_are_figures(column, value):
    cells = dict(zip(COLUMNS, GOOD.split(","), strict=True)) | {column: f'"{value}"'}
    file = read_tax(csv_of(",".join(cells.values()), GOOD.replace("7001", "7002")))
    assert set(file.people) == {"7002"}
    assert [(fault.line, fault.code) for fault in file.faults] == [(2, "ROW_VALUE")]
    assert value.strip() == "" or value not in file.faults[0].message


def test_whoever_has_two_business_numbers_has_the_years_of_both_and_never_half_of_one_year(house):
    """After 名寄せ two numbers of the tax system are one person's."""
    person = house.addressee(OTSUKAWA, "hanako")
    with house.tx(OTSUKAWA, "vault") as tx:
        house.register.put_business(tx, [("juki", "T-2", person)])
        (own,) = tx.raw.execute(
            "SELECT number FROM madoguchi.business_number WHERE system = 'juki' AND addressee = %s AND number <> 'T-2'",
            (person,),
        ).fetchone()
    mine, other = GOOD.replace("7001", own), GOOD.replace("7001,2026", "T-2,2025").replace("06-01", "07-01")

    def staged(*lines):
        report = as_of = None
        with pytest.raises(Undone), house.tx(OTSUKAWA) as tx:
            report = CopyStager(house.parts).stage_tax(tx, csv_of(*lines))
            as_of = tx.raw.execute(
                "SELECT as_of FROM madoguchi.linkage_copy WHERE addressee = %s AND state = 'valid'", (person,)
            ).fetchall()
            raise Undone
        return report.changed, [fault.code for fault in report.faults], as_of

    assert staged(mine, other) == (1, [], [(date(2026, 7, 1),)])
    assert staged(mine, other.replace("T-2,2025", "T-2,2026")) == (0, ["TWO_NUMBERS"], [])


def test_the_newest_version_of_a_year_counts_whatever_the_order():
    newer = GOOD.replace(",1,2026-06-01,1000", ",2,2026-07-01,2000")
    for lines in ((GOOD, newer), (newer, GOOD)):
        as_of, content = read_tax(csv_of(*lines)).people["7001"]
        assert (as_of, content["years"]["2026"]["総所得金額等"]) == (date(2026, 7, 1), 2000)


@given(
    st.dictionaries(st.text(min_size=1, max_size=8), st.integers() | st.text(max_size=20), max_size=4),
    st.integers(1, 9999),
)
def test_the_quick_seal_opens_with_the_wire_s_own_function(content, version):
    import orjson

    try:
        plain = orjson.dumps(content)
    except (TypeError, orjson.JSONEncodeError):
        return  # a whole number beyond 64 bits or half a character: not JSON that could have come here
    sealed = OwnSealer("copy-1", b"s" * 32).seal("000000000000018", "local-tax", version, "2026-06-01", plain)
    context = {
        "danban": "000000000000018",
        "item": "local-tax",
        "version": str(version),
        "as_of": "2026-06-01",
    }
    keys = {"copy-1": sealing.own_key(b"s" * 32)}
    assert sealing.open_own(sealed, context, keys) == content
    for name, other in (("danban", "x"), ("item", "x"), ("version", "0"), ("as_of", "x")):
        with pytest.raises(sealing.SealBroken):
            sealing.open_own(sealed, {**context, name: other}, keys)


def rows_of(house, where="true"):
    with house.tx(OTSUKAWA) as tx:
        return tx.raw.execute(
            f"SELECT addressee, version, acknowledged, state, cause FROM madoguchi.linkage_copy WHERE {where} ORDER BY addressee"
        ).fetchall()


def send(house):
    gateway = house.parts.offices.gateway(OTSUKAWA)
    return CopySender(house.parts).send_next(house.worker, OTSUKAWA, gateway, "local-tax")


def test_the_same_file_again_changes_nothing_and_a_corrected_one_only_what_changed(house):
    before = rows_of(house)
    assert {row[3] for row in before} == {"current"}
    with house.tx(OTSUKAWA) as tx:
        report = CopyStager(house.parts).stage_tax(tx, house.stand_ins.tax_file())
    assert report.changed == 0
    assert send(house) is None
    house.stand_ins.admin("tax", "change", {"count": 3})
    with house.tx(OTSUKAWA) as tx:
        report = CopyStager(house.parts).stage_tax(tx, house.stand_ins.tax_file())
    assert (report.changed, report.faults) == (3, ())
    batch = send(house)
    assert (batch.state, batch.accepted, batch.rejected) == ("complete", 3, 0)
    after = rows_of(house)
    assert sum(new[1] == old[1] + 1 == new[2] for old, new in zip(before, after, strict=True)) == 3


def test_a_row_the_hub_refuses_is_named_and_the_others_are_taken(house):
    house.stand_ins.admin("tax", "change", {"count": 4})
    with house.tx(OTSUKAWA) as tx:
        CopyStager(house.parts).stage_tax(tx, house.stand_ins.tax_file())
        victim = tx.raw.execute(
            "UPDATE madoguchi.linkage_copy SET acknowledged = acknowledged + 50, version = version + 51 WHERE addressee ="
            " (SELECT min(addressee) FROM madoguchi.linkage_copy WHERE state = 'valid') RETURNING addressee"
        ).fetchone()[0]
    batch = send(house)
    assert (batch.state, batch.accepted, batch.rejected) == ("partial", 3, 1)
    (row,) = rows_of(house, "state = 'conflict'")
    assert (row[0], row[4]) == (victim, "STALE_VERSION")
    with house.tx(OTSUKAWA) as tx:
        tx.raw.execute(
            "UPDATE madoguchi.linkage_copy SET acknowledged = acknowledged - 50, version = version - 50, state = 'current'"
            " WHERE state = 'conflict'"
        )
        kinds = tx.raw.execute(
            "SELECT kind FROM madoguchi.linkage_incident ORDER BY id DESC LIMIT 1"
        ).fetchone()
    assert kinds == ("COPIES_REFUSED",)


@pytest.mark.parametrize("path", ["/v1/copy-batches", "/v1/copy-batches/"])
def test_a_batch_interrupted_anywhere_is_finished_later_under_the_same_name(house, path):
    from workflows.linkage.wire.problems import Problem
    from workflows.linkage.wire.retry import LinkUnreachable

    house.stand_ins.admin("tax", "change", {"count": 2})
    with house.tx(OTSUKAWA) as tx:
        CopyStager(house.parts).stage_tax(tx, house.stand_ins.tax_file())
    house.stand_ins.fault("hub", "lose-answer", path=path)
    with pytest.raises((LinkUnreachable, Problem)):
        send(house)
    house.stand_ins.heal("hub")
    with house.tx(OTSUKAWA) as tx:
        (name,) = tx.raw.execute(
            "SELECT id FROM madoguchi.linkage_copy_batch WHERE state = 'sealed'"
        ).fetchone()
    batch = send(house)
    assert (batch.id, batch.state, batch.accepted) == (name, "complete", 2)


@pytest.mark.parametrize("lost", ["part", "commit"])
def test_what_changes_while_its_copy_is_on_its_way_goes_after_it_and_conflicts_with_nothing(
    house, monkeypatch, lost
):
    from workflows.linkage.wire.retry import LinkUnreachable

    def stage():
        with house.tx(OTSUKAWA) as tx:
            return CopyStager(house.parts).stage_tax(tx, house.stand_ins.tax_file()).changed

    gateway = house.parts.offices.gateway(OTSUKAWA)
    put = gateway.put_copies

    def answer_lost(step, message):
        done = put(step, message)
        if step == lost:
            raise LinkUnreachable("the hub did it, and nobody heard")
        return done

    everybody = len(rows_of(house))
    house.stand_ins.admin("tax", "change", {"count": 2})
    assert stage() == 2
    monkeypatch.setattr(gateway, "put_copies", answer_lost)
    with pytest.raises(LinkUnreachable):
        send(house)
    monkeypatch.undo()
    for _ in range(2):
        house.stand_ins.admin("tax", "change", {"count": 1000})
        assert stage() == everybody
    first, second = send(house), send(house)
    assert first.state == {"part": "aborted", "commit": "complete"}[lost]
    assert (second.state, second.accepted, send(house)) == ("complete", everybody, None)
    assert {(row[3], row[1] == row[2]) for row in rows_of(house)} == {("current", True)}


def test_a_row_of_which_the_hub_says_nothing_is_not_taken_for_accepted(house, monkeypatch):
    house.stand_ins.admin("tax", "change", {"count": 3})
    with house.tx(OTSUKAWA) as tx:
        CopyStager(house.parts).stage_tax(tx, house.stand_ins.tax_file())
    gateway = house.parts.offices.gateway(OTSUKAWA)
    results = gateway.copy_results
    monkeypatch.setattr(
        gateway, "copy_results", lambda *a: {"results": results(*a)["results"][:-1], "next": None}
    )
    batch = send(house)
    assert (batch.state, batch.accepted, batch.rejected) == ("partial", 2, 1)
    assert [(row[3], row[4]) for row in rows_of(house, "cause = 'NO_RESULT'")] == [("mismatch", "NO_RESULT")]
    monkeypatch.undo()
    with house.tx(OTSUKAWA) as tx:
        tx.raw.execute(
            "UPDATE madoguchi.linkage_copy SET state = 'current', acknowledged = version, cause = NULL WHERE cause = 'NO_RESULT'"
        )


def test_copies_of_another_municipality_are_not_there(house):
    with house.tx(KONO) as tx:
        assert tx.raw.execute("SELECT count(*) FROM madoguchi.linkage_copy").fetchone() == (0,)


def test_the_manifest_s_leaf_is_the_canonical_form():
    import orjson

    row = ["000000000000018", "local-tax", 12, (date(2026, 6, 1) + timedelta(1)).isoformat(), "eyJ.a-_b..c"]
    assert orjson.dumps(row) == envelope.canonical(row)
