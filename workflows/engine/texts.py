"""The engine's own reasons in words: what happened, that nothing was changed, what to do next."""

from __future__ import annotations

from collections.abc import Mapping

from workflows.engine.definition import Definition
from workflows.engine.values import Reason

TEXTS: Mapping[str, Mapping[str, str]] = {
    "case_not_found": {
        "ja": "この案件は見つかりません。何も変更していません。一覧から開き直してください。",
        "en": "There is no such case. Nothing was changed. Open it again from the list.",
    },
    "unknown_trigger": {
        "ja": "「{trigger}」という操作はありません。何も変更していません。画面を読み直してください。",
        "en": "There is no action “{trigger}”. Nothing was changed. Reload the page.",
    },
    "wrong_state": {
        "ja": "今の状態は「{state}」なので、この操作はできません。何も変更していません。画面を読み直して最新の状態を確かめてください。",
        "en": "The case is now “{state}”, where this cannot be done. Nothing was changed. Reload the page to see how it stands.",
    },
    "not_your_role": {
        "ja": "この操作は「{roles}」が行います。何も変更していません。担当の人に引き継いでください。",
        "en": "This is done by: {roles}. Nothing was changed. Hand the case to one of them.",
    },
    "no_way_on": {
        "ja": "この操作で進める先の条件がそろっていません。何も変更していません。入力と前提を確かめてください。",
        "en": "None of the ways this action can lead is open. Nothing was changed. Check the input and what it rests on.",
    },
    "input_missing": {
        "ja": "「{field}」が入力されていません。何も変更していません。入力してからもう一度送ってください。",
        "en": "“{field}” is missing. Nothing was changed. Fill it in and send again.",
    },
    "input_unknown": {
        "ja": "「{field}」はこの操作では受け取れません。何も変更していません。その項目を除いて送ってください。",
        "en": "“{field}” is not part of this action. Nothing was changed. Send again without it.",
    },
    "input_wrong": {
        "ja": "「{field}」の形が正しくありません。何も変更していません。直してからもう一度送ってください。",
        "en": "“{field}” has the wrong form. Nothing was changed. Correct it and send again.",
    },
    "input_holds_number": {
        "ja": "「{field}」に個人番号のように見える12けたの数字があります。記録に番号は残せません。何も変更していません。数字を除いて送ってください。",
        "en": "“{field}” has twelve digits that look like an individual number, which the journal must not keep."
        " Nothing was changed. Take the digits out and send again.",
    },
    "purpose_missing": {
        "ja": "目的が書かれていません。何も変更していません。目的を書いてから送ってください。",
        "en": "The purpose is missing. Nothing was changed. Say why, and send again.",
    },
    "purpose_holds_number": {
        "ja": "目的に個人番号のように見える12けたの数字があります。何も変更していません。数字を除いて送ってください。",
        "en": "The purpose has twelve digits that look like an individual number. Nothing was changed. Take them out and send again.",
    },
    "request_key_reused": {
        "ja": "この送信番号は別の操作で使われています。何も変更していません。画面を読み直してからやり直してください。",
        "en": "This request key was used for something else. Nothing was changed. Reload the page and try again.",
    },
    "same_person": {
        "ja": "この操作は別の人が行う必要があります（二人で確認）。何も変更していません。ほかの担当者に依頼してください。",
        "en": "Someone else has to do this (four eyes). Nothing was changed. Ask a colleague.",
    },
    "other_office": {
        "ja": "この案件は別の課が受け持っています。何も変更していません。受け持ちの課に連絡してください。",
        "en": "This case belongs to another office. Nothing was changed. Contact that office.",
    },
}


def reason_text(reason: Reason, definition: Definition | None, language: str = "ja") -> str:
    """A reason in words.

    :param definition: whose texts come first; None when the case is unknown.
    """
    texts = TEXTS
    params = dict(reason.params)
    if definition is not None:
        texts = {**TEXTS, **definition.guards, **definition.texts}
        if "state" in params and params["state"] in definition.states:
            params["state"] = definition.states[params["state"]].label[language]
        if "roles" in params:
            names = (definition.roles.get(role, {}).get(language, role) for role in params["roles"])
            params["roles"] = ("、" if language == "ja" else ", ").join(names)
        if params.get("role") in definition.roles:
            params["role"] = definition.roles[params["role"]][language]
    pattern = texts.get(reason.code, {}).get(language)
    return reason.code if pattern is None else pattern.format_map(_Blanks(params))


class _Blanks(dict[str, object]):
    """Leaves a blank unfilled rather than failing while an error is being explained."""

    def __missing__(self, key: str) -> str:
        return "…"
