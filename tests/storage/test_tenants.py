"""Which bodies there are: asked in one place."""

from __future__ import annotations

from pathlib import Path

from storage.tenants import known_tenants, parse_tenant
from tests.conftest import Databases

HOUSE = Path(__file__).parents[2]


def test_the_bodies_are_the_same_for_every_role_and_the_commission_is_among_them(
    databases: Databases,
) -> None:
    known = known_tenants(databases.worker)
    assert {"000000", "992011"} <= set(known)
    assert known == sorted(set(known))
    assert [parse_tenant(code) for code in known if code != "000000"] == known[1:]
    assert known_tenants(databases.web) == known_tenants(databases.migrator) == known


def test_nobody_asks_for_their_codes_alone_in_other_words() -> None:
    asking = [
        file.relative_to(HOUSE).as_posix()
        for room in ("portal", "privacy_assessment", "workflows", "storage")
        for file in (HOUSE / room).rglob("*.py")
        if "SELECT code FROM madoguchi.tenant ORDER" in file.read_text("utf-8")
    ]
    assert asking == ["storage/tenants.py"]
