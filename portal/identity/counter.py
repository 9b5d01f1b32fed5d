"""Signing in at a terminal of the counter (窓口端末), which one resident leaves to the next.

In 2023 persons at shared terminals were given the records of whoever had stood there before and had not signed out. So a session there
ends after minutes, its end takes the page away, and nothing of it is found by going back.
"""

from __future__ import annotations

from portal.identity.limits import Limits
from portal.identity.service import CardDesk


class CounterCardDesk(CardDesk):
    """The card desk of such a terminal: what it opens stands unused for a shorter time."""

    def _limits(self) -> Limits:
        return super()._limits().at_counter()
