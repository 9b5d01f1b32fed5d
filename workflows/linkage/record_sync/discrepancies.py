"""What the keepers of a record do not agree on (番号法23条), from the night it is found until the keepers agree or a person has explained it.

Every word about it is written into the incidents, which only grow; what stands now is a row of its own, so that desk and nights read no
more than that. It is said once, however many nights find it again, and anew only when it became another one. Nothing of the records is
changed by any of this.
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
     WHERE tenant = %s AND detail ? 'about' AND detail->>'about' = ANY(%s)
     ORDER BY detail->>'about', at DESC, id DESC
"""
_STANDS = """
    INSERT INTO madoguchi.linkage_discrepancy AS stood (tenant, about, kind, said, at) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (tenant, about) DO UPDATE SET kind = excluded.kind, said = excluded.said, at = excluded.at
        WHERE (stood.kind, stood.said) IS DISTINCT FROM (excluded.kind, excluded.said)
"""
_ENDS = "DELETE FROM madoguchi.linkage_discrepancy WHERE tenant = %s AND about = ANY(%s) RETURNING about, kind, said"
_STANDING = """
    SELECT about, kind, said, at FROM madoguchi.linkage_discrepancy WHERE tenant = %s ORDER BY at DESC, about DESC LIMIT %s
"""


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
    fresh: list[Found] = []
    stands: list[tuple[str, str, str, str, datetime]] = []
    for one in wanted.values():
        _, kind, said, of, since = known.get(one.about, (None, None, None, None, now))
        if (of if kind == EXPLAINED else kind, said) != (one.kind, one.said):
            note_incident(tx, one.kind, {"about": one.about, "said": one.said}, now)
            fresh.append(one)
            since = now
        elif kind == EXPLAINED:
            continue
        # Also what was noted before: a release that kept no rows of what stands may have noted it.
        stands.append((tx.tenant, one.about, one.kind, one.said, since))
    with tx.raw.cursor() as cursor:
        cursor.executemany(_STANDS, stands)
    return fresh


def settle(tx: Transaction, about: Sequence[str], now: datetime) -> int:
    """Note that the keepers agree on these after all, where it was said that they do not.

    :returns: how many discrepancies ended by it.
    """
    rows = _end(tx, about)
    for name, kind, said in rows:
        note_incident(tx, AGREES, {"about": name, "of": kind, "said": said}, now, ended=True)
    return len(rows)


def standing(tx: Transaction, most: int | None = None) -> list[Standing]:
    """Return the discrepancies of the tenant that have not ended, newest first.

    :param most: no more than so many; all when None.
    """
    return [Standing(*row) for row in tx.raw.execute(_STANDING, (tx.tenant, most)).fetchall()]


def count(tx: Transaction) -> int:
    """Return how many discrepancies of the tenant have not ended."""
    row = tx.raw.execute(
        "SELECT count(*) FROM madoguchi.linkage_discrepancy WHERE tenant = %s", (tx.tenant,)
    ).fetchone()
    return int(row[0]) if row else 0


def explain(tx: Transaction, about: str, actor: Actor, reason: str, now: datetime) -> None:
    """Note that a person has looked into a discrepancy and why it may rest; who and why stay in the incidents.

    :param reason: a code.
    :raises DiscrepancyRefused: not for this person, or it does not stand (any more).
    """
    if DESK.isdisjoint(actor.roles):
        raise DiscrepancyRefused("NOT_ALLOWED")
    rows = _end(tx, [about])
    if not rows:
        raise DiscrepancyRefused("NOT_STANDING")
    ((_, kind, said),) = rows
    detail = {"about": about, "of": kind, "said": said, "by": actor.id, "reason": reason}
    note_incident(tx, EXPLAINED, detail, now, ended=True)


def _newest(tx: Transaction, about: Sequence[str]) -> list[tuple[str, str, str, str | None, datetime]]:
    """The newest word on each of these."""
    return tx.raw.execute(_NEWEST, (tx.tenant, list(about))).fetchall() if about else []


def _end(tx: Transaction, about: Sequence[str]) -> list[tuple[str, str, str]]:
    """Take these out of what stands; of two who end the same at once, one finds it gone."""
    return tx.raw.execute(_ENDS, (tx.tenant, list(about))).fetchall() if about else []
