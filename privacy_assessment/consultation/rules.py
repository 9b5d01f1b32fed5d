"""What is taken as an opinion and what is not; and what a redacted copy may say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from privacy_assessment.redaction import find_personal

MAX_BODY = 10_000
MAX_PLACES = 50
MAX_PERSONAL = 500


class OpinionRefused(ValueError):
    """An opinion cannot be taken as sent; what was sent before is kept. Holds a code and a text for the person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def check_opinion(body: str, places: Sequence[str], personal: Mapping[str, str] | None) -> None:
    """Refuse what cannot be taken.

    :raises OpinionRefused: empty, too long, unstorable, or with a 個人番号 in it.
    """
    if not body.strip():
        raise OpinionRefused("EMPTY", "意見が書かれていません。受け付けていません。意見を書いてください。")
    given = [body, *places, *(personal or {}).values()]
    if len(body) > MAX_BODY:
        raise OpinionRefused(
            "TOO_LONG",
            f"意見は{MAX_BODY:,}字までです（今は{len(body):,}字）。受け付けていません。分けて送ってください。",
        )
    if len(places) > MAX_PLACES or any(len(one) > MAX_PERSONAL for one in given[1:]):
        raise OpinionRefused(
            "TOO_MUCH", "項目か氏名・連絡先が長すぎます。受け付けていません。短くしてください。"
        )
    if any(not _storable(one) for one in given):
        raise OpinionRefused(
            "BAD_TEXT", "保存できない文字があります。受け付けていません。書き直してください。"
        )
    if any(one.stops for one in find_personal({"body": body, **(personal or {})})):
        raise OpinionRefused(
            "NUMBER",
            "個人番号と見られる12けたの数字があります。受け付けていません。数字を消してから送ってください。",
        )


def only_left_out(original: str, copy: str) -> bool:
    """Whether a copy is the original with pieces replaced by marks: nothing else may be put into somebody's mouth."""
    pieces = [one for one in copy.replace("［…］", "■").split("■") if one]
    at = 0
    for piece in pieces:
        found = original.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return bool(pieces) or "■" in copy or "［…］" in copy


def _storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text
