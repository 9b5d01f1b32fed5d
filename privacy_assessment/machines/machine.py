"""Loads the four machines and gives the names in them their functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from privacy_assessment.machines import guards
from privacy_assessment.machines.effects import Effects
from privacy_assessment.machines.facts import READERS, Reading
from privacy_assessment.statements.store import read_statement, statements_of_cases
from storage.clock import Clock
from storage.database import Transaction
from workflows.engine import CaseView, Command, Registry
from workflows.engine.definition import OPEN

HERE = Path(__file__).parent
KINDS = ("assessment_basic", "assessment_focused", "assessment_full_local", "assessment_full_national")


def register(registry: Registry, clock: Clock) -> None:
    """Take the machines into a registry."""
    effects = Effects(clock)
    for name in KINDS:
        kind = registry.load(HERE / name.removeprefix("assessment_") / "workflow.yaml")
        for guard in guards.ALL:
            kind.guard(guard.__name__)(guard)
        for effect in effects.all():
            kind.write_effect(effect.__name__)(effect)
        kind.facts(_reader(registry, clock))


def _reader(registry: Registry, clock: Clock) -> Any:
    def read(
        tx: Transaction, cases: Sequence[CaseView], commands: Sequence[Command]
    ) -> list[Mapping[str, Any]]:
        today = clock.today()
        known = statements_of_cases(tx, [case.id for case in cases])
        found: list[Mapping[str, Any]] = []
        for case, command in zip(cases, commands, strict=True):
            definition = registry.kind(case.kind).decider(case.definition_version).definition
            opening = command.trigger == OPEN
            trigger = definition.opening if opening else definition.triggers.get(command.trigger)
            statement = (
                read_statement(tx, command.input["assessment"])
                if opening and command.input.get("assessment")
                else known.get(case.id)
            )
            names = trigger.all_guards if trigger is not None and statement is not None else frozenset()
            reading = Reading(tx, case, command, statement, today) if statement is not None else None
            found.append({name: READERS[name](reading) for name in names if name in READERS and reading})
        return found

    return read


@lru_cache(maxsize=1)
def documents() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """For each machine and step: the row of the law's tables, the document, and the deadline in words."""
    return yaml.safe_load((files("privacy_assessment.machines") / "documents.yaml").read_text("utf-8"))
