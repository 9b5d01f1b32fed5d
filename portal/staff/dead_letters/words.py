"""What a message of the link is about and why it lies here, in words; the code stays beside them for the one who looks it up."""

from __future__ import annotations

from datetime import timedelta

from workflows.linkage.wire.codes import RESULT_CLASSES
from workflows.linkage.wire.codes import words as outcome_words
from workflows.linkage.wire.retry import BUDGET

HOURS = BUDGET // timedelta(hours=1)
"""How long a message is tried; ``{hours}`` in the words of a cause."""

TRAFFIC = {
    "copy": "副本",
    "copies": "副本",
    "exchange": "やりとりの報告",
    "freeze": "利用の停止",
    "fugo": "符号",
    "inquiry": "情報照会",
    "juki": "住基ネット",
    "permit": "提供の許可",
    "provision": "情報提供",
    "record": "情報提供等記録",
    "records": "情報提供等記録",
    "subject": "対象者の変更",
}
"""The first part of a message's type (docs/link.md), which is also the name of its lane."""

CAUSES = {
    "UNKNOWN_CASE": "どの案件のものか分かりません",
    "UNKNOWN_INQUIRY": "どの照会のものか分かりません",
    "UNKNOWN_ACQUISITION": "どの符号の取得のものか分かりません",
    "UNKNOWN_TYPE": "扱えない種類の電文です",
    "CHANGED_ON_THE_WAY": "届くまでに中身が変わっています",
    "TOO_LATE": "案件がもう先に進んでいます",
    "SECOND_REQUEST": "同じやりとりの求めが、もう一度来ました",
    "NO_CONTENT": "回答の中身がありません",
    "OTHER_CONTENT": "回答の中身と、外に書かれたことが違います",
    "NOT_ASKED": "求めていない項目が入っています",
    "OTHER_EXCHANGE": "別のやりとりの回答です",
    "IMPOSSIBLE_TIME": "回答の日時が、ありえないものです",
    "SEAL_BROKEN": "封がこわれているか、別のやりとりのものです",
    "PERMIT_INVALID": "提供の許可証を確かめられません",
    "MESSAGE_EXPIRED": "期限を過ぎて届きました",
    "NEVER_FITTED": "一日待っても、前の電文が来ませんでした",
    "HANDLER_FAILED": "処理の途中で、こちらに誤りが起きました",
    "BUDGET_OVER": "{hours}時間、送りなおしても届きませんでした",
}


def traffic(code: str) -> str | None:
    """What a type of message, or a lane, is about; None when the word is missing."""
    return TRAFFIC.get(code.partition(".")[0].partition(":")[0])


def cause(code: str | None, language: str) -> str | None:
    """Why a message lies here, in Japanese as a key of the catalogues or in the words of the result codes; None when only the code is known.

    :param language: ``ja`` or ``en``. The words may hold ``{hours}``, which is ``HOURS``.
    """
    head, _, tail = (code or "").partition(":")
    if head in CAUSES:
        return CAUSES[head]
    known = next((one for one in (head, tail) if one in RESULT_CLASSES), None)
    return outcome_words(known, language) if known else None
