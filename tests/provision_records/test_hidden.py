"""Hidden records (不開示, 番号法23条2項) leave no trace in anything the resident can see; marks, corrections and the end of
retention change what she sees and never what was sealed."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from storage.audit.keys import LogKeys, public_keys
from storage.audit.service import AuditService
from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import KeyRing
from storage.ids import new_id
from tests.conftest import Databases
from workflows.provision_records import proof
from workflows.provision_records.export import all_rows, csv_file
from workflows.provision_records.log import RecordSource
from workflows.provision_records.marks import MarkError, RecordMarks, purge
from workflows.provision_records.models import ProvisionRecord
from workflows.provision_records.proof_file import proof_file
from workflows.provision_records.queries import NO_FILTERS, RecordFilters
from workflows.provision_records.reader import ResidentRecords
from workflows.provision_records.tasks import purge_tenant
from workflows.provision_records.trust import PortalKey, Trust

from .people import AnyPortal, record, steady_bytes, writer

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
ME = "A0000001"
NUMBERS = itertools.count()
PORTAL = AnyPortal()


class World:
    """One tenant with me and somebody else in it."""

    def __init__(self, databases: Databases, key_ring: KeyRing) -> None:
        self.tenant = f"97{next(NUMBERS):04d}"
        self.db, self.web, self.admin_url = databases.worker, databases.web, databases.admin_url
        self.clock = FixedClock(NOW)
        self.service = AuditService(LogKeys(key_ring, self.clock), self.clock)
        self.me = Scope(addressees=((self.tenant, ME),))
        self.marks = RecordMarks(writer(self.clock, "marks"), self.clock, new_id)

    def write(self, *records: ProvisionRecord) -> None:
        here = [replace(one, tenant=self.tenant) for one in records]
        plain = [one for one in here if one.addressee == ME and one.disclosure == "visible"]
        rest = [one for one in here if one not in plain]
        for group in (plain, rest):
            with self.db.transaction(Scope(tenant=self.tenant)) as tx:
                writer(self.clock, f"{len(group)}{group[0].exchange_id if group else ''}").write_many(
                    tx, group
                )
        self.seal()

    def seal(self) -> None:
        self.service.advance_all(self.db, self.tenant, RecordSource())

    def seen(self) -> dict[str, Any]:
        """Everything I can get hold of."""
        records = ResidentRecords(self.web)
        hidden = [record(n, ME).record_id for n in range(40)]
        return {
            "first": records.page(self.me),
            "second": records.page(self.me, after=records.page(self.me).after),
            "small": [records.page(self.me, NO_FILTERS, None, size) for size in (1, 7)],
            "filtered": records.page(self.me, RecordFilters(words="児童手当")),
            "outcome": records.page(self.me, RecordFilters(outcomes=("OK",))),
            "details": [records.detail(self.me, one) for one in hidden],
            "oldest": records.oldest(self.me),
            "csv": b"".join(csv_file(all_rows(self.web, self.me))),
            "raw": self.web.read(
                self.me,
                ("SELECT count(*), max(recorded_at) FROM madoguchi.provision_record", ()),
                ("SELECT addressee, visible_count FROM madoguchi.provision_person", ()),
                ("SELECT count(*) FROM madoguchi.audit_position", ()),
            ),
        }

    def proof(self) -> bytes:
        return proof_file(self.db, self.me.addressees, (), self.clock, PORTAL, steady_bytes())


@pytest.fixture(scope="module")
def others(databases: Databases, key_ring: KeyRing) -> None:
    """The offices that every test's installation has seal their logs."""
    clock = FixedClock(NOW)
    for tenant in ("000000", "992011", "992020"):
        AuditService(LogKeys(key_ring, clock), clock).advance_all(databases.worker, tenant, RecordSource())


@pytest.fixture
def world(databases: Databases, key_ring: KeyRing, others: None) -> Callable[[], World]:
    return lambda: World(databases, key_ring)


def visible() -> list[ProvisionRecord]:
    return [record(n, ME) for n in range(0, 60, 2)]


def masked(raw: bytes) -> str:
    """A proof with every hash and key of this run covered: what is left is its shape."""
    value = json.loads(raw)
    value["manifest"] = re.sub(r"\b97\d{4}\b", "", value["manifest"]["body"])
    for part in value["parts"]:
        part["checkpoint"] = re.sub(r'"tenant":"\d+"', "", part["checkpoint"])
        part["tenant"] = ""
        for one in part["records"]:
            one["content"]["tenant"] = ""
    return re.sub(r"[0-9a-f]{16,}", lambda found: "h" * len(found.group()), json.dumps(value))


def test_nothing_i_can_see_differs_between_hidden_records_and_none(world: Callable[[], World]) -> None:
    without, with_hidden = world(), world()
    without.write(*visible())
    with_hidden.write(*visible(), *(record(n, ME, disclosure="withheld") for n in range(1, 40, 2)))
    assert blank(without.seen(), without) == blank(with_hidden.seen(), with_hidden)


