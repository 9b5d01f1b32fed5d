"""Faults end by themselves; a lying peer is not believed; a lost answer is safe to repeat; a site may fail over."""

from __future__ import annotations

import pytest

from sandbox.faults import Faults
from tests.sandbox.conftest import ASKER, HOLDER, Country, wsgi
from workflows.linkage.wire.client import LinkClient
from workflows.linkage.wire.hub_client import HubClient
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.retry import LinkUnreachable, LinkUntrusted


def test_a_fault_ends_by_itself() -> None:
    now = [0.0]
    faults = Faults(lambda: now[0])
    faults.start("slow", 10, {"delay": 1})
    assert faults.now("slow") is not None
    assert faults.listing() == [{"kind": "slow", "left": 10.0, "delay": 1}]
    now[0] = 10.0
    assert faults.now("slow") is None
    assert faults.listing() == []


@pytest.mark.parametrize(
    ("kind", "seconds", "options"),
    [("explode", 5, {}), ("slow", 0, {}), ("slow", 3601, {}), ("lie", 5, {"how": "well"})],
)
def test_a_fault_that_makes_no_sense_is_refused(kind: str, seconds: float, options: dict) -> None:
    with pytest.raises(ValueError):
        Faults().start(kind, seconds, options)


def test_a_fault_hits_its_path_only() -> None:
    faults = Faults()
    faults.start("down", 5, {"path": "/v1/inbox"})
    assert faults.now("down", "/v1/inbox:ack")
    assert not faults.now("down", "/v1/inquiries")


@pytest.mark.parametrize("how", ["bad-signature", "wrong-digest", "swapped"])
def test_a_lie_is_not_believed(country: Country, how: str) -> None:
    hub = country.tenant(ASKER)
    hub.health()
    country.hub.faults.start("lie", 3600, {"how": how})
    try:
        with pytest.raises(LinkUntrusted):
            hub.health()
    finally:
        country.hub.faults.stop()
    assert hub.health()["status"] == "OK"


def test_a_lost_answer_is_repeated_and_the_work_was_done_once(country: Country) -> None:
    inquiry, hub = country.inquiry("000000000000018"), country.tenant(ASKER)
    country.hub.faults.start("lose-answer", 3600)
    try:
        with pytest.raises(LinkUnreachable):
            hub.inquire(inquiry)
    finally:
        country.hub.faults.stop()
    assert hub.inquire(inquiry).replayed
    country.pump()
    assert len(country.drain(ASKER, ("SKI",))) == 1


def test_duplicates_and_disorder_can_be_told_by_message_id(country: Country) -> None:
    country.drain(ASKER)
    country.tenant(ASKER).inquire_many([country.inquiry("000000000000018") for _ in range(20)])
    country.pump()
    country.hub.faults.start("duplicate", 3600)
    country.hub.faults.start("reorder", 3600)
    try:
        page = country.tenant(ASKER).inbox(["SKI"], 50, 0)
    finally:
        country.hub.faults.stop()
    ids = [e["message"]["id"] for e in page]
    assert len(ids) == 40
    assert len(set(ids)) == 20
    assert ids != sorted(ids)
    assert country.tenant(ASKER).ack(list({e["lease"] for e in page}))["acked"] == 20


def both_sites(country: Country) -> HubClient:
    """A client that knows both sites, without sockets."""
    import httpx

    mounts = {country.config.url("hub"): wsgi(country.hub), country.config.url("hub2"): wsgi(country.hub2)}

    class Switch(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            site = f"{request.url.scheme}://{request.url.host}:{request.url.port}"
            return mounts[site].handle_request(request)

    keys = country.config.keys(ASKER)
    link = LinkClient(
        keys, country.config.directory, country.config.hub_sites, "hub", now=country.now, transport=Switch()
    )
    country.made.append(link)
    return HubClient(link)


def test_a_fail_over_mid_batch_loses_and_doubles_nothing(country: Country) -> None:
    country.drain(ASKER)
    hub, sent = both_sites(country), []
    for n in range(6):
        inquiries = [country.inquiry("000000000000018") for _ in range(10)]
        key = inquiries[0]["id"]
        if n == 2:
            # The work is done, its answer is lost, and the site fails over before the sender can repeat it.
            country.hub.faults.start("lose-answer", 3600)
            with pytest.raises((LinkUnreachable, Problem)):
                hub.inquire_many(inquiries, key)
            country.hub.faults.stop()
            country.hub_command("failover", {"seconds": 600})
            assert hub.health()["site"] == "hub"
        results = hub.inquire_many(inquiries, key)
        assert [r["status"] for r in results] == [202] * 10
        sent += [m["id"] for m in inquiries]
    with pytest.raises(Problem, match="SITE_STANDBY"):
        country.tenant(ASKER).records()
    assert not country.hub.pump.once()
    while country.hub2.pump.once():
        pass
    page = hub.inbox(["SKI"], 500, 0)
    assert sorted(e["message"]["causation"] for e in page) == sorted(sent)
    hub.ack([e["lease"] for e in page])
    country.now.move(seconds=601)
    assert country.tenant(ASKER).health()["active"] is True
    with pytest.raises(Problem, match="SITE_STANDBY"):
        HubClient(country.link(ASKER, "hub2")).records()
    assert hub.records()["last"] >= 60


def test_a_dead_active_site_is_reported_as_unreachable_not_as_standby(country: Country) -> None:
    hub = both_sites(country)
    country.hub.faults.start("down", 3600)
    try:
        with pytest.raises(LinkUnreachable):
            hub.records()
    finally:
        country.hub.faults.stop()
    assert hub.records()["last"] >= 0


def test_a_lease_survives_a_fail_over(country: Country) -> None:
    hub = both_sites(country)
    country.drain(ASKER)
    hub.inquire(country.inquiry("000000000000018"))
    country.pump()
    (entry,) = hub.inbox(["SKI"], 5, 0)
    country.hub_command("failover", {"seconds": 60})
    assert hub.inbox(["SKI"], 5, 0) == []
    assert hub.ack([entry["lease"]])["acked"] == 1
    country.now.move(seconds=61)


def test_admin_commands_need_the_token(country: Country) -> None:
    import httpx

    with httpx.Client(transport=wsgi(country.hub)) as http:
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            answer = http.post(
                country.config.url("hub") + "/admin/faults", json={"kind": "down"}, headers=headers
            )
            assert answer.status_code == 403
        good = {"Authorization": f"Bearer {country.config.admin_token}"}
        for wish in ({"kind": "nonsense"}, {}, []):
            assert (
                http.post(country.config.url("hub") + "/admin/faults", json=wish, headers=good).status_code
                == 400
            )
        answer = http.post(
            country.config.url("hub") + "/admin/faults", json={"kind": "slow", "seconds": 5}, headers=good
        )
        assert answer.json()["faults"][0]["kind"] == "slow"
        assert http.delete(country.config.url("hub") + "/admin/faults", headers=good).json() == {"faults": []}


def test_holder_is_reachable_while_asker_is_slowed(country: Country) -> None:
    country.hub.faults.start("slow", 3600, {"delay": 0.2, "path": "/v1/inquiries"})
    try:
        assert country.tenant(HOLDER).health()["status"] == "OK"
    finally:
        country.hub.faults.stop()
