"""Definitions: read strictly, checked for soundness, locked once published."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from storage.clock import FixedClock
from tests.engine.conftest import DEFINITIONS
from workflows.engine import DefinitionError, Engine, Registry
from workflows.engine.check import all_definitions, check, main
from workflows.engine.lock import changed, drafts, publish, read_lock
from workflows.engine.reading import parse_definition, read_definition
from workflows.engine.soundness import mapping_problems, problems
from workflows.law.terms import BadTerm

SAMPLE: dict[str, Any] = yaml.safe_load((DEFINITIONS / "workflow.yaml").read_text(encoding="utf-8"))
LABEL = {"ja": "何か", "en": "Something"}


def changed_sample(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    data = copy.deepcopy(SAMPLE)
    change(data)
    return data


def test_the_definitions_of_the_house_are_sound_complete_and_unchanged() -> None:
    assert check() == []
    assert all_definitions()


def test_the_sample_is_sound() -> None:
    assert problems(parse_definition(SAMPLE)) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda d: d.update(colour="red"), "unknown keys colour"),
        (lambda d: d["states"]["drafted"].update(colour="red"), "states.drafted: unknown keys colour"),
        (lambda d: d["states"]["waiting"].update(kind="initial"), "exactly one state"),
        (lambda d: d["states"]["waiting"].update(kind="stuck"), "write initial, open or final"),
        (lambda d: d["triggers"]["approve"].update(to="nowhere"), "no state 'nowhere'"),
        (lambda d: d["triggers"]["approve"].update({"from": "nowhere"}), "no state 'nowhere'"),
        (lambda d: d["triggers"]["approve"].pop("to"), "say from and to"),
        (lambda d: d["triggers"].update(open=d["triggers"]["approve"]), "triggers.open: .* another name"),
        (lambda d: d["triggers"]["submit"]["input"].update(amount="money"), "type is one of"),
        (lambda d: d["deadlines"]["reminder"].pop("term"), "say trigger and term"),
        (lambda d: d["deadlines"]["reminder"]["term"].update(unit="moons"), "unit 'moons'"),
        (lambda d: d["states"]["drafted"].update(label="作成中"), "give a text for each language"),
        (lambda d: d.update(version="1"), "version: a whole number"),
        (lambda d: d.update(version=10**30), "version: a whole number"),
        (lambda d: d.update(kind=""), "kind: a text"),
        (lambda d: d.update(roles=["clerk"]), "roles: a table"),
        (lambda d: d["open"].update(who=5), "open.who: write a name, or a list of names"),
        (lambda d: d["triggers"]["note"].update(who=["clerk", ["boss"]]), "triggers.note.who: write a name"),
        (lambda d: d["triggers"]["note"].update(article=5), "triggers.note.article: a text"),
        (
            lambda d: d["triggers"]["submit"]["moves"][0].pop("from"),
            "triggers.submit.moves: each says from and to",
        ),
        (lambda d: d["triggers"]["submit"]["moves"][0].update({"from": ""}), "triggers.submit.from"),
        (
            lambda d: d["triggers"]["submit"]["input"].update(reason={"type": "text", "required": "no"}),
            "write true or false",
        ),
        (lambda d: d["deadlines"]["reminder"].update(term=[]), "deadlines.reminder.term: a table"),
        (
            lambda d: d["deadlines"]["reminder"]["term"].update(unit=["days"]),
            "deadlines.reminder.term.unit: a text",
        ),
        (lambda d: d["deadlines"]["reminder"].update(counted_from=None), "counted_from: a text"),
        (lambda d: d.update(scope="world"), "write tenant or office"),
        (lambda d: d.pop("states"), "states: a table"),
    ],
)
def test_what_is_no_definition_is_refused_with_its_place(
    change: Callable[[dict[str, Any]], Any], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        parse_definition(changed_sample(change))


def places(data: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in a definition's data."""
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, part in parts:
        yield (*place, name)
        yield from places(part, (*place, name))


def test_whatever_stands_in_the_wrong_place_is_told_as_a_mistake_of_the_definition() -> None:
    told = 0
    for *way, last in places(SAMPLE):
        for wrong in (5, [["x"]], {"x": None}):
            data = copy.deepcopy(SAMPLE)
            inner = data
            for name in way:
                inner = inner[name]
            inner[last] = wrong
            # Sound by chance, or refused in words: no other error may come of it.
            with suppress(DefinitionError, BadTerm):
                problems(parse_definition(data))
                continue
            told += 1
    assert told > 300


