"""Small things that several pages of the register need."""

from __future__ import annotations

from datetime import date

from portal.web.dates import read_date
from workflows.engine import Definition, Engine


def machine(engine: Engine, kind: str, version: int) -> Definition:
    """A machine in a version, for lists that have no case at hand."""
    return engine.registry.kind(kind).decider(version).definition


def typed_day(text: str) -> date | None:
    """A day as people type it; None for an empty field.

    :raises ValueError: when it is no day.
    """
    return read_date(text) if text.strip() else None
