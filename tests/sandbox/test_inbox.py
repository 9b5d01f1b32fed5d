"""The inbox: leases of many, redelivery, order, long poll; and how link codes travel the other network."""

from __future__ import annotations

import threading
import time

import pytest

from tests.sandbox.conftest import ASKER, HOLDER, Country
from tests.waiting import PATIENCE
from workflows.linkage.wire import envelope
from workflows.linkage.wire.juki_client import JukiClient
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.retry import LinkUnreachable


def fill(country: Country, count: int) -> list[str]:
    """Denied inquiries: one message each for the asker. Returns the ids of the inquiries, in order."""
    sent = [country.inquiry("000000000000018") for _ in range(count)]
    country.tenant(ASKER).inquire_many(sent)
    country.pump()
    return [one["id"] for one in sent]


def test_a_lease_hides_a_message_for_60_seconds_and_then_gives_it_out_again(country: Country) -> None:
    country.drain(ASKER)
    fill(country, 2)
    hub = country.tenant(ASKER)
    first = hub.inbox(["SKI"], 10, 0)
    assert [entry["deliveries"] for entry in first] == [1, 1]
    assert hub.inbox(["SKI"], 10, 0) == []
    country.now.move(seconds=61)
    again = hub.inbox(["SKI"], 10, 0)
    assert [e["message"]["id"] for e in again] == [e["message"]["id"] for e in first]
    assert [entry["deliveries"] for entry in again] == [2, 2]
    late = hub.ack([entry["lease"] for entry in first])
    assert (late["acked"], len(late["lost"])) == (0, 2)
    assert hub.ack([entry["lease"] for entry in again])["acked"] == 2
    country.now.move(seconds=61)
    assert hub.inbox(["SKI"], 10, 0) == []


def test_what_is_given_back_comes_again_at_once(country: Country) -> None:
    country.drain(ASKER)
    fill(country, 3)
    hub = country.tenant(ASKER)
    page = hub.inbox(["SKI"], 10, 0)
    assert hub.ack([page[0]["lease"]], [e["lease"] for e in page[1:]]) == {
        "acked": 1,
        "returned": 2,
        "lost": [],
    }
    assert [e["message"]["id"] for e in hub.inbox(["SKI"], 10, 0)] == [e["message"]["id"] for e in page[1:]]
    country.now.move(seconds=61)
    country.drain(ASKER)


def test_single_ack_and_nack_work_and_a_lost_lease_is_told(country: Country) -> None:
    country.drain(ASKER)
    fill(country, 1)
    hub = country.tenant(ASKER)
    (entry,) = hub.inbox(["SKI"], 1, 0)
    assert hub.link.call("POST", f"/v1/inbox/{entry['lease']}/nack").body["returned"] == 1
    (entry,) = hub.inbox(["SKI"], 1, 0)
    assert hub.link.call("POST", f"/v1/inbox/{entry['lease']}/ack").body["acked"] == 1
    with pytest.raises(Problem, match="LEASE_LOST"):
        hub.link.call("POST", f"/v1/inbox/{entry['lease']}/ack")


def test_a_lease_of_another_body_cannot_be_acknowledged(country: Country) -> None:
    country.drain(ASKER)
    fill(country, 1)
    (entry,) = country.tenant(ASKER).inbox(["SKI"], 1, 0)
    assert country.tenant(HOLDER).ack([entry["lease"]])["lost"] == [entry["lease"]]
    assert country.tenant(ASKER).ack([entry["lease"]])["acked"] == 1


def test_messages_come_in_order_by_family_and_no_more_than_wanted(country: Country) -> None:
    country.drain(ASKER)
    sent = fill(country, 7)
    hub = country.tenant(ASKER)
    page = hub.inbox(["SKI"], 5, 0)
    assert len(page) == 5
    assert [e["message"]["causation"] for e in page + hub.inbox(["SKI"], 5, 0)] == sent
    assert {e["message"]["type"] for e in hub.inbox(["TKM"], 5, 0)} == {"record.available"}
    country.now.move(seconds=61)
    country.drain(ASKER)


def test_two_takers_never_hold_the_same_message(country: Country) -> None:
    country.drain(ASKER)
    fill(country, 60)
    seen: list[str] = []

    def take() -> None:
        hub = country.tenant(ASKER)
        while page := hub.inbox(["SKI"], 7, 0):
            seen.extend(e["message"]["id"] for e in page)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == len(set(seen)) == 60
    country.now.move(seconds=61)
    country.drain(ASKER)


