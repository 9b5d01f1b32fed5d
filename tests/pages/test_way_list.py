"""On a phone the way of a case is a list: what was walked, where it stands now, and what can follow; the picture shows the same."""

from __future__ import annotations

from portal.staff.cases.presenting import next_steps
from workflows.engine.reading import read_definition
from workflows.linkage.inquiry.machine import DEFINITION as INQUIRY
from workflows.procedures.machine import DEFINITION as APPLICATION


def test_every_way_out_of_a_state_is_named_and_none_that_stays() -> None:
    for source in (INQUIRY, APPLICATION):
        definition = read_definition(source)
        for name, state in definition.states.items():
            found = next_steps(definition, name, "ja")
            leads = {
                definition.states[m.to].label["ja"]
                for t in definition.triggers.values()
                for m in t.moves
                if m.source == name
            }
            assert {target for _, target in found} == leads - {state.label["ja"]}
            assert bool(found) or state.kind == "final"


def test_the_steps_speak_the_readers_language() -> None:
    definition = read_definition(APPLICATION)
    for language in ("ja", "en"):
        known = {trigger.label[language] for trigger in definition.triggers.values()}
        found = next_steps(definition, definition.initial, language)
        assert found
        assert {step for step, _ in found} <= known
    assert next_steps(definition, definition.initial, "ja_easy") == next_steps(
        definition, definition.initial, "ja"
    )
