"""Statements laid open to everyone: the rows anybody may read, the search over them, and their plain summary."""

from privacy_assessment.publication.store import ended, left, put, put_consulted, withdraw

__all__ = ["ended", "left", "put", "put_consulted", "withdraw"]
