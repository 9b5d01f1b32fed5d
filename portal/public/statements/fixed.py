"""Fixed Japanese words of feeds, open data and printed forms: data, because no page shows them and no language changes them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml


@lru_cache(maxsize=1)
def fixed() -> Mapping[str, Any]:
    """The words by name."""
    words: Mapping[str, Any] = yaml.safe_load(
        (files("portal.public.statements") / "data.yaml").read_text("utf-8")
    )
    return words
