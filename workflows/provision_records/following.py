"""Telling the other offices of this installation to follow what one office says of an exchange (see `followers`)."""

from __future__ import annotations

from collections.abc import Sequence

from storage.database import Transaction
from storage.jobs import defer

TASK = "provision_records.follow"
FOLLOWS = "follows:"
"""How a mark that merely follows another office names its proposer."""


def tell_others(tx: Transaction, exchanges: Sequence[str]) -> None:
    """Ask the other offices to follow what this tenant's records now say of these exchanges, by a job in this transaction."""
    defer(tx, TASK, queue="audit", tenant=tx.tenant, exchanges=sorted(set(exchanges)))
