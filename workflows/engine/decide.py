"""The decision: pure, and always complete. It says where a case goes, or everything that stands in the way.

One ``transitions.Machine`` is made for each definition version and shared by all cases and threads; a decision fires it on a
throw-away cursor, never on a row. The machine is not asked to keep models, so nothing leaks and nothing is locked. Where a state
has one way on and no condition, the machine is asked once, when it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from transitions import EventData, Machine, Transition

from workflows.engine.definition import Definition, Trigger
from workflows.engine.inputs import check_input
from workflows.engine.values import Actor, CaseView, Reason
from workflows.engine.visibility import roles_on

Guards = Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Reason | None]]


@dataclass(frozen=True, slots=True)
class Decision:
    """The step may be taken: by this trigger, to this state."""

    trigger: Trigger
    after: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The step may not be taken, for all these reasons."""

    reasons: tuple[Reason, ...]


class _Cursor:
    """What the machine moves: thrown away after one decision."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


class _Way(Transition):
    """A transition without callbacks: no definition has any, so there is nothing to do between asking and moving."""

    def execute(self, event_data: EventData) -> bool:
        """Move the cursor when every condition holds."""
        if not all(condition.check(event_data) for condition in self.conditions):
            return False
        cursor = event_data.model
        assert isinstance(cursor, _Cursor)
        cursor.state = str(self.dest)
        return True


class _Machine(Machine):
    transition_cls = _Way


class Decider:
    """Decides for the cases of one definition version.

    :param guards: name to function; read when deciding, so that functions may be registered after the definition.
    """

    def __init__(self, definition: Definition, guards: Guards) -> None:
        self.definition = definition
        self._guards = guards
        self._machine = self._make_machine()
        self._only_way = self._ask_for_only_ways()

    def decide(
        self, case: CaseView, trigger: str, actor: Actor, facts: Mapping[str, Any], given: Mapping[str, Any]
    ) -> Decision | Refusal:
        """Decide one step of a case that is already open.

        :param facts: what the guards look at, with ``case`` and ``actor`` in it.
        :param given: the step's input.
        """
        wanted = self.definition.triggers.get(trigger)
        if wanted is None:
            return Refusal((Reason("unknown_trigger", trigger=trigger),))
        reasons = self.standing(wanted, case, actor, facts, given)
        reasons += check_input(wanted, given)
        if reasons:
            return Refusal(tuple(reasons))
        known = self._only_way.get((case.state, trigger))
        if known is not None:
            return known
        cursor = _Cursor(case.state)
        # A false condition makes the machine answer False and stay where it is: that is a refusal too.
        moved = self._machine.events[trigger].trigger(cursor, facts=facts, given=given)
        return Decision(wanted, cursor.state) if moved else Refusal((Reason("no_way_on"),))

    def decide_opening(
        self, case: CaseView, actor: Actor, facts: Mapping[str, Any], given: Mapping[str, Any]
    ) -> Decision | Refusal:
        """Decide whether a case may be opened.

        :param case: the case as it would be, with no state yet.
        """
        opening = self.definition.opening
        reasons = self.standing(opening, case, actor, facts, given) + check_input(opening, given)
        return Refusal(tuple(reasons)) if reasons else Decision(opening, self.definition.initial)

    def standing(
        self,
        trigger: Trigger,
        case: CaseView,
        actor: Actor,
        facts: Mapping[str, Any],
        given: Mapping[str, Any],
    ) -> list[Reason]:
        """Everything but the input that stands in the way; what a page shows before anything is typed in."""
        reasons = []
        if case.state not in trigger.sources:
            reasons.append(Reason("wrong_state", state=case.state))
        if trigger.who.isdisjoint(roles_on(self.definition, case, actor)):
            reasons.append(Reason("not_your_role", roles=tuple(sorted(trigger.who))))
        for name in trigger.guards:
            reason = self._guards[name](facts, given)
            if reason is not None:
                reasons.append(reason)
        return reasons

    def _make_machine(self) -> Machine:
        machine = _Machine(
            model=None,
            states=list(self.definition.states),
            initial=self.definition.initial,
            auto_transitions=False,
            send_event=True,
        )
        for trigger in self.definition.triggers.values():
            for move in trigger.moves:
                machine.add_transition(
                    trigger.name, move.source, move.to, conditions=[self._passes(n) for n in move.when]
                )
        return machine

    def _ask_for_only_ways(self) -> dict[tuple[str, str], Decision]:
        """Where the machine goes whatever the facts, by (state, trigger)."""
        found = {}
        for name, trigger in self.definition.triggers.items():
            for state, ways in self._machine.events[name].transitions.items():
                cursor = _Cursor(state)
                if len(ways) == 1 and not ways[0].conditions and self._machine.events[name].trigger(cursor):
                    found[state, name] = Decision(trigger, cursor.state)
        return found

    def _passes(self, name: str) -> Callable[[EventData], bool]:
        def condition(event: EventData) -> bool:
            return self._guards[name](event.kwargs["facts"], event.kwargs["given"]) is None

        return condition
