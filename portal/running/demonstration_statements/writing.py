"""Fills the forms of the demonstration's statements in an office's words, so that they read like statements and pass every check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from portal.running.demonstration_statements.wording import CHOSEN, WORDING
from privacy_assessment.forms import FILE, Document, Form, Item, Place, choice, edition_on, load_form
from privacy_assessment.forms.document import Value, applies, places

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# The person class of a judgement, and the number of people it is judged by, for each kind of assessment.
PERSONS = {"basic": 4_800, "focused": 152_000, "full": 318_000}


@dataclass(frozen=True)
class Subject:
    """What a statement is about.

    :param affair: key of ``affairs.yaml``. :param files: how many files it has; ``rich`` adds entrustments and recipients.
    """

    affair: str
    city: str
    body: str
    number: str
    title: str
    kind: str
    person_class: str
    clause: str
    day: date
    files: int = 1
    rich: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def facts(self) -> Mapping[str, Any]:
        """The office's own words about the affair."""
        found: Mapping[str, Any] = affairs()[self.affair]
        return found


@lru_cache(maxsize=1)
def affairs() -> Mapping[str, Mapping[str, Any]]:
    """The affairs by code."""
    return _read("affairs.yaml")


@lru_cache(maxsize=1)
def sentences() -> Mapping[str, str]:
    """The sentences by name."""
    return _read("sentences.yaml")


def _read(name: str) -> Any:
    text = (files("portal.running.demonstration_statements") / name).read_text("utf-8")
    return yaml.load(text, Loader=LOADER)  # noqa: S506 (a SafeLoader)


def write(form_id: str, subject: Subject) -> Document:
    """A form filled in for a subject, without errors or warnings at the stage of a submission."""
    edition = edition_on(subject.day).id
    form = load_form(form_id, edition)
    document = Document(form_id, edition)
    writer = _Writer(document, form, subject)
    if any(section.per_file for section in form.sections):
        for _ in range(subject.files):
            document.add_row(FILE)
    writer.fill()
    writer.rows()
    writer.fill()
    return document


