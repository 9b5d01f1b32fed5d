"""Too much of what costs much is answered with 429 and the time to wait, for the one who does it and nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyramid.interfaces import ITweens

from portal.identity import rates as module
from portal.identity.rates import rates
from portal.identity.secrets import network_hash
from sandbox.pki import Pki
from storage.clock import FixedClock
from tests.conftest import Databases
from tests.identity.web import JSON, Portal, signed, waiting
from tests.pki.world import SoftCard, card

FEW = 3


@pytest.fixture(autouse=True)
def few(clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped rules, but few of each."""
    found = tuple(replace(one, count=FEW) for one in rates(clock.today()))
    monkeypatch.setattr(module, "rates", lambda _day: found)


def resident(portal: Portal, found: SoftCard) -> Any:
    browser, code = waiting(portal)
    portal.browser().post_json(f"/login/card/c/{code}", signed(portal, code, found), headers=JSON)
    browser.get("/login/card/finish")
    return browser


def ask_for_options(portal: Portal, address: str = "198.51.100.7") -> Any:
    browser = portal.browser()
    token = browser.get("/staff/login").html.find("input", attrs={"name": "csrf_token"})["value"]
    return browser.post(
        "/staff/login/options", {"csrf_token": token}, extra_environ={"REMOTE_ADDR": address}, status="*"
    )


def test_a_request_is_refused_before_it_is_counted_and_counted_before_it_has_a_transaction(
    portal: Portal,
) -> None:
    order = [name for name, _ in portal.app.registry.getUtility(ITweens).implicit()]
    inner = ["web.front", "web.limits", "identity.rates", "web.transaction"]
    assert [name.rpartition(".")[0] for name in order[-4:]] == [f"portal.{name}" for name in inner]


def test_key_dialogues_are_counted_by_network(portal: Portal) -> None:
    assert [ask_for_options(portal).status_code for _ in range(FEW + 1)] == [200] * FEW + [429]
    assert ask_for_options(portal, "203.0.113.9").status_code == 200
    portal.clock.advance(minutes=15)
    assert ask_for_options(portal).status_code == 200


def test_what_she_takes_away_is_counted_by_person_wherever_she_asks_from(portal: Portal, pki: Pki) -> None:
    hers = card(pki.auth)
    one, same, other = resident(portal, hers), resident(portal, hers), resident(portal, card(pki.auth))

    def take(browser: Any, address: str) -> Any:
        token = browser.get("/my/records/export").html.find("input", attrs={"name": "csrf_token"})["value"]
        return browser.post(
            "/my/records/export/csv",
            {"csrf_token": token},
            extra_environ={"REMOTE_ADDR": address},
            status="*",
        )

    for turn in range(FEW):
        assert take((one, same)[turn % 2], f"198.51.100.{turn}").status_code != 429
    refused = take(same, "203.0.113.200")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) == 900
    assert "操作が多すぎます" in refused.text
    assert take(other, "198.51.100.1").status_code != 429


def test_a_search_is_counted_and_a_page_without_a_question_is_not(portal: Portal) -> None:
    browser = portal.browser()
    for _ in range(FEW):
        browser.get("/statements/?words=a", status="*")
    assert browser.get("/statements/?words=a", status=429)
    assert browser.get("/statements/", status="*").status_code != 429
    for _ in range(FEW + 2):
        assert browser.get("/help/", status=200)


def test_no_address_is_kept_in_clear(portal: Portal, databases: Databases) -> None:
    ask_for_options(portal, "198.51.100.77")
    with databases.worker.transaction() as tx:
        rows = tx.raw.execute("SELECT bucket::text FROM identity.throttle").fetchall()
    assert rows
    assert all("198.51" not in row[0] and len(row[0]) == 66 for row in rows)


def test_an_address_cannot_be_found_by_trying_all_without_the_installation_s_secret() -> None:
    address = "198.51.100.7"
    kept = network_hash(address, "a secret of the front server")
    assert kept == network_hash(address, "a secret of the front server")
    assert kept not in (network_hash(address), network_hash(address, "another"), network_hash("198.51.100.8"))
    assert network_hash("2001:db8::1", "s") == network_hash("2001:db8::ffff", "s")
    assert network_hash("2001:db8:0:1::1", "s") != network_hash("2001:db8::1", "s")
    assert network_hash("nonsense", "s") == network_hash("", "s")


def test_every_rule_has_its_source_and_leaves_room_for_ordinary_work(clock: FixedClock) -> None:
    rows = yaml.safe_load((Path(module.__file__).parent / "rates.yaml").read_text("utf-8"))
    assert all(row["source"] for row in rows)
    for rate in rates(clock.today()):
        assert rate.count >= 60
        assert timedelta(minutes=1) <= rate.window <= timedelta(hours=1)
        assert rate.by in ("person", "network")
