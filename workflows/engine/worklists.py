"""Each person's inbox, from the definition itself: the states in which one of her roles has something to do.

A new state cannot be forgotten: as soon as somebody may act in it, it is in that person's inbox. Cases come most urgent first, and
a page costs the same however many cases there are: every (kind, state, office) is one short range of one index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storage.database import Transaction
from workflows.engine.definition import NATURAL_ROLES, OPEN, Definition, Trigger
from workflows.engine.registry import Registry
from workflows.engine.store import CASE_COLUMNS
from workflows.engine.values import NEVER, Actor, CaseView

Cursor = tuple[datetime, UUID]

_QUALIFIED = ", ".join(f"c.{name.strip()}" for name in CASE_COLUMNS.split(","))
# The definition versions differ in who acts where, so the version is part of the filter; the index need not know it.
_WANTED = "unnest(%(kinds)s::text[], %(states)s::text[], %(versions)s::int[]) AS w (kind, state, version)"
_PAGE_OF_EACH = f"""
    SELECT {_QUALIFIED} FROM o CROSS JOIN LATERAL (
        SELECT {CASE_COLUMNS} FROM madoguchi.case_file AS f
        WHERE f.tenant = %(tenant)s AND f.kind = o.kind AND f.state = o.state AND f.office = o.office
            AND f.definition_version = o.version AND f.closed_at IS NULL
            AND (f.due_at, f.id) > (%(due)s::timestamptz, %(id)s::uuid)
        ORDER BY f.due_at, f.id LIMIT %(limit)s) AS c
    ORDER BY c.due_at, c.id LIMIT %(limit)s
"""  # noqa: S608
PAGE = f"""
    WITH o AS (SELECT w.*, n.office FROM {_WANTED} CROSS JOIN unnest(%(offices)s::text[]) AS n (office)) {_PAGE_OF_EACH}
"""  # noqa: S608
_NEXT_OFFICE = """
    (SELECT min(f.office) FROM madoguchi.case_file AS f
     WHERE f.tenant = %(tenant)s AND f.kind = w.kind AND f.state = w.state AND f.closed_at IS NULL {further})
"""
# For somebody of no office: the offices that have such cases are found by hopping along the index from one to the next.
PAGE_EVERYWHERE = f"""
    WITH RECURSIVE o AS (
        SELECT w.*, {_NEXT_OFFICE.format(further="")} AS office FROM {_WANTED}
        UNION ALL
        SELECT w.kind, w.state, w.version, {_NEXT_OFFICE.format(further="AND f.office > w.office")} FROM o AS w
        WHERE w.office IS NOT NULL) {_PAGE_OF_EACH}
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One case in an inbox.

    :param due_at: its next deadline, or None.
    :param triggers: names of what the person may try; guards are asked when the case is opened.
    """

    case: CaseView
    label: Mapping[str, str]
    due_at: datetime | None
    triggers: tuple[str, ...]

    @property
    def cursor(self) -> Cursor:
        """Where the next page begins."""
        return (self.case.due_at, self.case.id)


def duties(definition: Definition, roles: Iterable[str]) -> dict[str, tuple[Trigger, ...]]:
    """The states in which somebody with these roles may act, and by what."""
    mine = frozenset(roles) - NATURAL_ROLES
    found = {}
    for state, triggers in definition.by_state.items():
        own = tuple(
            trigger for trigger in triggers if trigger.name != OPEN and not trigger.who.isdisjoint(mine)
        )
        if own and not definition.states[state].final and not definition.states[state].resting:
            found[state] = own
    return found


def worklist(
    registry: Registry,
    tx: Transaction,
    actor: Actor,
    after: Cursor | None = None,
    limit: int = 50,
    kinds: Iterable[str] | None = None,
) -> list[WorkItem]:
    """One page of an inbox, most urgent first.

    :param actor: whose inbox; an actor with an office sees its cases and those of no office, one without sees all.
    :param after: the cursor of the last item of the page before.
    :param kinds: only these kinds of case.
    """
    wanted = [
        (kind.name, version, state, triggers)
        for kind in registry.kinds.values()
        if kinds is None or kind.name in kinds
        for version in kind.versions.values()
        for state, triggers in duties(version, actor.roles).items()
        if not _rests_now(kind.newest, state)
    ]
    if not wanted:
        return []
    due, last = after or (datetime.min.replace(tzinfo=NEVER.tzinfo), UUID(int=0))
    parameters = {
        "tenant": tx.tenant,
        "kinds": [kind for kind, *_ in wanted],
        "versions": [version.version for _, version, *_ in wanted],
        "states": [state for *_, state, _ in wanted],
        "offices": ["", actor.office],
        "due": due,
        "id": last,
        "limit": limit,
    }
    sql = PAGE if actor.office else PAGE_EVERYWHERE
    rows = tx.raw.execute(sql, parameters, prepare=True).fetchall()
    names = {
        (kind, version.version, state): tuple(trigger.name for trigger in triggers)
        for kind, version, state, triggers in wanted
    }
    return [_item(registry, CaseView(*row), names) for row in rows]


def _rests_now(newest: Definition, state: str) -> bool:
    """Whether nobody is expected in a state any more; said by today's definition for the cases of older ones too, for it decides nothing."""
    return state in newest.states and newest.states[state].resting


def _item(
    registry: Registry, case: CaseView, names: Mapping[tuple[str, int, str], tuple[str, ...]]
) -> WorkItem:
    definition = registry.kind(case.kind).versions[case.definition_version]
    return WorkItem(
        case=case,
        label=definition.states[case.state].label,
        due_at=None if case.due_at == NEVER else case.due_at,
        triggers=names[case.kind, case.definition_version, case.state],
    )
