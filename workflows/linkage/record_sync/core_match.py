"""The third keeper: what the core says of each exchange, laid beside what the intermediate server says (番号法23条3項).

Asker and holder are compared with the server as its records arrive; the core is asked every night. Its word comes through the server,
signed by the core, so a server that changed or lost a record cannot also change the core's. Only digests are compared; a difference
is an incident for people, and nothing of ours is changed by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from storage.database import Database, Scope, Transaction
from workflows.linkage.gateway import CoreWord
from workflows.linkage.inbox import note_incident
from workflows.linkage.runtime import LinkRuntime

PAGE = 1000
# The core hears of an end a moment after the server has written it, and the server may be away for a while.
PATIENCE = timedelta(hours=1)

_WEIGH = """
    UPDATE madoguchi.linkage_record AS r
       SET core = CASE WHEN r.digest = w.digest THEN 'same' ELSE 'differs' END
      FROM unnest(%s::text[], %s::text[]) AS w (exchange_id, digest)
     WHERE r.tenant = %s AND r.exchange_id = w.exchange_id
       AND r.core IS DISTINCT FROM CASE WHEN r.digest = w.digest THEN 'same' ELSE 'differs' END
 RETURNING r.seq, r.core
"""
_UNKNOWN_HERE = """
    SELECT w.exchange_id FROM unnest(%s::text[]) AS w (exchange_id)
     WHERE NOT EXISTS (SELECT 1 FROM madoguchi.linkage_record r WHERE r.tenant = %s AND r.exchange_id = w.exchange_id)
     ORDER BY 1
"""
_UNKNOWN_THERE = """
    UPDATE madoguchi.linkage_record SET core = 'missing'
     WHERE tenant = %s AND core IS NULL AND received_at < %s AND NOT (exchange_id = ANY(%s)) RETURNING seq
"""


@dataclass(frozen=True)
class Matched:
    """What one night found.

    :param compared: exchanges the core spoke of. :param open: of them, those still under way at the core.
    :param differs, missing_here, missing_there: exchanges on which the keepers do not agree.
    """

    compared: int
    open: int
    differs: int
    missing_here: int
    missing_there: int

    @property
    def whole(self) -> bool:
        """Whether all keepers agree."""
        return not (self.differs or self.missing_here or self.missing_there)


def match_core(database: Database, runtime: LinkRuntime, tenant: str) -> Matched | None:
    """Compare the core's records of a tenant with the server's, from where the last night ended.

    :returns: None when the tenant has no gateway or its reconciliation has not begun.
    :raises Problem, LinkUnreachable, LinkUntrusted: the core's word cannot be had or is not the core's; nothing was changed.
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
    after, words = int(row[0]), []
    while True:
        word = gateway.core_records(after, PAGE, parts.clock.now())
        words.append(word)
        after = word.records[-1].seq if word.records else after
        if word.complete:
            break
    with database.transaction(Scope(tenant=tenant)) as tx:
        return _weigh(tx, runtime, words, int(row[0]))


def _weigh(tx: Transaction, runtime: LinkRuntime, words: Sequence[CoreWord], began: int) -> Matched:
    now = runtime.parts.clock.now()
    said = [one for word in words for one in word.records]
    ended = [one for one in said if one.digest is not None]
    under_way = [one for one in said if one.digest is None]
    exchanges = [one.exchange_id for one in ended]
    changed = tx.raw.execute(_WEIGH, (exchanges, [one.digest for one in ended], tx.tenant)).fetchall()
    differs = [seq for seq, core in changed if core == "differs"]
    here = [row[0] for row in tx.raw.execute(_UNKNOWN_HERE, (exchanges, tx.tenant))]
    there = [
        row[0]
        for row in tx.raw.execute(
            _UNKNOWN_THERE, (tx.tenant, now - PATIENCE, [one.exchange_id for one in under_way])
        )
    ]
    for kind, found in (("DIFFERS", differs), ("MISSING_THERE", there)):
        for seq in found:
            note_incident(tx, f"RECORD_CORE_{kind}", {"seq": seq}, now)
    for exchange in here:
        note_incident(tx, "RECORD_CORE_MISSING_HERE", {"exchange_id": exchange}, now)
    # Next night begins before the first exchange that is still under way, so that its end is compared too.
    upto = min((one.seq for one in under_way), default=max((one.seq for one in said), default=began) + 1) - 1
    tx.raw.execute(
        "UPDATE madoguchi.linkage_record_sync SET core_seq = greatest(core_seq, %s), core_checked_at = %s WHERE tenant = %s",
        (upto, now, tx.tenant),
    )
    return Matched(len(said), len(under_way), len(differs), len(here), len(there))
