"""Checks a document against its form: errors stop a submission, warnings need a reason. Nothing is thrown away for being wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from privacy_assessment.forms.address import citation
from privacy_assessment.forms.dates import NoSuchDay, parse_day
from privacy_assessment.forms.document import (
    BadPlace,
    Document,
    Place,
    Value,
    answers,
    applies,
    check_place,
    places,
)
from privacy_assessment.forms.model import FILE, Form, Item

# No official limit is known; beyond this a printed item runs over many pages.
LONG = 5000
TOO_LONG = 200_000
STAGES = ("draft", "submission")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong (``error``) or odd (``warning``) at a place.

    :param code: names the rule, for reasons given to warnings.
    :param where: the place as people point at it.
    :param text: what is wrong and what to do.
    """

    level: str
    code: str
    place: str
    where: str
    text: str


@dataclass(frozen=True, slots=True)
class SectionState:
    """How far a section (of one file) is: 未入力, 入力中, 入力済み or 要修正."""

    section: str
    file: str | None
    wanted: int
    filled: int
    errors: int

    @property
    def state(self) -> str:
        """One word for the side navigation."""
        if self.errors:
            return "to_fix"
        if self.filled >= self.wanted:
            return "done"
        return "started" if self.filled else "empty"


def validate(document: Document, form: Form, today: date, stage: str = "submission") -> list[Problem]:
    """Everything wrong with a document.

    :param stage: ``draft`` does not ask for what only the procedure brings (opinions, third-party review).
    """
    found = list(_strangers(document, form))
    if any(section.per_file for section in form.sections) and not document.rows_of(FILE):
        text = "特定個人情報ファイルが一つもありません。ファイルを追加してください。"
        found.append(Problem("error", "no_file", FILE, "Ⅱ", text))
    for item, place in places(document, form):
        found += _field(document, form, item, place, today, stage)
    found += _repeats(document, form)
    return found


def completion(document: Document, form: Form, today: date, stage: str = "submission") -> list[SectionState]:
    """Each section (once for each file) with how much of what is needed is there."""
    tally: dict[tuple[str, str | None], list[int]] = {}
    for section in form.sections:
        for file in document.rows_of(FILE) if section.per_file else [None]:
            tally[section.key, file] = [0, 0, 0]
    for item, place in places(document, form):
        per_file = form.by_section[item.section].per_file
        counts = tally[item.section, place.rows[0] if per_file else None]
        filled = document.get(place) is not None
        if needed(document, item, place.rows, stage):
            counts[0] += 1
            counts[1] += filled
        if filled:
            counts[2] += any(p.level == "error" for p in _field(document, form, item, place, today, stage))
    return [SectionState(section, file, *counts) for (section, file), counts in tally.items()]


def needed(document: Document, item: Item, rows: tuple[str, ...], stage: str) -> bool:
    """Whether an item has to be filled in at a stage."""
    return (
        item.required
        and item.stored
        and item.type not in ("check", "file")
        and STAGES.index(item.stage) <= STAGES.index(stage)
        and applies(document, item, rows)
    )


def _strangers(document: Document, form: Form) -> Iterator[Problem]:
    """Values at places this edition does not have: kept, shown, and to be moved or emptied by a person."""
    for text in document.values:
        try:
            check_place(document, form, Place.parse(text))
        except BadPlace:
            yield Problem(
                "error",
                "no_such_field",
                text,
                text,
                "この様式にない項目に記載があります。記載は残してあります。正しい項目に移すか、消してください。",
            )


def _field(
    document: Document, form: Form, item: Item, place: Place, today: date, stage: str
) -> Iterator[Problem]:
    value = document.get(place)
    where = citation(form, item, document, place.rows)
    if value is None:
        if needed(document, item, place.rows, stage):
            yield Problem(
                "error", "missing", str(place), where, f"「{item.label}」が未記入です。記入してください。"
            )
        return
    if not applies(document, item, place.rows):
        yield Problem(
            "warning",
            "not_applicable",
            str(place),
            where,
            f"「{item.label}」は、関係する項目の回答からは記載が要りません。回答か記載のどちらかを見直してください。",
        )
    for level, code, text in _value(item, value, today):
        yield Problem(level, code, str(place), where, text)


