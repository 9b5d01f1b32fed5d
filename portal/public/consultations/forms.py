"""What a visitor typed, read once: the opinion, the items it is about, a name if she wants to give one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pyramid.request import Request

from portal.public.consultations.reading import Laid
from privacy_assessment.consultation.rules import MAX_PERSONAL, MAX_PLACES, OpinionRefused, check_opinion
from privacy_assessment.forms import resolve
from privacy_assessment.reading import Line
from storage.ids import new_id

# What the domain refuses, in words for the field.
REFUSALS = {
    "EMPTY": "意見を書いてください",
    "TOO_LONG": "意見は1万字までです。分けて送ってください",
    "TOO_MUCH": "項目か氏名・連絡先が長すぎます。短くしてください",
    "BAD_TEXT": "保存できない文字があります。その文字を消してください",
    "NUMBER": "12けたの個人番号（マイナンバー）と見られる数字があります。消してください",
    "SENT_BEFORE": "この画面の意見は、もう受け付けています。別の意見は、書く画面を開き直して送ってください",
    "WRONG_KEY": "受付番号か変更用の鍵が違います。控えを確かめてください",
}
MAX_TYPED = 40_000


@dataclass
class Typed:
    """A form as it came, with what is wrong in it by field."""

    body: str = ""
    places: list[str] = field(default_factory=list)
    more: str = ""
    name: str = ""
    contact: str = ""
    request_key: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def personal(self) -> Mapping[str, str] | None:
        """Name and contact, when one was given."""
        given = {"name": self.name.strip(), "contact": self.contact.strip()}
        return given if any(given.values()) else None


def empty(request: Request, text: Laid) -> Typed:
    """A fresh form; the item in the address, when the text has it, is chosen."""
    place = request.GET.get("at", "")[:200]
    line = text.line(place)
    return Typed(places=[line.place] if line is not None else [], request_key=str(new_id()))


def read(request: Request, text: Laid) -> Typed:
    """What was typed, with everything that is wrong in it; nothing typed is lost."""
    post = request.POST
    typed = Typed(
        body=post.get("body", "")[:MAX_TYPED].replace("\r\n", "\n"),
        places=[one for one in dict.fromkeys(post.getall("place")[:MAX_PLACES]) if text.line(one[:200])],
        more=post.get("more", "")[:500],
        name=post.get("name", "")[:MAX_PERSONAL],
        contact=post.get("contact", "")[:MAX_PERSONAL],
        request_key=post.get("request_key", "")[:64] or str(new_id()),
    )
    if post.get("website"):
        typed.errors["body"] = "書き込まない欄に文字が入りました。もう一度お確かめのうえ送ってください"
    if typed.more.strip():
        take_more(typed, text)
    try:
        check_opinion(typed.body, typed.places, typed.personal)
    except OpinionRefused as refused:
        typed.errors["body"] = REFUSALS.get(refused.code, REFUSALS["BAD_TEXT"])
    return typed


def take_more(typed: Typed, text: Laid) -> None:
    """Items named as people cite them, e.g. Ⅲ-7-リスク1⑨; one that the text does not have is said."""
    document, form = text.rendering.document, text.rendering.form
    for part in typed.more.replace("，", "、").replace(",", "、").replace("\n", "、").split("、"):
        if not part.strip():
            continue
        # Somebody who writes the number of a heading means what stands under it; the preview shows what was taken.
        meant = resolve(form, part, document) or resolve(form, f"{part}①", document)
        line = next((found for one in meant if (found := text.line(str(one)))), None)
        if line is None:
            typed.errors["more"] = "評価書にない項目があります。項目の番号を確かめてください（例：Ⅰ-1①）"
        elif line.place not in typed.places:
            typed.places.append(line.place)
    if "more" not in typed.errors:
        typed.more = ""


def lines_of(places: list[str] | tuple[str, ...], text: Laid) -> list[Line]:
    """The items in words."""
    return [line for one in places if (line := text.line(one)) is not None]
