"""Whether a definition is sound: every state reachable, no dead end, every name known, every word translated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from workflows.engine.definition import MIGRATE, SAME, Definition, Label, Trigger
from workflows.law.terms import Term, terms

LANGUAGES = ("ja", "en")
_COUNTED_FROM = ("step", "opened")


def problems(definition: Definition, today: date | None = None) -> list[str]:
    """Everything that is wrong with one definition, apart from functions (see the registry) and publication (see the lock)."""
    found = [
        *_ways(definition),
        *_people(definition),
        *_deadlines(definition, today),
        *_inputs(definition),
        *_words(definition),
    ]
    return [
        f"{definition.source or definition.kind} (version {definition.version}): {line}" for line in found
    ]


def mapping_problems(definition: Definition, older: Mapping[int, Definition]) -> list[str]:
    """What is wrong with the way open cases of the versions before are to go.

    A case may have missed versions and then goes by all their mappings, so that what holds for the version directly before must
    hold for those before it as well.

    :param older: the versions of its kind by number; its own may be among them.
    """
    place = f"{definition.source} (version {definition.version}): replaces"
    if definition.replaces is None:
        return []
    before = older.get(definition.replaces)
    if before is None:
        return [f"{place}: version {definition.replaces} is not there"]
    found = [
        f"{place}: version {before.version} has no state {name!r}"
        for name in definition.mapping
        if name not in before.states
    ]
    for missed, ways in _missed(definition, older):
        found += [f"{place}: {line}" for line in _left_behind(definition, missed, ways)]
    return found


def _missed(
    definition: Definition, older: Mapping[int, Definition]
) -> Iterator[tuple[Definition, list[Definition]]]:
    """Every version that leads to this one, and the versions whose mappings a case goes by from there, in order."""
    ways = [definition]
    while (number := ways[0].replaces) in older and number not in {way.version for way in ways}:
        assert number is not None
        yield older[number], ways
        ways = [older[number], *ways]


def _left_behind(definition: Definition, missed: Definition, ways: list[Definition]) -> Iterator[str]:
    """What of a version before has no place in this one."""
    for name, state in missed.states.items():
        at = name
        for way in ways[:-1]:
            at = way.mapping.get(at, at)
            if at not in way.states:
                break  # that is told of the version on the way
        else:
            to = definition.mapping.get(at, at)
            if not state.final and to not in definition.states:
                came = "" if len(ways) == 1 else f" (state {name!r} of version {missed.version})"
                yield f"say where open cases in state {at!r} go{came}"
    for deadline in missed.deadlines.values():
        pulled = definition.triggers.get(deadline.trigger)
        if pulled is None or "clock" not in pulled.who or pulled.required:
            yield (
                f"deadline {deadline.name!r} of version {missed.version} may still wait, and the clock can pull no"
                f" trigger {deadline.trigger!r}"
            )


def _ways(definition: Definition) -> Iterator[str]:
    following: dict[str, set[str]] = {name: set() for name in definition.states}
    for trigger in definition.triggers.values():
        for move in trigger.moves:
            following[move.source].add(move.to)
    reachable = _closure({definition.initial}, following)
    before = {
        name: {one for one, others in following.items() if name in others} for name in definition.states
    }
    finals = {name for name, state in definition.states.items() if state.final}
    ending = _closure(finals, before)
    for name, state in definition.states.items():
        if name not in reachable:
            yield f"state {name!r} cannot be reached"
        if not state.final and not following[name] - {name}:
            yield f"state {name!r} is a dead end but not final"
        elif name not in ending:
            yield f"state {name!r} never comes to an end"
        if state.final and any(not definition.states[to].final for to in following[name]):
            yield f"state {name!r} is final, yet leads back into the open"
    for trigger in definition.triggers.values():
        if trigger.name in (MIGRATE, SAME):
            yield f"a trigger cannot be called {trigger.name!r}"
        yield from _order_of_moves(trigger)


def _order_of_moves(trigger: Trigger) -> Iterator[str]:
    settled: set[str] = set()
    for move in trigger.moves:
        if move.source in settled:
            yield f"trigger {trigger.name!r}: a way from {move.source!r} stands after one that is always open"
        if not move.when:
            settled.add(move.source)


def _closure(start: set[str], following: Mapping[str, set[str]]) -> set[str]:
    seen, todo = set(start), list(start)
    while todo:
        for name in following[todo.pop()] - seen:
            seen.add(name)
            todo.append(name)
    return seen


def _people(definition: Definition) -> Iterator[str]:
    used: set[str] = set()
    for trigger in definition.all_triggers:
        used |= trigger.who
        if not trigger.who:
            yield f"trigger {trigger.name!r}: say who"
        for source in trigger.sources - {""}:
            blind = trigger.who - definition.states[source].readers - {"clock", "system"}
            if blind:
                yield f"trigger {trigger.name!r}: {', '.join(sorted(blind))} may not read the case in state {source!r}"
    for state in definition.states.values():
        used |= state.readers
        if not state.readers:
            yield f"state {state.name!r}: nobody may read it"
        for role in set(state.editors) - state.readers:
            yield f"state {state.name!r}: {role} may edit but not read"
    for role in sorted(used - set(definition.roles)):
        yield f"role {role!r} has no name under roles"


def _deadlines(definition: Definition, today: date | None) -> Iterator[str]:
    armed = {name for trigger in definition.all_triggers for name in trigger.arm}
    for trigger in definition.all_triggers:
        for name in {*trigger.arm, *trigger.disarm} - set(definition.deadlines) - {"all"}:
            yield f"trigger {trigger.name!r}: no deadline {name!r}"
    for name, deadline in definition.deadlines.items():
        place = f"deadline {name!r}"
        if name not in armed:
            yield f"{place} is never armed"
        pulled = definition.triggers.get(deadline.trigger)
        if pulled is None:
            yield f"{place}: no trigger {deadline.trigger!r}"
        elif "clock" not in pulled.who or pulled.required:
            yield f"{place}: trigger {deadline.trigger!r} must be open to the clock and need no input"
        if not isinstance(deadline.term, Term) and not _in_force(deadline.term, today):
            yield f"{place}: the law calendar has no term {deadline.term!r} in force"
        yield from _counted_from(definition, name)


def _counted_from(definition: Definition, name: str) -> Iterator[str]:
    origin = definition.deadlines[name].counted_from
    kind, _, which = origin.partition(".")
    for trigger in definition.all_triggers:
        if name not in trigger.arm:
            continue
        place = f"deadline {name!r}, armed by {trigger.name!r}: counted_from {origin!r}"
        if kind == "deadline" and which not in trigger.arm[: trigger.arm.index(name)]:
            yield f"{place} must be armed by the same trigger before it"
        if kind == "input" and (
            which not in trigger.fields or trigger.fields[which].type not in ("date", "moment")
        ):
            yield f"{place} is no date or moment of its input"
    if kind not in ("deadline", "input") and origin not in _COUNTED_FROM:
        yield f"deadline {name!r}: counted_from is step, opened, input.<field> or deadline.<name>"


def _in_force(name: str, today: date | None) -> bool:
    return any(today is None or version.in_force(today) for version in terms().get(name, ()))


def _inputs(definition: Definition) -> Iterator[str]:
    for trigger in definition.all_triggers:
        if trigger.assign not in (None, "self", "nobody", *trigger.fields):
            yield f"trigger {trigger.name!r}: assign is self, nobody or a field of its input"


def _words(definition: Definition) -> Iterator[str]:
    labels: list[tuple[str, Label]] = [("label", definition.label)]
    labels += [(f"state {one.name!r}", one.label) for one in definition.states.values()]
    labels += [(f"trigger {one.name!r}", one.label) for one in definition.all_triggers]
    labels += [(f"deadline {one.name!r}", one.label) for one in definition.deadlines.values()]
    for part in ("roles", "guards", "texts"):
        labels += [(f"{part}.{name}", label) for name, label in getattr(definition, part).items()]
    for place, label in labels:
        missing = [language for language in LANGUAGES if not label.get(language, "").strip()]
        if missing:
            yield f"{place}: no text in {', '.join(missing)}"
