"""The main job on the whole house: from nothing to ready, the tour, the audit, Ctrl-C, and a second start that lost nothing."""

from __future__ import annotations

import re
import urllib.request

import pytest

from tests.story.conftest import RunningHouse
from tests.waiting import PATIENCE


@pytest.mark.timeout(1200)
def test_a_house_is_started_toured_audited_stopped_and_started_again(house: RunningHouse) -> None:
    """One story: each step stands on what the one before has left."""
    from_nothing_to_the_residents_proof(house)
    the_audit_holds_afterwards(house)
    a_second_one_in_the_same_place_is_refused_with_advice(house)
    no_name_and_no_number_reached_a_log(house)
    ctrl_c_stops_every_process_it_started(house)
    a_second_start_loses_nothing(house)


def from_nothing_to_the_residents_proof(house: RunningHouse) -> None:
    house.start()
    assert "bin/madoguchi tour" in house.output
    told = house.run("tour")
    assert told.returncode == 0, told.stdout + told.stderr
    assert "偽の証明は、見破られた" in told.stdout


def the_audit_holds_afterwards(house: RunningHouse) -> None:
    proved = house.run("audit", "verify")
    assert proved.returncode == 0, proved.stdout + proved.stderr


def a_second_one_in_the_same_place_is_refused_with_advice(house: RunningHouse) -> None:
    refused = house.run("serve")
    assert refused.returncode != 0
    assert "もう動いています" in refused.stderr


def no_name_and_no_number_reached_a_log(house: RunningHouse) -> None:
    logs = [log.read_text("utf-8", "replace") for log in (house.var / "log").glob("*.log")]
    assert any(logs), "nothing was logged, so nothing was looked at"
    text = "".join(logs)
    people = (house.var / "sandbox" / "population.json").read_text("utf-8")
    assert "見本" in people
    assert "見本" not in text
    numbers = re.findall(r'"number": "(\d{12})"', people)
    assert numbers
    assert not [number for number in numbers if number in text]


def ctrl_c_stops_every_process_it_started(house: RunningHouse) -> None:
    assert house.children()
    assert house.stop() == 0
    assert house.children() == []


def a_second_start_loses_nothing(house: RunningHouse) -> None:
    house.start()
    with urllib.request.urlopen(f"{house.origin}/health", timeout=PATIENCE) as answer:
        assert answer.status == 200
    told = house.run("tour")
    assert told.returncode == 0, told.stdout + told.stderr
    assert "サインインした" in told.stdout.splitlines()[0]
    assert "登録" not in told.stdout.splitlines()[0], "the key registered before the stop is still known"
    csv = (house.var / "tour" / "records.csv").read_text("utf-8-sig")
    assert len(csv.splitlines()) == 3, "the exchange of before the stop and the new one"
