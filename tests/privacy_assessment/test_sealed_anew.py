"""A rotation of keys seals names of opinions and pieces of attachments anew; nothing else about these records can change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from portal.public.consultations.copies import SEALED as COPIES
from portal.public.consultations.copies import ask_for, fetch
from privacy_assessment.consultation.opinions import Opinion, OpinionService
from privacy_assessment.consultation.store import last_consultation
from privacy_assessment.editing.attachments import PIECE, attach, open_attachment
from privacy_assessment.sealed import PERSONAL, PIECES
from privacy_assessment.statements.store import read_statement
from storage.database import Scope
from storage.encryption.rotation import reseal
from tests.privacy_assessment.world import CLERK

NAMES = [{"name": f"見本 {number}郎", "contact": f"a{number}@example.jp"} for number in range(3)]
DATA = b"%PDF-" + b"0" * PIECE + b"1" * PIECE


@dataclass(frozen=True)
class Kept:
    """What is sealed: a consultation with its names by receipt, the opinion that was changed, an attachment."""

    consultation: UUID
    names: dict[str, dict[str, str]]
    changed: Opinion
    statement: UUID
    attachment: UUID


@pytest.fixture(scope="module")
def kept(databases, key_ring, standing_office, tenant_a) -> Kept:
    """Named opinions, one of them changed and asked for as a copy, and an attachment of several pieces; committed."""
    office = standing_office
    with databases.worker.transaction(Scope(tenant=tenant_a)) as tx:
        key_ring.ensure(tx, tenant_a, "data")
        statement = office.drafting(tx, "full")
        attachment = attach(
            tx, key_ring, office.notes, statement.id, "form4", "f4.a1.fig", "図.pdf", DATA, CLERK.id
        )
        office.step(tx, statement, "consult", opens=office.today, closes=office.today + timedelta(days=29))
        found = last_consultation(tx, read_statement(tx, statement.id).case_id)
        service = OpinionService(office.clock, key_ring, lambda: "key")
        given = {service.give(tx, found.id, "意見です。", (), name).number: name for name in NAMES}
        last = list(given)[-1]
        given[last] = {"name": "見本 変更"}
        changed = service.edit(tx, found.id, last, "key", "直した意見です。", (), given[last])
    with databases.web.transaction(Scope(tenant=tenant_a)) as tx:
        ask_for(tx, key_ring, office.clock.now(), found.id, changed, "<p>写し</p>")
    return Kept(found.id, given, changed, statement.id, attachment)


def test_names_pieces_and_copies_are_sealed_anew_and_open_as_before(
    databases, key_ring, office, tenant_a, kept
):
    scope, columns = Scope(tenant=tenant_a), (PERSONAL, PIECES, COPIES)
    with databases.worker.transaction(scope) as tx:
        newest = key_ring.rotate(tx, tenant_a)
        assert [column.count_old(tx, newest) for column in columns] == [4, 3, 1]
    for column in columns:
        while reseal(databases.worker, key_ring, tenant_a, column, newest):
            pass
    with databases.worker.transaction(scope) as tx:
        assert [column.count_old(tx, newest) for column in columns] == [0, 0, 0]
        service = OpinionService(office.clock, key_ring, lambda: "key")
        assert {
            receipt: service.personal(tx, kept.consultation, receipt) for receipt in kept.names
        } == kept.names
        assert open_attachment(tx, key_ring, kept.statement, kept.attachment)[1] == DATA
        assert fetch(tx, key_ring, office.clock.now(), kept.consultation, kept.changed) == ("waiting", None)


@pytest.mark.parametrize(
    "change",
    [
        "personal = set_byte(personal, 40, 0)",  # other bytes under the same key
        "personal = overlay(personal PLACING '\\x0000'::bytea FROM 2 FOR 2)",  # an older key
        "personal = NULL",
        "personal = overlay(personal PLACING '\\x7fff'::bytea FROM 2 FOR 2), body = 'x'",
        "edit_key = '\\x00'",
        "at = at + interval '1 day'",
    ],
)
def test_the_record_takes_a_later_seal_and_no_other_change(databases, kept, change):
    with psycopg.connect(databases.admin_url) as admin:
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="never changed"):
            admin.execute(f"UPDATE madoguchi.opinion SET {change} WHERE personal IS NOT NULL")
        admin.rollback()
        sealed = "overlay(personal PLACING '\\x7fff'::bytea FROM 2 FOR 2)"
        assert (
            admin.execute(
                f"UPDATE madoguchi.opinion SET personal = {sealed} WHERE personal IS NOT NULL"
            ).rowcount
            == 4
        )
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="never changed"):
            admin.execute("DELETE FROM madoguchi.opinion")
        admin.rollback()


def test_a_page_cannot_seal_anew(databases, tenant_a, kept):
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        databases.web.transaction(Scope(tenant=tenant_a)) as tx,
    ):
        tx.raw.execute("UPDATE madoguchi.opinion SET personal = personal")
