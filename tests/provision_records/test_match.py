"""The three-way comparison against a naive one, for any sets of records at the three keepers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.provision_records.match import KEEPERS, Difference, Digest, common, compare
from workflows.provision_records.models import Party, RecordItem

from .people import record

SETS = st.dictionaries(st.integers(0, 12).map(lambda n: f"EX{n:02d}"), st.sampled_from([b"a", b"b", b"c"]))


@settings(deadline=None)
@given(st.tuples(SETS, SETS, SETS))
def test_every_difference_is_found_and_nothing_else(said: tuple[dict[str, bytes], ...]) -> None:
    held = dict(zip(KEEPERS, said, strict=True))
    found = list(compare({k: [Digest(*one) for one in sorted(v.items())] for k, v in held.items()}))
    expected = {exchange for exchange in set().union(*said) if len({v.get(exchange) for v in said}) > 1}
    assert [one.exchange_id for one in found] == sorted(expected)
    for one in found:
        assert one.missing == tuple(k for k in KEEPERS if one.exchange_id not in held[k])
        assert (
            len({held[k][one.exchange_id] for k in KEEPERS if one.exchange_id in held[k]}) > 1
            or not one.apart
        )


def digests(*pairs: tuple[str, bytes]) -> list[Digest]:
    return [Digest(*pair) for pair in pairs]


def test_the_one_who_stands_alone_is_named() -> None:
    found = list(
        compare({"own": digests(("E", b"a")), "hub": digests(("E", b"a")), "core": digests(("E", b"x"))})
    )
    assert found == [Difference("E", (), ("core",))]


def test_with_two_keepers_our_own_record_is_the_measure() -> None:
    found = list(compare({"own": digests(("E", b"a")), "core": digests(("E", b"x"))}))
    assert found == [Difference("E", (), ("core",))]


def test_a_keeper_out_of_reach_is_left_out_not_called_missing() -> None:
    assert list(compare({"own": digests(("E", b"a")), "hub": digests(("E", b"a"))})) == []


def test_an_unsorted_stream_is_refused() -> None:
    with pytest.raises(ValueError, match="hub"):
        list(compare({"own": [], "hub": digests(("F", b"a"), ("E", b"a"))}))


def test_asker_and_holder_agree_whatever_is_their_own_business() -> None:
    asker = record(1)
    holder = record(1, "B0000001", "992020", side="holder", application_receipt=None, purpose="別の言葉")
    assert common(asker) == common(holder)


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "NO_SUCH_SUBJECT"},
        {"provided_at": None},
        {"requested_at": record(2).requested_at},
        {"asker": Party("992020-01", "乙川市", "税務課")},
        {"items": (RecordItem("resident-record", "住民票関係情報"),)},
        {"affair_code": "public-housing"},
    ],
)
def test_what_the_law_wants_recorded_must_be_said_alike(change: dict) -> None:
    assert common(record(1)) != common(replace(record(1), **change))