def blank(seen: dict[str, Any], world: World) -> str:
    return repr(seen).replace(world.tenant, "TENANT")


def test_a_person_with_hidden_records_only_looks_like_a_person_with_none(world: Callable[[], World]) -> None:
    without, with_hidden = world(), world()
    without.write(record(1, "A0000002"))
    with_hidden.write(record(1, ME, disclosure="withheld"))
    one, two = without.seen(), with_hidden.seen()
    assert one["raw"][1] == []
    assert two["raw"][1] == [(ME, 0)], "the kept count is nought, as for a person without a row"
    for seen in (one, two):
        del seen["raw"]
    assert blank(one, without) == blank(two, with_hidden)
    assert masked(without.proof()) == masked(with_hidden.proof())


def test_my_proof_is_the_same_to_the_byte_whether_an_office_does_not_know_me_or_has_hidden_records_of_me_only(
    world: Callable[[], World],
) -> None:
    here, other = world(), world()
    here.write(*visible())
    other.write(record(1, "A0000002"), record(1, ME, disclosure="withheld"))
    with psycopg.connect(other.admin_url) as owner:
        owner.execute(
            "INSERT INTO madoguchi.tenant (code, name, name_en, name_kana) VALUES (%s, '', '', '')",
            (other.tenant,),
        )
    unknown, known_without, hidden_only = (
        proof_file(other.db, (*here.me.addressees, *there), (), here.clock, PORTAL, steady_bytes())
        for there in ((), ((other.tenant, "A0000003"),), ((other.tenant, ME),))
    )
    assert json.loads(json.loads(unknown)["manifest"]["body"])["nothing"].count(other.tenant) == 1
    assert unknown == known_without == hidden_only


def test_an_office_that_was_not_asked_looks_the_same_too(world: Callable[[], World]) -> None:
    here = world()
    here.write(record(1, "A0000002"), record(1, ME, disclosure="withheld"))
    unasked = (here.tenant,)
    known, hidden_only = (
        proof_file(here.db, ((here.tenant, who),), unasked, here.clock, PORTAL, steady_bytes())
        for who in ("A0000003", ME)
    )
    assert json.loads(json.loads(known)["manifest"]["body"])["unanswered"] == [here.tenant]
    assert known == hidden_only


def test_my_proof_has_the_same_shape_and_the_same_count_whether_the_others_in_the_log_are_mine_and_hidden(
    world: Callable[[], World],
) -> None:
    others, hidden = world(), world()
    others.write(*visible(), *(record(n, f"A{n:07d}9") for n in range(1, 40, 2)))
    hidden.write(*visible(), *(record(n, ME, disclosure="withheld") for n in range(1, 40, 2)))
    assert masked(others.proof()) == masked(hidden.proof())
    entry = [json.loads(w.proof())["parts"][0]["bucket"] for w in (others, hidden)]
    assert [[e[1] for e in bucket] for bucket in entry] == [[30], [30]]


def test_marking_takes_a_record_out_of_list_count_and_proof_and_unmarking_brings_it_back(
    world: Callable[[], World],
) -> None:
    here, never = world(), world()
    here.write(*visible(), record(1, ME))
    never.write(*visible())
    seen_before, target = here.seen(), record(1, ME).record_id
    with here.db.transaction(Scope(tenant=here.tenant)) as tx:
        assert here.marks.mark(tx, target, "withheld", ground="23-2-1", proposed_by="s1", approved_by="s2")
        assert not here.marks.mark(
            tx, target, "withheld", ground="23-2-1", proposed_by="s1", approved_by="s2"
        )
    here.seal()
    assert blank(here.seen(), here) == blank(never.seen(), never)
    assert json.loads(here.proof())["parts"][0]["bucket"][0][1] == 30
    with here.db.transaction(Scope(tenant=here.tenant)) as tx:
        assert here.marks.mark(tx, target, "visible", ground="23-2-1", proposed_by="s2", approved_by="s3")
    here.seal()
    assert here.seen() == seen_before
    with here.web.transaction() as tx:
        keys = {here.tenant: frozenset(public_keys(tx, here.tenant).values())}
    assert (
        proof.verify(here.proof(), Trust(keys, portal=(PortalKey(PORTAL.public, NOW, None),))).exit_code == 0
    )


