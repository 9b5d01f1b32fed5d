"""The register of addressees (団体内統合宛名): the only place that pairs a number with an addressee number.

Who may call what: the flags and the business numbers are ordinary office data (worker role); everything that touches a number or a name
needs a transaction of the vault role, because no other role can read schema ``vault`` (番号法12条).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import orjson

from storage.clock import Clock
from storage.database import Transaction
from storage.encryption import KeyRing
from storage.ids import new_id
from workflows.addressees.models import (
    COLUMNS,
    Addressee,
    NewAddressee,
    addressee_from,
    number_context,
    person_context,
)
from workflows.addressees.numbers import Number, NumberKind, addressee_number

BLIND_PURPOSE = "vault.number"


class AddresseeRefused(ValueError):
    """Something about an addressee cannot be done. Holds a code and a text for the person at the desk."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def blind_value(number: Number) -> str:
    """What the blind index of a number is made from; the kind keeps the two kinds of number apart."""
    return f"{number.kind.value}:{number.reveal()}"


class AddresseeRegister:
    """What can be asked of the register.

    :param clock: the time events are stamped with.
    :param keys: the key ring that seals numbers and persons.
    """

    def __init__(self, clock: Clock, keys: KeyRing) -> None:
        self.clock = clock
        self.keys = keys

    # --- reading -----------------------------------------------------------------------------------------------

    def get(self, tx: Transaction, number: str) -> Addressee | None:
        """Return the addressee with this addressee number, or None when this tenant has none."""
        row = tx.raw.execute(
            f"SELECT {COLUMNS} FROM madoguchi.addressee WHERE tenant = %s AND number = %s",  # noqa: S608
            (tx.tenant, number),
        ).fetchone()
        return addressee_from(row) if row else None

    def by_business_number(self, tx: Transaction, system: str, number: str) -> Addressee | None:
        """Return the addressee behind a business system's own number."""
        row = tx.raw.execute(
            "SELECT addressee FROM madoguchi.business_number WHERE tenant = %s AND system = %s AND number = %s",
            (tx.tenant, system, number),
        ).fetchone()
        return self.get(tx, row[0]) if row else None

    def by_number(self, tx: Transaction, number: Number) -> Addressee | None:
        """Return the addressee who has this 個人番号 or 法人番号 today (vault role)."""
        blind = self.keys.blind_index(tx, tx.tenant, BLIND_PURPOSE, blind_value(number))
        row = tx.raw.execute(
            "SELECT addressee FROM vault.number WHERE tenant = %s AND blind = %s", (tx.tenant, blind)
        ).fetchone()
        return self.get(tx, row[0]) if row else None

    def reveal_number(self, tx: Transaction, addressee: str, *, actor: str, purpose: str) -> Number:
        """Return the number of an addressee for a use the law allows; that it was opened is recorded (vault role).

        :raises AddresseeRefused: ``NO_NUMBER`` when none is registered.
        """
        row = tx.raw.execute(
            "SELECT kind, sealed FROM vault.number WHERE tenant = %s AND addressee = %s",
            (tx.tenant, addressee),
        ).fetchone()
        if row is None:
            raise AddresseeRefused(
                "NO_NUMBER",
                "この宛名には番号が登録されていません。番号確認の手続をしてから、もう一度行ってください。",
            )
        self._events(tx, [(addressee, "number_opened", {"purpose": purpose})], actor, self.clock.now())
        digits = self.keys.open(tx, tx.tenant, row[1], context=number_context(addressee)).decode()
        return Number(digits, NumberKind(row[0]))

    def person(self, tx: Transaction, addressee: str) -> dict[str, str]:
        """Return name, kana, birth, sex and address of an addressee (vault role); empty when none is known."""
        row = tx.raw.execute(
            "SELECT sealed FROM vault.person WHERE tenant = %s AND addressee = %s", (tx.tenant, addressee)
        ).fetchone()
        if row is None:
            return {}
        return dict(orjson.loads(self.keys.open(tx, tx.tenant, row[0], context=person_context(addressee))))

    # --- opening -----------------------------------------------------------------------------------------------

    def open(self, tx: Transaction, new: NewAddressee, *, actor: str) -> Addressee:
        """Open one addressee (vault role).

        :raises AddresseeRefused: ``NUMBER_TAKEN`` when the number already belongs to one, ``BUSINESS_NUMBER_TAKEN`` likewise.
        """
        if new.number is not None and (held := self.by_number(tx, new.number)) is not None:
            raise AddresseeRefused(
                "NUMBER_TAKEN",
                f"この番号は宛名 {held.number} に登録済みです。新しい宛名は作っていません。同じ人なら既存の宛名を使ってください。",
            )
        for system, number in new.business:
            if (held := self.by_business_number(tx, system, number)) is not None:
                raise AddresseeRefused(
                    "BUSINESS_NUMBER_TAKEN",
                    f"この業務番号は宛名 {held.number} に付いています。新しい宛名は作っていません。業務番号を確かめてください。",
                )
        number = self.open_many(tx, [new], actor=actor)[0]
        opened = self.get(tx, number)
        assert opened is not None
        return opened

    def open_many(self, tx: Transaction, people: Sequence[NewAddressee], *, actor: str) -> list[str]:
        """Open many addressees in a handful of statements (vault role).

        :param people: none of them known yet; the unique keys refuse the whole lot otherwise.
        :returns: their addressee numbers, in the same order.
        """
        if not people:
            return []
        now = self.clock.now()
        tenant = tx.tenant
        row = tx.raw.execute(
            "INSERT INTO madoguchi.addressee_counter AS c (tenant, last) VALUES (%s, %s)"
            " ON CONFLICT (tenant) DO UPDATE SET last = c.last + excluded.last RETURNING last",
            (tenant, len(people)),
        ).fetchone()
        assert row is not None
        first = row[0] - len(people) + 1
        numbers = [addressee_number(first + place) for place in range(len(people))]
        with tx.raw.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO madoguchi.addressee (tenant, number, kind, records_withheld, self_info_barred, opened_at, updated_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                [
                    (tenant, number, new.kind, new.records_withheld, new.self_info_barred, now, now)
                    for number, new in zip(numbers, people, strict=True)
                ],
            )
        self.put_numbers(
            tx, [(n, p.number) for n, p in zip(numbers, people, strict=True) if p.number is not None]
        )
        self.put_persons(tx, [(n, p.person) for n, p in zip(numbers, people, strict=True) if p.person])
        self.put_business(
            tx, [(s, b, n) for n, p in zip(numbers, people, strict=True) for s, b in p.business]
        )
        self._events(tx, [(number, "opened", {}) for number in numbers], actor, now)
        return numbers

    def put_numbers(self, tx: Transaction, pairs: Sequence[tuple[str, Number]]) -> None:
        """Seal numbers of addressees that have none yet (vault role)."""
        now, tenant = self.clock.now(), tx.tenant
        with tx.raw.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO vault.number (tenant, addressee, kind, sealed, blind, since) VALUES (%s, %s, %s, %s, %s, %s)",
                [
                    (
                        tenant,
                        addressee,
                        number.kind.value,
                        self.keys.seal(
                            tx, tenant, number.reveal().encode(), context=number_context(addressee)
                        ),
                        self.keys.blind_index(tx, tenant, BLIND_PURPOSE, blind_value(number)),
                        now,
                    )
                    for addressee, number in pairs
                ],
            )

    def put_persons(self, tx: Transaction, pairs: Sequence[tuple[str, dict[str, str]]]) -> None:
        """Seal, or seal anew, what is known of persons (vault role)."""
        now, tenant = self.clock.now(), tx.tenant
        rows = []
        for addressee, person in pairs:
            plain = orjson.dumps(person, option=orjson.OPT_SORT_KEYS)
            sealed = self.keys.seal(tx, tenant, plain, context=person_context(addressee))
            rows.append((tenant, addressee, sealed, self.person_digest(tx, addressee, person), now))
        with tx.raw.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO vault.person (tenant, addressee, sealed, digest, updated_at) VALUES (%s, %s, %s, %s, %s)"
                " ON CONFLICT (tenant, addressee) DO UPDATE SET sealed = excluded.sealed, digest = excluded.digest,"
                " updated_at = excluded.updated_at",
                rows,
            )

    def put_business(self, tx: Transaction, rows: Sequence[tuple[str, str, str]]) -> None:
        """Tie business numbers: rows (system, number, addressee)."""
        now, tenant = self.clock.now(), tx.tenant
        with tx.raw.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO madoguchi.business_number (tenant, system, number, addressee, since) VALUES (%s, %s, %s, %s, %s)",
                [(tenant, system, number, addressee, now) for system, number, addressee in rows],
            )

    # --- changing ----------------------------------------------------------------------------------------------

    def set_protection(
        self,
        tx: Transaction,
        addressee: str,
        *,
        records_withheld: bool,
        self_info_barred: bool,
        actor: str,
        reason: str,
    ) -> Addressee:
        """Set or lift the two flags of a protected person (支援措置). Recorded; a flag never ends by itself.

        :param reason: a code of the office's procedure, not free text about the person.
        :raises AddresseeRefused: ``UNKNOWN_ADDRESSEE``.
        """
        now = self.clock.now()
        row = tx.raw.execute(
            "UPDATE madoguchi.addressee SET records_withheld = %s, self_info_barred = %s, updated_at = %s"  # noqa: S608
            f" WHERE tenant = %s AND number = %s RETURNING {COLUMNS}",
            (records_withheld, self_info_barred, now, tx.tenant, addressee),
        ).fetchone()
        if row is None:
            raise unknown(addressee)
        detail = {
            "records_withheld": records_withheld,
            "self_info_barred": self_info_barred,
            "reason": reason,
        }
        self._events(tx, [(addressee, "protection_set", detail)], actor, now)
        return addressee_from(row)

    def change_number(
        self, tx: Transaction, addressee: str, number: Number, *, actor: str, reason: str
    ) -> None:
        """Put a new 個人番号 in the place of the old one (番号法7条2項: only after a leak). The addressee number stays (vault role).

        :raises AddresseeRefused: ``NO_NUMBER``, or ``NUMBER_TAKEN`` when the new number is somebody else's.
        """
        held = self.by_number(tx, number)
        if held is not None:
            raise AddresseeRefused(
                "NUMBER_TAKEN",
                "新しい番号は別の宛名に登録済みです。番号は変えていません。住基システムの登録を確かめてください。",
            )
        now, tenant = self.clock.now(), tx.tenant
        moved = tx.raw.execute(
            "INSERT INTO vault.former_number (tenant, addressee, ended_at, sealed, blind)"
            " SELECT tenant, addressee, %s, sealed, blind FROM vault.number WHERE tenant = %s AND addressee = %s",
            (now, tenant, addressee),
        ).rowcount
        if moved == 0:
            raise AddresseeRefused(
                "NO_NUMBER",
                "この宛名には番号が登録されていません。番号は変えていません。先に番号を登録してください。",
            )
        tx.raw.execute("DELETE FROM vault.number WHERE tenant = %s AND addressee = %s", (tenant, addressee))
        self.put_numbers(tx, [(addressee, number)])
        self._events(tx, [(addressee, "number_changed", {"reason": reason})], actor, now)

    def has_number(self, tx: Transaction, addressee: str) -> bool:
        """Say whether a number is registered for an addressee (vault role)."""
        row = tx.raw.execute(
            "SELECT 1 FROM vault.number WHERE tenant = %s AND addressee = %s", (tx.tenant, addressee)
        ).fetchone()
        return row is not None

    def move_number(self, tx: Transaction, source: str, target: str) -> bool:
        """Move the number of an addressee to another one that has none (vault role).

        :returns: whether there was one to move.
        """
        row = tx.raw.execute(
            "DELETE FROM vault.number WHERE tenant = %s AND addressee = %s RETURNING kind, sealed",
            (tx.tenant, source),
        ).fetchone()
        if row is None:
            return False
        digits = self.keys.open(tx, tx.tenant, bytes(row[1]), context=number_context(source)).decode()
        self.put_numbers(tx, [(target, Number(digits, NumberKind(row[0])))])
        return True

    def close(self, tx: Transaction, addressee: str, *, actor: str, reason: str) -> Addressee:
        """Close an addressee (転出, 死亡). Nothing is erased; no new inquiry may be opened for it.

        :raises AddresseeRefused: ``UNKNOWN_ADDRESSEE`` when there is no active one.
        """
        now = self.clock.now()
        row = tx.raw.execute(
            "UPDATE madoguchi.addressee SET state = 'closed', updated_at = %s"  # noqa: S608
            f" WHERE tenant = %s AND number = %s AND state = 'active' RETURNING {COLUMNS}",
            (now, tx.tenant, addressee),
        ).fetchone()
        if row is None:
            raise unknown(addressee)
        self._events(tx, [(addressee, "closed", {"reason": reason})], actor, now)
        return addressee_from(row)

    def record_event(
        self, tx: Transaction, addressee: str, kind: str, detail: dict[str, object], *, actor: str
    ) -> None:
        """Write down something that was done to an addressee; codes and references only, no personal data."""
        self._events(tx, [(addressee, kind, detail)], actor, self.clock.now())

    def person_digest(self, tx: Transaction, addressee: str, person: dict[str, str]) -> bytes:
        """A keyed fingerprint that tells an import whether a person's row changed, bound to the addressee (vault role)."""
        plain = orjson.dumps(person, option=orjson.OPT_SORT_KEYS).decode()
        return self.keys.blind_index(tx, tx.tenant, "vault.person", f"{addressee}:{plain}")

    def _events(
        self, tx: Transaction, rows: Sequence[tuple[str, str, dict[str, object]]], actor: str, at: datetime
    ) -> None:
        with tx.raw.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO madoguchi.addressee_event (tenant, id, addressee, kind, at, actor, detail)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s::jsonb)",
                [
                    (tx.tenant, new_id(), addressee, kind, at, actor, orjson.dumps(detail).decode())
                    for addressee, kind, detail in rows
                ],
            )


def unknown(addressee: str) -> AddresseeRefused:
    """The refusal for an addressee number this tenant does not have."""
    return AddresseeRefused(
        "UNKNOWN_ADDRESSEE",
        f"宛名 {addressee} は見つかりません。何も変えていません。宛名番号を確かめてください。",
    )
