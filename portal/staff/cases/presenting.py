"""A case in words for the screen: what can be done and why not, and its history. Shared by every desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from markupsafe import Markup

from portal.staff.cases.near import near
from portal.staff.people import MACHINES, staff_names
from storage.clock import JAPAN
from storage.database import Transaction
from workflows.engine import Actor, CaseView, Definition, Engine, Option
from workflows.engine.definition import Field
from workflows.engine.picture import draw
from workflows.law.terms import Term

REASONS = {
    "applicant-request": "本人の申し出",
    "not-eligible": "要件に当てはまらない",
    "documents-missing": "書類がそろわない",
    "mistake": "まちがって始めた",
    "no-longer-needed": "必要がなくなった",
    "confirmed-otherwise": "ほかの方法で確かめた",
}
"""Codes for a step's ``reason``. The journal keeps the code; these are its words on the screen."""


CHOICES = {
    "reason": REASONS,
    "decision": {"PROVIDE": "提供する", "REFUSE": "提供しない", "WITHHOLD": "不開示にする"},
    "ground": {
        "NO_PERMIT": "許可がない、または許可と求めが合わない",
        "PIA_UNPUBLISHED": "評価書が公表されていない（番号法28条6項）",
        "OUT_OF_SCOPE": "条例で定めた範囲の外",
        "WRONG_PERSON_SUSPECTED": "別の人のおそれがある",
    },
}
"""Fields of a step whose codes are a closed list: field to code to words. Nobody types a code."""

FIELDS = {
    "reason": "理由の区分",
    "inquiry": "照会",
    "decision": "判断の案",
    "ground": "提供しない法律上の理由",
}


DETAILS = {
    "affair": "事務",
    "procedure": "手続き",
    "receipt_no": "受付番号",
    "application": "申請",
    "inquiry": "照会",
    "law_row": "法令の表の行",
    "holder": "求めた先",
    "items": "項目",
    "exchange_id": "記録番号",
    "acquisition_id": "符号の取得番号",
    "as_of": "基準日",
    "keep_until": "保存の期限",
    "cause": "原因",
    "code": "結果の区分",
    "result": "結果",
    "decision": "判断の案",
    "ground": "提供しない法律上の理由",
    "reason": "理由の区分",
    "reasons": "理由",
    "why": "理由",
    "at": "日時",
    "from_version": "前の版",
    "to_version": "新しい版",
}
"""What a step was given, in words; a name that is not here is shown as it stands in the journal."""


UNSAID = frozenset({"application"})
"""References that the page says better elsewhere: the trail above the heading leads to the application."""

DetailWords = Callable[[str, str, str], str]


def two(language: str) -> str:
    """The languages that definitions are written in: Japanese and English."""
    return "en" if language == "en" else "ja"


def due_day(definition: Definition, name: str, due_at: datetime) -> date:
    """The day a deadline is meant by: one that ends with a day falls due with the midnight after it."""
    term = definition.deadlines[name].term if name in definition.deadlines else None
    starts = isinstance(term, Term) and term.at != "end"
    return (due_at if starts else due_at - timedelta(microseconds=1)).astimezone(JAPAN).date()


@dataclass(frozen=True)
class Action:
    """One button of the case page: allowed, or with every reason why not."""

    trigger: str
    label: str
    allowed: bool
    reasons: tuple[str, ...]
    fields: tuple[Field, ...]
    article: str | None


@dataclass(frozen=True)
class Line:
    """One line of the history."""

    at: datetime
    label: str
    before: str
    after: str
    who: str
    purpose: str
    article: str | None
    details: tuple[tuple[str, str], ...]
    way: tuple[str | None, str]

    @property
    def stays(self) -> bool:
        """Whether the case stands where it stood before."""
        return self.way[0] == self.way[1]


