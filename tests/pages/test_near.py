"""A large machine is shown by the part around the case: the way it came, where it stands, and what can follow."""

from __future__ import annotations

from xml.etree import ElementTree

from portal.staff.cases.near import is_large, near
from workflows.engine.picture import draw
from workflows.engine.reading import read_definition
from workflows.linkage.inquiry.machine import DEFINITION as INQUIRY
from workflows.procedures.machine import DEFINITION as APPLICATION

WALKED = [
    (None, "draft"),
    ("draft", "ready"),
    ("ready", "sent"),
    ("sent", "accepted"),
    ("accepted", "answered"),
]


def test_what_lies_elsewhere_is_left_out_and_what_can_follow_is_not() -> None:
    whole = read_definition(INQUIRY)
    found = near(whole, "answered", WALKED)
    assert {"draft", "ready", "sent", "accepted", "answered", "closed"} <= set(found.states)
    assert not {"denied", "no_such_subject", "blocked"} & set(found.states)
    leads = {m.to for t in whole.triggers.values() for m in t.moves if m.source == "answered"}
    assert leads <= set(found.states)
    kept = {(m.source, m.to) for t in found.triggers.values() for m in t.moves}
    assert {pair for pair in kept if pair[0] != "answered"} <= set(WALKED)


def test_every_state_of_a_large_machine_can_be_drawn_near() -> None:
    whole = read_definition(INQUIRY)
    for state in whole.states:
        for language, here in (("ja", "いまここ"), ("en", "Now here")):
            drawn = draw(near(whole, state, [(None, whole.initial)]), state, language)
            ElementTree.fromstring(drawn)
            assert drawn.count(here) == 1, state


def test_a_small_machine_is_shown_whole_at_a_desk() -> None:
    assert not is_large(read_definition(APPLICATION))
    assert is_large(read_definition(INQUIRY))
