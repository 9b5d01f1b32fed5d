"""Where the portal listens."""

from __future__ import annotations

import pytest

from portal.running.web import exposed
from portal.settings import Settings


@pytest.mark.parametrize("bind", ["127.0.0.1:6543", "localhost:80", "[::1]:6543", "127.8.8.8:1"])
def test_an_address_of_this_machine_alone_is_safe_without_a_front_server(bind: str) -> None:
    assert not exposed(bind)


@pytest.mark.parametrize("bind", ["0.0.0.0:6543", "[::]:6543", "192.0.2.1:80", "counter.example:443", ":80"])
def test_an_address_that_others_reach_needs_a_front_server(bind: str) -> None:
    assert exposed(bind)


def test_nothing_is_exposed_unless_somebody_asks_for_it() -> None:
    assert not exposed(Settings.from_env({}).bind)