@pytest.mark.parametrize(
    ("text", "told"),
    [("kind: a\nkind: b\n", "written twice"), ("a: [", "not readable"), ("just words", "a table is needed")],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "workflow.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=told):
        read_definition(path)


def island(data: dict[str, Any]) -> None:
    data["states"]["island"] = {"label": LABEL, "readers": ["clerk"]}
    data["triggers"]["leave"] = {"label": LABEL, "from": "island", "to": "approved", "who": ["clerk"]}


def narrow(data: dict[str, Any]) -> None:
    """So that a state added below has no way out but those it is given."""
    for name in ("note", "expire"):
        data["triggers"][name]["from"] = ["drafted", "waiting"]


def circle(data: dict[str, Any]) -> None:
    narrow(data)
    data["states"]["left"] = {"label": LABEL, "readers": ["clerk"]}
    data["states"]["right"] = {"label": LABEL, "readers": ["clerk"]}
    data["triggers"]["enter"] = {"label": LABEL, "from": "drafted", "to": "left", "who": ["clerk"]}
    data["triggers"]["over"] = {"label": LABEL, "from": "left", "to": "right", "who": ["clerk"]}
    data["triggers"]["back"] = {"label": LABEL, "from": "right", "to": "left", "who": ["clerk"]}


def trap(data: dict[str, Any]) -> None:
    narrow(data)
    data["states"]["trap"] = {"label": LABEL, "readers": ["clerk"]}
    data["triggers"]["fall"] = {"label": LABEL, "from": "drafted", "to": "trap", "who": ["clerk"]}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (island, "'island' cannot be reached"),
        (circle, "'left' never comes to an end"),
        (trap, "'trap' is a dead end"),
        (lambda d: d["triggers"]["send_back"].update({"from": "approved"}), "is final, yet leads back"),
        (lambda d: d["triggers"]["approve"].update(who=[]), "say who"),
        (lambda d: d["states"]["waiting"].update(readers=["clerk"]), "supervisor may not read"),
        (
            lambda d: d["states"]["waiting"].update(editors={"resident": ["all"]}),
            "resident may edit but not read",
        ),
        (lambda d: d["roles"].pop("clerk"), "role 'clerk' has no name"),
        (lambda d: d["states"]["waiting"]["label"].pop("en"), "state 'waiting': no text in en"),
        (lambda d: d["triggers"]["note"]["label"].update(ja=" "), "trigger 'note': no text in ja"),
        (lambda d: d["texts"]["over_limit"].pop("en"), "texts.over_limit: no text in en"),
        (lambda d: d["triggers"]["submit"].update(arm=["never"]), "no deadline 'never'"),
        (lambda d: d["deadlines"]["reminder"].update(trigger="never"), "no trigger 'never'"),
        (lambda d: d["deadlines"]["reminder"].update(trigger="approve"), "must be open to the clock"),
        (lambda d: d["deadlines"]["reminder"].update(term="no.such"), "no term 'no.such'"),
        (
            lambda d: d["deadlines"]["reminder"].update(counted_from="deadline.drafting_limit"),
            "by the same trigger before",
        ),
        (lambda d: d["deadlines"]["reminder"].update(counted_from="input.amount"), "no date or moment"),
        (lambda d: d["deadlines"]["reminder"].update(counted_from="birth"), "counted_from is step"),
        (lambda d: d["triggers"]["approve"].update(assign="amount"), "assign is self"),
        (
            lambda d: d["triggers"]["submit"]["moves"].insert(0, {"from": "drafted", "to": "waiting"}),
            "always open",
        ),
        (lambda d: d["triggers"]["send_back"].pop("arm"), None),
    ],
)
def test_an_unsound_definition_is_told_what_is_wrong(
    change: Callable[[dict[str, Any]], Any], told: str | None
) -> None:
    found = problems(parse_definition(changed_sample(change)))
    assert any(told in line for line in found) if told else found == []


def test_a_name_nobody_registered_stops_the_start(clock: FixedClock) -> None:
    registry = Registry()
    registry.load(DEFINITIONS / "workflow.yaml")
    with pytest.raises(DefinitionError) as refused:
        Engine(registry, clock)
    for line in (
        "unknown guard 'not_frozen'",
        "unknown write effect 'outbox'",
        "unknown job effect 'notify'",
    ):
        assert line in str(refused.value)


