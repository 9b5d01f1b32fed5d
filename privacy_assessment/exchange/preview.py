"""What an import would do, before it does it: taken, changed, not understood, each with where it stood in the file."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from privacy_assessment.forms import Document, Form, Item, citation, editions, places, plain
from privacy_assessment.forms.document import Value

_MARK = re.compile(r"[\[［]\s*(平成|令和)\s*(元|\d+)\s*年\s*(\d+)\s*月\s*様式\s*([1-4])\s*[\]］]")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Taken:
    """A value that was understood.

    :param at: the cell (``Ⅰ!C5``) or line it stood in. :param before: what the statement has there now, in words.
    """

    place: str
    where: str
    at: str
    after: str
    before: str | None

    @property
    def changed(self) -> bool:
        """Whether it would change what is there."""
        return self.before is not None and self.before != self.after


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Something in the file that was not taken, and why."""

    at: str
    text: str
    why: str


@dataclass
class Preview:
    """An import that has not happened yet; ``document`` is what would be there after it.

    :param cells: cell or line of each value, by place. :param own: written by this system, so that names of rows mean something.
    """

    form_id: str
    edition: str
    document: Document
    digest: bytes
    taken: list[Taken] = field(default_factory=list)
    not_understood: list[NotUnderstood] = field(default_factory=list)
    cells: dict[str, str] = field(default_factory=dict)
    own: bool = False

    @property
    def changed(self) -> list[Taken]:
        """Those that differ from what is there now."""
        return [one for one in self.taken if one.changed]


def find_mark(text: str) -> tuple[str, str] | None:
    """The form and the printed edition of a cover mark like ``[平成28年1月 様式4]``: (``form4``, ``平成28年1月``)."""
    found = _MARK.search(unicodedata.normalize("NFKC", text))
    return None if found is None else (f"form{found[4]}", f"{found[1]}{found[2]}年{found[3]}月")


def edition_of(printed: str) -> tuple[str, bool] | None:
    """The id of a printed edition and whether it can be read, or None when it is unknown."""
    for one in editions():
        if one.printed == printed:
            return one.id, one.usable
    return None


class _Folded(dict[int, str]):
    """Widths made one; circled figures and the like stay what they are."""

    # There are a million characters, and whoever sends them all shall not fill the memory.
    MOST = 20_000

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kept = unicodedata.category(char) in ("No", "Nl")
        found = char if kept else unicodedata.normalize("NFKC", char)
        if len(self) < self.MOST:
            self[code] = found
        return found


_FOLDED = _Folded()


def bare(text: str) -> str:
    """A label or choice without widths, spaces and marks, for finding it again however it is written."""
    folded = text.translate(_FOLDED)
    return re.sub(r"[\s※\[\]()（）<>「」・:：.．、,]", "", folded)


def read_value(item: Item, text: str) -> Value | None:
    """What a person wrote into a field, as a value; None when it is not one of the choices."""
    text = text.strip("\n")
    match item.type:
        case "select":
            for wanted in (bare(text), bare_choice(text)):
                for option in item.options:
                    if wanted and wanted == bare(option.label):
                        return option.code
            return text.strip() if text.strip() in item.choices else None
        case "multicheck":
            return _choices(item, text)
        case "check":
            return True if text.strip() in ("○", "◯", "〇", "✓", "レ", "[○]", "1", "TRUE", "True") else None
        case _:
            return text


def bare_choice(text: str) -> str:
    """A choice as printed between brackets, ``[ 30万人以上 ]`` or ``5) 30万人以上``, bare."""
    return bare(re.sub(r"^\s*\d+\s*[)）]", "", text.strip().strip("[]［］ ")))


def _choices(item: Item, text: str) -> Value | None:
    chosen, texts, unknown = [], {}, False
    ticked = [line for line in re.split(r"\n|(?=[\[［]\s*[○◯〇 　]\s*[\]］])", text) if line.strip()]
    for line in ticked:
        found = re.match(r"^\s*[\[［]\s*([○◯〇]?)\s*[\]］]\s*(.*)$", line, re.DOTALL)
        if found and not found[1]:
            continue
        label = (found[2] if found else line).strip()
        option, extra = _option(item, label)
        if option is None:
            unknown = True
        else:
            chosen.append(option)
            if extra:
                texts[option] = extra
    return None if unknown or not chosen else {"chosen": list(dict.fromkeys(chosen)), "texts": texts}


def _option(item: Item, label: str) -> tuple[str | None, str]:
    for option in item.options:
        if bare(label) == bare(option.label):
            return option.code, ""
    for option in item.options:
        head = option.label
        if option.text and label.startswith(head):
            return option.code, label[len(head) :].strip().removeprefix("（").removesuffix("）").strip()
    return None, ""


def compared(
    form: Form, document: Document, current: Document | None, current_form: Form | None, found: dict[str, str]
) -> list[Taken]:
    """Taken values with what stands there now.

    :param found: cell or line by place.
    """
    taken = []
    for item, place in places(document, form):
        if str(place) not in found or document.get(place) is None:
            continue
        before = None
        if current is not None and current_form is not None:
            known = current_form.by_key.get(item.key)
            before = plain(known, current.get(place)) if known is not None else ""
        where = citation(form, item, document, place.rows)
        taken.append(Taken(str(place), where, found[str(place)], plain(item, document.get(place)), before))
    return taken


def squeezed(text: str) -> str:
    """A text on one line, short, for a list."""
    return _SPACE.sub(" ", text).strip()[:200]
