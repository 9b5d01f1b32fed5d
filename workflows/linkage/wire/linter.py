"""The wire linter: the five things the intermediate server must never hold do not pass (facts M7; 番号法21条の2).

個人番号, 氏名, 住所, 生年月日 and 性別 are looked for by key and by value: through nesting, in keys, in full-width
digits, with separators or invisible characters between digits, in numbers, and in both schemes of check digit (the
official one and the synthetic one of test data). A finding names the place and the class, never the value. False
alarms are preferred to leaks: free text that merely looks like a name is refused too.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import Any

from .problems import Problem
from .tokens import COMPACT_JWS, is_sealed

_KEYS = {
    "number": "個人番号 マイナンバー mynumber kojinbango individualnumber personalnumber nationalid 住民票コード "
    "juminhyocode juminhyo residentcode number",
    "name": "氏名 名前 姓 名 姓名 フリガナ ふりがな 氏名カナ shimei simei name fullname givenname familyname firstname "
    "lastname surname kana namekana kananame personname",
    "address": "住所 居所 現住所 本籍 jusho jyusho address addr street postalcode zip zipcode",
    "birth": "生年月日 誕生日 birthdate dateofbirth dob birthday birth seinengappi umare",
    "sex": "性別 sex gender seibetsu",
}
_FORBIDDEN_KEYS = {word: kind for kind, words in _KEYS.items() for word in words.split()}
_KEY_PARTS = {
    "mynumber": "number",
    "個人番号": "number",
    "マイナンバー": "number",
    "氏名": "name",
    "住所": "address",
    "生年月日": "birth",
    "性別": "sex",
    "birthdate": "birth",
    "shimei": "name",
}
#: Fields whose schema pattern already bounds them; looked at as whole numbers, not through windows of digits.
_IDENTIFIERS = frozenset(
    {
        "id",
        "danban",
        "fugo",
        "code",
        "item",
        "items",
        "token",
        "created",
        "expires",
        "digest",
        "inquiry_id",
        "exchange_id",
        "provision_id",
        "acquisition_id",
        "record_id",
        "batch_id",
        "other",
        "partition",
        "causation",
        "correlation",
        "requested_at",
        "provided_at",
        "permit_expires",
        "decided_at",
        "request_digest",
        "staff_hash",
        "merkle_root",
        "person",
        "trace",
        "lease",
        "leased_until",
        "until",
        "serial",
        "issuer",
        "value",
        "case_ref",
    }
)
_SEALED = frozenset({"payload_jwe", "sealed"})
_SIGNED = frozenset({"permit"})

_WORDS = re.compile(r"(個人番号|マイナンバー|氏名|住所|生年月日|性別)(は|[:=：＝])")
_ERA_BIRTH = re.compile(
    r"(明治|大正|昭和|平成|令和|[MTSHR])\s?(元|\d{1,2})[年.]\s?\d{1,2}[月.]\s?\d{1,2}日?\s?(生|$)"
)
_DATE_BORN = re.compile(r"(18|19|20)\d\d[年./-]\d{1,2}[月./-]\d{1,2}日?\s?生")
_ADDRESS = re.compile(r"[都道府県市区町村郡].{0,20}\d+\s?(丁目|番地?|号|[-‐‑–—−ー]\d)")
_SEX = frozenset({"男", "女", "男性", "女性", "male", "female"})
_KANJI_NAME = re.compile(
    r"^[㐀-鿿豈-﫿々〆ヶ\U00020000-\U0003ffff]{1,6} [㐀-鿿豈-﫿々ぁ-ゖ\U00020000-\U0003ffff]{1,6}$"
)
_KANA_NAME = re.compile(r"^([ァ-ヺー]{2,10}[ ・][ァ-ヺー]{2,10}|[ぁ-ゖー]{2,10}[ ・][ぁ-ゖー]{2,10})$")
_ROMAN_NAME = re.compile(r"([A-Z][a-z]{1,15}|[A-Z]{2,16}),? ([A-Z][a-z]{1,15}|[A-Z]{2,16})")
#: Words of offices and of what is asked for. What is as well a name (care, child, grant) is left out: rather a false alarm than a leak.
_OFFICE_WORDS = """
    city town village ward prefecture office union board bureau division section department government municipal national public
    tax income allowance allowances benefit benefits certificate certificates application applications review reviews insurance
    pension pensions medical housing school nursery disability support confirmation assistance welfare health employment survivor
    childcare nursing elderly household resident residence residents number record records notice notices registration payment
    payments decision eligibility exemption reduction refund grants scholarship tuition injury disease vaccination maternity
    assessment investigation inquiry verification renewal change correction request purpose procedure service services status
    annual monthly yearly fiscal local special general additional regular
