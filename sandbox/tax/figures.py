"""Invented figures of resident tax, the same for the same person, year and turn."""

import hashlib
from collections.abc import Sequence

COLUMNS = (
    "住基宛名番号",
    "課税年度",
    "版",
    "異動日",
    "総所得金額等",
    "合計所得金額",
    "給与収入額",
    "市民税所得割額",
    "市民税均等割額",
    "県民税所得割額",
    "扶養親族数",
    "控除対象配偶者",
    "課税区分",
)
#: Flat part of the municipal tax per year used by the invented figures (yen).
FLAT = 3_000


def figures(business_number: str, year: int, turn: int) -> dict[str, int | str]:
    """Figures of one person: yen, counts and words, keyed by the columns after 異動日."""
    seed = hashlib.sha256(f"{business_number}/{year}/{turn}".encode()).digest()
    salary = 1_000_000 + int.from_bytes(seed[:3], "big") % 7_000_000 // 1000 * 1000
    income = salary - max(550_000, salary * 3 // 10)
    dependants = seed[4] % 4
    taxable = max(0, income - 430_000 - 330_000 * dependants)
    levied = taxable > 0
    return {
        "総所得金額等": income,
        "合計所得金額": income,
        "給与収入額": salary,
        "市民税所得割額": taxable * 6 // 100 // 100 * 100,
        "市民税均等割額": FLAT if levied else 0,
        "県民税所得割額": taxable * 4 // 100 // 100 * 100,
        "扶養親族数": dependants,
        "控除対象配偶者": "有" if seed[5] % 2 else "無",
        "課税区分": "課税" if levied else "非課税",
    }


def csv_line(values: Sequence[object]) -> str:
    """One line of the export, CRLF as such systems write."""
    return ",".join(str(value) for value in values) + "\r\n"
