"""Whom to ask about a record, and what the asking office published about the affair (番号法28条, 特定個人情報保護評価).

Both come from the statement that the office itself has published for the affair: there it names who answers questions, and that word has a
day. An office outside this installation, or one that published nothing, is asked without a number: nothing is made up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from privacy_assessment.publication.read import statement_path
from storage.database import Statement
from workflows.provision_records.queries import RecordRow

# 「特定個人情報ファイルの取扱いに関する問合せ - 連絡先」 in 様式2, 3 and 4. A key stays the same in every edition.
CONTACT_KEYS = (("form2", "f2.1.8"), ("form3", "f3.4.2.1"), ("form4", "f4.5.2.1"))
_CONTACT = ", ".join(f"content #>> '{{{form},texts,{key}}}'" for form, key in CONTACT_KEYS)
# One that stands is better than one of an affair that ended; the newest of them.
_READ = f"""
    SELECT tenant, body, number, title, shown_on, coalesce({_CONTACT}) FROM madoguchi.public_statement
    WHERE tenant = %s AND affairs && %s AND stage = 'published' AND current AND shown_on <= %s
        AND withdrawn_on IS NULL AND left_on IS NULL
    ORDER BY ended_on IS NOT NULL, shown_on DESC, body, number LIMIT 1
"""  # noqa: S608 - put together from constants
_PHONE = re.compile(r"0\d{1,4}-\d{1,4}-\d{3,4}")


@dataclass(frozen=True)
class Published:
    """The statement an office has published for an affair.

    :param path: its public address. :param contact: who answers questions, as written there; None when it says nothing.
    """

    path: str
    title: str
    shown_on: date
    contact: str | None

    @property
    def phone(self) -> str | None:
        """The first telephone number in the contact, as a telephone takes it."""
        found = _PHONE.search(
            (self.contact or "").translate(str.maketrans("０１２３４５６７８９－", "0123456789-"))
        )
        return found[0] if found else None


def statement_of(row: RecordRow, today: date) -> Statement:
    """What asks the database for the published statement of the asking office and the record's affair. Anybody may read it."""
    return _READ, (row.asker_code[:6], [row.affair_code], today)


def published_of(rows: Sequence[Sequence[Any]]) -> Published | None:
    """The statement, or None when this installation knows of none."""
    for tenant, body, number, title, shown_on, contact in rows:
        return Published(
            statement_path(tenant, body, number), title, shown_on, (contact or "").strip() or None
        )
    return None