"""
_NO_ROMAN_NAME = frozenset(_OFFICE_WORDS.split())
_ROMAN_ADDRESS = re.compile(r"(?=.*\d)(?=.*[A-Za-z]-(shi|ku|cho|machi|mura|gun|ken|fu)\b)", re.IGNORECASE)
_ROMAN_WORDS = re.compile(
    r"\b(my ?number|individual ?number|(?:full|given|family|first|last)? ?name|address|date ?of ?birth|birth ?date|birthday|dob|sex"
    r"|gender)\s*[:=]",
    re.IGNORECASE,
)
_HONORIFIC = re.compile(
    r"([㐀-鿿々\U00020000-\U0003ffff]{2,8}( [㐀-鿿々ぁ-ゖ]{1,6})?|[ァ-ヺー]{2,10})(様|さん|ちゃん|くん|殿|氏)(?![㐀-鿿])"
)
_OFFICE = re.compile(r"[市区町村県府都道課部局室係庁長会院署]( |$)")
_GROUPS = re.compile(r"\d+")
#: Shapes that cannot be a number hidden among digits: a full time, date, ULID, UUID or 43-character digest.
_SHAPES = re.compile(
    r"20\d\d-[01]\d-[0-3]\d(T[0-2]\d:[0-5]\d:[0-5]\d(\.\d{1,6})?Z)?"
    r"|[0-7][0-9A-HJKMNP-TV-Z]{25}"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    r"|(?=.*[A-Za-z])[A-Za-z0-9_-]{43}"
    r"|(?=.*[A-Fa-f])[0-9A-Fa-f]{64}"
)
#: Figures written as characters, and three groups of four with words between them.
_KANJI_FIGURES = str.maketrans(
    "〇零一二三四五六七八九壱壹弌弐貳貮弍参參弎肆伍陸漆捌玖", "0012345678911122223334" + "56789"
)
_THREE_GROUPS = re.compile(r"(?<!\d)(?=(\d{4})\D{1,6}(\d{4})\D{1,6}(\d{4})(?!\d))")
_SEPARATOR = re.compile(r"^[^\w]{1,3}$|^_{1,3}$")
_INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One place that must not leave: a JSON pointer without values, and what it looks like."""

    pointer: str
    kind: str


def check_digit(body: str) -> int:
    """The official check digit of the first 11 digits of a 個人番号 (省令85号5条)."""
    total = sum(int(digit) * (n + 1 if n <= 6 else n - 5) for n, digit in enumerate(reversed(body), start=1))
    rest = total % 11
    return 0 if rest <= 1 else 11 - rest


def looks_like_number(digits: str) -> bool:
    """Whether 12 ASCII digits are a 個人番号 by the official scheme or by the synthetic one (check digit + 5 mod 10)."""
    if len(digits) != 12:
        return False
    official = check_digit(digits[:11])
    return int(digits[11]) in (official, (official + 5) % 10)


def _plain(text: str) -> str:
    """The text as a reader would see it: compatibility forms folded, invisible characters gone, digits ASCII."""
    if text.isascii():
        return text
    folded = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    if any(ch.isdigit() and not ch.isascii() for ch in folded):
        folded = "".join(
            str(unicodedata.digit(ch)) if ch.isdigit() and not ch.isascii() else ch for ch in folded
        )
    return folded


def _number_in(text: str, windows: bool) -> bool:
    if len(text) < 12:
        return False
    groups = [m.span() for m in _GROUPS.finditer(text)]
    if sum(end - start for start, end in groups) < 12:
        return False
    for first, (start, _) in enumerate(groups):
        joined = ""
        previous = start
        for begin, end in groups[first:]:
            if begin > previous and not _SEPARATOR.match(text[previous:begin]):
                break
            joined += text[begin:end]
            previous = end
            if len(joined) >= 12:
                break
        if looks_like_number(joined):
            return True
        if (
            windows
            and len(joined) > 12
            and any(looks_like_number(joined[i : i + 12]) for i in range(len(joined) - 11))
        ):
            return True
    return False


def _written_out(text: str) -> bool:
    """Whether a text that is more than ASCII holds a number in kanji figures, or in groups with words between them."""
    figures = text.translate(_KANJI_FIGURES)
    if figures != text and _number_in(figures, windows=True):
        return True
    return any(looks_like_number("".join(found.groups())) for found in _THREE_GROUPS.finditer(figures))


