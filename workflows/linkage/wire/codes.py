"""Result classes of MSL/1 and their plain words.

The real intermediate server's result codes are not public (facts: no list was found), so these are the profile's
own. Each carries the words a resident or clerk may read, a legal word where the act has one, and whether anything
was provided, because the record list (情報提供等記録, 番号法23条) must say the outcome without jargon.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ResultClass:
    """One outcome of an exchange.

    :ivar code: the code on the wire.
    :ivar ja: plain Japanese words for a screen.
    :ivar en: plain English words for a screen.
    :ivar provided: whether content left the holder.
    :ivar final: whether nothing more will come after it.
    :ivar legal: the legal word or clause behind it, empty when the act has none.
    :ivar retryable: whether asking again later can succeed without any change by the asker.
    """

    code: str
    ja: str
    en: str
    provided: bool
    final: bool
    legal: str = ""
    retryable: bool = False


_ALL = (
    ResultClass("OK", "提供されました", "Provided", True, True, "番号法22条1項 提供"),
    ResultClass(
        "OK_PARTIAL", "一部の項目だけ提供されました", "Provided in part", True, True, "番号法22条1項 提供"
    ),
    ResultClass(
        "NO_SUCH_SUBJECT",
        "相手の団体に該当する人がいませんでした",
        "The other body does not know this person",
        False,
        True,
        "該当者なし",
    ),
    ResultClass(
        "NOT_REGISTERED",
        "相手の団体に情報がまだ登録されていませんでした",
        "The other body has no copy of this item yet",
        False,
        True,
        "副本未登録",
        True,
    ),
    ResultClass(
        "NOT_DISCLOSED",
        "相手の団体が開示できない情報と判断しました",
        "The other body judged this not to be disclosed",
        False,
        True,
        "不開示情報（個情法78条1項）",
    ),
    ResultClass(
        "NOT_PROVIDABLE",
        "相手の団体が提供できない項目でした",
        "The other body may not provide this item",
        False,
        True,
        "提供不可",
    ),
    ResultClass(
        "PENDING_MANUAL",
        "相手の団体の職員が確認しています",
        "Staff of the other body are checking",
        False,
        False,
        "自動応答不可",
    ),
    ResultClass(
        "REFUSED_BY_HOLDER",
        "相手の団体が提供しないと決めました",
        "The other body refused",
        False,
        True,
        "番号法22条1項の例外",
    ),
    ResultClass(
        "PERMIT_DENIED",
        "法律の表に合わないため許可されませんでした",
        "Not permitted: no matching row in the law table",
        False,
        True,
        "番号法21条2項",
    ),
    ResultClass(
        "PERMIT_EXPIRED",
        "許可の期限が過ぎたため提供されませんでした",
        "The permit ran out before the answer",
        False,
        True,
        "",
        True,
    ),
    ResultClass(
        "NO_FUGO",
        "照会に使う符号がまだありません",
        "The link code has not been obtained yet",
        False,
        True,
        "番号法21条の2",
        True,
    ),
    ResultClass(
        "LAYOUT_MISMATCH", "データ様式の版が合いませんでした", "The data layout versions differ", False, True
    ),
    ResultClass(
        "HOLDER_UNAVAILABLE",
        "相手の団体につながりませんでした",
        "The other body could not be reached",
        False,
        True,
        "",
        True,
    ),
    ResultClass("TIMEOUT", "時間内に回答がありませんでした", "No answer in time", False, True, "", True),
    ResultClass(
        "MAINTENANCE", "保守のため止まっていました", "Stopped for maintenance", False, True, "", True
    ),
    ResultClass("CANCELLED", "照会した団体が取り消しました", "Cancelled by the asking body", False, True),
    ResultClass("FROZEN", "安全のため照会・提供を止めています", "Stopped by a safety freeze", False, True),
)

RESULT_CLASSES: dict[str, ResultClass] = {r.code: r for r in _ALL}

#: Codes a holder may give when it does not provide (番号法22条1項 obliges it: every refusal has a coded ground).
REFUSAL_CODES = frozenset(
    {
        "NO_SUCH_SUBJECT",
        "NOT_REGISTERED",
        "NOT_DISCLOSED",
        "NOT_PROVIDABLE",
        "REFUSED_BY_HOLDER",
        "LAYOUT_MISMATCH",
        "PERMIT_EXPIRED",
        "FROZEN",
    }
)
#: Coded legal grounds that must go with REFUSED_BY_HOLDER; free text alone is never a ground.
REFUSAL_GROUNDS = frozenset({"NO_PERMIT", "PIA_UNPUBLISHED", "OUT_OF_SCOPE", "WRONG_PERSON_SUSPECTED"})


def result_class(code: str) -> ResultClass:
    """The class of a code.

    :raises KeyError: the code is not part of the profile.
    """
    return RESULT_CLASSES[code]


def words(code: str, language: str = "ja") -> str:
    """Plain words for a code in ``ja`` or ``en``; an unknown code is shown as itself so nothing is hidden."""
    found = RESULT_CLASSES.get(code)
    if found is None:
        return code
    return found.en if language == "en" else found.ja