def actions(engine: Engine, tx: Transaction, case: CaseView, actor: Actor, language: str) -> list[Action]:
    """What can be done with a case from here by this person."""
    definition = engine.definition(case)
    return [
        _action(engine, definition, case, option, two(language))
        for option in engine.options(tx, case.id, actor)
    ]


def _action(engine: Engine, definition: Definition, case: CaseView, option: Option, language: str) -> Action:
    trigger = definition.triggers[option.trigger]
    return Action(
        option.trigger,
        option.label[language],
        option.allowed,
        tuple(engine.reason_text(reason, case, language) for reason in option.reasons),
        trigger.input,
        trigger.article,
    )


def history(
    engine: Engine, tx: Transaction, case: CaseView, language: str, known: DetailWords | None = None
) -> list[Line]:
    """The steps of a case, newest first, with names instead of references.

    :param known: words for the codes a step was given: from field, code and language.
    """
    reader, language = language, two(language)
    definition = engine.definition(case)
    steps = engine.history(tx, case.id)
    names = staff_names(tx, (step.actor_id for step in steps))
    lines = [
        Line(
            at=step.at,
            label=_trigger_label(definition, step.trigger, language),
            before=_state_label(definition, step.before, language),
            after=_state_label(definition, step.after, language),
            who=names.get(step.actor_id) or MACHINES.get(step.actor_kind) or step.actor_id,
            purpose=step.purpose,
            article=step.article,
            details=_details(step.input, known, reader),
            way=(step.before, step.after),
        )
        for step in steps
    ]
    return lines[::-1]


def state_label(engine: Engine, case: CaseView, language: str) -> str:
    """The state of a case in words."""
    return _state_label(engine.definition(case), case.state, two(language))


def picture(engine: Engine, case: CaseView, language: str, lines: Sequence[Line] | None = None) -> Markup:
    """The way the case can go, its place marked. The engine escapes every label.

    :param lines: its history; then only the way it came and the next steps are drawn.
    """
    if lines is None:
        return Markup(engine.picture(case, two(language)))  # noqa: S704
    part = near(engine.definition(case), case.state, [line.way for line in lines])
    return Markup(draw(part, case.state, two(language), prefix="near"))  # noqa: S704


def next_steps(definition: Definition, state: str, language: str) -> list[tuple[str, str]]:
    """What can follow a state, in words: the name of the step and the state it leads to. The picture shows the same."""
    return [
        (trigger.label[two(language)], definition.states[move.to].label[two(language)])
        for trigger in definition.triggers.values()
        for move in trigger.moves
        if move.source == state and move.to != state
    ]


def tone(definition: Definition, state: str) -> str:
    """How a state looks in a list: final ones quiet, those that could not go on loud, the others waiting."""
    if state in ("dead", "blocked", "denied", "refused"):
        return "stop"
    return "none" if definition.states[state].kind == "final" else "wait"


def _trigger_label(definition: Definition, name: str, language: str) -> str:
    trigger = definition.triggers.get(name)
    if trigger is None and name == definition.opening.name:
        trigger = definition.opening
    return trigger.label[language] if trigger else name


def _state_label(definition: Definition, name: str, language: str) -> str:
    state = definition.states.get(name)
    return state.label[language] if state else ""


def _details(
    given: Mapping[str, Any], known: DetailWords | None, language: str
) -> tuple[tuple[str, str], ...]:
    """What a step was given, field by field; an affair that is its own procedure is said once."""
    told = []
    for key, value in given.items():
        if key in UNSAID or (key == "procedure" and value == given.get("affair")):
            continue
        many = value if isinstance(value, list | tuple) else [value]
        if known and all(isinstance(one, str) for one in many):
            value = [_words(known(key, one, language)) for one in many]
        told.append((DETAILS.get(key, key), _words(value)))
    return tuple(told)


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return "、".join(f"{key}={_words(one)}" for key, one in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "、".join(_words(one) for one in value)
    return next((words[value] for words in CHOICES.values() if value in words), str(value))
