"""Identifiers: unique without asking anyone, and ordered by the time they were made, so that indexes grow at one end."""

from __future__ import annotations

from uuid import UUID

from ulid import ULID


def new_id() -> UUID:
    """A new identifier, ordered by time (a ULID in the shape of a UUID)."""
    return ULID().to_uuid()