def _text_kind(text: str, windows: bool) -> str | None:
    plain = _plain(text)
    if _number_in(plain, windows) or (not plain.isascii() and _written_out(plain)):
        return "number"
    stripped = " ".join(plain.split())
    if stripped.lower() in _SEX:
        return "sex"
    if plain.isascii():
        return _roman_kind(stripped)
    if found := _WORDS.search(stripped):
        return _KEY_PARTS.get(found.group(1), "number")
    if _ERA_BIRTH.search(stripped) or _DATE_BORN.search(stripped):
        return "birth"
    if _ADDRESS.search(stripped):
        return "address"
    if not _OFFICE.search(stripped) and (_KANJI_NAME.match(stripped) or _KANA_NAME.match(stripped)):
        return "name"
    if _HONORIFIC.search(stripped):
        return "name"
    return None


def _roman_kind(text: str) -> str | None:
    """What a text in Latin letters looks like; codes, which have neither blank nor sign, look like nothing."""
    if _ERA_BIRTH.search(text):  # an era's initial will do for a date
        return "birth"
    if not any(sign in text for sign in " :="):
        return None
    if found := _ROMAN_WORDS.search(text):
        return _FORBIDDEN_KEYS.get(re.sub(r"\W", "", found.group(1)).lower(), "number")
    if _ROMAN_ADDRESS.match(text):
        return "address"
    found = _ROMAN_NAME.fullmatch(text)
    return "name" if found and not any(word.lower() in _NO_ROMAN_NAME for word in found.groups()) else None


def _in_pieces(values: Sequence[Any]) -> bool:
    """Whether a list of short figures, read one after the other, is a number."""
    pieces = []
    for value in values:
        text = _plain(value) if isinstance(value, str) else str(value) if type(value) is int else ""
        if not text.isdigit() or len(text) > 11:
            return False
        pieces.append(text)
    return len(pieces) > 1 and _number_in("".join(pieces), windows=True)


def _key_kind(key: str) -> str | None:
    # The profile's own keys come again and again; a key that could itself be data is never remembered.
    return _word_kind(key) if key.isascii() and key.isidentifier() and len(key) <= 32 else _any_key_kind(key)


@lru_cache(maxsize=1024)
def _word_kind(key: str) -> str | None:
    return _any_key_kind(key)


def _any_key_kind(key: str) -> str | None:
    plain = _plain(key)
    if _number_in(plain, windows=True):
        return "number"
    bare = re.sub(r"[\W_]+", "", plain).lower()
    if bare in _FORBIDDEN_KEYS:
        return _FORBIDDEN_KEYS[bare]
    return next((kind for part, kind in _KEY_PARTS.items() if part in bare), None)


def _value_kind(key: str, value: Any, known: tuple[str, ...]) -> str | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        digits = str(abs(int(value))) if isfinite(value) else ""
        return "number" if len(digits) >= 10 and _number_in(digits.zfill(12), windows=True) else None
    if key in _SEALED:
        return None if is_sealed(value) else "unsealed"
    if key in _SIGNED:
        return None if COMPACT_JWS.match(value) else "unsealed"
    if key in _IDENTIFIERS and _SHAPES.fullmatch(value):
        return None
    if known:
        bare = "".join(_plain(value).split())
        if any(word in bare for word in known):
            return "known"
    return _text_kind(value, windows=key not in _IDENTIFIERS)


def findings(document: Any, known: Iterable[str] = ()) -> Iterator[Finding]:
    """Every place of a document that must not leave.

    :param known: values the caller knows to be forbidden here (the subject's own name or address, where the caller
        holds them); compared without spaces, on top of the general rules.
    """
    words = tuple(bare for word in known if (bare := "".join(_plain(word).split())))
    stack: list[tuple[str, str, Any]] = [("", "", document)]
    while stack:
        pointer, key, value = stack.pop()
        if isinstance(value, Mapping):
            for name, child in value.items():
                kind = _key_kind(str(name))
                if kind is not None:
                    yield Finding(f"{pointer}/?", kind)
                stack.append((f"{pointer}/{'?' if kind else name}", str(name), child))
        elif isinstance(value, list | tuple):
            if _in_pieces(value):
                yield Finding(pointer, "number")
            stack.extend((f"{pointer}/{i}", key, child) for i, child in enumerate(value))
        elif isinstance(value, bytes):
            yield Finding(pointer, "unsealed")
        elif (kind := _value_kind(key, value, words)) is not None:
            yield Finding(pointer, kind)


def lint(document: Any, known: Iterable[str] = ()) -> None:
    """Refuse a document that carries, or seems to carry, one of the five.

    :raises Problem: FORBIDDEN_CONTENT with places and classes.
    """
    found = [{"pointer": f.pointer, "kind": f.kind} for f in findings(document, known)]
    if found:
        raise Problem("FORBIDDEN_CONTENT", f"{len(found)} place(s) must not leave", found[:20])
