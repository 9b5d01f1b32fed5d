"""What the list covers. It is the same for everybody of an office and changes by the minute, so it is not asked for each page."""

from __future__ import annotations

import time
from collections.abc import Callable

from pyramid.request import Request

from storage.database import Scope
from workflows.provision_records.reader import coverage_statement
from workflows.provision_records.service import SourceState

KEEP_SECONDS = 10.0


class Coverage:
    """The state of the sources by office, as this process last saw it.

    :param ticks: seconds that only go forward.
    """

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._seen: dict[tuple[str, ...], tuple[float, list[SourceState]]] = {}

    def of(self, request: Request, scope: Scope) -> list[SourceState]:
        """A line for each source of each office that knows this resident, at most ten seconds old."""
        tenants = tuple(sorted({tenant for tenant, _ in scope.addressees}))
        at, found = self._seen.get(tenants, (-KEEP_SECONDS, []))
        if self._ticks() - at >= KEEP_SECONDS:
            (rows,) = request.read(coverage_statement(scope))
            found = [SourceState._make(row) for row in rows]
            self._seen[tenants] = (self._ticks(), found)
        return found