def test_one_version_cannot_be_there_twice(tmp_path: Path) -> None:
    text = (DEFINITIONS / "workflow.yaml").read_text(encoding="utf-8")
    for name in ("workflow.yaml", "workflow.v1.yaml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match="version 1 is there twice"):
        Registry().load(tmp_path / "workflow.yaml")


def test_a_published_version_cannot_be_edited(tmp_path: Path) -> None:
    lock = tmp_path / "definitions.lock"
    first = parse_definition(SAMPLE)
    assert [one.kind for one in drafts([first], lock)] == ["sample"]
    publish([first], lock)
    assert read_lock(lock) == {("sample", 1): first.digest}
    assert changed([first], lock) == []
    edited = parse_definition(changed_sample(lambda d: d["triggers"]["approve"].pop("guards")))
    assert "version 2 with replaces" in changed([edited], lock)[0]
    publish([edited], lock)
    assert read_lock(lock) == {("sample", 1): first.digest}
    assert "its file is gone" in changed([], lock)[0]


def test_comments_and_layout_do_not_change_the_digest(tmp_path: Path) -> None:
    path = tmp_path / "workflow.yaml"
    path.write_text("# 別の書き方\n" + yaml.safe_dump(SAMPLE, allow_unicode=True), encoding="utf-8")
    assert read_definition(path).digest == parse_definition(SAMPLE).digest


def test_a_new_version_says_where_every_open_case_goes() -> None:
    before = read_definition(DEFINITIONS / "next" / "workflow.v1.yaml")
    after = read_definition(DEFINITIONS / "next" / "workflow.yaml")
    assert problems(after) == []
    assert mapping_problems(after, {1: before}) == []
    assert "version 1 is not there" in mapping_problems(after, {2: after})[0]
    forgetful = parse_definition(
        {**yaml.safe_load((DEFINITIONS / "next" / "workflow.yaml").read_text()), "replaces": {"version": 1}}
    )
    assert "in state 'waiting' go" in mapping_problems(forgetful, {1: before})[0]


def test_a_term_that_may_still_wait_keeps_a_trigger_for_the_clock() -> None:
    before = parse_definition(SAMPLE)
    data = yaml.safe_load((DEFINITIONS / "next" / "workflow.yaml").read_text(encoding="utf-8"))
    for change in (
        lambda: data["triggers"].pop("remind"),
        lambda: data["triggers"].update(
            remind={**SAMPLE["triggers"]["remind"], "from": "in_review", "who": ["clerk"]}
        ),
    ):
        change()
        (problem,) = mapping_problems(parse_definition(data), {1: before})
        assert "deadline 'reminder' of version 1 may still wait" in problem


def version(number: int, change: Callable[[dict[str, Any]], Any], **states: str) -> dict[str, Any]:
    """The sample as a later version, changed."""
    data = changed_sample(change)
    return {**data, "version": number, "replaces": {"version": number - 1, "states": states}}


def no_term(data: dict[str, Any]) -> None:
    """The deadline goes, its trigger stays."""
    data["deadlines"].pop("reminder")
    data["triggers"]["submit"]["arm"].remove("reminder")


def no_term_nor_trigger(data: dict[str, Any]) -> None:
    """Both go."""
    no_term(data)
    data["triggers"].pop("remind")


def test_a_case_that_missed_a_version_still_has_its_term_and_its_place() -> None:
    first, second = parse_definition(SAMPLE), parse_definition(version(2, no_term))
    third = parse_definition(version(3, no_term_nor_trigger))
    versions = {1: first, 2: second, 3: third}
    assert mapping_problems(second, versions) == []
    (problem,) = mapping_problems(third, versions)
    assert "deadline 'reminder' of version 1 may still wait" in problem
    assert "no trigger 'remind'" in problem


def test_a_state_that_was_open_once_has_a_place_in_every_later_version() -> None:
    def ends(data: dict[str, Any]) -> None:
        data["states"]["shelved"] = {**data["states"]["approved"]}
        data["triggers"]["approve"].update(moves=[{"from": "waiting", "to": "shelved"}])

    assert SAMPLE["states"]["approved"]["kind"] == "final"
    second = parse_definition(version(2, ends, waiting="shelved"))
    third = parse_definition(version(3, lambda d: None))
    versions = {1: parse_definition(SAMPLE), 2: second, 3: third}
    assert mapping_problems(second, versions) == []
    (problem,) = mapping_problems(third, versions)
    assert "say where open cases in state 'shelved' go (state 'waiting' of version 1)" in problem


def test_a_trigger_that_needs_an_input_is_none_the_clock_can_pull() -> None:
    after = version(2, lambda d: d["triggers"]["remind"].update(input={"reason": "text"}))
    (problem,) = mapping_problems(parse_definition(after), {1: parse_definition(SAMPLE)})
    assert "the clock can pull no trigger 'remind'" in problem


def test_versions_that_replace_each_other_are_checked_to_an_end() -> None:
    first = parse_definition({**SAMPLE, "replaces": {"version": 2}})
    second = parse_definition(version(2, lambda d: None))
    assert mapping_problems(second, {1: first, 2: second}) == []


def test_the_command_says_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "definition(s) are sound" in capsys.readouterr().out


def test_a_house_with_a_broken_definition_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "workflows" / "thing"
    folder.mkdir(parents=True)
    (folder / "workflow.yaml").write_text(
        yaml.safe_dump(changed_sample(trap), allow_unicode=True), encoding="utf-8"
    )
    assert any("'trap' is a dead end" in line for line in check(tmp_path, tmp_path / "lock"))
    (folder / "workflow.yaml").write_text("kind: [", encoding="utf-8")
    assert "not readable" in check(tmp_path, tmp_path / "lock")[0]
