"""The third keeper: what the core says of each exchange, laid beside what the intermediate server says (番号法23条3項).

Asker and holder are compared with the server as its records arrive; the core is asked every night. Its word comes through the server,
signed by the core, so a server that changed or lost a record cannot also change the core's. Only digests are compared; a difference
is said to people once and stands at their desk until it is over (`discrepancies`); nothing of ours is changed by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ulid import ULID

from storage.database import Database, Scope, Transaction
from workflows.linkage.gateway import CoreWord
from workflows.linkage.record_sync import discrepancies
from workflows.linkage.record_sync.discrepancies import (
    CORE_DIFFERS,
    CORE_MISSING_HERE,
    CORE_MISSING_THERE,
    CORE_STAYS_OPEN,
    Found,
    about_core,
)
from workflows.linkage.record_sync.reading import NO_LAW
from workflows.linkage.runtime import LinkRuntime

PAGE = 1000
# The core hears of an end a moment after the server has written it, and the server may be away for a while.
PATIENCE = timedelta(hours=1)
# A holder has five working days when staff must look, and the hub ends what nobody answers.
LONGEST = timedelta(days=30)

_WEIGH = """
    UPDATE madoguchi.linkage_record AS r
       SET core = CASE WHEN r.digest = w.digest THEN 'same' ELSE 'differs' END
      FROM unnest(%s::text[], %s::text[]) AS w (exchange_id, digest)
     WHERE r.tenant = %s AND r.exchange_id = w.exchange_id
       AND r.core IS DISTINCT FROM CASE WHEN r.digest = w.digest THEN 'same' ELSE 'differs' END
"""
_OTHERWISE_HERE = """
    SELECT w.exchange_id, w.digest, bool_or(r.exchange_id IS NOT NULL)
      FROM unnest(%s::text[], %s::text[]) AS w (exchange_id, digest)
      LEFT JOIN madoguchi.linkage_record AS r ON r.tenant = %s AND r.exchange_id = w.exchange_id
     WHERE r.digest IS DISTINCT FROM w.digest GROUP BY 1, 2 ORDER BY 1
"""
_UNKNOWN_THERE = """
    UPDATE madoguchi.linkage_record SET core = 'missing'
     WHERE tenant = %s AND core IS NULL AND received_at < %s AND NOT (exchange_id = ANY(%s)) AND body->>'law_row' <> %s
 RETURNING exchange_id, digest
"""
_NOW_THE_SAME = """
    SELECT exchange_id FROM madoguchi.linkage_record
     WHERE tenant = %s AND exchange_id = ANY(%s) GROUP BY 1 HAVING bool_and(core = 'same')
