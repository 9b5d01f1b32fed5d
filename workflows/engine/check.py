"""``python -m workflows.engine.check``: whether every definition in the house is sound, complete and unchanged.

Beside each ``workflow.yaml``, or in a folder above for several kinds together, stands a ``machine.py`` with ``register(registry, …)``,
which gives the definitions' names their functions. It is called here with placeholders for its collaborators: registering must not
need them.
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
from workflows.engine.picture import draw
from workflows.engine.reading import read_definition
from workflows.engine.registry import Registry
from workflows.engine.soundness import mapping_problems, problems
from workflows.engine.texts import TEXTS

HOUSE = Path(__file__).parents[2]
ROOTS = ("workflows", "privacy_assessment")


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
    versions: dict[str, dict[int, Definition]] = {}
    for one in definitions:
        versions.setdefault(one.kind, {})[one.version] = one
    found = [line for one in definitions for line in problems(one, today)]
    for one in definitions:
        found += mapping_problems(one, versions[one.kind])
    found += changed(definitions, lock)
    if house == HOUSE:
        machines: dict[Path, set[str]] = {}
        for file in definition_files(house):
            machine = _machine_of(file)
            if machine is None:
                found.append(f"{file}: no machine.py beside or above it to register guards and effects")
            else:
                machines.setdefault(machine, set()).add(read_definition(file).kind)
        for machine, kinds in machines.items():
            found += _functions(machine, kinds)
    return found


def _machine_of(file: Path) -> Path | None:
    """The ``machine.py`` nearest to a definition, in its folder or above."""
    above = (
        folder / "machine.py" for folder in file.parents if folder.is_relative_to(HOUSE) and folder != HOUSE
    )
    return next((path for path in above if path.exists()), None)


def _functions(machine: Path, kinds: set[str]) -> Iterator[str]:
    """Kinds and names of definitions that nobody registers, and reasons nobody can read."""
    module = importlib.import_module(".".join(machine.relative_to(HOUSE).with_suffix("").parts))
    registry = Registry()
    others = len(inspect.signature(module.register).parameters) - 1
    module.register(registry, *(_Later() for _ in range(others)))
    yield from (f"{machine}: does not register {kind!r}" for kind in sorted(kinds - set(registry.kinds)))
    known = set(TEXTS)
    for kind in registry.kinds.values():
        yield from kind.unknown_names()
        known |= {*kind.newest.texts, *kind.newest.guards}
    for code in sorted(_reason_codes(machine) - known):
        yield f"{machine}: Reason({code!r}) has no text under texts or guards of its definitions"


def _reason_codes(file: Path) -> set[str]:
    """The codes written as ``Reason("…")`` in a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    named = (
        call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Reason" and call.args
    )
    return {str(call.args[0].value) for call in named if isinstance(call.args[0], ast.Constant)}


def _draw_all(definitions: list[Definition], folder: Path) -> None:
    """Write one picture for each newest version, as the documents show them."""
    newest = {one.kind: one for one in sorted(definitions, key=lambda one: one.version)}
    for kind, one in newest.items():
        (folder / f"{kind}.svg").write_text(draw(one) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Check, and when all is well do what is asked.

    :param arguments: ``--publish [KIND …]`` locks what is new; ``--pictures=FOLDER`` draws every kind.
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
        names = {word for word in arguments if not word.startswith("-")}
        for one in publish([one for one in definitions if not names or one.kind in names]):
            sys.stdout.write(f"published {one.kind} version {one.version}\n")
    for word in arguments:
        if word.startswith("--pictures="):
            _draw_all(definitions, Path(word.removeprefix("--pictures=")))
    for one in drafts(definitions):
        sys.stdout.write(f"not published yet: {one.kind} version {one.version}\n")
    sys.stdout.write(f"{len(definitions)} definition(s) are sound.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
