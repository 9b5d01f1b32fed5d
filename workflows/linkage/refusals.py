"""What the desks of the link say when they refuse: what happened, what was kept, what to do next, in the languages of staff."""

from __future__ import annotations

from collections.abc import Mapping

ASKING: Mapping[str, tuple[str, str]] = {
    "NO_APPLICATION": (
        "申請が見つかりません。何も送っていません。申請の一覧から開きなおしてください。",
        "There is no such application. Nothing was sent. Open it again from the list of applications.",
    ),
    "UNKNOWN_LAW_ROW": (
        "法令の表にない根拠です。何も送っていません。照会の画面を開きなおして選んでください。",
        "The law table has no such row. Nothing was sent. Open the page again and choose.",
    ),
    "OTHER_AFFAIR": (
        "この申請の事務とは別の事務の根拠です。何も送っていません。根拠を選びなおしてください。",
        "This row is for another affair than the application's. Nothing was sent. Choose another row.",
    ),
    "WRONG_ITEMS": (
        "選んだ根拠で求められる項目と違います。何も送っていません。項目を選びなおしてください。",
        "The row you chose does not allow this item. Nothing was sent. Choose the item again.",
    ),
    "UNKNOWN_HOLDER": (
        "照会先が見つかりません。何も送っていません。照会先を選びなおしてください。",
        "There is no such body to ask. Nothing was sent. Choose whom to ask again.",
    ),
    "PURPOSE": (
        "照会の理由を200字までで書いてください。何も送っていません。",
        "Write the reason in up to 200 characters. Nothing was sent.",
    ),
    "PURPOSE_UNREADABLE": (
        "照会の理由に、画面に出せない文字があります。何も送っていません。その文字を消して、書きなおしてください。",
        "The reason has characters that cannot be shown. Nothing was sent. Take them out and write it again.",
    ),
    "PURPOSE_PERSONAL": (
        "照会の理由に、名前・住所・生年月日・性別・個人番号と思われるものがあります。何も送っていません。それらを書かずに、理由だけを書いてください。",
        "The reason seems to hold a name, an address, a date of birth, a sex or a My Number. Nothing was sent. Leave these out and write the reason only.",
    ),
}
LETTERS: Mapping[str, tuple[str, str]] = {
    "NOT_DEAD": (
        "この電文は、もう送れなかった電文の一覧にありません。何も変えていません。一覧を開きなおしてください。",
        "This message is no longer among those that could not be delivered. Nothing was changed. Open the list again.",
    ),
    "NOT_ALLOWED": (
        "この操作は運用担当か責任者ができます。何も変えていません。担当に依頼してください。",
        "An operator or a supervisor may do this. Nothing was changed. Ask one of them.",
    ),
    "SAME_PERSON": (
        "終えるには二人が要ります。案を出した人とは別の人が確かめてください。電文は残っています。",
        "Closing takes two persons. Somebody else than who proposed it has to confirm. The message is kept.",
    ),
}


class DeskRefused(ValueError):
    """Nothing was done of what a person at a desk asked for. Holds a code; its text is Japanese.

    :param words: code to the text in Japanese and in English.
    """

    def __init__(self, code: str, words: Mapping[str, tuple[str, str]]) -> None:
        super().__init__(words[code][0])
        self.code = code
        self._words = words[code]

    def text(self, language: str) -> str:
        """Return the text in a language of staff: ``en``, else Japanese."""
        return self._words[1 if language == "en" else 0]
