"""Tying an account at the counter to the addressee that each municipality knows.

The card certificate carries no name and no number; who its holder is, only 住基ネット can say (公的個人認証法). Each tenant asks its own CS with
(issuer, serial); the 個人番号 in the answer is looked up in the vault and dropped at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from storage.database import Database, Scope, Transaction
from workflows.addressees.models import AccountTie, display_context
from workflows.addressees.numbers import Number
from workflows.addressees.service import AddresseeRegister


class CertificateHolders(Protocol):
    """What a tenant's 住基ネット CS answers about a card certificate."""

    def number_of(self, tenant: str, issuer: str, serial: str) -> Number | None:
        """Return the 個人番号 of the certificate's holder, or None when the CS does not know her.

        :raises ConnectionError: the CS does not answer; try again later.
        """
        ...


class AccountBinder:
    """Binds accounts to addressees.

    :param database: the vault role's database.
    :param holders: the CS of each tenant.
    """

    def __init__(self, database: Database, register: AddresseeRegister, holders: CertificateHolders) -> None:
        self.database = database
        self.register = register
        self.holders = holders

    def bind_account(
        self, account: UUID, issuer: str, serial: str, tenants: Sequence[str]
    ) -> list[AccountTie]:
        """Tie an account to its addressee in every tenant that knows her. Doing it again changes nothing.

        :param tenants: the tenants of this installation to ask.
        :returns: the ties that now stand; empty when no tenant knows the holder.
        :raises ConnectionError: a CS did not answer; the ties made so far are kept and the rest can be tried again.
        """
        ties: list[AccountTie] = []
        for tenant in tenants:
            number = self.holders.number_of(tenant, issuer, serial)
            if number is None:
                continue
            with self.database.transaction(Scope(tenant=tenant)) as tx:
                tie = self._bind(tx, account, number)
            if tie is not None:
                ties.append(tie)
        return ties

    def _bind(self, tx: Transaction, account: UUID, number: Number) -> AccountTie | None:
        addressee = self.register.by_number(tx, number)
        if addressee is None or addressee.state != "active":
            return None
        name = self.register.person(tx, addressee.number).get("name", "")
        sealed = self.register.keys.seal(tx, tx.tenant, name.encode(), context=display_context(account))
        now = self.register.clock.now()
        row = tx.raw.execute(
            "INSERT INTO madoguchi.account_addressee AS a (tenant, account, addressee, display_name, bound_at)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (tenant, account) DO UPDATE"
            " SET addressee = excluded.addressee, display_name = excluded.display_name RETURNING a.bound_at",
            (tx.tenant, account, addressee.number, sealed, now),
        ).fetchone()
        assert row is not None
        if row[0] == now:
            self.register.record_event(
                tx, addressee.number, "account_bound", {"account": str(account)}, actor=f"account:{account}"
            )
        return AccountTie(tx.tenant, account, addressee.number, sealed, row[0])


def ties_of(tx: Transaction, account: UUID) -> list[AccountTie]:
    """Return the ties of an account that the transaction's scope may see (web role, scope with the account)."""
    rows = tx.raw.execute(
        "SELECT tenant, account, addressee, display_name, bound_at FROM madoguchi.account_addressee WHERE account = %s"
        " ORDER BY tenant",
        (account,),
    ).fetchall()
    return [AccountTie(t, a, n, bytes(d), b) for t, a, n, d, b in rows]