class _Writer:
    def __init__(self, document: Document, form: Form, subject: Subject) -> None:
        self.document, self.form, self.subject = document, form, subject
        self.words = {
            **subject.facts,
            "city": subject.city,
            "affair": subject.title,
            "clause": subject.clause,
        }

    def fill(self) -> None:
        """Write every field that is wanted and empty."""
        for item, place in places(self.document, self.form):
            if not item.stored or item.type == "file" or self.document.get(place) is not None:
                continue
            if not applies(self.document, item, place.rows):
                continue
            value = self.value(item, place)
            if value is not None:
                self.document.set(place, value)

    def rows(self) -> None:
        """Add the rows of every repeat: systems, entrustments, recipients, flows."""
        facts = self.subject.facts
        base = f"f{self.form.id[-1]}"
        counts = {
            f"{base}.1.2": 3 if self.subject.rich else 2,
            f"{base}.2.4n": 5 if self.subject.rich else 1,
            f"{base}.2.5p": 20 if self.subject.rich else len(facts["given"]),
            f"{base}.2.5m": 4 if self.subject.rich else len(facts["moved"]),
            "f4.a1.flow": 5,
        }
        for item in self.form.all_items:
            if item.type != "repeat" or item.key not in counts:
                continue
            for around in [(row,) for row in self.document.rows_of(FILE)] if item.repeats else [()]:
                for _ in range(counts[item.key]):
                    self.document.add_row(item.key, around)

    def value(self, item: Item, place: Place) -> Value | None:
        """What stands in a field."""
        fixed = self._fixed(item, place)
        if fixed is not None:
            return fixed or None
        if not item.required or item.type == "check":
            return None
        if item.type == "select":
            return CHOSEN.get(item.key) or _second(item)
        if item.type == "multicheck":
            return self._choices(item)
        if item.type == "date":
            return self.subject.day.isoformat()
        return self._sentence(item, place)

    def _fixed(self, item: Item, place: Place) -> Value | None:
        """Covers, names and rows; an empty text means that nothing is to stand there."""
        subject, facts = self.subject, self.subject.facts
        key = item.key
        if key in subject.more:
            found: Value = subject.more[key]
            return found
        cover = {"c.no": subject.number, "c.body": subject.body, "c.published_on": "", "c.approved_on": ""}
        if key in cover:
            return cover[key]
        if key == "c.title":
            return f"{subject.title} {_FORM_NAMES[self.form.id]}"
        tail = key.partition(".")[2]
        if tail in ("1.1.1",) or (key.endswith(".1.1.1") and key[0] == "f"):
            return subject.title
        if tail in ("1.1.3", "2.1") and item.options and len(item.options) == 5:
            return subject.person_class
        if item.label.endswith("特定個人情報ファイル名"):
            return self._file_name(place)
        if key.endswith((".7.1", ".6.1", ".5.1")) and item.label.endswith("部署") and item.type == "text":
            return str(facts["office"])
        if item.label.endswith("所属長の役職名"):
            return str(facts["head"])
        return self._row(item, place)

    def _file_name(self, place: Place) -> str:
        name = str(self.subject.facts["file"])
        names = [name, *(f"{name}（{part}）" for part in ("過年度分", "異動分", "統計分"))]
        order = self.document.rows_of(FILE)
        if place.rows:
            return names[order.index(place.rows[0])]
        return "\n".join(f"{n}. {one}" for n, one in enumerate(names[: max(len(order), 1)], 1))

    def _row(self, item: Item, place: Place) -> Value | None:
        if len(item.repeats) == 0 or item.repeats[-1] == FILE:
            return None
        repeat = item.repeats[-1]
        index = self.document.rows_of(repeat, place.rows[:-1]).index(place.rows[-1])
        name = item.key.removeprefix(f"{repeat}.")
        if repeat == "f4.a1.flow":
            return _FLOW[index % len(_FLOW)].get(name, "").format(**self.words)
        if repeat.endswith(".1.2") and name == "name":
            return (str(self.subject.facts["system"]), "宛名システム", "中間サーバー")[index % 3]
        if repeat.endswith(".4n") and name in ("title", "who"):
            task, firm = self._entrusted(index)
            return task if name == "title" else firm
        if repeat.endswith((".5p", ".5m")) and name in ("to", "what"):
            to, what = self._recipient(repeat[-1], index)
            return to if name == "to" else what
        return None

    def _entrusted(self, index: int) -> tuple[str, str]:
        known = [(self.subject.facts["task"], self.subject.facts["firm"]), *_ENTRUSTED]
        task, firm = known[index % len(known)]
        return task, firm

    def _recipient(self, kind: str, index: int) -> tuple[str, str]:
        known = list(self.subject.facts["given" if kind == "p" else "moved"]) + [
            [f"{name}{'' if kind == 'p' else '（庁内）'}", what]
            for name, what in (_GIVEN if kind == "p" else _MOVED)
        ]
        name, what = known[index % len(known)]
        return name, what

    def _choices(self, item: Item) -> Value:
        subject = self.subject
        if item.key.endswith(".2.2.4b"):
            return choice(*subject.facts["kinds"])
        if item.key.endswith(".2.5") and item.label == "提供・移転の有無":
            codes = [
                code for code, key in (("1", "given"), ("2", "moved")) if subject.facts[key] or subject.rich
            ]
            return choice(*(codes or ["3"]))
        chosen = _CHOICES.get(item.label)
        if chosen is not None:
            return {"chosen": list(chosen[0]), "texts": dict(chosen[1])}
        return choice(item.options[0].code)

    def _sentence(self, item: Item, place: Place) -> str:
        name = WORDING.get(item.key.partition(".")[2] if item.key[0] == "f" else item.key, "why_fallback")
        words = dict(self.words)
        repeat = item.repeats[-1] if item.repeats else ""
        if repeat.endswith((".5p", ".5m")):
            index = self.document.rows_of(repeat, place.rows[:-1]).index(place.rows[-1])
            words["name"] = self._recipient(repeat[-1], index)[0]
        text = sentences()[name].format(**words) if name in sentences() else name.format(**words)
        if repeat.endswith(".4n") and item.label in ("委託内容", "委託事項"):
            index = self.document.rows_of(repeat, place.rows[:-1]).index(place.rows[-1])
            text = self._entrusted(index)[0]
        return text.replace("\n", "、") if item.type == "text" else text


