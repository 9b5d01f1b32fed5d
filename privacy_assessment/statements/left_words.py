"""Words left out in one place that can be read in another: a person says of each such place that they stay, and why (規則10条).

A decision is bound to the words and the place. Other words left out, or the same words in a further place, ask for one of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from privacy_assessment.forms import Place, citation
from privacy_assessment.publication.selecting import left_standing
from privacy_assessment.redaction import Redaction, problems, public
from privacy_assessment.statements.models import Draft, Statement, StatementRefused
from privacy_assessment.statements.notes import Notes
from privacy_assessment.statements.redactions import Kept
from storage.database import Transaction

# How the code of such a reason begins; the fingerprint of the words follows.
CODE = "left_out:"
# The title stands on every public page and belongs to no form.
TITLE = "title"
# States from which the next publication is an amendment (規則14条); from every other it follows a whole procedure.
AMENDING = frozenset({"published", "amending", "amend_submitted"})


@dataclass(frozen=True, slots=True)
class LeftWord:
    """A place where words can be read that are left out somewhere else.

    :param form: ``title`` for the name of the statement. :param where: the place as people cite it. :param source: where they are
        left out. :param words: as they stand in the source. :param reason: why they stay; None while nobody decided. :param by: who did.
    """

    form: str
    place: str
    where: str
    source: str
    words: str
    code: str
    reason: str | None
    by: str | None

    @property
    def key(self) -> str:
        """How a form of a page names it."""
        return f"{self.code}|{self.form}|{self.place}"


def publication_of(state: str) -> str:
    """``first`` or ``amended``: which grounds hold for the publication that comes next."""
    return "amended" if state in AMENDING else "first"


def left_words(
    tx: Transaction,
    statement: Statement,
    drafts: Mapping[str, Draft],
    kept: Mapping[str, Sequence[Kept]],
    publication: str,
) -> list[LeftWord]:
    """Every such place of the public rendering as it would be made now, decided or not."""
    if not any(kept.values()):
        return []
    wanted: dict[str, list[Redaction]] = {}
    shown: dict[str, Mapping[str, str]] = {TITLE: {"": statement.title}}
    for form in statement.forms:
        draft = drafts[form]
        # What may not be left out stops the publication by itself.
        wanted[form] = [
            one.redaction
            for one in kept[form]
            if not problems(draft.document, draft.form, [one.redaction], publication)
        ]
        shown[form] = public(draft.document, draft.form, wanted[form], publication).texts
    reasons = _reasons(tx, statement)
    found: dict[str, LeftWord] = {}
    for one in left_standing({form: drafts[form].document for form in statement.forms}, wanted, shown):
        code = f"{CODE}{one.digest}"
        reason, by = reasons.get((one.form, code, one.place), (None, None))
        where = "評価書の名称" if one.form == TITLE else _where(drafts[one.form], one.place)
        left = LeftWord(
            one.form,
            one.place,
            where,
            _where(drafts[one.source_form], one.source),
            one.words,
            code,
            reason,
            by,
        )
        found.setdefault(left.key, left)
    return list(found.values())


def let_stand(
    tx: Transaction, notes: Notes, statement: Statement, places: Sequence[LeftWord], reason: str, by: str
) -> None:
    """Keep that words stay in these places, and why.

    :raises StatementRefused: no reason; nothing was kept then.
    """
    if not places:
        raise StatementRefused("NOTHING", "残すところが選ばれていません。保存していません。選んでください。")
    for one in places:
        notes.give_reason(tx, statement.id, one.form, one.code, one.place, reason, by)


def _reasons(tx: Transaction, statement: Statement) -> dict[tuple[str, str, str], tuple[str, str]]:
    rows = tx.raw.execute(
        "SELECT form, code, place, reason, by_whom FROM madoguchi.assessment_reason WHERE tenant = %s AND assessment_id = %s"
        " AND starts_with(code, %s)",
        (tx.tenant, statement.id, CODE),
    ).fetchall()
    return {(form, code, place): (reason, by) for form, code, place, reason, by in rows}


def _where(draft: Draft, text: str) -> str:
    place = Place.parse(text)
    item = draft.form.by_key.get(place.key)
    return citation(draft.form, item, draft.document, place.rows) if item is not None else text
