"""The seal of a record: the canonical bytes are those of RFC 8785, whatever stands in the record."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.provision_records.models import (
    Party,
    RecordItem,
    canonical,
    content,
    instant,
    person_key,
    seal,
)

from .people import record

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)


@settings(deadline=None)
@given(TEXT, TEXT, TEXT, st.lists(TEXT, min_size=1, max_size=4))
def test_the_bytes_that_are_sealed_are_canonical_json(
    purpose: str, office: str, receipt: str, items: list[str]
) -> None:
    value = content(
        record(
            1,
            purpose=purpose,
            asker=Party("992011-01", "甲野市", office),
            application_receipt=receipt,
            items=tuple(RecordItem(one, one) for one in items),
        )
    )
    assert canonical(value) == rfc8785.dumps(value)
    assert seal(bytes(32), value) == hashlib.sha256(bytes(33) + rfc8785.dumps(value)).digest()


@pytest.mark.parametrize("name", ["髙﨑 𠮷子", "葛󠄀城", "か\u3099", "が"])
def test_names_of_offices_keep_their_characters(name: str) -> None:
    value = content(record(1, asker=Party("992011-01", name, name)))
    assert name.encode() in canonical(value)


def test_a_time_is_the_same_instant_in_every_zone_and_needs_one() -> None:
    at = datetime(2026, 11, 22, 1, 0, 0, 123, tzinfo=UTC)
    assert (
        instant(at) == instant(at.astimezone(timezone(timedelta(hours=9)))) == "2026-11-22T01:00:00.000123Z"
    )
    with pytest.raises(ValueError, match="zone"):
        instant(datetime(2026, 11, 22))  # noqa: DTZ001


def test_disclosure_is_not_part_of_what_is_sealed() -> None:
    assert content(record(1)) == content(record(1, disclosure="withheld"))


def test_a_person_has_another_key_in_every_office_and_with_every_salt() -> None:
    keys = {
        person_key(t, a, s)
        for t in ("992011", "992020")
        for a in ("A", "B")
        for s in (bytes(32), b"\x01" * 32)
    }
    assert len(keys) == 8
