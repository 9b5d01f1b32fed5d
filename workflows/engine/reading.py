"""From ``workflow.yaml`` to a definition: nothing unknown is passed over in silence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
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
from workflows.law.terms import BadTerm, Term, parse_term

FIELD_TYPES = frozenset({"code", "codes", "text", "date", "moment", "integer", "boolean", "uuid", "uuids"})
_TOP = {
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
}
_TRIGGER = {
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
}
_STATE = {"label", "kind", "readers", "editors", "resting"}
_DEADLINE = {"label", "trigger", "term", "counted_from"}


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
    """
    _known(data, _TOP | {"replaces"}, "definition")
    states = {name: _state(name, one) for name, one in _table(data, "states").items()}
    if sum(state.kind == "initial" for state in states.values()) != 1:
        raise DefinitionError("states: exactly one state has kind: initial")
    initial = next(state.name for state in states.values() if state.kind == "initial")
    deadlines = {name: _deadline(name, one) for name, one in _table(data, "deadlines", optional=True).items()}
    opening = _trigger(OPEN, {**data.get("open", {}), "from": "", "to": initial}, states)
    triggers = {name: _trigger(name, one, states) for name, one in _table(data, "triggers").items()}
    replaces = data.get("replaces") or {}
    _known(replaces, {"version", "states"}, "replaces")
    if data.get("scope", "tenant") not in ("tenant", "office"):
        raise DefinitionError("scope: write tenant or office")
    if type(data.get("version")) is not int or not isinstance(data.get("kind"), str):
        raise DefinitionError("kind: a name, version: a whole number")
    return Definition(
        kind=data["kind"],
        version=data["version"],
        label=_label(data, "definition"),
        states=states,
        triggers=triggers,
        opening=opening,
        deadlines=deadlines,
        texts={name: _texts(one, f"texts.{name}") for name, one in (data.get("texts") or {}).items()},
        roles={name: _texts(one, f"roles.{name}") for name, one in (data.get("roles") or {}).items()},
        guards={name: _texts(one, f"guards.{name}") for name, one in (data.get("guards") or {}).items()},
        digest=digest(data),
        scope=data.get("scope", "tenant"),
        law=data.get("law"),
        replaces=replaces.get("version"),
        mapping=dict(replaces.get("states") or {}),
        source=source,
    )


def digest(data: Mapping[str, Any]) -> str:
    """SHA-256 of a definition's content; comments and layout do not count."""
    plain = orjson.dumps(data, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.sha256(plain).hexdigest()


def _state(name: str, data: Mapping[str, Any]) -> State:
    place = f"states.{name}"
    _known(data, _STATE, place)
    kind = data.get("kind", "open")
    if kind not in ("initial", "open", "final"):
        raise DefinitionError(f"{place}.kind: write initial, open or final")
    editors = data.get("editors") or {}
    if not isinstance(editors, Mapping):
        editors = {role: ["all"] for role in _names(editors)}
    return State(
        name=name,
        label=_label(data, place),
        kind=kind,
        readers=frozenset(_names(data.get("readers"))),
        editors={role: frozenset(_names(parts)) for role, parts in editors.items()},
        resting=_yes_or_no(data.get("resting", False), f"{place}.resting"),
    )


def _yes_or_no(value: object, place: str) -> bool:
    if not isinstance(value, bool):
        raise DefinitionError(f"{place}: write true or false")
    return value


def _trigger(name: str, data: Mapping[str, Any], states: Mapping[str, State]) -> Trigger:
    place = f"triggers.{name}"
    _known(data, _TRIGGER | {"arm", "disarm", "assign"}, place)
    if name == OPEN and "label" not in data:
        data = {**data, "label": {"ja": "開始", "en": "Open"}}
    moves = tuple(_moves(data, place, states))
    if not moves:
        raise DefinitionError(f"{place}: say from and to, or moves")
    return Trigger(
        name=name,
        label=_label(data, place),
        moves=moves,
        who=frozenset(_names(data.get("who"))),
        guards=_names(data.get("guards")),
        article=data.get("article"),
        input=tuple(_field(key, one, place) for key, one in (data.get("input") or {}).items()),
        write_effects=_names(data.get("write_effects")),
        job_effects=_names(data.get("job_effects")),
        arm=_names(data.get("arm")),
        disarm=_names(data.get("disarm")),
        assign=data.get("assign"),
    )


def _moves(data: Mapping[str, Any], place: str, states: Mapping[str, State]) -> Iterable[Move]:
    rows = data.get("moves") or (
        [{"from": data["from"], "to": data["to"]}] if "from" in data and "to" in data else []
    )
    for row in rows:
        _known(row, {"from", "to", "when"}, f"{place}.moves")
        for source in _sources(row["from"], states):
            to = source if row["to"] == SAME else row["to"]
            if to not in states or (source and source not in states):
                raise DefinitionError(f"{place}: no state {to if to not in states else source!r}")
            yield Move(source, to, _names(row.get("when")))


def _sources(value: Any, states: Mapping[str, State]) -> tuple[str, ...]:
    if value == "any_open":
        return tuple(name for name, state in states.items() if not state.final)
    return (value,) if isinstance(value, str) else tuple(value)


def _field(name: str, data: Any, place: str) -> Field:
    row = {"type": data} if isinstance(data, str) else dict(data)
    _known(row, {"type", "required"}, f"{place}.input.{name}")
    if row.get("type") not in FIELD_TYPES:
        raise DefinitionError(f"{place}.input.{name}: type is one of {', '.join(sorted(FIELD_TYPES))}")
    return Field(name, row["type"], bool(row.get("required", True)))


def _deadline(name: str, data: Mapping[str, Any]) -> Deadline:
    place = f"deadlines.{name}"
    _known(data, _DEADLINE, place)
    if "trigger" not in data or "term" not in data:
        raise DefinitionError(f"{place}: say trigger and term")
    term: Term | str = data["term"] if isinstance(data["term"], str) else parse_term(data["term"], place)
    return Deadline(name, _label(data, place), data["trigger"], term, data.get("counted_from", "step"))


def _label(data: Mapping[str, Any], place: str) -> Mapping[str, str]:
    return _texts(data.get("label"), f"{place}.label")


def _texts(value: Any, place: str) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(one, str) for one in value.values()):
        raise DefinitionError(f"{place}: give a text for each language, e.g. {{ja: …, en: …}}")
    return dict(value)


def _names(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _table(data: Mapping[str, Any], key: str, optional: bool = False) -> Mapping[str, Any]:
    value = data.get(key)
    if optional and value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(one, Mapping) for one in value.values()):
        raise DefinitionError(f"{key}: a table of names is needed")
    return value


def _known(data: Any, allowed: set[str] | frozenset[str], place: str) -> None:
    if not isinstance(data, Mapping):
        raise DefinitionError(f"{place}: a table is needed")
    unknown = sorted(str(key) for key in data if key not in allowed)
    if unknown:
        raise DefinitionError(
            f"{place}: unknown keys {', '.join(unknown)} (known: {', '.join(sorted(allowed))})"
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
