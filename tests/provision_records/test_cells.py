"""No cell of the list as CSV is taken for a formula by the spreadsheet it is opened with."""

from __future__ import annotations

import pytest

from workflows.csv_lines import safe_cell


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+81",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1",
        "　＝1",
        "＝cmd",
        "＠x",
        "－1",
        '=HYPERLINK("http://x")',
    ],
)
def test_no_cell_is_a_formula(cell: str) -> None:
    assert safe_cell(cell).startswith("'")


@pytest.mark.parametrize("cell", ["甲野市 税務課", "2026-11-01", "髙﨑 𠮷子", "葛󠄀城", "", "a=b"])
def test_an_ordinary_cell_stays_as_it_is(cell: str) -> None:
    assert safe_cell(cell) == cell