def test_a_long_poll_ends_as_soon_as_something_is_there(country: Country) -> None:
    country.drain(ASKER)
    took: list[float] = []
    page: list[dict] = []

    def wait() -> None:
        start = time.monotonic()
        page.extend(country.tenant(ASKER).inbox(["SKI"], 5, 20))
        took.append(time.monotonic() - start)

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.3)
    fill(country, 1)
    thread.join(PATIENCE)
    assert len(page) == 1
    assert took[0] < 19
    country.now.move(seconds=61)
    country.drain(ASKER)


def test_an_empty_long_poll_answers_after_its_time(country: Country) -> None:
    country.drain(ASKER)
    start = time.monotonic()
    assert country.tenant(ASKER).inbox(["SKI"], 5, 1) == []
    assert time.monotonic() - start > 0.9


def test_a_link_code_goes_out_with_the_number_and_comes_back_by_the_hub(country: Country) -> None:
    danban = country.danban()
    hub, juki = country.tenant(ASKER), JukiClient(country.link(ASKER, "juki"))
    opened = hub.acquire_fugo(country.message("fugo.acquire", ASKER, danban=danban))
    assert hub.fugo(opened["acquisition_id"])["status"] == "NUMBERED"
    assert juki.request_fugo(opened["token"], country.people["taro"]["number"]) == {"status": "ACCEPTED"}
    country.pump()
    assert hub.fugo(opened["acquisition_id"])["status"] == "LINKED"
    matched = country.drain(ASKER, ("FGU",))[-1]
    assert matched["subject"] == {"danban": danban}
    with country.hub.store.transaction() as tx:
        row = tx.execute(
            "SELECT token FROM hub.acquisition WHERE id = %s", (opened["acquisition_id"],)
        ).fetchone()
    assert row == (None,), "the acquisition number is wiped once it served (番号法21条の2第3項)"
    with pytest.raises(Problem, match="ALREADY_LINKED"):
        hub.acquire_fugo(country.message("fugo.acquire", ASKER, danban=danban))
    with pytest.raises(Problem, match="NOT_FOUND"):
        juki.request_fugo(opened["token"], country.people["taro"]["number"])


def test_a_second_subject_for_the_same_person_is_a_duplicate(country: Country) -> None:
    country.acquire(ASKER, "ichiro", country.danban())
    assert country.acquire(ASKER, "ichiro", country.danban()) == "DUPLICATE"
    country.drain(ASKER)


@pytest.mark.parametrize(
    "number", ["123456789018", "000000000000", "12345", "８４７８９７５２１７３１", "番号なし"]
)
def test_the_cs_takes_synthetic_numbers_only_and_does_not_repeat_them(country: Country, number: str) -> None:
    hub, juki = country.tenant(ASKER), JukiClient(country.link(ASKER, "juki"))
    opened = hub.acquire_fugo(country.message("fugo.acquire", ASKER, danban=country.danban()))
    with pytest.raises(Problem) as caught:
        juki.request_fugo(opened["token"], number)
    assert caught.value.code == "SCHEMA_INVALID"
    assert number not in str(caught.value.to_dict())


def test_a_number_nobody_has_is_not_found_and_the_token_stays_usable(country: Country) -> None:
    from sandbox.juki.numbers import synthetic_number

    hub, juki = country.tenant(ASKER), JukiClient(country.link(ASKER, "juki"))
    opened = hub.acquire_fugo(country.message("fugo.acquire", ASKER, danban=country.danban()))
    with pytest.raises(Problem, match="NOT_FOUND"):
        juki.request_fugo(opened["token"], synthetic_number("99999999999"))
    juki.request_fugo(opened["token"], country.people["jiro"]["number"])
    country.pump()
    assert hub.fugo(opened["acquisition_id"])["status"] == "LINKED"
    country.drain(ASKER)


def test_a_number_sealed_for_another_token_is_refused(country: Country) -> None:
    from workflows.linkage.wire import sealing

    juki = country.link(ASKER, "juki")
    sealed = sealing.seal_text(
        country.people["taro"]["number"], {"token": "a" * 43}, juki.keys, juki.directory.sealing_key("juki")
    )
    message = country.message("juki.fugo-request", ASKER, payload={"token": "b" * 43}, payload_jwe=sealed)
    with pytest.raises(Problem, match="another exchange"):
        juki.call("POST", "/v1/juki/fugo-requests", message)


