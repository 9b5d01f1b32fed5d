"""The engine as the rest of the house sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from storage.clock import Clock
from storage.database import Transaction
from storage.ids import new_id
from workflows.engine import visibility
from workflows.engine.apply import Parts, apply, facts_for, open_case
from workflows.engine.bulk import apply_many
from workflows.engine.definition import OPEN, Definition
from workflows.engine.firing import Resting, fire_due
from workflows.engine.journal import BrokenLink, Step, history, verify
from workflows.engine.migrate import Migrated, migrate
from workflows.engine.picture import draw
from workflows.engine.registry import Registry
from workflows.engine.store import read_case
from workflows.engine.texts import reason_text
from workflows.engine.values import Actor, Applied, CaseNotFound, CaseView, Command, Option, Reason, Refused
from workflows.engine.worklists import Cursor, WorkItem, worklist
from workflows.law.calendar import LawCalendar


class Engine:
    """Opens cases, moves them, and says how they stand.

    :param registry: the definitions, complete with their guards and effects.
    :param clock: what time it is.
    :param calendar: how days are counted.
    :param make_id: makes the identifiers of new cases.
    :raises DefinitionError: when a definition names a guard or an effect that nobody registered.
    """

    def __init__(
        self,
        registry: Registry,
        clock: Clock,
        calendar: LawCalendar | None = None,
        make_id: Callable[[], UUID] = new_id,
    ) -> None:
        registry.require_complete()
        self.registry = registry
        self._parts = Parts(registry, clock, calendar or LawCalendar(), make_id)
        self._resting = Resting()

    def open(
        self,
        tx: Transaction,
        kind: str,
        *,
        actor: Actor,
        purpose: str,
        request_key: str,
        subject: str | None = None,
        parent: UUID | None = None,
        input: Mapping[str, Any] | None = None,
        case_id: UUID | None = None,
        office: str | None = None,
        on_behalf_of: str | None = None,
    ) -> Applied:
        """Open a case under the newest version of its kind.

        :param subject: addressee number of the person it is about.
        :param parent: the case it belongs to.
        :param case_id: the identifier to use; made when None.
        :param office: the office that gets the case; the actor's when None.
        :raises Refused: with every reason; nothing was stored.
        """
        wanted = case_id or self._parts.new_id()
        command = Command(wanted, OPEN, actor, purpose, request_key, input or {}, on_behalf_of)
        return open_case(self._parts, tx, kind, command, subject, parent, office)

    def apply(self, tx: Transaction, command: Command) -> Applied:
        """Take one step; the same request key gives the same answer.

        :raises Refused: with every reason; nothing was changed.
        """
        return apply(self._parts, tx, command)

    def apply_many(self, tx: Transaction, commands: Sequence[Command]) -> list[Applied | Refused]:
        """Take many steps set by set; the answers are in the order of the commands."""
        return apply_many(self._parts, tx, commands)

    def case(self, tx: Transaction, case_id: UUID) -> CaseView:
        """A case as it stands.

        :raises CaseNotFound: when the scope has no such case.
        """
        found = read_case(tx, case_id)
        if found is None:
            raise CaseNotFound(case_id)
        return found

    def options(self, tx: Transaction, case_id: UUID, actor: Actor) -> list[Option]:
        """What can be done from the state the case is in, and why not where it cannot.

        Triggers that only the clock or the product itself may pull are left out: nobody can press them.
        """
        case = self.case(tx, case_id)
        definition = self.definition(case)
        triggers = [one for one in definition.by_state[case.state] if not one.who <= {"clock", "system"}]
        if not triggers:
            return []
        kind = self.registry.kind(case.kind)
        commands = [Command(case_id, one.name, actor, "options", "options") for one in triggers]
        facts = facts_for(kind, tx, [case] * len(triggers), commands, self._parts.now())
        decider = kind.decider(case.definition_version)
        found = []
        for trigger, known in zip(triggers, facts, strict=True):
            reasons = tuple(decider.standing(trigger, case, actor, known, {}))
            found.append(Option(trigger.name, not reasons, reasons, trigger.label))
        return found

    def worklist(
        self,
        tx: Transaction,
        actor: Actor,
        after: Cursor | None = None,
        limit: int = 50,
        kinds: Iterable[str] | None = None,
    ) -> list[WorkItem]:
        """One page of an actor's inbox, most urgent first."""
        return worklist(self.registry, tx, actor, after, limit, kinds)

    def history(self, tx: Transaction, case_id: UUID) -> list[Step]:
        """The steps of a case, oldest first."""
        return history(tx, case_id)

    def verify(self, tx: Transaction, case_id: UUID | None = None) -> BrokenLink | None:
        """The first broken link of the journal, or None."""
        return verify(tx, case_id)

    def picture(self, case: CaseView | str, language: str = "ja") -> str:
        """The way a case can go, as SVG.

        :param case: the case (its state is marked), or the name of a kind.
        """
        if isinstance(case, str):
            return draw(self.registry.kind(case).newest, None, language)
        return draw(self.definition(case), case.state, language)

    def fire_due_deadlines(self, tx: Transaction, limit: int = 200) -> list[Applied | Refused]:
        """Let the clock pull what is due in the tenant; call again until the list is empty.

        What cannot be pulled rests, from a minute up to an hour, before this engine tries it again.
        """
        return fire_due(self._parts, tx, limit, self._resting)

    def migrate(
        self, tx: Transaction, kind: str, *, actor: Actor, purpose: str, limit: int = 500
    ) -> Migrated:
        """Move open cases of older versions to the newest one, each by a recorded step; call again until none is left."""
        return migrate(self._parts, tx, kind, actor, purpose, limit)

    def definition(self, case: CaseView) -> Definition:
        """The definition version a case stands under."""
        return self.registry.kind(case.kind).decider(case.definition_version).definition

    def may_read(self, case: CaseView, actor: Actor) -> bool:
        """Whether the actor may see the case as it stands."""
        return visibility.may_read(self.definition(case), case, actor)

    def may_edit(self, case: CaseView, actor: Actor, part: str = "all") -> bool:
        """Whether the actor may edit one part of the case as it stands."""
        return visibility.may_edit(self.definition(case), case, actor, part)

    def reason_text(self, reason: Reason, case: CaseView | None = None, language: str = "ja") -> str:
        """A reason in words for the screen."""
        return reason_text(reason, None if case is None else self.definition(case), language)
