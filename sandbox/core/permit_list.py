"""The list the core checks requests against (照会許可用照合リスト): dated rows given by ``provision``, never code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class PermitRow:
    """One row: who may ask whom for which item in which affair, while it is in force."""

    id: str
    asker: str
    affair: str
    holder: str
    item: str
    clause: str
    valid_from: date
    valid_to: date | None

    def in_force(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


class PermitList:
    """The list in memory.

    :param document: ``{"table_version", "rows": [...], "roles_of": {org: [roles]}, "unpublished": [orgs]}``.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.version = str(document["table_version"])
        self._roles = {org: frozenset(roles) for org, roles in document["roles_of"].items()}
        self._unpublished = frozenset(document.get("unpublished", ()))
        self._by_id: dict[str, PermitRow] = {}
        self._rows: dict[tuple[str, str], list[PermitRow]] = {}
        for row in document["rows"]:
            found = PermitRow(
                row["id"],
                row["asker"],
                row["affair"],
                row["holder"],
                row["item"],
                row["clause"],
                date.fromisoformat(row["valid_from"]),
                date.fromisoformat(row["valid_to"]) if row.get("valid_to") else None,
            )
            self._by_id[found.id] = found
            self._rows.setdefault((found.affair, found.item), []).append(found)

    def decide(
        self, asker: str, holder: str, affair: str, items: Sequence[str], law_row: str, day: date
    ) -> PermitRow | str:
        """The row that allows a request, or the cause of a denial.

        Every item needs a row in force between roles that these two bodies hold, and the row the asker named must be
        one of them (番号法21条2項1号). A body whose assessment is not published is out on either side (法28条6項).

        :returns: the named row, or ``UNKNOWN_BODY``, ``PIA_UNPUBLISHED``, ``NO_LAW_ROW`` or ``LAW_ROW_MISMATCH``.
        """
        if asker not in self._roles or holder not in self._roles or asker == holder:
            return "UNKNOWN_BODY"
        if {asker, holder} & self._unpublished:
            return "PIA_UNPUBLISHED"
        allowed = set()
        for item in items:
            fits = {
                row.id
                for row in self._rows.get((affair, item), ())
                if row.in_force(day) and row.asker in self._roles[asker] and row.holder in self._roles[holder]
            }
            if not fits:
                return "NO_LAW_ROW"
            allowed |= fits
        return self._by_id[law_row] if law_row in allowed else "LAW_ROW_MISMATCH"