def test_a_cancelled_or_expired_acquisition_is_wiped_and_takes_no_late_code(country: Country) -> None:
    hub, juki = country.tenant(ASKER), JukiClient(country.link(ASKER, "juki"))
    opened = hub.acquire_fugo(country.message("fugo.acquire", ASKER, danban=country.danban()))
    cancel = country.message("fugo.cancel", ASKER, payload={"acquisition_id": opened["acquisition_id"]})
    assert hub.cancel_fugo(cancel).body["status"] == "CANCELLED"
    juki.request_fugo(opened["token"], country.people["futaba"]["number"])
    country.pump()
    assert hub.fugo(opened["acquisition_id"])["status"] == "CANCELLED"
    late = hub.acquire_fugo(country.message("fugo.acquire", ASKER, danban=country.danban()))
    country.now.move(days=1, seconds=1)
    country.pump()
    assert hub.fugo(late["acquisition_id"])["status"] == "EXPIRED"
    with pytest.raises(Problem, match="NOT_FOUND"):
        juki.request_fugo(late["token"], country.people["futaba"]["number"])


def test_a_changed_number_leads_to_the_same_link_code(country: Country) -> None:
    old = country.people["mitsuba"]["number"]
    country.acquire(ASKER, "mitsuba", country.danban())
    country.juki_command("number-change", {"person": "mitsuba"})
    with country.juki.store.transaction() as tx:
        row = tx.execute("SELECT number FROM juki.person WHERE key = 'mitsuba'").fetchone()
    assert row is not None
    assert row[0] != old
    country.people["mitsuba"]["number"] = row[0]
    assert country.acquire(ASKER, "mitsuba", country.danban()) == "DUPLICATE"
    country.drain(ASKER)


def test_a_certificate_leads_to_its_person_sealed_to_the_asker(country: Country) -> None:
    country.juki_command("certificates", {"person": "sakura", "issuer": "CN=x", "serial": "07000001"})
    juki = JukiClient(country.link(ASKER, "juki"))
    found = juki.identify("CN=x", "07000001")
    assert found["number"] == country.people["sakura"]["number"]
    assert found["profile"]["name"] == "仮名　さくら"
    assert juki.identify("CN=x", "0700ffff") == {"status": "NOT_FOUND"}


def test_the_portals_own_link_code_shows_a_persons_ended_exchanges(country: Country) -> None:
    mine, _ = country.linked("sakura")
    country.tenant(ASKER).inquire(country.inquiry(mine, law_row="999-99"))
    country.pump()
    country.drain(ASKER)
    portal, juki = country.link("portal", "core"), JukiClient(country.link("portal", "juki"))
    ask = envelope.build(
        "fugo.open",
        tenant="992011",
        org="portal",
        created=country.now(),
        payload={"acquisition_id": envelope.new_id(country.now())},
    )
    opened = portal.call("POST", "/v1/portal/fugo-acquisitions", ask).body
    juki.request_fugo(opened["token"], country.people["sakura"]["number"])
    result = portal.call("GET", "/v1/portal/fugo-results?after=0").body["results"][-1]
    query = envelope.build(
        "records.query", tenant="992011", org="portal", created=country.now(), fugo=result["fugo"]
    )
    found = portal.call("POST", "/v1/portal/records:query", query).body["records"]
    assert [r["outcome"] for r in found] == ["PERMIT_DENIED"]
    other = {**query, "id": envelope.new_id(country.now()), "subject": {"fugo": "x" * 43}}
    with pytest.raises(Problem, match="NOT_FOUND"):
        portal.call("POST", "/v1/portal/records:query", other)


def test_while_the_core_is_away_inquiries_wait_and_nothing_is_lost(country: Country) -> None:
    country.drain(ASKER)
    country.core.faults.start("down", 3600)
    try:
        inquiry = country.inquiry("000000000000018")
        assert country.tenant(ASKER).inquire(inquiry).status == 202
        country.pump()
        assert country.tenant(ASKER).inquiry(inquiry["id"])["status"] == "ACCEPTED"
        with pytest.raises(Problem, match="UNAVAILABLE"):
            country.tenant(ASKER).acquire_fugo(
                country.message("fugo.acquire", ASKER, danban=country.danban())
            )
        with pytest.raises(LinkUnreachable):
            country.link("commission", "core").call("GET", "/v1/commission/counts")
    finally:
        country.core.faults.stop()
    country.now.move(seconds=3)
    country.pump()
    assert [m["payload"]["inquiry_id"] for m in country.drain(ASKER, ("SKI",))] == [inquiry["id"]]
