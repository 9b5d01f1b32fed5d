"""The copies a resident takes away: whole, marked when partial, hers alone, and written into her history."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from uuid import UUID

import pytest
from pypdf import PdfReader
from weasyprint.urls import FatalURLFetchingError

from portal.resident import downloads
from portal.resident.provision_records import proof_job
from portal.web.printing import STYLE, pdf
from storage.audit.keys import LogKeys
from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import KeyRing
from tests.conftest import Databases
from tests.pages import records
from tests.web.conftest import Counter, open_portal
from tests.web.people import ANONYMOUS, OTHER_RESIDENT, RESIDENT
from workflows.provision_records.signer import PortalSigner
from workflows.provision_records.trust import fingerprint

PATH = "/my/records/export"
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def ring(key_ring: KeyRing, databases: Databases) -> KeyRing:
    """A ring whose keys both offices already have."""
    for tenant in ("992011", "992020"):
        with databases.worker.transaction(Scope(tenant=tenant)) as tx:
            key_ring.seal(tx, tenant, b"first", "test")
    return key_ring


@pytest.fixture(scope="module")
def counter(databases: Databases, ring: KeyRing) -> Counter:
    """The portal with records, and with the ring of the offices."""
    clock = FixedClock(NOW)
    records.write(databases.worker, clock)
    return open_portal(databases, clock, ring=ring)


def press(counter: Counter, person: object, action: str, query: str = ""):
    """Press the button of a form of the page."""
    page = counter.of(person).get(PATH + query)  # type: ignore[arg-type]
    form = next(form for form in page.forms.values() if form.action == f"{PATH}/{action}")
    return form.submit()


def test_the_csv_has_every_visible_record_and_no_other(counter: Counter) -> None:
    answer = press(counter, RESIDENT, "csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="records.csv"'
    rows = list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert len(rows) == 1 + 1 + 25
    assert "乙川市" in rows[1][0], "one of her offices could not be reached, and the file says so"
    result, plain = rows[0].index("結果"), rows[0].index("どんな情報か")
    assert "提供されました" in {row[result] for row in rows[2:]}
    assert ("住民税の情報", "地方税関係情報") in {(row[plain], row[plain + 1]) for row in rows[2:]}
    assert str(records.record_id(500)) not in answer.text


def test_a_narrowed_csv_says_so_in_the_file(counter: Counter) -> None:
    rows = list(
        csv.reader(io.StringIO(press(counter, RESIDENT, "csv", "?outcome=provided").body.decode("utf-8-sig")))
    )
    assert "しぼりこんだ一覧" in rows[1][0]
    assert 2 < len(rows) < 26


def test_a_csv_with_a_stopped_source_says_which_records_may_be_missing(counter: Counter) -> None:
    rows = list(csv.reader(io.StringIO(press(counter, OTHER_RESIDENT, "csv").body.decode("utf-8-sig"))))
    assert "乙川市" in rows[1][0]


def test_the_proof_is_made_and_signed_by_the_worker_with_a_published_key(
    counter: Counter, databases: Databases, ring: KeyRing
) -> None:
    assert press(counter, RESIDENT, "proof").status_code == 303
    assert "作っています" in counter.of(RESIDENT).get(PATH).text
    with databases.worker.transaction() as tx:
        (arguments,) = tx.raw.execute(
            "SELECT args FROM jobs.procrastinate_jobs WHERE task_name = %s", (proof_job.TASK,)
        ).fetchone()
    assert RESIDENT.display_name not in str(arguments)
    assert RESIDENT.addressees[0][1] not in str(arguments)
    clock = FixedClock(NOW)
    sign = PortalSigner(databases.worker, LogKeys(ring, clock))
    job = UUID(arguments["account"]), arguments["tenant"], UUID(arguments["download"])
    proof_job.make(databases.worker, ring, sign, clock, *job)
    link = counter.of(RESIDENT).get(PATH).html.find("a", string="records-proof.json")["href"]
    answer = counter.of(RESIDENT).get(link)
    assert answer.content_type == "application/json"
    counter.of(OTHER_RESIDENT).get(link, status=404)
    (published,) = counter.of(ANONYMOUS).get("/log-keys.json").json["portal"]
    assert answer.json["manifest"]["public_key"] == published["key"]
    assert fingerprint(bytes.fromhex(published["key"])) in counter.of(ANONYMOUS).get("/log-keys").text


def test_the_printed_list_is_made_by_the_worker_and_is_the_persons_own(
    counter: Counter, databases: Databases, ring: KeyRing
) -> None:
    assert press(counter, RESIDENT, "pdf").status_code == 303
    page = counter.of(RESIDENT).get(PATH)
    assert "作っています" in page.text
    with databases.worker.transaction() as tx:
        (arguments,) = tx.raw.execute(
            "SELECT args FROM jobs.procrastinate_jobs WHERE task_name = %s ORDER BY id DESC",
            (downloads.TASK,),
        ).fetchone()
    assert RESIDENT.display_name not in str(arguments)
    job = UUID(arguments["account"]), arguments["tenant"], UUID(arguments["download"])
    downloads.make(databases.worker, ring, *job)
    downloads.make(databases.worker, ring, *job)
    link = counter.of(RESIDENT).get(PATH).html.find("a", string="records.pdf")["href"]
    answer = counter.of(RESIDENT).get(link)
    assert answer.content_type == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    document = PdfReader(io.BytesIO(answer.body))
    text = "".join(sheet.extract_text() for sheet in document.pages)
    assert "情報のやりとりの記録" in text
    assert "X-00000024" in text
    assert "X-00000500" not in text
    assert document.trailer["/Root"]["/MarkInfo"]["/Marked"]
    counter.of(OTHER_RESIDENT).get(link, status=404)


def test_what_was_taken_stands_in_the_history_of_the_account(counter: Counter) -> None:
    press(counter, RESIDENT, "csv")
    assert "やりとりの記録をCSVで受け取りました" in counter.of(RESIDENT).get("/my/sessions").text


def test_an_expired_file_is_swept_and_no_other(counter: Counter, databases: Databases) -> None:
    press(counter, OTHER_RESIDENT, "pdf")
    scope = Scope(account=OTHER_RESIDENT.account_id)
    with databases.worker.transaction(scope) as tx:
        tx.raw.execute("UPDATE madoguchi.download SET expires_at = now() - interval '1 second'")
    press(counter, OTHER_RESIDENT, "pdf")
    with databases.worker.transaction(scope) as tx:
        tx.raw.execute(
            "UPDATE madoguchi.download SET expires_at = now() + interval '1 day' WHERE expires_at > now()"
        )
    assert downloads.sweep(databases.worker) == 1
    assert downloads.sweep(databases.worker) == 0


def test_printing_refuses_a_page_that_would_fetch_something() -> None:
    with pytest.raises(FatalURLFetchingError):
        pdf(
            '<html lang="ja"><head><title>x</title></head><body><img src="http://127.0.0.1:1/x.png" alt="x"></body></html>'
        )


def test_the_print_style_lays_tables_out_fixed() -> None:
    style = STYLE.read_text("utf-8")
    assert "table-layout: fixed" in style
    assert "url(" not in style
