"""What the register hands out: one addressee, one proposal to join or part two, one tie to an account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from storage.encryption.rotation import SealedColumn, register
from workflows.addressees.numbers import Number


@dataclass(frozen=True)
class Addressee:
    """One person (or corporation) as one municipality knows it, without number and without name.

    :param records_withheld: 不開示該当: her exchanges are not shown on the resident's pages.
    :param self_info_barred: 自己情報提供不可: her own data is not handed out through the portal.
    """

    tenant: str
    number: str
    kind: str
    state: str
    merged_into: str | None
    records_withheld: bool
    self_info_barred: bool
    opened_at: datetime
    updated_at: datetime

    @property
    def is_protected(self) -> bool:
        """True when either flag stands: every answer about this person passes two pairs of eyes."""
        return self.records_withheld or self.self_info_barred


COLUMNS = (
    "tenant, number, kind, state, merged_into, records_withheld, self_info_barred, opened_at, updated_at"
)


def addressee_from(row: tuple[Any, ...]) -> Addressee:
    """Build an `Addressee` from a row selected with `COLUMNS`."""
    return Addressee(*row)


@dataclass(frozen=True)
class NewAddressee:
    """What is needed to open an addressee.

    :param number: 個人番号 or 法人番号, or None when the office has none yet.
    :param person: name, kana, birth, sex, address (or name and address of a corporation), kept sealed.
    :param business: pairs (system, number in that system).
    """

    kind: str
    number: Number | None
    person: dict[str, str]
    business: tuple[tuple[str, str], ...] = ()
    records_withheld: bool = False
    self_info_barred: bool = False


@dataclass(frozen=True)
class ImportReport:
    """What an import did, in counts; the file is not kept."""

    rows: int
    opened: int
    changed: int
    unchanged: int


@dataclass(frozen=True)
class AccountTie:
    """That an account is a given addressee in a given tenant; `display_name` is sealed (see `display_context`)."""

    tenant: str
    account: UUID
    addressee: str
    display_name: bytes
    bound_at: datetime


def display_context(account: UUID) -> str:
    """The context under which the display name of an account is sealed."""
    return f"account_addressee.display_name:{account}"


def number_context(addressee: object) -> str:
    """The context under which the number of an addressee is sealed."""
    return f"vault.number:{addressee}"


def person_context(addressee: object) -> str:
    """The context under which name, address, birth and sex of an addressee are sealed."""
    return f"vault.person:{addressee}"


def _of_addressee(make: Callable[[object], str]) -> Callable[[Mapping[str, object]], str]:
    return lambda key: make(key["addressee"])


# Named once here, so that a rotation of keys forgets none.
NUMBERS = register(
    SealedColumn("vault", "vault.number", "sealed", ("addressee",), _of_addressee(number_context))
)
FORMER_NUMBERS = register(
    SealedColumn(
        "vault", "vault.former_number", "sealed", ("addressee", "ended_at"), _of_addressee(number_context)
    )
)
PERSONS = register(
    SealedColumn("vault", "vault.person", "sealed", ("addressee",), _of_addressee(person_context))
)
DISPLAY_NAMES = register(
    SealedColumn(
        "vault",
        "madoguchi.account_addressee",
        "display_name",
        ("account",),
        lambda key: display_context(key["account"]),  # type: ignore[arg-type]
    )
)
