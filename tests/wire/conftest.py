"""Keys and a clock for tests of the wire contract; no database, no network."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from workflows.linkage.wire import envelope
from workflows.linkage.wire.keys import Directory, PartyKeys, new_party

ASKER, HOLDER = "992011-01", "992020-01"


class Ticking:
    """A clock that stands still until it is told to move."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def move(self, **parts: float) -> None:
        self.at += timedelta(**parts)


@dataclass(frozen=True)
class World:
    """Everybody's keys and the directory all trust."""

    keys: dict[str, PartyKeys]
    directory: Directory


@pytest.fixture(scope="session")
def world() -> World:
    keys, entries = {}, []
    for party, role, tenant in (
        (ASKER, "tenant", "992011"),
        (HOLDER, "tenant", "992020"),
        ("hub", "hub", None),
        ("core", "core", None),
        ("juki", "juki", None),
    ):
        private, public = new_party(party, role, tenant, f"{party} label")
        keys[party] = PartyKeys.from_dict(private)
        entries.append(public)
    stranger, _ = new_party("992011-02", "tenant", "992011", "not registered")
    keys["stranger"] = PartyKeys.from_dict(stranger)
    return World(keys, Directory.from_dict({"parties": entries}))


@pytest.fixture
def ticking() -> Ticking:
    return Ticking()


def inquiry(now: datetime, **changes: Any) -> dict[str, Any]:
    """A correct ``inquiry.request``; ``changes`` go into its payload."""
    payload = {
        "holder": HOLDER,
        "affair": "child-allowance",
        "procedure": "child-allowance",
        "items": ["local-tax"],
        "purpose": "児童手当の審査のため",
        **changes,
    }
    return envelope.build(
        "inquiry.request",
        tenant="992011",
        org=ASKER,
        created=now,
        danban="000000000000018",
        actor={"role": "clerk", "staff_hash": "a" * 43},
        legal={"law_row": "081-01", "table_version": "2026-11-01.1"},
        payload=payload,
    )
