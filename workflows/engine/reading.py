"""From ``workflow.yaml`` to a definition: nothing unknown is passed over in silence."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import yaml

from workflows.engine.definition import (
    OPEN,
    SAME,
    Deadline,
    Definition,
    DefinitionError,
    Field,
    Move,
    State,
    Trigger,
)
from workflows.engine.shapes import maybe_text, names, table, tables, text, whole, words, yes_or_no
from workflows.law.terms import BadTerm, Term, parse_term

FIELD_TYPES = ("boolean", "code", "codes", "date", "integer", "moment", "text", "uuid", "uuids")
_TOP = frozenset(
    [
        "kind",
        "version",
        "label",
        "law",
        "scope",
        "roles",
        "open",
        "states",
        "triggers",
        "deadlines",
        "guards",
        "texts",
        "replaces",
    ]
)
_TRIGGER = frozenset(
    [
        "label",
        "from",
        "to",
        "moves",
        "who",
        "guards",
        "article",
        "input",
        "write_effects",
        "job_effects",
        "arm",
        "disarm",
        "assign",
    ]
)
_STATE = frozenset({"label", "kind", "readers", "editors", "resting"})
_MOVE = frozenset({"from", "to", "when"})
_FIELD = frozenset({"type", "required"})
_DEADLINE = frozenset({"label", "trigger", "term", "counted_from"})


def read_definition(path: Path) -> Definition:
    """Read one version of a definition.

    :param path: a ``workflow.yaml`` (the newest version) or ``workflow.v<N>.yaml`` (an older one).
    :raises DefinitionError: naming the file and the place.
    """
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError as error:
        raise DefinitionError(f"{path}: not readable as YAML: {error}") from error
    try:
        return parse_definition(data, str(path))
    except (DefinitionError, BadTerm) as error:
        raise DefinitionError(f"{path}: {error}") from error


def parse_definition(data: Mapping[str, Any], source: str = "") -> Definition:
    """Make a definition from its data.

    :raises DefinitionError: naming the place.
    :raises BadTerm: naming the deadline.
    """
    table(data, "definition", _TOP)
    kind, version = text(data.get("kind"), "kind"), whole(data.get("version"), "version")
    states = {name: _state(name, one) for name, one in tables(data.get("states"), "states").items()}
    ways = tables(data.get("triggers"), "triggers")
    if OPEN in ways:
        raise DefinitionError(
            f"triggers.{OPEN}: this is what opening a case is called, and stands under {OPEN}; give the trigger another name"
        )
    initials = [name for name, state in states.items() if state.kind == "initial"]
    if len(initials) != 1:
        raise DefinitionError("states: exactly one state has kind: initial")
    opening = {**table(data.get("open", {}), "open"), "from": "", "to": initials[0]}
    replaces = table(data.get("replaces") or {}, "replaces", {"version", "states"})
    if data.get("scope", "tenant") not in ("tenant", "office"):
        raise DefinitionError("scope: write tenant or office")
    return Definition(
        kind=kind,
        version=version,
        label=words(data.get("label"), "definition.label"),
        states=states,
        triggers={name: _trigger(name, one, states) for name, one in ways.items()},
        opening=_trigger(OPEN, opening, states),
        deadlines={
            name: _deadline(name, one)
            for name, one in tables(data.get("deadlines") or {}, "deadlines").items()
        },
        texts=_words(data, "texts"),
        roles=_words(data, "roles"),
        guards=_words(data, "guards"),
        digest=digest(data),
        scope=data.get("scope", "tenant"),
        law=maybe_text(data.get("law"), "law"),
        replaces=whole(replaces.get("version"), "replaces.version") if replaces else None,
        mapping={
            name: text(to, f"replaces.states.{name}")
            for name, to in table(replaces.get("states") or {}, "replaces.states").items()
        },
        source=source,
    )


def digest(data: Mapping[str, Any]) -> str:
    """SHA-256 of a definition's content; comments and layout do not count.

    :raises DefinitionError: for a value that JSON cannot hold.
    """
    try:
        plain = orjson.dumps(data, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except TypeError as error:
        raise DefinitionError(f"definition: {error}") from error
    return hashlib.sha256(plain).hexdigest()


def _words(data: Mapping[str, Any], part: str) -> Mapping[str, Mapping[str, str]]:
    return {name: words(one, f"{part}.{name}") for name, one in table(data.get(part) or {}, part).items()}


def _state(name: str, data: Mapping[str, Any]) -> State:
    place = f"states.{name}"
    table(data, place, _STATE)
    kind = data.get("kind", "open")
    if kind not in ("initial", "open", "final"):
        raise DefinitionError(f"{place}.kind: write initial, open or final")
    editors = data.get("editors") or {}
    if not isinstance(editors, Mapping):
        editors = {role: ["all"] for role in names(editors, f"{place}.editors")}
    return State(
        name=name,
        label=words(data.get("label"), f"{place}.label"),
        kind=kind,
        readers=frozenset(names(data.get("readers"), f"{place}.readers")),
        editors={
            role: frozenset(names(parts, f"{place}.editors.{role}"))
            for role, parts in table(editors, f"{place}.editors").items()
        },
        resting=yes_or_no(data.get("resting", False), f"{place}.resting"),
    )


def _trigger(name: str, data: Mapping[str, Any], states: Mapping[str, State]) -> Trigger:
    place = OPEN if name == OPEN else f"triggers.{name}"
    table(data, place, _TRIGGER)
    if name == OPEN and "label" not in data:
        data = {**data, "label": {"ja": "開始", "en": "Open"}}

    def named(part: str) -> tuple[str, ...]:
        """The names under one key."""
        return names(data.get(part), f"{place}.{part}")

    return Trigger(
        name=name,
        label=words(data.get("label"), f"{place}.label"),
        moves=_moves(data, place, states),
        who=frozenset(named("who")),
        guards=named("guards"),
        article=maybe_text(data.get("article"), f"{place}.article"),
        input=tuple(
            _field(key, one, f"{place}.input.{key}")
            for key, one in table(data.get("input") or {}, f"{place}.input").items()
        ),
        write_effects=named("write_effects"),
        job_effects=named("job_effects"),
        arm=named("arm"),
        disarm=named("disarm"),
        assign=maybe_text(data.get("assign"), f"{place}.assign"),
    )


def _moves(data: Mapping[str, Any], place: str, states: Mapping[str, State]) -> tuple[Move, ...]:
    rows = data.get("moves")
    if not rows and "from" in data and "to" in data:
        rows = [{"from": data["from"], "to": data["to"]}]
    if not rows or not isinstance(rows, list):
        raise DefinitionError(f"{place}: say from and to, or moves")
    found = []
    for row in rows:
        table(row, f"{place}.moves", _MOVE)
        if not {"from", "to"} <= set(row):
            raise DefinitionError(f"{place}.moves: each says from and to")
        # Only what is opened comes from nowhere.
        sources = ("",) if place == OPEN else _sources(row["from"], place, states)
        for source in sources:
            to = source if row["to"] == SAME else text(row["to"], f"{place}.to")
            if to not in states:
                raise DefinitionError(f"{place}: no state {to!r}")
            found.append(Move(source, to, names(row.get("when"), f"{place}.when")))
    return tuple(found)


def _sources(value: Any, place: str, states: Mapping[str, State]) -> tuple[str, ...]:
    if value == "any_open":
        return tuple(name for name, state in states.items() if not state.final)
    found = names(value, f"{place}.from")
    unknown = [name for name in found if name not in states]
    if unknown or not found:
        raise DefinitionError(f"{place}: no state {unknown[0] if unknown else ''!r}")
    return found


def _field(name: str, data: Any, place: str) -> Field:
    row = {"type": data} if isinstance(data, str) else table(data, place, _FIELD)
    if row.get("type") not in FIELD_TYPES:
        raise DefinitionError(f"{place}: type is one of {', '.join(FIELD_TYPES)}")
    return Field(name, row["type"], yes_or_no(row.get("required", True), f"{place}.required"))


def _deadline(name: str, data: Mapping[str, Any]) -> Deadline:
    place = f"deadlines.{name}"
    table(data, place, _DEADLINE)
    if "trigger" not in data or "term" not in data:
        raise DefinitionError(f"{place}: say trigger and term")
    term: Term | str = data["term"]
    if not isinstance(term, str):
        row = table(term, f"{place}.term")
        text(row.get("unit"), f"{place}.term.unit")
        term = parse_term(row, place)
    return Deadline(
        name,
        words(data.get("label"), f"{place}.label"),
        text(data["trigger"], f"{place}.trigger"),
        term,
        text(data.get("counted_from", "step"), f"{place}.counted_from"),
    )


# The parser in C reads a definition ten times as fast; it is in every wheel, and missing only where somebody builds without libyaml.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_Loader):
    """A safe loader that refuses a key written twice, which YAML would let the last one win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key!r} is written twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)
