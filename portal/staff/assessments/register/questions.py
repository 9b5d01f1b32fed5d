"""The questions of the threshold, answered in the address: people counted, people who handle, accidents (規則4条・6条・7条)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from portal.staff.assessments.register.common import typed_day
from portal.web.text import ascii_field
from privacy_assessment.threshold import Accident, Figures

MOST_ACCIDENTS = 10
DIGITS = 10
LOSSES = {
    "leak": "漏えい（外に出た）",
    "loss": "滅失（なくなった）",
    "damage": "毀損（こわれた・書き換えられた）",
}
FLAGS = ("intentional", "delivery", "specific")


@dataclass
class Answers:
    """What was answered so far.

    :param question: the one to ask now: ``""`` (none yet begun), ``persons``, ``handlers``, ``accident``, ``a<number>`` or ``result``.
    :param errors: what is wrong, by field name.
    """

    question: str = ""
    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    persons: int | None = None
    persons_on: date | None = None
    handlers: int | None = None
    handlers_on: date | None = None
    accidents: list[Accident] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every question is answered."""
        return self.question == "result"

    @property
    def carried(self) -> dict[str, str]:
        """The answers of the other questions, by field name, for the form of this one."""
        mine = FIELDS_OF.get(self.question, ())
        if self.question.startswith("a") and self.question[1:].isdigit():
            mine = tuple(name for name in self.values if name.startswith(f"{self.question}_"))
        return {
            name: value
            for name, value in self.values.items()
            if name not in mine and name not in ("q", "more", "chosen")
        }

    def figures(self) -> Figures:
        """The figures to judge; only when complete."""
        assert self.persons is not None
        assert self.persons_on is not None
        assert self.handlers is not None
        assert self.handlers_on is not None
        return Figures(self.persons, self.persons_on, self.handlers, self.handlers_on, tuple(self.accidents))


FIELDS_OF = {
    "persons": ("persons", "persons_on"),
    "handlers": ("handlers", "handlers_on"),
    "accident": ("accident",),
}


def read_answers(given: Mapping[str, str], today: date) -> Answers:
    """Read the address: the first question that has no good answer is the one to ask."""
    known = {name: given[name][:60] for name in given if _known(name)}
    answers = Answers(values=known)
    if not known:
        return answers
    asked = known.get("q", "")
    answers.persons, answers.persons_on = _number(answers, "persons", "persons_on", today)
    answers.handlers, answers.handlers_on = _number(answers, "handlers", "handlers_on", today)
    for name in ("persons", "handlers"):
        if name not in known or any(one in answers.errors for one in FIELDS_OF[name]):
            return _at(answers, name)
    if known.get("accident") not in ("yes", "no"):
        if "accident" in known:
            answers.errors["accident"] = "あったか、なかったかを選んでください"
        return _at(answers, "accident")
    if known["accident"] == "yes":
        number = 0
        while number < MOST_ACCIDENTS and (
            number == 0 or f"a{number}_known_on" in known or known.get("more") == str(number)
        ):
            one = _accident(answers, number, today)
            if one is None:
                return _at(answers, f"a{number}")
            answers.accidents.append(one)
            number += 1
    if asked in FIELDS_OF or (asked.startswith("a") and asked[1:].isdigit()):
        return _at(answers, asked)
    answers.question = "result"
    return answers


def _known(name: str) -> bool:
    if name in ("q", "more", "persons", "persons_on", "handlers", "handlers_on", "accident"):
        return True
    head, _, tail = name.partition("_")
    numbered = head.startswith("a") and head[1:].isdigit() and int(head[1:]) < MOST_ACCIDENTS
    return numbered and tail in ("loss", "persons", "staff", "happened_on", "known_on", *FLAGS)


def _at(answers: Answers, question: str) -> Answers:
    answers.question = question
    return answers


def _number(answers: Answers, name: str, day_name: str, today: date) -> tuple[int | None, date | None]:
    if name not in answers.values:
        return None, None
    number = _people(answers, name)
    day = _day(answers, day_name, today, required=True)
    return number, day


def _people(answers: Answers, name: str, required: bool = True) -> int | None:
    text = ascii_field(answers.values.get(name, "")).replace(",", "")
    if not text and not required:
        return 0
    if not text.isdecimal() or len(text) > DIGITS:
        answers.errors[name] = "人数を数字で入れてください"
        return None
    return int(text)


def _day(answers: Answers, name: str, today: date, required: bool) -> date | None:
    try:
        day = typed_day(answers.values.get(name, ""))
    except ValueError:
        answers.errors[name] = "日付として読めません。例のように入れてください"
        return None
    if day is None and required:
        answers.errors[name] = "日付を入れてください"
    elif day is not None and day > today:
        answers.errors[name] = "将来の日付です。実際の日を入れてください"
    return day


def _accident(answers: Answers, number: int, today: date) -> Accident | None:
    values, head = answers.values, f"a{number}_"
    if f"{head}known_on" not in values:
        return None
    loss = values.get(f"{head}loss", "")
    if loss not in LOSSES:
        answers.errors[f"{head}loss"] = "何が起きたかを選んでください"
    persons = _people(answers, f"{head}persons")
    staff = _people(answers, f"{head}staff", required=False)
    known = _day(answers, f"{head}known_on", today, required=True)
    happened = _day(answers, f"{head}happened_on", today, required=False)
    if known and happened and happened > known:
        answers.errors[f"{head}happened_on"] = "起きた日が、知った日より後です"
    if any(name.startswith(head) for name in answers.errors) or known is None:
        return None
    return Accident(
        happened,
        known,
        loss,
        persons or 0,
        values.get(f"{head}intentional") == "yes",
        staff or 0,
        values.get(f"{head}delivery") == "yes",
        values.get(f"{head}specific") == "yes",
    )
