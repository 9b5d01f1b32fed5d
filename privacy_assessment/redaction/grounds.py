"""Which grounds allow something to be left out: it depends on the form and on whether it is the first publication."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Ground:
    """One legal ground; ``whole`` when it allows a whole item to be left out, not only a part."""

    code: str
    label: str
    article: str
    whole: bool


@lru_cache(maxsize=1)
def _data() -> Mapping[str, Any]:
    return yaml.safe_load((files("privacy_assessment.redaction") / "grounds.yaml").read_text("utf-8"))


def grounds() -> dict[str, Ground]:
    """Every ground by its code."""
    return {r["code"]: Ground(r["code"], r["label"], r["article"], r["whole"]) for r in _data()["grounds"]}


def allowed(form_id: str, publication: str) -> tuple[frozenset[str], str]:
    """The codes allowed for a form, and the article that says so.

    :param publication: ``first`` (also after a whole procedure again) or ``amended`` (規則14条).
    """
    for row in _data()["allowed"]:
        if (row["form"], row["publication"]) == (form_id, publication):
            return frozenset(row["grounds"]), row["article"]
    return frozenset(), "規則10条"
