"""What a statement says about each risk: whether it is there, which measures are written, and how the body itself judges the rest.

The forms ask no size and no likelihood of a risk, only 「リスクへの対策は十分か」 with three answers, so nothing is counted here that
nobody wrote. Which items belong to a risk follows from the form's data: same section, same number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import yaml

from privacy_assessment.forms import FILE, Document, Form, Item, Place
from privacy_assessment.forms.address import address
from privacy_assessment.forms.document import applies, plain

STRONG, ENOUGH, LEFT, BLANK, NONE = "strong", "enough", "left", "blank", "none"
_ENDS = {
    "特に力を入れている": STRONG,
    "十分である": ENOUGH,
    "課題が残されている": LEFT,
    "特に力を入れて行っている": STRONG,
    "十分に行っている": ENOUGH,
    "十分に行っていない": LEFT,
}
_UNDONE = frozenset(
    [
        "行っていない",
        "記録を残していない",
        "定めていない",
        "制限していない",
        "十分に行っていない",
        "十分に遵守していない",
        "十分に整備していない",
        "十分に周知していない",
    ]
)
_AGREES = "特に力を入れている"
_GOES_ON = "特に力を入れて行っている"
_PREFIX = re.compile(r"^(?:.* / )?(?:リスク )?(.*?)(?: - .*)?$")
_CIRCLED = ("", *"①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮")
_RISK_NO = re.compile(r"リスク\d+")


@dataclass(frozen=True, slots=True)
class Risk:
    """One risk in one file.

    :param place: as people cite it, without the file: ``Ⅲ-2-リスク1``.
    :param file: the row of the file; None where the form asks once for all.
    :param written: how many of the ``wanted`` measures are written down and done.
    :param undone: measures answered with 「行っていない」 or the like: label and answer.
    :param after: strong, enough, left, blank, or none when the statement says that the risk does not arise.
    :param accident: the answer about accidents under this number is 発生あり.
    """

    key: str
    place: str
    stage: str
    name: str
    file: str | None
    written: int
    wanted: int
    undone: tuple[tuple[str, str], ...]
    after: str
    accident: bool


def risks_of(document: Document, form: Form) -> list[Risk]:
    """Every risk the form asks about, in its order, those of a section per file once for each file."""
    found: list[Risk] = []
    for section in form.sections:
        judged = [item for item in section.items if _is_judgement(item)]
        files: list[str | None] = list(document.rows_of(FILE)) if section.per_file else [None]
        for item in judged:
            group = [one for one in section.items if one is not item and _same_risk(one, item, judged)]
            for file in files:
                found.append(_risk(document, form, item, group, file))
    return found


def _is_judgement(item: Item) -> bool:
    """「リスクへの対策は十分か」, and the answers about audit and training that have no such question of their own."""
    if item.type != "select" or not item.options:
        return False
    first = item.options[0].label
    again = "再掲" in item.label
    return not again and (first == _AGREES or (first == _GOES_ON and item.section != "3"))


def _same_risk(one: Item, judged: Item, others: list[Item]) -> bool:
    """Whether an item is one of the measures under the number of a judgement (``7リスク1④`` under ``7リスク1``)."""
    if one.type in ("repeat", "computed", "check", "file") or one in others or "再掲" in one.label:
        return False
    rest = one.number.removeprefix(judged.number)
    if rest == one.number or rest[:1] not in _CIRCLED:
        return False
    return one.required or "その他のリスク" not in one.label


def _risk(document: Document, form: Form, item: Item, group: list[Item], file: str | None) -> Risk:
    rows = () if file is None else (file,)
    value = document.get(Place(item.key, rows))
    after = BLANK if value is None else _ENDS.get(plain(item, value), BLANK)
    if not applies(document, item, rows):
        after = NONE
    written = wanted = 0
    undone: list[tuple[str, str]] = []
    accident = False
    for one in group:
        answer = document.get(Place(one.key, rows))
        if any(option.label == "発生あり" for option in one.options):
            accident = accident or (answer is not None and plain(one, answer) == "発生あり")
            continue
        if not applies(document, one, rows) or (answer is None and not one.required) or _about_accident(one):
            continue
        wanted += 1
        shown = "" if answer is None else plain(one, answer)
        if shown in _UNDONE:
            undone.append((one.label, shown))
        elif shown:
            written += 1
    place = address(form, item)
    return Risk(
        item.key,
        place,
        _stage(form, item),
        _name(form, item, group),
        file,
        written,
        wanted,
        tuple(undone),
        after,
        accident,
    )


def _about_accident(item: Item) -> bool:
    return item.when is not None and item.label in ("その内容", "再発防止策の内容")


def _stage(form: Form, item: Item) -> str:
    """The heading the form prints above the number, without the brackets that say what it leaves out."""
    section = form.by_section[item.section]
    head = re.match(r"\d+", item.number)
    title = section.headings.get(head[0], "") if head else ""
    return re.sub(r"\(.*?\)", "", title) or section.title


def _name(form: Form, item: Item, group: list[Item]) -> str:
    if not item.label.startswith("リスクへの対策は十分か"):
        return re.sub(r"(.*? - )?(.*?)(への対策は十分か.*)?$", r"\2", item.label) or item.label
    known = item.heading or _names().get(item.key)
    if known:
        return known
    for one in group:
        if one.heading:
            return one.heading
        if " - " in one.label:
            found = _PREFIX.match(one.label)
            if found and found[1]:
                return found[1]
    number = _RISK_NO.search(item.number)
    return f"{_stage(form, item)}{'の' + number[0] if number else ''}"


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    found: dict[str, str] = yaml.safe_load(
        (files("privacy_assessment.pictures") / "risk_names.yaml").read_text("utf-8")
    )
    return found


def stages(risks: list[Risk]) -> Iterator[tuple[str, list[tuple[str, list[Risk]]]]]:
    """Risks grouped as the picture shows them: stage, then risk, then its files."""
    by_stage: dict[str, dict[str, list[Risk]]] = {}
    for one in risks:
        by_stage.setdefault(one.stage, {}).setdefault(one.key, []).append(one)
    for stage, group in by_stage.items():
        yield stage, list(group.items())
