"""Kill switches: stop everything about one person, one office, one tenant or one item, at once (facts §5.3).

Asked before every send and before every answer. Setting and lifting are recorded by who and when; the rows are never thrown away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.clock import Clock
from storage.database import Transaction
from storage.ids import new_id

SCOPES = ("person", "office", "tenant", "item")
# The server is told of a lifting every two seconds; a message it refused on the way is looked at a moment after.
TOLD_BY = timedelta(minutes=1)


@dataclass(frozen=True)
class Frozen:
    """Every freeze of a tenant that stands, as sets to look into."""

    persons: frozenset[str] = frozenset()
    offices: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()
    tenant: bool = False

    def scope_of(self, person: str | None, office: str, items: Iterable[str]) -> str | None:
        """Return which freeze stops this, or None when none does."""
        if self.tenant:
            return "tenant"
        if person is not None and person in self.persons:
            return "person"
        if office in self.offices:
            return "office"
        if not self.items.isdisjoint(items):
            return "item"
        return None


def standing(tx: Transaction) -> Frozen:
    """Read the freezes of the tenant that stand now."""
    return _frozen(
        tx.raw.execute(
            "SELECT scope, value FROM madoguchi.linkage_freeze WHERE tenant = %s AND released_at IS NULL",
            (tx.tenant,),
            prepare=True,
        )
    )


def being_lifted(tx: Transaction, now: datetime) -> Frozen:
    """Read the freezes that were lifted here and that the intermediate server may not know to be lifted yet.

    It is told within seconds (`telling`); what it was told as standing last counts however long it cannot be told otherwise.
    """
    return _frozen(
        tx.raw.execute(
            "SELECT g.scope, g.value FROM (SELECT scope, value FROM madoguchi.linkage_freeze WHERE tenant = %s AND released_at > %s"
            " UNION SELECT split_part(key, ':', 1), substr(key, strpos(key, ':') + 1) FROM madoguchi.linkage_told"
            " WHERE tenant = %s AND kind = 'freeze') AS g (scope, value) WHERE NOT EXISTS ("
            "SELECT 1 FROM madoguchi.linkage_freeze AS f WHERE f.tenant = %s AND f.released_at IS NULL"
            " AND f.scope = g.scope AND f.value = g.value)",
            (tx.tenant, now - TOLD_BY, tx.tenant, tx.tenant),
        )
    )


def _frozen(rows: Iterable[Sequence[str]]) -> Frozen:
    found: dict[str, set[str]] = {scope: set() for scope in SCOPES}
    for scope, value in rows:
        found[scope].add(value)
    return Frozen(
        frozenset(found["person"]),
        frozenset(found["office"]),
        frozenset(found["item"]),
        bool(found["tenant"]),
    )


class FreezeRefused(ValueError):
    """A freeze cannot be set or lifted; the text says why and what to do."""


class Freezes:
    """Setting and lifting kill switches."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def freeze(self, tx: Transaction, scope: str, value: str, *, reason: str, actor: str) -> None:
        """Stop everything about `value`. Doing it twice changes nothing.

        :param value: addressee number, office code or item code; anything for scope ``tenant``.
        :param reason: a code.
        :raises FreezeRefused: unknown scope.
        """
        if scope not in SCOPES:
            raise FreezeRefused(
                "停止の範囲は person・office・tenant・item のどれかです。何も止めていません。"
            )
        tx.raw.execute(
            "INSERT INTO madoguchi.linkage_freeze (tenant, id, scope, value, reason, set_by, set_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (
                tx.tenant,
                new_id(),
                scope,
                "*" if scope == "tenant" else value,
                reason,
                actor,
                self.clock.now(),
            ),
        )

    def release(self, tx: Transaction, scope: str, value: str, *, actor: str) -> None:
        """Lift a freeze.

        :raises FreezeRefused: there is none, or the one who set it tries to lift it alone.
        """
        row = tx.raw.execute(
            "SELECT id, set_by FROM madoguchi.linkage_freeze WHERE tenant = %s AND scope = %s AND value = %s"
            " AND released_at IS NULL FOR UPDATE",
            (tx.tenant, scope, "*" if scope == "tenant" else value),
        ).fetchone()
        if row is None:
            raise FreezeRefused("この停止措置はありません。何も変えていません。一覧を確かめてください。")
        if row[1] == actor:
            raise FreezeRefused("停止を掛けた人とは別の人が解除してください。停止は続いています。")
        tx.raw.execute(
            "UPDATE madoguchi.linkage_freeze SET released_by = %s, released_at = %s WHERE tenant = %s AND id = %s",
            (actor, self.clock.now(), tx.tenant, row[0]),
        )


def scope_words(scope: str) -> str:
    """Return a scope in plain words."""
    return {"person": "この人", "office": "この課", "tenant": "団体全体", "item": "この項目"}[scope]
