"""しきい値判断: which kind of assessment is owed, why, and the history of what was judged."""

from privacy_assessment.threshold.decide import (
    KIND_NAMES,
    Accident,
    CannotJudge,
    Drift,
    Figures,
    Judgement,
    covers,
    drift,
    judge,
)
from privacy_assessment.threshold.table import KINDS, DecisionTable, NoTable, table_on

__all__ = [
    "KINDS",
    "KIND_NAMES",
    "Accident",
    "CannotJudge",
    "DecisionTable",
    "Drift",
    "Figures",
    "Judgement",
    "NoTable",
    "covers",
    "drift",
    "judge",
    "table_on",
]
