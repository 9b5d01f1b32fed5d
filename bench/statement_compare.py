"""`statement-compare`: two versions of a 全項目 of real size, every change with its segments; the limit is difflib alone on the same texts.

Half of the long texts are written anew here and there, one recipient is gone and one is new. Target: 1,000 ms.
Option: --rounds N (default 20).
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from difflib import SequenceMatcher

from bench.record_page import _machine
from privacy_assessment.comparison.items import Change, changes
from privacy_assessment.forms import FILE, Document, Form, Place, load_form
from privacy_assessment.forms.document import places
from tests.privacy_assessment.samples import EDITION, real_size

TARGET_MS = 1000.0


def main(arguments: list[str]) -> int:
    """Measure; returns 1 when a change was missed."""
    rounds = int(arguments[arguments.index("--rounds") + 1]) if "--rounds" in arguments else 20
    form = load_form("form4", EDITION)
    old = real_size()
    new, touched = _written_anew(old, form)
    ours, limit, found = [], [], []
    for _ in range(rounds):
        start = time.perf_counter()
        found = changes(old, form, new, form)
        segments = [one.segments for one in found]
        middle = time.perf_counter()
        for one in found:
            SequenceMatcher(None, one.before, one.after, autojunk=False).get_opcodes()
        ours.append(middle - start)
        limit.append(time.perf_counter() - middle)
        assert all(segments)
    line = {
        "bench": "statement-compare",
        "ours": round(statistics.median(ours) * 1000, 1),
        "limit": round(statistics.median(limit) * 1000, 1),
        "ratio": round(statistics.median(limit) / statistics.median(ours), 3),
        "unit": "ms",
        "target": TARGET_MS,
        "worst": round(max(ours) * 1000, 1),
        "changes": len(found),
        "fields": len(new.values),
        "machine": _machine(),
    }
    print(json.dumps(line), flush=True)
    return 0 if _all_found(found, touched) else 1


def _written_anew(old: Document, form: Form) -> tuple[Document, set[str]]:
    """A version with half of its long texts changed, one row gone and one added; and the places that were touched."""
    new = old.copy()
    touched = set()
    for number, (item, place) in enumerate(places(old, form)):
        value = old.get(place)
        if (
            item.type == "longtext"
            and isinstance(value, str)
            and number % 2
            and not item.key.startswith("f4.chg")
        ):
            new.set(
                place,
                value.replace("毎月", "四半期ごとに").replace("職員だけ", "職員と委託先の責任者だけ")
                + "前年度に見直した。",
            )
            touched.add(str(place))
    file = new.rows_of(FILE)[0]
    gone = new.rows_of("f4.2.5p", (file,))[3]
    new.remove_row(form, "f4.2.5p", gone, (file,))
    touched = {one for one in touched if gone not in Place.parse(one).rows}
    added = new.add_row("f4.2.5p", (file,))
    new.set(Place("f4.2.5p.to", (file, added)), "丙沢町長")
    return new, touched | {str(Place("f4.2.5p.to", (file, added)))}


def _all_found(found: list[Change], touched: set[str]) -> bool:
    return touched <= {str(one.place) for one in found}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
