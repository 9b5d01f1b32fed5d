"""Who acts in the engine's tests, and the two things they do all the time."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from storage.database import Transaction
from workflows.engine import Actor, Applied, Command, Engine

CLERK = Actor("staff", "clerk-1", frozenset({"clerk"}))
BOSS = Actor("staff", "boss-1", frozenset({"supervisor"}))


def opened(engine: Engine, tx: Transaction, key: str = "open-1", **more: Any) -> Applied:
    """A new sample case."""
    return engine.open(tx, "sample", actor=CLERK, purpose="受付", request_key=key, **more)


def command(
    case_id: UUID, trigger: str, actor: Actor = CLERK, key: str | None = None, **given: Any
) -> Command:
    """A command with a key of its own unless one is given."""
    return Command(case_id, trigger, actor, "試験", key or f"k-{uuid4()}", given)