"""


@dataclass(frozen=True)
class Matched:
    """What one night found.

    :param compared: exchanges the core spoke of. :param open: of them, those still under way at the core.
    :param differs, missing_here, missing_there, stay_open: discrepancies that were said now, because they are new or became others.
    :param standing: discrepancies between any of the keepers that nobody has explained yet.
    """

    compared: int
    open: int
    differs: int
    missing_here: int
    missing_there: int
    stay_open: int
    standing: int

    @property
    def whole(self) -> bool:
        """Whether all keepers agree, or people know why they do not."""
        return self.standing == 0


def match_core(database: Database, runtime: LinkRuntime, tenant: str) -> Matched | None:
    """Compare the core's records of a tenant with the server's, from where the last night ended.

    :returns: None when the tenant has no gateway or its reconciliation has not begun.
    :raises Problem, LinkUnreachable, LinkUntrusted: the core's word cannot be had or is not the core's, or the server's list cannot be
        had up to now; nothing was concluded.
    """
    parts = runtime.parts
    gateway = parts.offices.gateway(tenant)
    if gateway is None:
        return None
    with database.transaction(Scope(tenant=tenant)) as tx:
        row = tx.raw.execute(
            "SELECT core_seq FROM madoguchi.linkage_record_sync WHERE tenant = %s", (tenant,)
        ).fetchone()
    if row is None:
        return None
    runtime.record_sync.look_again(database, tenant)
    after, words = int(row[0]), []
    while True:
        word = gateway.core_records(after, PAGE, parts.clock.now())
        words.append(word)
        after = word.records[-1].seq if word.records else after
        if word.complete:
            break
    # The server writes a record before it tells the core of its end: when its list is taken after the core has spoken, what is still not
    # here is missing.
    runtime.record_sync.catch_up(database, tenant, gateway)
    with database.transaction(Scope(tenant=tenant)) as tx:
        return _weigh(tx, runtime, words, int(row[0]))


def _weigh(tx: Transaction, runtime: LinkRuntime, words: Sequence[CoreWord], began: int) -> Matched:
    now = runtime.parts.clock.now()
    said = [one for word in words for one in word.records]
    open_ = [one for one in said if one.digest is None]
    under_way = [one for one in open_ if not _stays_open(one.exchange_id, now)]
    ended = (
        [one.exchange_id for one in said if one.digest is not None],
        [one.digest for one in said if one.digest is not None],
        tx.tenant,
    )
    tx.raw.execute(_WEIGH, ended)
    found = [
        Found(about_core(exchange), CORE_DIFFERS if here else CORE_MISSING_HERE, digest)
        for exchange, digest, here in tx.raw.execute(_OTHERWISE_HERE, ended).fetchall()
    ]
    found += [
        Found(about_core(one.exchange_id), CORE_STAYS_OPEN, "") for one in open_ if one not in under_way
    ]
    found += _came_late(tx)
    there = (tx.tenant, now - PATIENCE, [one.exchange_id for one in open_], NO_LAW)
    found += [
        Found(about_core(exchange), CORE_MISSING_THERE, digest)
        for exchange, digest in tx.raw.execute(_UNKNOWN_THERE, there).fetchall()
    ]
    fresh = Counter(one.kind for one in discrepancies.say(tx, found, now))
    _end_what_agrees(tx, now)
    # Next night begins before the first exchange that is still under way, so that its end is compared too; not before one that stays open,
    # or every night would begin before it for ever.
    upto = min((one.seq for one in under_way), default=max((one.seq for one in said), default=began) + 1) - 1
    tx.raw.execute(
        "UPDATE madoguchi.linkage_record_sync SET core_seq = greatest(core_seq, %s), core_checked_at = %s WHERE tenant = %s",
        (upto, now, tx.tenant),
    )
    return Matched(
        compared=len(said),
        open=len(open_),
        differs=fresh[CORE_DIFFERS],
        missing_here=fresh[CORE_MISSING_HERE],
        missing_there=fresh[CORE_MISSING_THERE],
        stay_open=fresh[CORE_STAYS_OPEN],
        standing=discrepancies.count(tx),
    )


def _stays_open(exchange_id: str, now: datetime) -> bool:
    """Whether an exchange has been under way for longer than any holder may take; its number says when it began (ULID)."""
    try:
        return now - ULID.from_str(exchange_id).datetime > LONGEST
    except ValueError:
        return False


def _came_late(tx: Transaction) -> list[Found]:
    """Weigh what was missing here when the core spoke of it and has come since; the core is not asked for it again.

    :returns: what differs from what the core said then.
    """
    missing = [one for one in discrepancies.standing(tx) if one.kind == CORE_MISSING_HERE]
    said = ([one.exchange_id for one in missing], [one.said for one in missing], tx.tenant)
    tx.raw.execute(_WEIGH, said)
    return [
        Found(about_core(exchange), CORE_DIFFERS, digest)
        for exchange, digest, here in tx.raw.execute(_OTHERWISE_HERE, said).fetchall()
        if here
    ]


def _end_what_agrees(tx: Transaction, now: datetime) -> None:
    of_core = [
        one.exchange_id for one in discrepancies.standing(tx) if one.about == about_core(one.exchange_id)
    ]
    same = tx.raw.execute(_NOW_THE_SAME, (tx.tenant, of_core)).fetchall()
    discrepancies.settle(tx, [about_core(exchange) for (exchange,) in same], now)
