"""What the keepers of a record do not agree on (番号法23条), from the night it is found until the keepers agree or a person has explained it.

It is written into the incidents, which only grow: a discrepancy stands while the newest word about it is not that it ended. So it is said
once, however many nights find it again, and anew only when it became another one. Nothing of the records is changed by any of this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.database import Transaction
from workflows.engine import Actor
from workflows.linkage.dead_letters import DESK
from workflows.linkage.inbox import note_incident

MISSING, DIFFERS = "RECORD_MISSING", "RECORD_DIFFERS"
CORE_MISSING_HERE, CORE_MISSING_THERE = "RECORD_CORE_MISSING_HERE", "RECORD_CORE_MISSING_THERE"
CORE_DIFFERS, CORE_STAYS_OPEN = "RECORD_CORE_DIFFERS", "RECORD_CORE_STAYS_OPEN"
KINDS = (MISSING, DIFFERS, CORE_MISSING_HERE, CORE_MISSING_THERE, CORE_DIFFERS, CORE_STAYS_OPEN)
AGREES, EXPLAINED = "RECORD_AGREES", "RECORD_EXPLAINED"

# Only what a discrepancy says is about something, and it stands in an index of its own: other incidents are not looked at.
_NEWEST = """
    SELECT DISTINCT ON (detail->>'about') detail->>'about', kind, detail->>'said', detail->>'of', at
      FROM madoguchi.linkage_incident
     WHERE tenant = %(tenant)s AND detail ? 'about' {which}
     ORDER BY detail->>'about', at DESC, id DESC
"""
_NEWEST_OF_ALL = _NEWEST.format(which="")
_NEWEST_OF_THESE = _NEWEST.format(which="AND detail->>'about' = ANY(%(about)s)")


class DiscrepancyRefused(ValueError):
    """Nothing was noted about a discrepancy: ``NOT_ALLOWED`` or ``NOT_STANDING``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Found:
    """A discrepancy as one look finds it.

    :param about: what it is about; see `about_server` and `about_core`.
    :param kind: one of `KINDS`.
    :param said: the digest the other keeper names; with another one it is another discrepancy.
    """

    about: str
    kind: str
    said: str


@dataclass(frozen=True)
class Standing(Found):
    """A discrepancy that stands, since when it was last said."""

    at: datetime

    @property
    def exchange_id(self) -> str:
        """The exchange it is about."""
        return self.about.split(":")[1]


def about_server(exchange_id: str, side: str) -> str:
    """The name of what is compared between the intermediate server's record of one side and our own."""
    return f"server:{exchange_id}:{side}"


def about_core(exchange_id: str) -> str:
    """The name of what is compared between the core's word and the server's record."""
    return f"core:{exchange_id}"


def say(tx: Transaction, found: Iterable[Found], now: datetime) -> list[Found]:
    """Note what was not noted before as it is now; what a person explained is not said again while it stays the same.

    :returns: what was said now.
    """
    wanted = {one.about: one for one in found}
    known = {row[0]: row for row in _newest(tx, list(wanted))}
    fresh = []
    for one in wanted.values():
        _, kind, said, of, _ = known.get(one.about, (None,) * 5)
        if (of if kind == EXPLAINED else kind, said) != (one.kind, one.said):
            note_incident(tx, one.kind, {"about": one.about, "said": one.said}, now)
            fresh.append(one)
    return fresh


def settle(tx: Transaction, about: Sequence[str], now: datetime) -> int:
    """Note that the keepers agree on these after all, where it was said that they do not.

    :returns: how many discrepancies ended by it.
    """
    rows = [row for row in _newest(tx, about) if row[1] in KINDS]
    for name, kind, said, _, _ in rows:
        note_incident(tx, AGREES, {"about": name, "of": kind, "said": said}, now, ended=True)
    return len(rows)


def standing(tx: Transaction) -> list[Standing]:
    """Return every discrepancy of the tenant that has not ended, newest first."""
    rows = [row for row in _newest(tx, None) if row[1] in KINDS]
    found = [Standing(about, kind, said, at) for about, kind, said, _, at in rows]
    return sorted(found, key=lambda one: (one.at, one.about), reverse=True)


def explain(tx: Transaction, about: str, actor: Actor, reason: str, now: datetime) -> None:
    """Note that a person has looked into a discrepancy and why it may rest; who and why stay in the incidents.

    :param reason: a code.
    :raises DiscrepancyRefused: not for this person, or it does not stand (any more).
    """
    if DESK.isdisjoint(actor.roles):
        raise DiscrepancyRefused("NOT_ALLOWED")
    row = next((row for row in _newest(tx, [about]) if row[1] in KINDS), None)
    if row is None:
        raise DiscrepancyRefused("NOT_STANDING")
    detail = {"about": about, "of": row[1], "said": row[2], "by": actor.id, "reason": reason}
    note_incident(tx, EXPLAINED, detail, now, ended=True)


def _newest(tx: Transaction, about: Sequence[str] | None) -> list[tuple[str, str, str, str | None, datetime]]:
    """The newest word on each thing compared; on these, or on all."""
    if about is not None and not about:
        return []
    if about is None:
        return tx.raw.execute(_NEWEST_OF_ALL, {"tenant": tx.tenant}).fetchall()
    return tx.raw.execute(_NEWEST_OF_THESE, {"tenant": tx.tenant, "about": list(about)}).fetchall()
