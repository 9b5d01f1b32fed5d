"""The register on a real PostgreSQL: who sees what, what an import stores, what it refuses."""

from uuid import uuid4

import psycopg
import pytest

from storage.database import Scope
from workflows.addressees.accounts import AccountBinder, ties_of
from workflows.addressees.csv_rows import COLUMNS, ImportRefused
from workflows.addressees.imports import import_residents
from workflows.addressees.models import NewAddressee, display_context
from workflows.addressees.numbers import Regime, parse_individual, synthetic_individual
from workflows.addressees.service import AddresseeRefused, AddresseeRegister

HEAD = ",".join(COLUMNS)


def number_text(seed):
    return synthetic_individual(f"{seed:011d}")


def line(seed, name="見本 花子", kind="住民", withheld="0", barred="0", number=None):
    return f"J{seed:06d},{number or number_text(seed)},{name},ミホン ハナコ,1980-02-03,女,甲野市中央1-1,{kind},{withheld},{barred}"


def csv_of(*lines):
    return ("\r\n".join([HEAD, *lines]) + "\r\n").encode()


@pytest.fixture(scope="module")
def register(key_ring):
    from storage.clock import SystemClock

    return AddresseeRegister(SystemClock(), key_ring)


@pytest.fixture
def vault_tx(databases, tenant_a):
    class _Undo(Exception):
        pass

    with pytest.raises(_Undo), databases.vault.transaction(Scope(tenant=tenant_a)) as tx:
        yield tx
        raise _Undo


def take(tx, register, content):
    return import_residents(tx, register, content, regime=Regime.SYNTHETIC, actor="staff:1")


def counted(tx):
    return [
        tx.raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("madoguchi.addressee", "vault.number", "vault.person", "madoguchi.business_number")
    ]


def test_an_import_opens_people_and_a_second_time_changes_nothing(vault_tx, register):
    before = counted(vault_tx)
    content = csv_of(line(1), line(2, "髙﨑 𠮷子"), line(3, "葛󠄀城 一郎", kind="住登外", withheld="1"))
    report = take(vault_tx, register, b"\xef\xbb\xbf" + content)
    assert (report.opened, report.changed, report.unchanged) == (3, 0, 0)
    again = take(vault_tx, register, content)
    assert (again.opened, again.changed, again.unchanged) == (0, 0, 3)
    assert counted(vault_tx) == [count + 3 for count in before]
    found = register.by_business_number(vault_tx, "juki", "J000003")
    assert found.is_protected
    assert found.kind == "non_resident"
    assert register.person(vault_tx, found.number)["name"] == "葛󠄀城 一郎"
    by_number = register.by_number(vault_tx, parse_individual(number_text(2), Regime.SYNTHETIC))
    assert register.person(vault_tx, by_number.number)["name"] == "髙﨑 𠮷子"


