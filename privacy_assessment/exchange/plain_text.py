"""Reads a statement from running text, as it comes out of a published PDF: lines broken anywhere, page heads in between, cover shuffled.

Labels of the form cut the text into pieces; what follows a label belongs to it when it looks like it. What does not is listed, with its
line, and nothing is guessed silently.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable

from privacy_assessment.exchange.package import BadFile
from privacy_assessment.exchange.preview import (
    NotUnderstood,
    Preview,
    bare,
    compared,
    edition_of,
    find_mark,
    read_value,
    squeezed,
)
from privacy_assessment.forms import FILE, Document, Form, Item, Place, load_form
from privacy_assessment.forms.dates import NoSuchDay, parse_day

# A label stands at the beginning of a line; no more of it is looked at.
HEAD = 120
_TITLE = re.compile(r"特定個人情報保護評価書[(（](基礎|重点)?(?:項目|全項目)評価書[)）]")
_NO_VALUE = frozenset("-－―ー‐")
# The cover mark stands for itself, also when the page came as one line.
_MARKED = re.compile(r"([\[［][^\]］]*様式[^\]］]*[\]］])")
_NUMBER_AFTER = re.compile(r"^(.*評価書(?:[(（]案[)）])?)[ 　]+(\d{1,8})$")
_TOC = re.compile(r"項目一覧")


def read_text(text: str, current: Document | None = None) -> Preview:
    """Make a preview of what a text holds.

    :raises BadFile: the text does not say which form and edition it is, or one that cannot be read.
    """
    mark = find_mark(text)
    if mark is None:
        raise BadFile("UNKNOWN_FORM", "様式の種類と版の表示（［平成28年1月 様式4］など）が見つかりません。")
    known = edition_of(mark[1])
    if known is None or not known[1]:
        raise BadFile("UNKNOWN_EDITION", f"様式の版「{mark[1]}」は読み方が分かりません。")
    form = load_form(mark[0], known[0])
    document = Document(form.id, form.edition.id)
    if any(section.per_file for section in form.sections):
        document.add_row(FILE)
    preview = Preview(
        form.id, form.edition.id, document, hashlib.sha256(text.encode(errors="replace")).digest()
    )
    found: dict[str, str] = {}
    lines = _lines(text, form)
    start = next((n for n, (_, line) in enumerate(lines) if _TOC.search(line)), None)
    body = next((n for n, (_, line) in enumerate(lines) if _first_item(form, line)), len(lines))
    loose = _cover(preview, form, lines[: start if start is not None else body], found)
    loose += _body(preview, form, lines[body:], found)
    headings = _headings(form)
    for number, line in loose:
        if bare(line[:HEAD]) in headings:
            continue
        preview.not_understood.append(
            NotUnderstood(f"{number}行", squeezed(line), "どの項目か分かりません。")
        )
    current_form = load_form(current.form_id, current.edition) if current is not None else None
    preview.taken = compared(form, document, current, current_form, found)
    preview.cells = found
    return preview


Line = tuple[int, str]


def _lines(text: str, form: Form) -> list[Line]:
    """Lines with their numbers: notes, page numbers and page heads taken out, a text on one line cut at its labels."""
    found = [
        (number, piece.strip())
        for number, line in enumerate(text.splitlines(), 1)
        if not line.startswith("#")
        for piece in _MARKED.split(line)
        if piece.strip()
    ]
    if any(len(line) > 400 for _, line in found):
        cuts = "|".join(re.escape(one) for one in _cuts(form))
        found = [
            (number, piece.strip())
            for number, line in found
            for piece in re.split(f"\\s(?=(?:{cuts}))", line)
            if piece.strip()
        ]
        found = [one for number, line in found for one in _after_label(number, line, form)]
    heads = {
        line for line, count in Counter(line for _, line in found).items() if count >= 2 and len(line) < 40
    }
    labels = {bare(one) for one in _cuts(form)}
    return [
        (number, line)
        for number, line in found
        if not line.isdigit() or _near_number(found, number)
        if line not in heads or bare(line) in labels
    ]


def _near_number(found: list[Line], number: int) -> bool:
    """Whether a bare number stands right after 評価書番号 (else it is a page number)."""
    before = [line for at, line in found if at < number][-1:]
    return bool(before) and bare(before[0]) == bare("評価書番号")


def _cuts(form: Form) -> list[str]:
    cover = [item.label for item in form.sections[0].items if item.type != "computed"]
    items = [one for item in form.all_items for one in _printed(item)]
    return sorted(
        [*cover, *items, "項目一覧", *(s.number + " " for s in form.sections)], key=len, reverse=True
    )


def _after_label(number: int, line: str, form: Form) -> list[Line]:
    for label in _cuts(form):
        if line.startswith(label) and line != label and not label.endswith(" "):
            return [(number, label), (number, line[len(label) :].strip())]
    return [(number, line)]


def _printed(item: Item) -> list[str]:
    """A label with its circled number, as bodies of forms print it (``①事務の名称``)."""
    circled = re.search(r"[①-⑳]$", item.number)
    label = item.label.rpartition(" - ")[2]
    return [circled[0] + label] if circled and item.type != "computed" else []


def _first_item(form: Form, line: str) -> bool:
    return any(
        bare(line[:HEAD]).startswith(bare(one))
        for item in form.sections[1].items[:1]
        for one in _printed(item)
    )


def _cover(preview: Preview, form: Form, lines: list[Line], found: dict[str, str]) -> list[Line]:
    items = {bare(item.label): item for item in form.sections[0].items if item.type != "computed"}
    items |= (
        {bare("特定個人情報保護委員会 承認日【行政機関等のみ】"): form.by_key["c.approved_on"]}
        if ("c.approved_on" in form.by_key)
        else {}
    )
    by_length = sorted(items, key=len, reverse=True)
    groups: list[tuple[Item | None, list[Line]]] = [(None, [])]
    for number, line in lines:
        head = bare(line[:HEAD])
        label = next((key for key in by_length if head.startswith(key)), None)
        if label is None:
            groups[-1][1].append((number, line))
            continue
        rest = _rest(line, label)
        groups.append((items[label], [(number, rest)] if rest else []))
    loose: list[Line] = []
    for item, group in groups:
        group = [one for one in group if not _furniture(one[1])]
        text = _paragraph([line for _, line in group])
        if item is not None and text and _SHAPES[item.key](text) and preview.document.get(item.key) is None:
            _keep(preview, item, text, group[0][0], found)
        elif item is not None and text in _NO_VALUE:
            continue
        else:
            loose += group
    return _by_shape(preview, form, loose, found)


def _by_shape(preview: Preview, form: Form, loose: list[Line], found: dict[str, str]) -> list[Line]:
    """The cover was shuffled: what is left finds its field by what it looks like, most telling first."""
    runs: list[list[Line]] = []
    for line in loose:
        # A sentence broken over lines belongs together until it ends.
        if runs and not _ends(runs[-1][-1][1]) and len(line[1]) > 15 and len(runs[-1][-1][1]) > 15:
            runs[-1].append(line)
        else:
            runs.append([line])
    rest: list[Line] = []
    for run in runs:
        text = _paragraph([line for _, line in run])
        for key in ("c.published_on", "c.declaration", "c.title", "c.body", "c.no", "c.note"):
            if preview.document.get(key) is None and key in form.by_key and _STRICT[key](text):
                _keep(preview, form.item(key), text, run[0][0], found)
                break
        else:
            rest += run
    return rest


def _body(preview: Preview, form: Form, lines: list[Line], found: dict[str, str]) -> list[Line]:
    file = (preview.document.rows_of(FILE) or [""])[0]
    labels: dict[str, Item] = {}
    for item in form.all_items:
        for one in _printed(item):
            if not item.repeats or item.repeats == (FILE,):
                labels.setdefault(bare(one), item)
    loose: list[Line] = []
    current: Item | None = None
    held: list[Line] = []

    def close() -> None:
        nonlocal loose
        text = _paragraph([line for _, line in held])
        place = Place(current.key, (file,) if current.repeats else ()) if current is not None else None
        if current is None or place is None or not text:
            loose += held
        elif current.type == "select" and (picked := _picked(current, held)) is not None:
            code, at, rest = picked
            preview.document.set(place, code)
            found[str(place)] = f"{at}行"
            loose += rest
        elif preview.document.get(place) is None and (value := read_value(current, text)) is not None:
            preview.document.set(place, value)
            found[str(place)] = f"{held[0][0]}行"
        else:
            loose += held

    seen: set[str] = set()
    headings = _headings(form)
    by_length = sorted(labels, key=len, reverse=True)
    for number, line in lines:
        if bare(line[:HEAD]) in headings:
            continue
        head = bare(line[:HEAD])
        label = next(
            (one for one in by_length if head.startswith(one) and one not in seen),
            None,
        )
        if label is None:
            held.append((number, line))
            continue
        close()
        seen.add(label)
        current, rest = labels[label], _rest(line, label)
        held = [(number, rest)] if rest else []
    close()
    return loose


def _headings(form: Form) -> set[str]:
    """Titles of sections and of their parts, as bodies of forms print them; they say nothing of their own."""
    found = {bare(section.number + section.title) for section in form.sections}
    for section in form.sections:
        found |= {bare(f"{number}.{title}") for number, title in section.headings.items()}
    return found


def _picked(item: Item, held: list[Line]) -> tuple[str, int, list[Line]] | None:
    """The choice that stands between brackets over its printed list: its code, its line, and the lines that belong to neither."""
    opened = next((n for n, (_, line) in enumerate(held) if line.strip() in ("[", "［")), None)
    if opened is None:
        return None
    for number, line in held[opened + 1 :]:
        option = next((one for one in item.options if bare(one.label) == bare(line)), None)
        if option is not None:
            return option.code, number, held[:opened]
    return None


def _rest(line: str, label: str) -> str:
    """What follows a label on its line, whatever widths and spaces the label was written with."""
    for end in range(1, min(len(line), HEAD) + 1):
        if bare(line[:end]) == label:
            while end < len(line) and not bare(line[end]):
                end += 1
            return line[end:].strip()
    return ""


def _keep(preview: Preview, item: Item, text: str, number: int, found: dict[str, str]) -> None:
    both = _NUMBER_AFTER.match(text) if item.key == "c.title" else None
    if both is not None:
        text = both[1]
        if preview.document.get("c.no") is None:
            preview.document.set("c.no", both[2])
            found["c.no"] = f"{number}行"
    preview.document.set(item.key, text)
    found[item.key] = f"{number}行"


def _paragraph(lines: list[str]) -> str:
    """Lines of a page put together: a break inside a sentence is the page's, one after 。 or before ・ and ① the writer's."""
    text = ""
    for line in lines:
        joined = text and not _ends(text) and not re.match(r"^[・●○◆①-⑳〈【(（\d]", line)
        text += line if joined or not text else "\n" + line
    return text.strip()


def _ends(text: str) -> bool:
    return text.endswith(("。", "．", ".", "]"))


def _furniture(line: str) -> bool:
    return (
        bool(_TITLE.search(line))
        or find_mark(line) is not None
        or bare(line) == bare("特定個人情報保護評価書")
    )


def _is_day(text: str) -> bool:
    if len(text) > 40:
        return False
    try:
        parse_day(text)
    except NoSuchDay:
        return False
    return True


def _body_name(text: str) -> bool:
    return (
        len(text) <= 40 and re.search(r"(長|知事|委員会|委員|大臣|理事長|公社|機構|組合)$", text) is not None
    )


_SHAPES: dict[str, Callable[[str], bool]] = {
    "c.no": lambda text: len(text) <= 20 and not re.search(r"[ぁ-ん。]", text),
    "c.title": lambda text: "評価書" in text and len(text) <= 200 and "\n" not in text,
    "c.declaration": lambda text: "宣言" in text and len(text) > 40,
    "c.note": lambda text: text not in _NO_VALUE and not _body_name(text) and not _is_day(text),
    "c.body": _body_name,
    "c.published_on": _is_day,
    "c.approved_on": _is_day,
}
_STRICT: dict[str, Callable[[str], bool]] = {
    **_SHAPES,
    "c.no": lambda text: text.isdigit(),
    "c.title": lambda text: (
        re.search(r"(基礎|重点|全)項目評価書(\(案\))?$", text) is not None and len(text) <= 200
    ),
    "c.note": lambda text: False,
}
