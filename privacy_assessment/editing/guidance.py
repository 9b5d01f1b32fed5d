"""What to write at an item: our own words beside the form's, found by key, else by label, else by the kind of item."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import yaml


def guidance(key: str, label: str, kind: str, note: str = "") -> str:
    """The words beside an item.

    :param label: as it stands on the form. :param kind: type of the item. :param note: what the form's data say about it.
    """
    known = _known()
    words = known["keys"].get(key) or known["labels"].get(label) or known["labels"].get(_last(label))
    return " ".join(part for part in (words or known["types"].get(kind, ""), note) if part)


def _last(label: str) -> str:
    """The last part of 「担当部署 - 部署」: the same question stands under several headings."""
    return label.rpartition(" - ")[2]


@lru_cache(maxsize=1)
def _known() -> dict[str, dict[str, str]]:
    text = (files("privacy_assessment.editing") / "guidance.yaml").read_text("utf-8")
    found: dict[str, dict[str, str]] = yaml.safe_load(text)
    return found
