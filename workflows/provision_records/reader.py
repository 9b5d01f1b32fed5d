"""The resident's own records: page, detail, coverage. Everything here runs in the resident's own scope.

A person may be known in several offices of this installation: their lists are merged, and an exchange that both asker and
holder recorded appears once.
"""

# ruff: noqa: S608

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storage.database import Database, Scope, Statement

from .queries import (
    CORRECTED,
    FIELDS,
    MINE,
    NO_FILTERS,
    PAGE,
    Page,
    RecordFilters,
    RecordRow,
    SourceState,
    flat,
    page_statements,
    parse_page,
)


@dataclass(frozen=True)
class ResidentRecords:
    """What a resident may ask of her records. Args: db: the web role's database."""

    db: Database

    def page(
        self,
        scope: Scope,
        filters: RecordFilters = NO_FILTERS,
        after: str | None = None,
        limit: int = PAGE,
    ) -> Page:
        """One page, newest first, in one trip. Errors: BadCursor."""
        return parse_page(self.db.read(scope, *page_statements(scope, filters, after, limit)), limit)

    def detail(self, scope: Scope, record_id: UUID) -> RecordRow | None:
        """One visible record of this resident, or None: another's, a hidden and a missing one answer alike."""
        people = scope.addressees
        if not people:
            return None
        mine = " OR ".join("(r.tenant = %s AND r.addressee = %s)" for _ in people)
        sql = (
            f"SELECT {FIELDS}, {CORRECTED} FROM madoguchi.provision_record r"
            f" WHERE r.record_id = %s AND r.tenant = ANY(%s) AND r.disclosure = 'visible' AND ({mine})"
        )
        tenants = sorted({tenant for tenant, _ in people})
        (rows,) = self.db.read(scope, (sql, (record_id, tenants, *flat(people))))
        return RecordRow._make(rows[0]) if rows else None

    def corrections(self, scope: Scope, record_id: UUID) -> list[RecordRow]:
        """The visible records that correct this one, oldest first."""
        sql = (
            f"SELECT {FIELDS}, {CORRECTED} FROM madoguchi.provision_record r"
            " WHERE r.corrects = %s AND r.tenant = ANY(%s) AND r.disclosure = 'visible' ORDER BY r.recorded_at"
        )
        tenants = sorted({tenant for tenant, _ in scope.addressees})
        (rows,) = self.db.read(scope, (sql, (record_id, tenants)))
        return [RecordRow._make(row) for row in rows]

    def coverage(self, scope: Scope) -> list[SourceState]:
        """What the list covers, a line for each source of each office that knows this resident."""
        (rows,) = self.db.read(scope, coverage_statement(scope))
        return [SourceState._make(row) for row in rows]

    def oldest(self, scope: Scope) -> datetime | None:
        """When the oldest record in the list was requested: for the sentence on an empty page."""
        sql = (
            f"SELECT r.requested_at FROM madoguchi.provision_record r WHERE {MINE}"
            " ORDER BY r.requested_at, r.record_id LIMIT 1"
        )
        results = self.db.read(scope, *((sql, person) for person in scope.addressees))
        return min((rows[0][0] for rows in results if rows), default=None)


def coverage_statement(scope: Scope) -> Statement:
    """The statement behind `ResidentRecords.coverage`, for a view that sends it in the same trip as its own."""
    return (
        (
            "SELECT tenant, source, shown_from, as_of, state FROM madoguchi.provision_source"
            " WHERE tenant = ANY(%s) ORDER BY tenant, source"
        ),
        (sorted({tenant for tenant, _ in scope.addressees}),),
    )
