"""The definitions of an installation, and the functions that their names stand for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from storage.database import Transaction
from workflows.engine.decide import Decider
from workflows.engine.definition import Definition, DefinitionError
from workflows.engine.guards import BUILT_IN
from workflows.engine.reading import read_definition
from workflows.engine.values import Applied, CaseView, Command, Reason

Guard = Callable[[Mapping[str, Any], Mapping[str, Any]], Reason | None]
Facts = Callable[[Transaction, Sequence[CaseView], Sequence[Command]], list[Mapping[str, Any]]]
WriteEffect = Callable[[Transaction, Sequence[Applied]], None]


class Kind:
    """One kind of case: its versions and its functions."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.versions: dict[int, Definition] = {}
        self.guards: dict[str, Guard] = dict(BUILT_IN)
        self.write_effects: dict[str, WriteEffect] = {}
        self.job_effects: dict[str, tuple[str, str]] = {}
        self.read_facts: Facts | None = None
        self._deciders: dict[int, Decider] = {}

    @property
    def newest(self) -> Definition:
        """The version new cases are opened under."""
        return self.versions[max(self.versions)]

    def add(self, definition: Definition) -> None:
        """Take one version in; its machine is made once and shared by all cases."""
        self.versions[definition.version] = definition
        self._deciders[definition.version] = Decider(definition, self.guards)

    def decider(self, version: int) -> Decider:
        """What decides for cases of a version.

        :raises DefinitionError: when this installation has no such version.
        """
        try:
            return self._deciders[version]
        except KeyError:
            raise DefinitionError(
                f"{self.name} version {version} is not loaded: keep workflow.v{version}.yaml beside workflow.yaml"
            ) from None

    def guard(self, name: str) -> Callable[[Guard], Guard]:
        """Register a guard: pure, None when it passes, else the reason."""

        def register(function: Guard) -> Guard:
            self.guards[name] = function
            return function

        return register

    def facts(self, function: Facts) -> Facts:
        """Register what reads the guards' facts: the only reading before a decision, one mapping for each case."""
        self.read_facts = function
        return function

    def write_effect(self, name: str) -> Callable[[WriteEffect], WriteEffect]:
        """Register rows to write in the transaction of the step; gets all steps of a batch at once."""

        def register(function: WriteEffect) -> WriteEffect:
            self.write_effects[name] = function
            return function

        return register

    def job_effect(self, name: str, task: str, queue: str = "default") -> None:
        """Register a job to put on the list in the transaction of the step; it gets tenant, case_id and seq."""
        self.job_effects[name] = (task, queue)

    def unknown_names(self) -> list[str]:
        """What the definitions name and nobody registered."""
        missing = []
        for version in self.versions.values():
            place = f"{self.name} version {version.version}"
            for trigger in version.all_triggers:
                for what, named, known in (
                    ("guard", trigger.all_guards, self.guards),
                    ("write effect", trigger.write_effects, self.write_effects),
                    ("job effect", trigger.job_effects, self.job_effects),
                ):
                    missing += [
                        f"{place}, {trigger.name}: unknown {what} {name!r}"
                        for name in named
                        if name not in known
                    ]
        return sorted(missing)


class Registry:
    """Every kind of case this installation knows."""

    def __init__(self) -> None:
        self.kinds: dict[str, Kind] = {}

    def load(self, path: str | Path) -> Kind:
        """Take in a ``workflow.yaml`` and the older versions beside it (``workflow.v<N>.yaml``).

        :raises DefinitionError: when a file is not a definition, or the files are not of one kind.
        """
        newest = Path(path)
        files = [newest, *sorted(newest.parent.glob(f"{newest.stem}.v*.yaml"))]
        found = [read_definition(file) for file in files]
        kind = self.kinds.setdefault(found[0].kind, Kind(found[0].kind))
        for definition in found:
            if definition.kind != kind.name or definition.version in kind.versions:
                raise DefinitionError(
                    f"{definition.source}: {definition.kind} version {definition.version} is there twice"
                )
            kind.add(definition)
        return kind

    def kind(self, name: str) -> Kind:
        """A kind by name.

        :raises DefinitionError: when it was not loaded.
        """
        try:
            return self.kinds[name]
        except KeyError:
            raise DefinitionError(
                f"no kind of case {name!r} is loaded; known: {', '.join(sorted(self.kinds))}"
            ) from None

    def require_complete(self) -> None:
        """Refuse to start with a name that stands for nothing.

        :raises DefinitionError: listing all of them.
        """
        missing = [line for kind in self.kinds.values() for line in kind.unknown_names()]
        if missing:
            raise DefinitionError("\n".join(missing))