def test_a_mark_is_a_record_of_its_own_in_the_log(world: Callable[[], World]) -> None:
    here = world()
    here.write(record(1, ME))
    with here.db.transaction(Scope(tenant=here.tenant)) as tx:
        here.marks.mark(
            tx, record(1, ME).record_id, "withheld", ground="23-2-2", proposed_by="s1", approved_by="s2"
        )
    here.seal()
    with here.db.transaction(Scope(tenant=here.tenant)) as tx:
        found = list(RecordSource().recompute(tx))
        assert [(one.seq, one.problem) for one in found] == [(0, None), (1, None)]
        marks = tx.raw.execute(
            "SELECT ground, proposed_by, approved_by FROM madoguchi.provision_mark"
        ).fetchall()
    assert marks == [("23-2-2", "s1", "s2")]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"proposed_by": "s1", "approved_by": "s1"}, "二人"),
        ({"proposed_by": "", "approved_by": "s1"}, "二人"),
        ({"proposed_by": "s1", "approved_by": "s2", "ground": "なんとなく"}, "根拠"),
        ({"proposed_by": "s1", "approved_by": "s2", "record_id": uuid4()}, "この団体にありません"),
    ],
)
def test_a_mark_by_one_person_or_without_ground_or_record_is_refused(
    world: Callable[[], World], said: dict[str, Any], words: str
) -> None:
    here = world()
    here.write(record(1, ME))
    before = here.seen()
    given = {"record_id": record(1, ME).record_id, "ground": "23-2-1"} | said
    with here.db.transaction(Scope(tenant=here.tenant)) as tx, pytest.raises(MarkError, match=words):
        here.marks.mark(tx, disclosure="withheld", **given)
    assert here.seen() == before


def test_a_correction_points_to_the_old_record_and_both_stay(world: Callable[[], World]) -> None:
    here = world()
    here.write(record(1, ME))
    with here.db.transaction(Scope(tenant=here.tenant)) as tx:
        old = replace(record(1, ME), tenant=here.tenant)
        new = here.marks.correct(tx, old, outcome="NO_SUCH_SUBJECT", provided_at=None)
    here.seal()
    records = ResidentRecords(here.web)
    page = records.page(here.me)
    assert page.total == 2
    shown = {row.record_id: row for row in page.rows}
    assert shown[old.record_id].corrected
    assert shown[new.record_id].corrects == old.record_id
    assert [row.record_id for row in records.corrections(here.me, old.record_id)] == [new.record_id]


def test_a_correction_of_a_hidden_record_is_hidden_and_does_not_show_on_the_list(
    world: Callable[[], World],
) -> None:
    here = world()
    here.write(record(0, ME), record(1, ME, disclosure="withheld"))
    before = here.seen()
    with here.db.transaction(Scope(tenant=here.tenant)) as tx:
        here.marks.correct(
            tx, replace(record(1, ME, disclosure="withheld"), tenant=here.tenant), outcome="OK_PARTIAL"
        )
    here.seal()
    assert here.seen() == before


def test_after_retention_the_content_is_gone_and_the_log_still_proves(world: Callable[[], World]) -> None:
    here = world()
    here.clock = FixedClock(datetime(2018, 4, 1, 1, 0, tzinfo=UTC))
    here.write(record(1, ME), record(3, ME, disclosure="withheld"))
    here.clock = FixedClock(NOW)
    here.write(record(2, ME))
    with here.db.transaction(Scope(tenant=here.tenant)) as tx:
        assert purge(tx, here.clock.today(), limit=1) == 1
    assert purge_tenant(here.db, here.clock, here.tenant) == 1
    assert purge_tenant(here.db, here.clock, here.tenant) == 0
    here.seal()
    assert [row.record_id for row in ResidentRecords(here.web).page(here.me).rows] == [
        record(2, ME).record_id
    ]
    assert ResidentRecords(here.web).page(here.me).total == 1
    assert proof.verify(here.proof(), None).exit_code == 3
    with here.db.transaction(Scope(tenant=here.tenant)) as tx:
        found = list(RecordSource().recompute(tx))
        assert [(one.leaf is None, one.problem) for one in found] == [
            (True, None),
            (True, None),
            (False, None),
        ]
        (body,) = tx.raw.execute("SELECT count(*) FROM madoguchi.provision_record").fetchall()
        assert body == (1,), "nothing of the content is left"


def test_a_record_is_not_destroyed_a_day_early(world: Callable[[], World]) -> None:
    here = world()
    here.write(record(1, ME))
    with here.db.transaction(Scope(tenant=here.tenant)) as tx:
        assert purge(tx, here.clock.today()) == 0
    with pytest.raises(psycopg.errors.IntegrityError), here.db.transaction(Scope(tenant=here.tenant)) as tx:
        tx.raw.execute("DELETE FROM madoguchi.provision_record WHERE tenant = %s", (here.tenant,))


def test_the_csv_has_a_mark_for_excel_and_one_line_for_each_row(world: Callable[[], World]) -> None:
    here = world()
    here.write(record(1, ME, purpose='=HYPERLINK("http://example.invalid","児童手当")'), record(2, ME))
    raw = b"".join(csv_file(all_rows(here.web, here.me), {"OK": "提供されました"}.get, "※一部の記録です"))
    text = raw.decode("utf-8-sig")
    assert raw.startswith(b"\xef\xbb\xbf")
    assert len(text.strip().split("\r\n")) == 4
    assert "提供されました" in text
    assert "※一部の記録です" in text
    assert "'=HYPERLINK" in text
    assert ',"=' not in text
