"""Comparison of versions: what changed, what the change is in law, and the table 変更箇所."""

from privacy_assessment.comparison.items import (
    AMENDMENT,
    MATERIAL,
    BadDecision,
    Change,
    Decided,
    changes,
    check_decision,
    flags,
    write_change_table,
)
from privacy_assessment.comparison.text import Segment, compare

__all__ = [
    "AMENDMENT",
    "MATERIAL",
    "BadDecision",
    "Change",
    "Decided",
    "Segment",
    "changes",
    "check_decision",
    "compare",
    "flags",
    "write_change_table",
]
