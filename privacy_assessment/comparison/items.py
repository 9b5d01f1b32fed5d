"""Two versions of a statement compared item by item, with a proposal of what the change is in law (規則11条・14条).

A change of an item marked ※ is proposed as 重要な変更, any other as 修正. Typing errors and mere form are proposed as 修正 even on a
※ item (指針第6の2(2)). It stays a proposal: a person decides, with a reason.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from privacy_assessment.comparison.text import Segment, compare
from privacy_assessment.forms import Document, Form, Item, Place, citation, places, plain

MATERIAL = "material"
AMENDMENT = "amendment"
# Named by 規則11条 itself; nothing but the harmless exceptions lets its change be anything else than material.
NAMED_BY_RULE = frozenset({"f3.2.2.3", "f4.2.2.3"})
# The form's own record of its changes and its cover days are not part of what is assessed.
NOT_COMPARED = re.compile(r"^(c\.published_on|c\.approved_on|f\d\.chg(\..*)?)$")


@dataclass(frozen=True)
class Change:
    """One item that is not as it was.

    :param kind: ``changed``, ``added`` (a row or file that is new), ``removed``, or ``moved_edition`` (the new edition lacks it).
    :param where: the address on the form the change is written on.
    :param proposal: ``material`` or ``amendment``. :param why: the rule behind the proposal.
    """

    place: Place
    where: str
    label: str
    kind: str
    before: str
    after: str
    marked: bool
    proposal: str
    why: str

    @cached_property
    def segments(self) -> list[Segment]:
        """The comparison of the two texts, made when a page shows it."""
        return compare(self.before, self.after)


def changes(old: Document, old_form: Form, new: Document, new_form: Form) -> list[Change]:
    """Every item that differs, in the order of the new form; what only the old one has comes last."""
    before = {str(place): (item, place) for item, place in places(old, old_form) if _counts(item)}
    found = []
    for item, place in places(new, new_form):
        if not _counts(item):
            continue
        known = before.pop(str(place), None)
        one = plain(known[0], old.get(place)) if known else ""
        other = plain(item, new.get(place))
        if one != other:
            kind = "changed" if known else "added"
            found.append(_change(item, place, citation(new_form, item, new, place.rows), kind, one, other))
    for item, place in before.values():
        one = plain(item, old.get(place))
        if one:
            kind = "removed" if item.key in new_form.by_key else "moved_edition"
            found.append(_change(item, place, citation(old_form, item, old, place.rows), kind, one, ""))
    return found


def _counts(item: Item) -> bool:
    return item.stored and NOT_COMPARED.match(item.key) is None


def _change(item: Item, place: Place, where: str, kind: str, before: str, after: str) -> Change:
    proposal, why = propose(item, kind, before, after)
    return Change(place, where, item.label, kind, before, after, item.material, proposal, why)


def propose(item: Item, kind: str, before: str, after: str) -> tuple[str, str]:
    """What a change is likely to be in law, and by which rule."""
    if not item.material:
        return AMENDMENT, "※の付いていない項目の変更です（規則14条）。"
    if kind == "moved_edition":
        return AMENDMENT, "様式の改定で項目がなくなったものです（規則14条）。"
    if _bare(before) == _bare(after):
        return (
            AMENDMENT,
            "文字の幅・空白・句読点だけの違いで、誤字等の形式的な変更と見られます（指針第6の2(2)）。",
        )
    if item.key in NAMED_BY_RULE:
        return MATERIAL, "本人の範囲の変更です（規則11条が名指ししています）。"
    return MATERIAL, "※の付いた項目の変更です（規則11条、指針別表）。"


def _bare(text: str) -> str:
    return "".join(
        char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char)[0] not in "ZPC"
    )


@dataclass(frozen=True, slots=True)
class Decided:
    """What a person decided about a change.

    :param decision: ``material`` or ``amendment``. :param timing: ``before`` (事前) or ``after`` (事後) the change in practice.
    :param note: 提出時期に係る説明.
    """

    decision: str
    reason: str
    timing: str
    note: str


class BadDecision(ValueError):
    """A decision that cannot stand; nothing was stored. Holds a text for the person who decides."""


def check_decision(change: Change, decided: Decided) -> None:
    """Refuse a decision the rules do not allow.

    :raises BadDecision: naming the rule.
    """
    if decided.decision not in (MATERIAL, AMENDMENT) or decided.timing not in ("before", "after"):
        raise BadDecision("重要な変更か修正か、事前か事後かを選んでください。決定は保存していません。")
    if decided.decision != change.proposal and not decided.reason.strip():
        raise BadDecision(
            f"{change.where}：提案と違う決定には理由が要ります。決定は保存していません。理由を書いてください。"
        )
    if decided.decision == MATERIAL and decided.timing == "after":
        raise BadDecision(
            f"{change.where}：重要な変更は事前に評価を再実施します（番号法28条1項後段）。事後とする場合は規則9条2項の手続を使ってください。"
        )
    if decided.timing == "after" and not decided.note.strip():
        raise BadDecision(
            f"{change.where}：事後とする場合は提出時期に係る説明が要ります。説明を書いてください。"
        )


def flags(change: Change, decided: Decided) -> Iterator[str]:
    """What a second pair of eyes should look at in a decision that may stand."""
    if change.place.key in NAMED_BY_RULE and decided.decision == AMENDMENT:
        when = "事後の" if decided.timing == "after" else ""
        yield f"{change.where}：本人の範囲の変更が{when}修正とされています（規則11条）。理由を確かめてください。"
    elif change.proposal == MATERIAL and decided.decision == AMENDMENT:
        yield f"{change.where}：※の項目の変更が修正とされています。理由を確かめてください。"


TIMINGS = {"before": "1", "after": "2"}


def write_change_table(
    document: Document, form: Form, day: str, decided: list[tuple[Change, Decided]]
) -> list[str]:
    """Add the rows of 変更箇所 to a document (in 様式2 the last sheet, 様式3 別添2, 様式4 別添3).

    :param day: 変更日 as ISO date. :returns: the names of the rows added.
    """
    table = next(one for one in form.all_items if one.type == "repeat" and one.key.endswith(".chg"))
    added = []
    for change, decision in decided:
        row = document.add_row(table.key)
        values = {
            "changed_on": day,
            "item": change.where,
            "before": change.before or "（なし）",
            "after": change.after or "（削除）",
            "timing": TIMINGS[decision.timing],
            "timing_note": decision.note or _standard_note(decision),
        }
        for name, value in values.items():
            document.set(Place(f"{table.key}.{name}", (row,)), value)
        added.append(row)
    return added


def _standard_note(decision: Decided) -> str:
    if decision.decision == MATERIAL:
        return "重要な変更に当たるため、事前に評価を再実施して提出・公表する。"
    return decision.reason or "重要な変更に当たらないため。"
