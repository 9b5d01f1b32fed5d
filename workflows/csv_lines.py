"""Lines of CSV that are safe to open: one place decides what a spreadsheet would run, for every file that leaves the house."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

BOM = b"\xef\xbb\xbf"
"""Before the first line, so that spreadsheets read UTF-8."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_SPACES = " \u3000"


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet runs: an apostrophe stands before what looks like a formula, after spaces too."""
    return "'" + text if text.lstrip(_SPACES).startswith(_FORMULA) else text


def csv_line(cells: Iterable[str]) -> bytes:
    """One line in UTF-8, ended as RFC 4180 says, every cell safe."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([safe_cell(cell) for cell in cells])
    return out.getvalue().encode()