def _value(item: Item, value: Value, today: date) -> Iterator[tuple[str, str, str]]:
    label = f"「{item.label}」"
    if item.type in ("text", "longtext", "number", "file") and not isinstance(value, str):
        yield "error", "wrong_type", f"{label}には文字を記入してください。前の記載は残してあります。"
    elif item.type == "text" and "\n" in str(value):
        yield "warning", "line_break", f"{label}は1行の項目ですが、改行があります。"
    elif item.type in ("text", "longtext"):
        yield from _text(label, str(value))
    elif item.type == "number" and not str(value).isdecimal():
        yield "error", "not_a_number", f"{label}には数を記入してください。"
    elif item.type == "date":
        yield from _day(item, label, value, today)
    elif item.type == "select":
        if not isinstance(value, str) or value not in item.choices:
            yield "error", "not_a_choice", f"{label}は選択肢から選んでください。記載は残してあります。"
    elif item.type == "multicheck":
        yield from _choices(item, label, value)
    elif item.type == "check" and value is not True:
        yield "error", "wrong_type", f"{label}は印を付けるか、付けないかです。"


def _text(label: str, value: str) -> Iterator[tuple[str, str, str]]:
    if len(value) > TOO_LONG:
        yield "error", "too_long", f"{label}が{TOO_LONG:,}字を超えています。別添に分けてください。"
    elif len(value) > LONG:
        yield "warning", "long", f"{label}が{len(value):,}字あります。読みやすい長さか確かめてください。"
    if any(ord(char) < 32 and char not in "\n\t" for char in value):
        yield "error", "control_character", f"{label}に見えない制御文字があります。書き直してください。"
    if "\ufffd" in value:
        yield (
            "warning",
            "broken_character",
            f"{label}に文字化けの跡（\ufffd）があります。原本と照らしてください。",
        )


def _day(item: Item, label: str, value: Value, today: date) -> Iterator[tuple[str, str, str]]:
    try:
        day = parse_day(str(value))
    except NoSuchDay:
        yield "error", "not_a_day", f"{label}が暦にある日付ではありません。例：令和8年11月22日、2026-11-22"
        return
    if day.year < 2014 and item.key != "f1.rows.hold_start":
        yield "warning", "old_day", f"{label}が制度の始まりより前です。年を確かめてください。"
    if day > today and item.key in PAST_DAYS:
        yield "error", "future_day", f"{label}が将来の日付です。実際の日を記入してください。"


# Days of things that have already happened when the document is handed in.
PAST_DAYS = frozenset(
    {"f2.2.1d", "f2.2.2d", "f3.5.1.1", "f4.6.1.1", "f3.5.3.1", "f4.6.3.1", "f4.6.4.1", "c.approved_on"}
)


def _choices(item: Item, label: str, value: Value) -> Iterator[tuple[str, str, str]]:
    if not isinstance(value, dict):
        yield "error", "wrong_type", f"{label}は選択肢から選んでください。"
        return
    chosen, texts = value.get("chosen", []), value.get("texts", {})
    if any(str(code) not in item.choices for code in chosen) or len(answers(value)) != len(chosen):
        yield "error", "not_a_choice", f"{label}にない選択肢があります。選び直してください。"
    for code in chosen:
        option = item.choices.get(str(code))
        if option is not None and option.text and not str(texts.get(str(code), "")).strip():
            yield (
                "warning",
                "other_without_text",
                f"{label}の「{option.label}」の内容が書かれていません。内容を書いてください。",
            )


def _repeats(document: Document, form: Form) -> Iterator[Problem]:
    """A repeat that must have rows has one, and one that does not apply has none."""
    for item in form.all_items:
        if item.type != "repeat":
            continue
        for rows in [(row,) for row in document.rows_of(FILE)] if item.repeats == (FILE,) else [()]:
            count = len(document.rows_of(item.key, rows))
            wanted = applies(document, item, rows)
            place = str(Place(item.key, rows))
            where = citation(form, item, document, rows)
            if wanted and item.required and not count:
                text = f"「{item.label}」が一つもありません。追加してください。"
                yield Problem("error", "no_rows", place, where, text)
            if not wanted and count:
                yield Problem(
                    "warning",
                    "rows_not_applicable",
                    place,
                    where,
                    f"「{item.label}」が{count}件ありますが、関係する回答では「ない」となっています。どちらかを直してください。",
                )
