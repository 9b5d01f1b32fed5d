"""What a kind of case is: states, triggers and deadlines, as frozen data with a version and a digest.

A published version is never edited (``definitions.lock``): a case opened under it stays under it until a recorded step moves it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from workflows.law.terms import Term

Label = Mapping[str, str]

SAME = "same"
OPEN = "open"
MIGRATE = "migrate"
# Roles that nobody is given: they follow from who acts.
NATURAL_ROLES = frozenset({"clock", "system", "resident", "proxy"})


class DefinitionError(ValueError):
    """A definition is not what it must be; the message names file, place and what to write instead."""


@dataclass(frozen=True)
class State:
    """A state a case can wait in.

    :param kind: ``initial``, ``open`` or ``final``.
    :param readers: roles that may read a case in this state.
    :param editors: role to the parts of the case it may edit in this state.
    :param resting: nobody is expected to act here, though somebody may: such cases stay out of inboxes.
    """

    name: str
    label: Label
    kind: str
    readers: frozenset[str]
    editors: Mapping[str, frozenset[str]]
    resting: bool = False

    @property
    def final(self) -> bool:
        """Whether a case ends here."""
        return self.kind == "final"


@dataclass(frozen=True)
class Move:
    """One way a trigger can lead: from a state to a state, when all the named guards pass."""

    source: str
    to: str
    when: tuple[str, ...] = ()


@dataclass(frozen=True)
class Field:
    """One declared value of a step's input."""

    name: str
    type: str
    required: bool


@dataclass(frozen=True)
class Trigger:
    """Something that can happen to a case, and who may make it happen.

    :param moves: tried in order; the first whose guards pass is taken.
    :param guards: names of guards that must all pass.
    :param article: the article of law the step rests on.
    :param write_effects: rows written in the same transaction.
    :param job_effects: jobs put on the list in the same transaction.
    :param arm: deadlines that begin with this step.
    :param disarm: deadlines that end with it (``all``: every one that waits).
    :param assign: ``self``, ``nobody``, or the input field that names the new assignee; None leaves it.
    """

    name: str
    label: Label
    moves: tuple[Move, ...]
    who: frozenset[str]
    guards: tuple[str, ...] = ()
    article: str | None = None
    input: tuple[Field, ...] = ()
    write_effects: tuple[str, ...] = ()
    job_effects: tuple[str, ...] = ()
    arm: tuple[str, ...] = ()
    disarm: tuple[str, ...] = ()
    assign: str | None = None

    @cached_property
    def sources(self) -> frozenset[str]:
        """The states it can be used in."""
        return frozenset(move.source for move in self.moves)

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """Its input by name."""
        return {one.name: one for one in self.input}

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Names of the input that must be there."""
        return tuple(one.name for one in self.input if one.required)

    @property
    def all_guards(self) -> frozenset[str]:
        """Every guard named, be it a condition or a choice of way."""
        return frozenset(self.guards).union(*(move.when for move in self.moves))


@dataclass(frozen=True)
class Deadline:
    """A moment at which the clock itself pulls a trigger (a reminder is one too).

    :param term: the term itself, or the name of a dated one in the law calendar.
    :param counted_from: ``step``, ``opened``, ``input.<field>`` (a date or moment), or ``deadline.<name>`` (armed by the same step).
    """

    name: str
    label: Label
    trigger: str
    term: Term | str
    counted_from: str = "step"


@dataclass(frozen=True)
class Definition:
    """One version of one kind of case."""

    kind: str
    version: int
    label: Label
    states: Mapping[str, State]
    triggers: Mapping[str, Trigger]
    opening: Trigger
    deadlines: Mapping[str, Deadline]
    texts: Mapping[str, Label]
    roles: Mapping[str, Label]
    guards: Mapping[str, Label]
    digest: str
    scope: str = "tenant"
    law: str | None = None
    replaces: int | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    source: str = ""

    @cached_property
    def initial(self) -> str:
        """The state a case begins in."""
        return next(state.name for state in self.states.values() if state.kind == "initial")

    @cached_property
    def by_state(self) -> Mapping[str, tuple[Trigger, ...]]:
        """The triggers that can be used in each state, in the order they are written."""
        return {
            name: tuple(trigger for trigger in self.triggers.values() if name in trigger.sources)
            for name in self.states
        }

    @cached_property
    def all_triggers(self) -> tuple[Trigger, ...]:
        """The opening and every other trigger."""
        return (self.opening, *self.triggers.values())

    def state_label(self, name: str, language: str = "ja") -> str:
        """What a state is called on the screen."""
        return self.states[name].label[language]
