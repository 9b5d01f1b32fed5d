"""しきい値判断, pure: counts and accidents in, the kind of assessment and every reason for it out (規則4条・6条・7条)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from privacy_assessment.threshold.table import KINDS, DecisionTable, PersonClass

KIND_NAMES = {
    "none": "義務なし（任意で実施可）",
    "basic": "基礎項目評価",
    "focused": "基礎項目評価及び重点項目評価",
    "full": "基礎項目評価及び全項目評価",
}


class CannotJudge(ValueError):
    """The figures cannot be true; nothing was judged. Holds a text for the person who gave them."""


@dataclass(frozen=True, slots=True)
class Accident:
    """Something that happened to 特定個人情報 at the body (or at its contractor).

    :param happened_on: the day it happened, or None when it is not known yet.
    :param known_on: the day the body learned of it.
    :param loss: ``leak``, ``loss`` or ``damage``.
    :param persons: people whose information it was, the body's own staff left out.
    """

    happened_on: date | None
    known_on: date
    loss: str
    persons: int
    intentional: bool = False
    own_staff: int = 0
    delivery_without_fault: bool = False
    specific: bool = True


@dataclass(frozen=True, slots=True)
class Figures:
    """What is judged: people in all files of the affair, people who handle them (contractors' too), with the days of counting."""

    persons: int
    persons_on: date
    handlers: int
    handlers_on: date
    accidents: tuple[Accident, ...] = ()


@dataclass(frozen=True)
class Judgement:
    """The outcome and why.

    :param owed: ``none``, ``basic``, ``focused`` or ``full`` (the latter two always with 基礎).
    :param cell: row (class of persons) and column (``quiet`` or ``strict``) of the table, for highlighting.
    :param why: sentences, each with its article.
    """

    owed: str
    person_class: PersonClass
    cell: tuple[str, str]
    many_handlers: bool
    accident: bool
    why: tuple[str, ...]
    table: str
    judged_on: date


def judge(figures: Figures, table: DecisionTable, today: date) -> Judgement:
    """Judge which assessment is owed.

    :raises CannotJudge: for figures that cannot be true.
    """
    _check(figures, today)
    found = table.person_class(figures.persons)
    many = figures.handlers >= table.many_handlers
    counting = [one for one in figures.accidents if counts(one, table, today)]
    column = "strict" if many or counting else "quiet"
    owed = table.owed[found.code][column]
    why = [
        f"対象人数 {figures.persons:,}人（{figures.persons_on.isoformat()}現在）は「{found.label}」に当たります（{found.article}）。",
        f"取扱者数 {figures.handlers:,}人（委託先を含む）は{table.many_handlers}人{'以上' if many else '未満'}です（規則4条8号）。",
    ]
    why += [_accident_words(one, table, today) for one in figures.accidents]
    if not figures.accidents:
        why.append(
            "過去1年以内に発生し、又は知った特定個人情報に関する重大事故はありません（規則4条8号ロ）。"
        )
    if column == "strict" and owed == table.owed[found.code]["quiet"]:
        why.append("この人数の区分では、取扱者数と重大事故は結果に影響しません。")
    why.append(f"結果：{KIND_NAMES[owed]}。")
    return Judgement(owed, found, (found.code, column), many, bool(counting), tuple(why), table.id, today)


def counts(accident: Accident, table: DecisionTable, today: date) -> bool:
    """Whether an accident counts: serious, about 特定個人情報, and happened **or** became known within the last year."""
    return accident.specific and is_serious(accident, table) and bool(_limbs(accident, table, today))


def is_serious(accident: Accident, table: DecisionTable) -> bool:
    """重大事故: intentional, or more than a number of people who are not the body's own staff."""
    rule = table.serious
    if accident.loss not in rule.losses:
        return False
    if accident.delivery_without_fault and not rule.delivery_without_fault_counts:
        return False
    persons = accident.persons + (accident.own_staff if rule.own_staff_counts else 0)
    return (accident.intentional and rule.intentional) or persons > rule.persons_over


def year_begins(today: date, years: int) -> date:
    """The first day of the past year: the corresponding day itself belongs to it (29 February: the 28th)."""
    try:
        return today.replace(year=today.year - years)
    except ValueError:
        return today.replace(year=today.year - years, day=28)


def _limbs(accident: Accident, table: DecisionTable, today: date) -> tuple[str, ...]:
    first = year_begins(today, table.accident_years)
    found = []
    if accident.happened_on is not None and first <= accident.happened_on <= today:
        found.append("発生")
    if first <= accident.known_on <= today:
        found.append("把握")
    return tuple(found)


def _accident_words(accident: Accident, table: DecisionTable, today: date) -> str:
    happened = accident.happened_on.isoformat() if accident.happened_on else "不明"
    days = f"発生 {happened}、把握 {accident.known_on.isoformat()}"
    if not accident.specific:
        return f"個人情報の事故（{days}）は、特定個人情報に関するものではないため数えません（様式3・4の過去3年の欄には記載します）。"
    if not is_serious(accident, table):
        return f"事故（{days}）は、重大事故の定義に当たらないため数えません（指針第2）。"
    limbs = _limbs(accident, table, today)
    if not limbs:
        return f"重大事故（{days}）は、発生も把握も過去1年より前のため数えません（規則4条8号ロ）。"
    return f"重大事故（{days}）は、過去1年以内の{'・'.join(limbs)}に当たります（規則4条8号ロ）。"


def _check(figures: Figures, today: date) -> None:
    if figures.persons < 0 or figures.handlers < 0:
        raise CannotJudge("人数が負の数です。判断していません。0以上の数を入れてください。")
    if figures.persons > 10**9 or figures.handlers > 10**8:
        raise CannotJudge("人数が大きすぎます。判断していません。桁を確かめてください。")
    if figures.persons_on > today or figures.handlers_on > today:
        raise CannotJudge("計数日が将来の日付です。判断していません。実際に数えた日を入れてください。")
    for one in figures.accidents:
        if one.known_on > today or (one.happened_on is not None and one.happened_on > one.known_on):
            raise CannotJudge(
                "事故の日付が合いません（把握日が将来、又は発生日より前）。判断していません。日付を確かめてください。"
            )
        if one.persons < 0 or one.own_staff < 0:
            raise CannotJudge("事故の人数が負の数です。判断していません。0以上の数を入れてください。")


@dataclass(frozen=True, slots=True)
class Drift:
    """The live count against the last judgement: ``crossed`` a border, ``near`` one, or neither.

    :param outcome: what would be owed now, all else unchanged.
    """

    state: str
    text: str
    outcome: str


def drift(last: Judgement, persons: int, table: DecisionTable) -> Drift:
    """Whether the count of people has crossed, or come near, a border since the last judgement."""
    now = table.person_class(persons)
    owed = table.owed[now.code][last.cell[1]]
    if now.code != last.person_class.code:
        text = (
            f"対象人数が{persons:,}人になり、「{last.person_class.label}」から「{now.label}」に移りました。"
            f"しきい値判断をやり直してください（このままの条件なら：{KIND_NAMES[owed]}）。"
        )
        return Drift("crossed", text, owed)
    margin = table.near_percent
    for border in table.borders():
        if abs(persons - border) * 100 <= border * margin:
            text = f"対象人数が{persons:,}人で、区分の境の{border:,}人まで{margin}%以内です。次の計数に注意してください。"
            return Drift("near", text, owed)
    return Drift("steady", "", owed)


def covers(kind: str, owed: str) -> bool:
    """Whether an assessment of a kind satisfies what is owed: a body may always choose a higher kind."""
    return KINDS.index(kind) >= KINDS.index(owed)
