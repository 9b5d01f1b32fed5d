"""``python -m workflows.engine.check``: whether every definition in the house is sound, complete and unchanged.

Beside each ``workflow.yaml`` stands a ``machine.py`` with ``register(registry, …)``, which gives the definition's names their
functions. It is called here with placeholders for its collaborators: registering must not need them.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from storage.clock import SystemClock
from workflows.engine.definition import Definition, DefinitionError
from workflows.engine.lock import LOCK, changed, drafts, publish
from workflows.engine.reading import read_definition
from workflows.engine.registry import Registry
from workflows.engine.soundness import mapping_problems, problems
from workflows.engine.texts import TEXTS

HOUSE = Path(__file__).parents[2]
ROOTS = ("workflows", "privacy_assessment", "ordinance_use")


class _Later:
    """Stands for a collaborator that registering only hands on."""

    def __getattr__(self, name: str) -> _Later:
        return self


def definition_files(house: Path = HOUSE) -> list[Path]:
    """Every ``workflow.yaml`` of the house, newest versions only."""
    return sorted(file for root in ROOTS for file in (house / root).rglob("workflow.yaml"))


def all_definitions(house: Path = HOUSE) -> list[Definition]:
    """Every version of every kind.

    :raises DefinitionError: when a file cannot be read.
    """
    files = definition_files(house)
    older = [old for file in files for old in sorted(file.parent.glob("workflow.v*.yaml"))]
    return [read_definition(file) for file in (*files, *older)]


def check(house: Path = HOUSE, lock: Path = LOCK, today: date | None = None) -> list[str]:
    """Everything that is wrong, one line each.

    :param today: the day on which named terms must be in force; any day when None.
    """
    try:
        definitions = all_definitions(house)
    except DefinitionError as error:
        return [str(error)]
    versions = {(one.kind, one.version): one for one in definitions}
    found = [line for one in definitions for line in problems(one, today)]
    for one in definitions:
        found += mapping_problems(one, versions.get((one.kind, one.replaces or 0)))
    found += changed(definitions, lock)
    if house == HOUSE:
        for file in definition_files(house):
            found += _functions(file)
    return found


def _functions(file: Path) -> Iterator[str]:
    """Names of a definition that nobody registers, and reasons nobody can read."""
    machine = file.with_name("machine.py")
    if not machine.exists():
        yield f"{file}: no machine.py beside it to register guards and effects"
        return
    module = importlib.import_module(".".join(machine.relative_to(HOUSE).with_suffix("").parts))
    registry = Registry()
    others = len(inspect.signature(module.register).parameters) - 1
    module.register(registry, *(_Later() for _ in range(others)))
    for kind in registry.kinds.values():
        yield from kind.unknown_names()
        known = {**TEXTS, **kind.newest.texts, **kind.newest.guards}
        for code in sorted(_reason_codes(machine) - set(known)):
            yield f"{machine}: Reason({code!r}) has no text under texts in {file.name}"


def _reason_codes(file: Path) -> set[str]:
    """The codes written as ``Reason("…")`` in a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    named = (
        call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Reason" and call.args
    )
    return {call.args[0].value for call in named if isinstance(call.args[0], ast.Constant)}


def main(arguments: list[str]) -> int:
    """Check, and with ``--publish`` lock what is new.

    :returns: 0 when all is well.
    """
    found = check(today=SystemClock().today())
    for line in found:
        sys.stderr.write(f"{line}\n")
    if found:
        sys.stderr.write(f"{len(found)} problem(s); nothing was published.\n")
        return 1
    definitions = all_definitions()
    if "--publish" in arguments:
        for one in publish(definitions):
            sys.stdout.write(f"published {one.kind} version {one.version}\n")
    for one in drafts(definitions):
        sys.stdout.write(f"not published yet: {one.kind} version {one.version}\n")
    sys.stdout.write(f"{len(definitions)} definition(s) are sound.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
