"""What can be done with a statement from here, and why not: the machine's answer in the words of the desk."""

from __future__ import annotations

from dataclasses import dataclass

from pyramid.request import Request

from portal.staff.assessments.gate import AtDesk
from portal.staff.assessments.register import words
from portal.staff.cases import presenting
from privacy_assessment.machines import documents
from privacy_assessment.statements.internal import Turn, turns
from workflows.engine import Option, Reason
from workflows.engine.definition import NATURAL_ROLES

THRESHOLD = ("judge", "rejudge")
# A judgement is what these two steps ask for and what their page makes; asking for it here would be a circle.
MADE_THERE = frozenset({"not_judged", "kind_too_low"})
OTHERS = frozenset({"not_your_role", "not_your_confirmation"})
# Steps for a special occasion: shown apart from the way forward.
RARE = frozenset(
    {
        "rejudge", "invoke_emergency", "send_back", "revise_again", "schedule_publication", "give_up_change",
        "hand_over", "end", "drop", "amend", "reassess",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Possible:
    """One step of the machine on the page.

    :param label: the legal words. :param plain: the same for everybody, a key of the catalogues.
    :param article: the article it rests on, or None. :param document: what is handed in. :param term: by when, in words.
    :param reasons: everything that stands in the way; empty when allowed.
    :param others: nothing stands in the way but that somebody else does it.
    """

    trigger: str
    label: str
    plain: str
    article: str | None
    document: str
    term: str
    allowed: bool
    reasons: tuple[str, ...]
    path: str
    others: bool = False

    @property
    def rare(self) -> bool:
        """Whether it is for a special occasion."""
        return self.trigger in RARE


def possible(request: Request, found: AtDesk) -> list[Possible]:
    """Every step that somebody can take from the state the statement is in, allowed ones and refused ones."""
    engine = request.assessments.engine
    pending = waiting(request, found)
    options = engine.options(request.tx, found.case.id, found.actor)
    return [
        _possible(request, found, option, pending)
        for option in options
        if option.trigger != "confirm" or pending
    ]


def waiting(request: Request, found: AtDesk) -> list[Turn]:
    """Internal steps of the office that are asked for before a step of this state and are not confirmed yet."""
    here = {trigger.name for trigger in found.definition.by_state[found.case.state]}
    if "confirm" not in here:
        return []
    return [one for one in turns(request.tx, found.case.id, here) if one.confirmed_by is None]


def _possible(request: Request, found: AtDesk, option: Option, pending: list[Turn]) -> Possible:
    language = presenting.two(request.language)
    trigger = found.definition.triggers[option.trigger]
    reasons = tuple(_people(one) for one in option.reasons)
    if option.trigger in THRESHOLD:
        reasons = tuple(one for one in reasons if one.code not in MADE_THERE)
    if option.trigger == "confirm":
        # Asked without an input the machine cannot know which step is meant; whose turn it is, we know.
        turn = [one.step.role for one in pending if one.next]
        others = (
            () if found.actor.roles.intersection(turn) else (Reason("not_your_confirmation", role=turn[0]),)
        )
        reasons = tuple(one for one in reasons if one.code != "not_in_turn") + others
    law = documents().get(found.case.kind, {}).get(option.trigger, {})
    path = f"{found.path}/threshold" if option.trigger in THRESHOLD else f"{found.path}/act/{option.trigger}"
    engine = request.assessments.engine
    return Possible(
        option.trigger,
        option.label[language],
        words.PLAIN.get(option.trigger, ""),
        trigger.article,
        _said(law.get("document")),
        _said(law.get("deadline")),
        not reasons,
        tuple(engine.reason_text(reason, found.case, language) for reason in reasons),
        path,
        bool(reasons) and all(one.code in OTHERS for one in reasons),
    )


def _people(reason: Reason) -> Reason:
    """Who does it, without the clock and the product: nobody can ask those."""
    roles = tuple(one for one in reason.params.get("roles", ()) if one not in NATURAL_ROLES)
    return Reason(reason.code, **{**reason.params, "roles": roles}) if roles else reason


def _said(text: str | None) -> str:
    return "" if text in (None, "—") else str(text)
