"""How long something stays public and when it is looked at again, as dated data with their sources."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from importlib.resources import files

import yaml

from workflows.law.calendar import LawCalendar
from workflows.law.terms import Term, parse_term, term


@lru_cache(maxsize=1)
def _terms() -> dict[str, list[Term]]:
    text = (files("privacy_assessment.publication") / "terms.yaml").read_text("utf-8")
    return {name: [parse_term(row, name) for row in rows] for name, rows in yaml.safe_load(text).items()}


def last_day(name: str, start: date) -> date:
    """The last day of one of our terms that begins on ``start``."""
    found = next(one for one in _terms()[name] if one.in_force(start))
    return LawCalendar().last_day(found, start)


def redo_by(published_on: date) -> date:
    """規則15条: the day before which the assessment is made again."""
    return LawCalendar().last_day(term("assessment.again", published_on), published_on)