def test_an_import_brings_a_changed_name_up_to_date_and_never_lifts_a_flag(vault_tx, register):
    take(vault_tx, register, csv_of(line(1, withheld="1")))
    report = take(vault_tx, register, csv_of(line(1, "見本 はな", withheld="0", barred="1")))
    assert report.changed == 1
    found = register.by_business_number(vault_tx, "juki", "J000001")
    assert (found.records_withheld, found.self_info_barred) == (True, True)
    assert register.person(vault_tx, found.number)["name"] == "見本 はな"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "FILE_EMPTY"),
        (csv_of(line(1)).decode().encode("cp932"), "FILE_ENCODING"),
        (csv_of(line(1)).replace(b"\r\n", b"\x00\r\n"), "FILE_BINARY"),
        (csv_of(line(1), 'J9,"' + number_text(9)), "FILE_BROKEN"),
        (csv_of(line(1)).replace("個人番号".encode(), "番号".encode()), "FILE_COLUMNS"),
        (csv_of(), "FILE_NO_ROWS"),
        (csv_of(line(1), "J2,3"), "ROW_COLUMNS"),
        (csv_of(line(1), line(2, number="123456789011")), "NUMBER_CHECK_DIGIT"),
        (csv_of(line(1), line(2, number="123456789018")), "NUMBER_REAL_IN_SANDBOX"),
        (csv_of(line(1), line(2, number=number_text(1))), "DUPLICATE"),
        (csv_of(line(1), line(1)), "DUPLICATE"),
        (csv_of(line(1), line(2, kind="市民")), "VALUE_CHOICE"),
        (csv_of(line(1), line(2, name=" ")), "VALUE_MISSING"),
        (csv_of(line(1).replace("1980-02-03", "1980-02-30")), "VALUE_DATE"),
        (csv_of(line(1).replace("1980-02-03", "1980-W05-1")), "VALUE_DATE"),
        (csv_of(line(1).replace("1980-02-03", "19800203")), "VALUE_DATE"),
        (csv_of(line(1).replace("1980-02-03", "１９８０-02-03")), "VALUE_DATE"),
        (csv_of(line(1, name='"見本\n花子"')), "VALUE_UNSEEN"),
        (csv_of(line(1, name="見本\u202e子花")), "VALUE_UNSEEN"),
        (csv_of(line(1).replace("甲野市", "\x1b[31m甲野市")), "VALUE_UNSEEN"),
        (csv_of(line(1), line(2, number="7000012050002")), "NUMBER_LENGTH"),
        (csv_of(line(1), line(2, number="١٢٣٤٥٦٧٨٩٠١٨")), "NUMBER_NOT_DIGITS"),
        (csv_of(line(1), line(2, number="一二三四五六七八九〇一八")), "NUMBER_NOT_DIGITS"),
        (csv_of(line(1), line(2, number="1" * 5000)), "NUMBER_LENGTH"),
        (csv_of(line(1), line(2, number=" ")), "NUMBER_MISSING"),
        (csv_of(line(1, name="x" * 200_000)), "FILE_BROKEN"),
        (csv_of(line(1)).replace(HEAD.encode(), f"{HEAD},{COLUMNS[0]}".encode()), "FILE_COLUMNS"),
    ],
)
def test_a_file_with_any_fault_stores_nothing_and_says_where(vault_tx, register, content, code):
    before = counted(vault_tx)
    with pytest.raises(ImportRefused) as refused:
        take(vault_tx, register, content)
    assert code in {fault.code for fault in refused.value.faults}
    assert counted(vault_tx) == before
    texts = str(refused.value) + "".join(fault.message for fault in refused.value.faults)
    assert "123456789" not in texts
    assert "見本" not in texts


def test_every_fault_of_a_file_is_reported_at_once(vault_tx, register):
    with pytest.raises(ImportRefused) as refused:
        take(vault_tx, register, csv_of(line(1, number="1"), line(2), line(3, kind="?", name="")))
    assert [(fault.line, fault.code) for fault in refused.value.faults] == [
        (2, "NUMBER_LENGTH"),
        (4, "VALUE_MISSING"),
        (4, "VALUE_CHOICE"),
    ]


def test_a_known_number_under_another_business_number_is_refused(vault_tx, register):
    take(vault_tx, register, csv_of(line(1)))
    with pytest.raises(ImportRefused) as refused:
        take(vault_tx, register, csv_of(line(5, number=number_text(1))))
    assert refused.value.faults[0].code == "NUMBER_TAKEN"
    with pytest.raises(ImportRefused) as refused:
        take(vault_tx, register, csv_of(line(1, number=number_text(6))))
    assert refused.value.faults[0].code == "NUMBER_DIFFERS"


def test_a_number_changes_without_the_addressee_number_changing(vault_tx, register):
    take(vault_tx, register, csv_of(line(1), line(2)))
    found = register.by_business_number(vault_tx, "juki", "J000001")
    fresh = parse_individual(number_text(77), Regime.SYNTHETIC)
    with pytest.raises(AddresseeRefused) as refused:
        taken = parse_individual(number_text(2), Regime.SYNTHETIC)
        register.change_number(vault_tx, found.number, taken, actor="staff:1", reason="LEAK")
    assert refused.value.code == "NUMBER_TAKEN"
    register.change_number(vault_tx, found.number, fresh, actor="staff:1", reason="LEAK")
    assert register.by_number(vault_tx, fresh).number == found.number
    assert register.by_number(vault_tx, parse_individual(number_text(1), Regime.SYNTHETIC)) is None
    assert register.reveal_number(vault_tx, found.number, actor="staff:1", purpose="TEST") == fresh


