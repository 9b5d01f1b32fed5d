"""``statement-pdf``: the official form of a 全項目 statement of real size as tagged PDF, beside bare WeasyPrint on the same HTML and CSS.

Real size: 2 files, 5 entrustments and 20 recipients each. ``ours`` begins with the public document (reading it, the page, the PDF); ``limit`` is
``HTML(page).write_pdf`` and no more. CPU seconds, both warm, taken in turns.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from uuid import UUID

from weasyprint import CSS, HTML

from bench.record_page import _machine
from portal.public.statements.printing import make, page, style
from privacy_assessment.forms import FILE, Document, Item, Place, choice, load_form
from privacy_assessment.forms.document import applies, places
from privacy_assessment.publication.read import Version
from privacy_assessment.publication.rows import PublicForm
from privacy_assessment.redaction import public

ROUNDS = 3
TARGET = 1.3
EDITION = "R6.10"
SENTENCE = (
    "見本市は、この事務において、届出及び申請の資料を個人番号により名寄せし、権限を持つ職員だけが二つの要素による認証を経て端末から照会"
    "できるよう制御する。操作の記録は毎月、責任者が点検する。"
)


def main(_arguments: list[str]) -> int:
    """Measure; returns 0 when it ran."""
    version, form = _version(), _public()
    html = page(version, form)
    ours: list[float] = []
    bare: list[float] = []
    size = len(make(version, form, "pdf"))  # fonts and imports are warm after the first
    for _ in range(ROUNDS):
        ours.append(_seconds(lambda: make(version, form, "pdf")))
        bare.append(_seconds(lambda: _bare(html)))
    document = HTML(string=html).render(stylesheets=[CSS(string=style())])
    line = {
        "bench": "statement-pdf",
        "ours": round(statistics.median(ours), 2),
        "limit": round(statistics.median(bare), 2),
        "ratio": round(statistics.median(one / other for one, other in zip(ours, bare, strict=True)), 3),
        "unit": "CPU seconds a document",
        "target": TARGET,
        "pages": len(document.pages),
        "seconds_a_page": round(statistics.median(ours) / len(document.pages), 3),
        "bytes": size,
        "html_bytes": len(html.encode()),
        "machine": _machine(),
    }
    print(json.dumps(line, ensure_ascii=False), flush=True)
    return 0


def _seconds(work: Callable[[], bytes]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _bare(html: str) -> bytes:
    made: bytes = HTML(string=html).write_pdf(stylesheets=[CSS(string=style())], pdf_variant="pdf/ua-1")
    return made


def _version() -> Version:
    return Version(
        "992011", "mayor", "7", "published", 1, UUID(int=7), "見本市長", "個人住民税に関する事務", "full", "first", ["form4"],
        ["local-tax"], date(2026, 7, 1), None, None, None, "5", True, None, None, None, None, None, datetime(2026, 7, 1, tzinfo=UTC),
    )  # fmt: skip


def _public() -> PublicForm:
    form = load_form("form4", EDITION)
    document = Document("form4", EDITION)
    for _ in range(2):
        document.add_row(FILE)
    _fill(document)
    for item in form.all_items:
        if item.type == "repeat" and not item.key.endswith(".chg"):
            for around in [(row,) for row in document.rows_of(FILE)] if item.repeats else [()]:
                for _ in range(20 if item.key == "f4.2.5p" else 5):
                    document.add_row(item.key, around)
    _fill(document)
    made = public(document, form, [], "first")
    return PublicForm(made.document, made.texts, made.gaps)


def _fill(document: Document) -> None:
    for item, place in list(places(document, load_form("form4", EDITION))):
        if item.stored and document.get(place) is None and applies(document, item, place.rows):
            document.set(place, _answer(item, place))


def _answer(item: Item, place: Place) -> str | dict[str, object] | None:
    match item.type:
        case "text":
            return f"{item.label[:20]} {'.'.join(place.rows)}".strip()
        case "longtext":
            return f"{item.label[:30]}。{SENTENCE}"
        case "date":
            return "2026-04-01"
        case "select":
            return item.options[0].code
        case "multicheck":
            return choice("1", "2") if item.key.endswith("2.5") else choice(item.options[0].code)
    return None


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
