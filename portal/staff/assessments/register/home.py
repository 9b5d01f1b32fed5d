"""The home of a statement: where it stands on its way, what can be done now and why not, what is due, what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pyramid.request import Request

from portal.staff.assessments.gate import AtDesk, statement_at
from portal.staff.assessments.links import links_of
from portal.staff.assessments.register import words
from portal.staff.assessments.register.listing import tone
from portal.staff.assessments.register.possible import possible, waiting
from portal.staff.cases import presenting
from portal.staff.people import MACHINES, staff_names
from portal.web.permissions import identity_permits
from privacy_assessment.consultation.store import last_consultation
from privacy_assessment.forms import completion
from privacy_assessment.statements import overview
from privacy_assessment.statements.counted import counts_of, drift_of, judgements
from privacy_assessment.statements.internal import turns
from privacy_assessment.statements.store import read_body, read_drafts
from workflows.law.calendar import days_between

# The way forward of each machine; what lies beside it (amending, reassessing, the end) is told under the way.
WAYS = {
    "assessment_basic": ("planned", "threshold_done", "drafting", "submitted", "published"),
    "assessment_focused": ("planned", "threshold_done", "drafting", "submitted", "published"),
    "assessment_full_local": (
        "planned", "threshold_done", "drafting", "consulting", "revising", "third_party", "ready", "submitted",
        "published",
    ),
    "assessment_full_national": (
        "planned", "threshold_done", "drafting", "consulting", "revising", "ppc_review", "ppc_decision", "approved",
        "published",
    ),
}  # fmt: skip
# Where a state beside the way belongs on it.
BESIDE = {
    "amending": "published",
    "amend_submitted": "published",
    "reassessing": "drafting",
    "ended": "published",
}


def home(request: Request) -> dict[str, Any]:
    """Everything about a statement that is not its text."""
    found = statement_at(request)
    engine, language = request.assessments.engine, presenting.two(request.language)
    steps = possible(request, found)
    kept = judgements(request.tx, found.statement.id)
    today = request.clock.today()
    here = {trigger.name for trigger in found.definition.by_state[found.case.state]}
    inside = turns(request.tx, found.case.id, here)
    done = request.GET.get("done", "")
    names = staff_names(
        request.tx, [one.confirmed_by for one in inside if one.confirmed_by] + [one.by for one in kept[:1]]
    )
    versions = overview.versions_of(request.tx, found.statement.id)
    return {
        "found": found,
        "statement": found.statement,
        "body": read_body(request.tx, found.statement.body),
        "state": found.state,
        "tone": tone(found.case.state),
        "machine": found.definition.label[language],
        # The tables of the machine's own documentation, in brackets, mean nothing on a desk.
        "law": (found.definition.law or "").partition("（")[0],
        "may_write": found.editable,
        "way": way(found, language),
        "forward": [one for one in steps if one.allowed and not one.rare],
        "rare": [one for one in steps if one.allowed and one.rare],
        "refused": [one for one in steps if not one.allowed and not one.others],
        "others": [one for one in steps if not one.allowed and one.others],
        "inside": inside,
        "inside_open": bool(waiting(request, found)),
        "names": names,
        "role_words": words.ROLES,
        "labels": {name: trigger.label[language] for name, trigger in found.definition.triggers.items()},
        "links": [
            link
            for link in links_of(request.registry, found.statement, found.case)
            if identity_permits(request.identity, None, link.permission)
        ],
        "forms": _forms(request, found, today),
        "form_words": words.FORMS,
        "judged": kept[0] if kept else None,
        "owed": words.OWED,
        "drift": drift_of(kept, counts_of(request.tx, found.statement.id, 1), today),
        "consultation": _consultation(request, found, today),
        "dues": _dues(request, found, language),
        "today": today,
        "affairs": [request.desk.affair_name(code, request.language) for code in found.statement.affairs],
        "versions": versions,
        "version_people": staff_names(request.tx, [one.by for one in versions]),
        "purposes": words.PURPOSES,
        "history": history(request, found, language),
        "picture": presenting.picture(engine, found.case, language),
        "done": found.definition.triggers[done].label[language]
        if done in found.definition.triggers
        else done,
        "changed": any(one.purpose == "publication" for one in versions),
    }


def way(found: AtDesk, language: str) -> list[dict[str, str]]:
    """The way forward as stations: behind, here, ahead."""
    stations = WAYS[found.case.kind]
    state = found.case.state
    at = BESIDE.get(state, state)
    place = stations.index(at) if at in stations else -1
    return [
        {
            "label": found.definition.state_label(name, language),
            "where": "here" if number == place else "behind" if number < place else "ahead",
        }
        for number, name in enumerate(stations)
    ]


def _forms(request: Request, found: AtDesk, today: date) -> list[dict[str, Any]]:
    drafts = read_drafts(request.tx, found.statement.id)
    told = []
    for name in found.statement.forms:
        if name not in drafts:
            continue
        draft = drafts[name]
        states = completion(draft.document, draft.form, today)
        total = sum(one.wanted for one in states)
        filled = sum(one.filled for one in states)
        told.append(
            {
                "form": name,
                "filled": filled,
                "total": total,
                "percent": 100 * filled // total if total else 100,
                "version": draft.version,
                "updated_at": draft.updated_at,
                "edition": draft.document.edition,
            }
        )
    return told


def _consultation(request: Request, found: AtDesk, today: date) -> dict[str, Any] | None:
    if "consulting" not in found.definition.states:
        return None
    one = last_consultation(request.tx, found.case.id)
    if one is None:
        return None
    return {
        "opens": one.opens,
        "closes": one.closes,
        "days": days_between(one.opens, one.closes, both_ends=True),
        "left": max(0, (one.closes - today).days + 1) if one.opens <= today else None,
    }


def _dues(request: Request, found: AtDesk, language: str) -> list[dict[str, Any]]:
    told = []
    for one in overview.dues(request.tx, statement=found.statement.id):
        deadline = found.definition.deadlines.get(one.name)
        told.append(
            {
                "label": deadline.label[language] if deadline else one.name,
                "day": presenting.due_day(found.definition, one.name, one.due_at),
                "rule": one.rule,
            }
        )
    return told


def history(request: Request, found: AtDesk, language: str) -> list[dict[str, Any]]:
    """The journal, newest first, with words instead of codes and names instead of references."""
    engine = request.assessments.engine
    steps = engine.history(request.tx, found.case.id)
    names = staff_names(request.tx, (step.actor_id for step in steps))
    triggers = found.definition.triggers
    told = []
    for step in reversed(steps):
        trigger = triggers.get(step.trigger)
        label = trigger.label[language] if trigger else request.texts.plain("計画に入れる")
        told.append(
            {
                "at": step.at,
                "label": label,
                "before": found.definition.state_label(step.before, language)
                if step.before in found.definition.states
                else "",
                "after": found.definition.state_label(step.after, language),
                "who": names.get(step.actor_id) or MACHINES.get(step.actor_kind) or step.actor_id,
                "purpose": _purpose(found, step.purpose, language),
                "article": step.article,
                "details": _details(step.input),
            }
        )
    return told


def _purpose(found: AtDesk, purpose: str, language: str) -> str:
    """Why a step was taken; the clock gives the name of the deadline that it followed."""
    kind, _, name = purpose.partition(":")
    if kind == "deadline" and name in found.definition.deadlines:
        return found.definition.deadlines[name].label[language]
    return purpose


def _details(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    told = []
    for name, value in given.items():
        # References to rows mean nothing to a reader; that they were there is in the journal itself.
        if name in ("judgement", "review", "threads", "assessment", "step", "before"):
            continue
        told.append((words.FIELDS.get(name, name), words.CODE_WORDS.get(str(value), _plain(value))))
    return told


def _plain(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "、".join(str(one) for one in value)
    return str(value)