def _second(item: Item) -> str:
    """The answer most offices give: the second of three degrees, the first of a yes and a no."""
    labels = [one.label for one in item.options]
    return item.options[1 if labels[0].startswith("特に力を入れて") else 0].code


_FORM_NAMES = {"form2": "基礎項目評価書", "form3": "重点項目評価書", "form4": "全項目評価書"}
_ENTRUSTED = (
    ("申請書の入力", "株式会社ことり入力センター"),
    ("通知書の印刷と発送", "株式会社あおぞら帳票センター"),
    ("問合せ窓口の運営", "株式会社まるいコールサービス"),
    ("バックアップ媒体の保管", "株式会社やまびこ倉庫"),
)
_GIVEN = tuple(
    (name, what)
    for name, what in (
        ("厚生労働大臣", "受給の状況"), ("国税庁長官", "所得税の課税に要る情報"), ("都道府県知事（見本県）", "決定の内容"),
        ("日本年金機構", "年金の支給に要る情報"), ("全国健康保険協会", "医療保険の資格に関する情報"), ("健康保険組合（見本）", "被保険者の資格に関する情報"),
        ("後期高齢者医療広域連合（見本）", "被保険者の所得に関する課税の情報"), ("国民健康保険団体連合会（見本）", "給付の審査に要る医療保険の情報"),
        ("乙川市長", "転入した方の前の年の課税の情報"), ("丙沢町長", "転入した方の前の年の課税の情報"), ("社会福祉協議会（見本）", "貸付けの審査に要る情報"),
        ("文部科学大臣", "就学の援助に要る情報"), ("公立大学法人（見本）", "授業料の減免に要る課税の情報"), ("労働局（見本）", "雇用の給付に要る情報"),
        ("独立行政法人（見本）奨学機構", "奨学金の審査に要る課税の情報"), ("地方公務員共済組合（見本）", "組合員の被扶養者の確認に要る情報"),
    )
)  # fmt: skip
_MOVED = (
    ("福祉課", "福祉の給付に要る情報"),
    ("保険年金課", "保険料の計算に要る情報"),
    ("学校教育課", "就学の援助に要る情報"),
    ("危機管理課", "災害のときの支援に要る情報"),
)
_FLOW = (
    {"from": "住民", "to": "{office}", "what": "申請書と届出", "how": "窓口・郵送・電子申請"},
    {"from": "{office}", "to": "{system}", "what": "申請の内容の登録", "how": "そのつど"},
    {"from": "{system}", "to": "宛名システム", "what": "個人番号の照会", "how": "毎日"},
    {"from": "中間サーバー", "to": "{system}", "what": "他の機関が持つ情報", "how": "照会のつど"},
    {"from": "{office}", "to": "住民", "what": "決定の通知", "how": "郵送"},
)
_CHOICES: Mapping[str, tuple[tuple[str, ...], Mapping[str, str]]] = {
    "他のシステムとの接続": (("2", "5"), {}),
    "入手元": (("1", "2", "4"), {"2": "市民課、市民税課", "4": "他の市町村"}),
    "入手方法": (("1", "6", "7"), {}),
    "委託先への特定個人情報ファイルの提供方法": (("1",), {}),
    "監査 - 実施の有無": (("1", "2"), {}),
}
