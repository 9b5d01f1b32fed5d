"""Style sheet, script and icons under names that carry a hash of their content, so that browsers may keep them for ever."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from pyramid.config import Configurator

FOLDER = Path(__file__).parent.parent / "static"
ONE_YEAR = 365 * 24 * 3600


@cache
def manifest() -> dict[str, str]:
    """Plain name to hashed name, as the front-end build wrote it."""
    return json.loads((FOLDER / "manifest.json").read_text("utf-8"))


def asset(name: str) -> str:
    """The address of a built file.

    :raises KeyError: when the build knows no such file.
    """
    return f"/static/{manifest()[name]}"


def includeme(config: Configurator) -> None:
    """Serve the folder; production puts nginx in front of it."""
    config.add_static_view("static", str(FOLDER), cache_max_age=ONE_YEAR)
