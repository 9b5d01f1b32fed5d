"""Redactions kept: who left what out, when and why; one that is lifted stays in the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from privacy_assessment.forms import Place
from privacy_assessment.redaction import Redaction, check, text_digest
from privacy_assessment.statements.store import last_version, read_draft
from storage.clock import Clock
from storage.database import Transaction
from storage.ids import new_id


@dataclass(frozen=True, slots=True)
class Kept:
    """A redaction in force with its id and who made it."""

    id: UUID
    redaction: Redaction
    by: str


def in_force(tx: Transaction, statement: UUID, forms: Sequence[str]) -> dict[str, list[Kept]]:
    """Redactions in force by form."""
    found: dict[str, list[Kept]] = {form: [] for form in forms}
    for key, form, place, ground, reason, starts, ends, digest, by in tx.raw.execute(
        "SELECT id, form, place, ground, reason, starts, ends, text_digest, by_whom FROM madoguchi.assessment_redaction"
        " WHERE tenant = %s AND assessment_id = %s AND form = ANY(%s) AND lifted_at IS NULL ORDER BY id",
        (tx.tenant, statement, list(forms)),
    ):
        redaction = Redaction(Place.parse(place), ground, reason, starts, ends, bytes(digest))
        found[form].append(Kept(key, redaction, by))
    return found


def redact(tx: Transaction, clock: Clock, statement: UUID, form: str, wanted: Redaction, by: str) -> UUID:
    """Keep a redaction of the draft as it stands.

    :raises BadRedaction: the law does not allow it, or it does not fit the text.
    """
    draft = read_draft(tx, statement, form)
    published = last_version(tx, statement, form, "publication")
    check(draft.document, draft.form, wanted, "amended" if published else "first")
    text = draft.document.get(wanted.place)
    digest = text_digest(text) if isinstance(text, str) and wanted.starts is not None else b""
    key = new_id()
    tx.raw.execute(
        "INSERT INTO madoguchi.assessment_redaction (tenant, id, assessment_id, form, place, starts, ends, text_digest,"
        " ground, reason, by_whom, at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            tx.tenant,
            key,
            statement,
            form,
            str(wanted.place),
            wanted.starts,
            wanted.ends,
            digest,
            wanted.ground,
            wanted.reason,
            by,
            clock.now(),
        ),
    )
    _confirm_anew(tx, clock, statement)
    return key


def lift(tx: Transaction, clock: Clock, redaction: UUID, by: str) -> bool:
    """End a redaction. Returns False when it was ended already."""
    done = tx.raw.execute(
        "UPDATE madoguchi.assessment_redaction SET lifted_by = %s, lifted_at = %s"
        " WHERE tenant = %s AND id = %s AND lifted_at IS NULL RETURNING assessment_id",
        (by, clock.now(), tx.tenant, redaction),
    ).fetchone()
    if done is None:
        return False
    _confirm_anew(tx, clock, done[0])
    return True


def _confirm_anew(tx: Transaction, clock: Clock, statement: UUID) -> None:
    """What was confirmed was confirmed of another public text: nobody changes it alone after the others have looked."""
    tx.raw.execute(
        "UPDATE madoguchi.assessment_confirmation AS c SET void_at = %s FROM madoguchi.assessment AS a"
        " WHERE a.tenant = %s AND a.id = %s AND c.tenant = a.tenant AND c.case_id = a.case_id AND c.void_at IS NULL",
        (clock.now(), tx.tenant, statement),
    )
