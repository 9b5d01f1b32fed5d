"""Taking the 住基 system's file into the register: new people are opened, known ones brought up to date, all in one transaction.

The same file twice changes nothing. A person is known by her 住基宛名番号; when the same number comes with another 住基宛名番号 the office
must look first, so the file is refused with that line.
"""

from __future__ import annotations

from storage.database import Transaction
from workflows.addressees.csv_rows import ImportRefused, ResidentRow, RowFault, read_residents
from workflows.addressees.models import ImportReport, NewAddressee
from workflows.addressees.numbers import Regime
from workflows.addressees.service import BLIND_PURPOSE, AddresseeRegister, blind_value

JUKI = "juki"


def import_residents(
    tx: Transaction, register: AddresseeRegister, content: bytes, *, regime: Regime, actor: str
) -> ImportReport:
    """Take a resident file in (vault role).

    :param content: the file, see `csv_rows.read_residents`.
    :raises ImportRefused: with every faulty line; nothing of the file is stored then.
    """
    rows = read_residents(content, regime)
    held = _held(tx, register, rows)
    faults: list[RowFault] = []
    fresh: list[ResidentRow] = []
    known: list[tuple[str, ResidentRow]] = []
    for row in rows:
        by_number, by_business = held[row.line]
        if by_number is None and by_business is None:
            fresh.append(row)
        elif by_number == by_business and by_number is not None:
            known.append((by_number, row))
        elif by_number is None:
            text = "登録済みの個人番号と違います。番号の変更なら番号変更の手続を先にしてください。"
            faults.append(RowFault(row.line, "個人番号", "NUMBER_DIFFERS", text))
        else:
            text = "この個人番号は別の住基宛名番号で登録済みです。同じ人なら名寄せの手続を先にしてください。"
            faults.append(RowFault(row.line, "住基宛名番号", "NUMBER_TAKEN", text))
    if faults:
        raise ImportRefused(
            faults,
            f"登録済みの内容と食いちがう行が{len(faults)}行あるため、取り込みをやめました。何も登録していません。"
            "下の行を確かめて、もう一度取り込んでください。",
        )
    register.open_many(tx, [_new(row) for row in fresh], actor=actor)
    changed = _bring_up_to_date(tx, register, known, actor)
    return ImportReport(rows=len(rows), opened=len(fresh), changed=changed, unchanged=len(known) - changed)


def _new(row: ResidentRow) -> NewAddressee:
    return NewAddressee(
        kind=row.kind,
        number=row.number,
        person=row.person,
        business=((JUKI, row.business_number),),
        records_withheld=row.records_withheld,
        self_info_barred=row.self_info_barred,
    )


def _held(
    tx: Transaction, register: AddresseeRegister, rows: list[ResidentRow]
) -> dict[int, tuple[str | None, str | None]]:
    """For each line: the addressee known by its number, and the one known by its 住基宛名番号."""
    blinds = [
        register.keys.blind_index(tx, tx.tenant, BLIND_PURPOSE, blind_value(row.number)) for row in rows
    ]
    by_blind = {
        bytes(blind): addressee
        for blind, addressee in tx.raw.execute(
            "SELECT blind, addressee FROM vault.number WHERE tenant = %s AND blind = ANY(%s)",
            (tx.tenant, blinds),
        )
    }
    by_business = dict(
        tx.raw.execute(
            "SELECT number, addressee FROM madoguchi.business_number WHERE tenant = %s AND system = %s AND number = ANY(%s)",
            (tx.tenant, JUKI, [row.business_number for row in rows]),
        ).fetchall()
    )
    return {
        row.line: (by_blind.get(blind), by_business.get(row.business_number))
        for row, blind in zip(rows, blinds, strict=True)
    }


def _bring_up_to_date(
    tx: Transaction, register: AddresseeRegister, known: list[tuple[str, ResidentRow]], actor: str
) -> int:
    """Seal the persons whose row differs from what is held.

    The file can raise a protection flag but never lift one: lifting is a decision of its own (支援措置 does not end by itself).
    """
    if not known:
        return 0
    numbers = [addressee for addressee, _ in known]
    digests = {
        addressee: bytes(digest)
        for addressee, digest in tx.raw.execute(
            "SELECT addressee, digest FROM vault.person WHERE tenant = %s AND addressee = ANY(%s)",
            (tx.tenant, numbers),
        )
    }
    flags = {
        number: (withheld, barred)
        for number, withheld, barred in tx.raw.execute(
            "SELECT number, records_withheld, self_info_barred FROM madoguchi.addressee WHERE tenant = %s AND number = ANY(%s)",
            (tx.tenant, numbers),
        )
    }
    changed: set[str] = set()
    differing = [
        (addressee, row.person)
        for addressee, row in known
        if digests.get(addressee) != register.person_digest(tx, addressee, row.person)
    ]
    register.put_persons(tx, differing)
    for addressee, _ in differing:
        register.record_event(tx, addressee, "person_changed", {"source": JUKI}, actor=actor)
        changed.add(addressee)
    for addressee, row in known:
        withheld, barred = flags[addressee]
        wanted = (withheld or row.records_withheld, barred or row.self_info_barred)
        if wanted != (withheld, barred):
            register.set_protection(
                tx,
                addressee,
                records_withheld=wanted[0],
                self_info_barred=wanted[1],
                actor=actor,
                reason="JUKI_FILE",
            )
            changed.add(addressee)
    return len(changed)