def test_no_number_and_no_name_lies_open_anywhere_in_the_database(databases, tenant_a, register):
    with databases.vault.transaction(Scope(tenant=tenant_a)) as tx:
        take(tx, register, csv_of(line(41, "露見 しない子")))
    with psycopg.connect(databases.admin_url) as connection:
        tables = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
            " AND table_schema IN ('madoguchi', 'identity', 'vault', 'jobs')"
        ).fetchall()
        dumps = {
            f"{schema}.{table}": str(
                connection.execute(f'SELECT t::text FROM {schema}."{table}" t').fetchall()
            )
            for schema, table in tables
        }
    for kept in ("vault.number", "vault.person", "madoguchi.addressee"):
        assert dumps[kept] != "[]", f"{kept} is empty, so nothing was looked at"
    for table, dump in dumps.items():
        for word in (number_text(41), "露見"):
            assert word not in dump, table
            assert word.encode().hex() not in dump, table


@pytest.mark.parametrize("role", ["web", "worker"])
def test_no_role_but_the_vault_role_can_read_the_vault(databases, tenant_a, role):
    database = getattr(databases, role)
    for table in ("vault.number", "vault.person", "vault.former_number"):
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            database.transaction(Scope(tenant=tenant_a)) as tx,
        ):
            tx.raw.execute(f"SELECT 1 FROM {table}")


def test_another_tenant_s_addressee_is_not_there(databases, tenant_a, tenant_b, register):
    new = NewAddressee("resident", None, {"name": "仮名 さくら"}, business=(("tax", "T1"),))
    with databases.vault.transaction(Scope(tenant=tenant_a)) as tx:
        number = register.open(tx, new, actor="staff:1").number
    with databases.vault.transaction(Scope(tenant=tenant_b)) as tx:
        assert register.get(tx, number) is None
        assert register.by_business_number(tx, "tax", "T1") is None
        assert register.person(tx, number) == {}
    with databases.web.transaction(Scope()) as tx:
        assert tx.raw.execute("SELECT count(*) FROM madoguchi.addressee").fetchone() == (0,)


def test_an_account_is_tied_in_each_tenant_that_knows_its_holder_and_reads_only_its_own_tie(
    databases, tenant_a, tenant_b, register, key_ring
):
    number = parse_individual(number_text(900), Regime.SYNTHETIC)
    with databases.vault.transaction(Scope(tenant=tenant_a)) as tx:
        opened = register.open(tx, NewAddressee("resident", number, {"name": "試験 一郎"}), actor="staff:1")

    class Holders:
        def number_of(self, tenant, issuer, serial):
            return number if serial == "0A" else None

    binder = AccountBinder(databases.vault, register, Holders())
    account = uuid4()
    assert binder.bind_account(account, "issuer", "FF", [tenant_a, tenant_b]) == []
    ties = binder.bind_account(account, "issuer", "0A", [tenant_a, tenant_b])
    assert [(tie.tenant, tie.addressee) for tie in ties] == [(tenant_a, opened.number)]
    assert binder.bind_account(account, "issuer", "0A", [tenant_a])[0].bound_at == ties[0].bound_at
    with databases.web.transaction(Scope(account=account)) as tx:
        (tie,) = ties_of(tx, account)
    with databases.web.transaction(Scope(tenant=tenant_a)) as tx:
        name = key_ring.open(tx, tenant_a, tie.display_name, context=display_context(account))
    assert name.decode() == "試験 一郎"
    with databases.web.transaction(Scope(account=uuid4())) as tx:
        assert ties_of(tx, account) == []
