"""Effects of machine E (記録の突き合わせ)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from storage.database import Transaction
from workflows.engine import Applied, Registry
from workflows.linkage.inbox import note_incident
from workflows.linkage.parts import LinkParts

KIND = "record_sync"
DEFINITION = Path(__file__).with_name("workflow.yaml")


def register(registry: Registry, parts: LinkParts) -> None:
    """Load the definition and give its names their functions."""
    kind = registry.load(DEFINITION)

    @kind.write_effect("alarm")
    def alarm(tx: Transaction, applied: Sequence[Applied]) -> None:
        """A record that changed under us is an incident; the resident's page shows the last good state."""
        for one in applied:
            note_incident(tx, "RECORDS_TAMPERED", {"at": one.input["at"]}, parts.clock.now())
