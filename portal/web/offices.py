"""Names of the municipalities of this installation. They change a few times in a century, so a process asks every five minutes."""

from __future__ import annotations

import time
from collections.abc import Callable

from pyramid.config import Configurator
from pyramid.request import Request

from storage.database import NOWHERE, Database

KEEP_SECONDS = 300.0


class OfficeNames:
    """Code to name in Japanese and English.

    :param database: of the web role.
    :param ticks: seconds that only go forward.
    """

    def __init__(self, database: Database, ticks: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._ticks = ticks
        self._names: dict[str, tuple[str, str]] = {}
        self._read_at = -KEEP_SECONDS

    def name(self, code: str, language: str) -> str:
        """The name of a municipality; its code when this installation does not know it."""
        if self._ticks() - self._read_at >= KEEP_SECONDS or code not in self._names:
            (rows,) = self._database.read(NOWHERE, ("SELECT code, name, name_en FROM madoguchi.tenant", ()))
            self._names = {row[0]: (row[1], row[2]) for row in rows}
            self._read_at = self._ticks()
        japanese, english = self._names.get(code, (code, code))
        return english if language == "en" else japanese


def office_name(request: Request, code: str) -> str:
    """The name of a municipality in the language of the request (``request.office_name``)."""
    names: OfficeNames = request.registry["offices"]
    return names.name(code, request.language)


def includeme(config: Configurator) -> None:
    """Add ``request.office_name(code)``."""
    config.registry["offices"] = OfficeNames(config.registry["database"])
    config.add_request_method(office_name, "office_name")
