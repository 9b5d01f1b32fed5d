"""The near part of a kind's picture: the way a case came, where it stands, and the next steps.

A large machine drawn whole does not fit a screen, nor a small one a phone, and what is seen first is seldom where the case stands. The
whole picture stays one click away; this one answers what a clerk asks: what was done, and what can happen now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from workflows.engine import Definition
from workflows.engine.definition import Trigger

WHOLE = 8
"""States of a machine that a desk still shows whole."""


def is_large(definition: Definition) -> bool:
    """Whether the whole picture is too large to be read at once."""
    return len(definition.states) > WHOLE


def near(definition: Definition, current: str, walked: Iterable[tuple[str | None, str]]) -> Definition:
    """The definition without what lies elsewhere.

    :param current: the state the case is in.
    :param walked: the state before and after each step of its history.
    """
    way = {(before, after) for before, after in walked if before in definition.states}
    kept = {definition.initial, current} | {state for pair in way for state in pair}
    triggers = {}
    for name, trigger in definition.triggers.items():
        found = _moves(trigger, current, way)
        if found.moves:
            triggers[name] = found
            kept |= {move.to for move in found.moves}
    states = {name: state for name, state in definition.states.items() if name in kept}
    return replace(definition, states=states, triggers=triggers)


def _moves(trigger: Trigger, current: str, way: set[tuple[str | None, str]]) -> Trigger:
    moves = tuple(move for move in trigger.moves if move.source == current or (move.source, move.to) in way)
    return replace(trigger, moves=moves)
