"""One record in plain words: who received what from whom, for what, and how it ended (番号法23条1項 in a sentence)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from portal.web.dates import TOKYO, clock_words, day_words
from portal.web.language import Pattern, Texts
from workflows.law.table import LawTable
from workflows.linkage.wire.codes import RESULT_CLASSES, words
from workflows.provision_records.service import RecordRow

RECEIVED = "{asker}が、{holder}から、あなたの{items}を受け取りました。"
ASKED_IN_VAIN = "{asker}が、{holder}に、あなたの{items}を求めましたが、受け取っていません。"
ASKING = "{asker}が、{holder}に、あなたの{items}を求めています。"

KEPT_SENTENCES = 5000
NOTHING = Markup("")
PURPOSE = "目的：{purpose}"
FROM_APPLICATION = "あなたの申請（受付番号 {number}）によるものです。"
CORRECTED = "この記録は、あとで訂正されました。"

STOPPED = frozenset({"PERMIT_DENIED", "FROZEN", "CANCELLED"})
FAILED = frozenset(
    {"HOLDER_UNAVAILABLE", "TIMEOUT", "MAINTENANCE", "PERMIT_EXPIRED", "LAYOUT_MISMATCH", "NO_FUGO"}
)


class Badge(NamedTuple):
    """A status word with its tone (done, none, wait, stop)."""

    text: str
    tone: str


def badge(outcome: str) -> Badge:
    """The status of a result code in one word; an unknown code is never dressed as a success."""
    found = RESULT_CLASSES.get(outcome)
    if found is None:
        return Badge("不明", "stop")
    if outcome == "OK_PARTIAL":
        return Badge("一部提供", "done")
    if found.provided:
        return Badge("提供あり", "done")
    if not found.final:
        return Badge("確認中", "wait")
    if outcome in STOPPED:
        return Badge("取消・停止", "stop")
    if outcome in FAILED:
        return Badge("つながらず", "none")
    return Badge("提供なし", "none")


class Entry(NamedTuple):
    """A record in words; ``row`` is the record itself."""

    row: RecordRow
    sentence: Markup
    purpose: str
    badge: Badge
    outcome_words: str


class Wording:
    """Puts records into the words of one language.

    :param texts: the fixed texts of the language.
    :param law: gives affairs and items their plain names.
    :param part: gives the pieces of the list, with their blanks open.
    """

    def __init__(self, texts: Texts, law: LawTable, part: Callable[[str], Markup]) -> None:
        self.texts = texts
        self.law = law
        self.language = texts.language
        self._received, self._in_vain, self._asking = (
            texts.pattern(text) for text in (RECEIVED, ASKED_IN_VAIN, ASKING)
        )
        self._purpose, self._row = texts.pattern(PURPOSE), Pattern(part("parts/record_row.jinja2"))
        note = Pattern(part("parts/record_note.jinja2"))
        # a remark in its place, its own blank still open
        self._mine = Pattern(note.fill({"text": texts.marked(FROM_APPLICATION)}))
        self._corrected = note.fill({"text": texts.marked(CORRECTED)})
        self._sentences: dict[Any, Markup] = {}
        self._whys: dict[str, Markup] = {}
        self._outcomes: dict[str, tuple[Badge, Markup, str]] = {}
        self._items: dict[str, str] = {code: item.plain[self.language] for code, item in law.items.items()}
        self._purposes: dict[str, str] = {code: a.purpose[self.language] for code, a in law.affairs.items()}

    def item(self, code: str, name: str) -> str:
        """The plain name of an item; the name in the record when the table does not know it."""
        return self._items.get(code, name)

    def items(self, row: RecordRow) -> str:
        """All items of a record as one phrase."""
        joint = ", " if self.language == "en" else "、"
        return joint.join(self.item(item["code"], item["name"]) for item in row.items)

    def purpose(self, row: RecordRow) -> str:
        """What it was for. The record's own words win in Japanese: they are what was sealed."""
        if self.language == "ja":
            return row.purpose
        return self._purposes.get(row.affair_code, row.purpose)

    def sentence(self, row: RecordRow) -> Markup:
        """The whole exchange in one sentence; bodies and items stand out. Kept: the same few come again and again."""
        key = (
            row.outcome, row.asker_name, row.asker_office, row.holder_name, row.holder_office,
            tuple((item["code"], item["name"]) for item in row.items),
        )  # fmt: skip
        found = self._sentences.get(key)
        if found is None:
            if len(self._sentences) >= KEPT_SENTENCES:
                self._sentences.clear()
            found = self._sentences[key] = self._say(row)
        return found

    def _say(self, row: RecordRow) -> Markup:
        found = RESULT_CLASSES.get(row.outcome)
        if found is not None and found.provided:
            pattern = self._received
        elif found is not None and not found.final:
            pattern = self._asking
        else:
            pattern = self._in_vain
        return pattern.fill(
            {
                "asker": strong(body(row.asker_name, row.asker_office)),
                "holder": strong(body(row.holder_name, row.holder_office)),
                "items": strong(self.items(row)),
            }
        )

    def entry(self, row: RecordRow) -> Entry:
        """A record for the pages that say more than the list."""
        sign, _, outcome = self._outcomes.get(row.outcome) or self._outcome(row.outcome)
        return Entry(row, self.sentence(row), self.purpose(row), sign, outcome)

    def rows(self, rows: Sequence[RecordRow]) -> Markup:
        """Records as rows of the list."""
        return Markup("".join([self._html(row) for row in rows]))  # noqa: S704 - each is escaped below

    def _html(self, row: RecordRow) -> str:
        sign, text, _ = self._outcomes.get(row.outcome) or self._outcome(row.outcome)
        there = row.requested_at.astimezone(TOKYO)
        return self._row.put(
            {
                "iso": there.isoformat(timespec="seconds"),
                "day": day_words(there.date(), self.language),
                "time": clock_words(there.hour, there.minute, self.language),
                "sentence": self.sentence(row),
                "why": self._why(row),
                "notes": self._notes(row),
                "tone": sign.tone,
                "badge": text,
                "id": row.record_id,
                "asker": escape(row.asker_name),
            }
        )

    def _why(self, row: RecordRow) -> Markup:
        """The purpose in its place. Kept: purposes come from the tables of offices."""
        purpose = self.purpose(row)
        found = self._whys.get(purpose)
        if found is None:
            if len(self._whys) >= KEPT_SENTENCES:
                self._whys.clear()
            found = self._whys[purpose] = self._purpose.fill({"purpose": purpose})
        return found

    def _notes(self, row: RecordRow) -> Markup:
        """What is to be remarked about a record: her own application, a later correction."""
        notes = self._mine.fill({"number": row.application_receipt}) if row.application_receipt else NOTHING
        return notes + self._corrected if row.corrected else notes

    def _outcome(self, code: str) -> tuple[Badge, Markup, str]:
        sign = badge(code)
        found = (sign, self.texts.marked(sign.text), words(code, _two(self.language)))
        if code in RESULT_CLASSES:
            self._outcomes[code] = found
        return found


def strong(text: str) -> Markup:
    """A name that stands out in a sentence."""
    return Markup(f"<b>{escape(text)}</b>")  # noqa: S704


def body(name: str, office: str) -> str:
    """A body and its office as one name."""
    return f"{name} {office}" if office else name


def _two(language: str) -> str:
    return "en" if language == "en" else "ja"
