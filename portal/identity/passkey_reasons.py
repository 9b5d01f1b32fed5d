"""Why a security key was not accepted, in words for the member of staff who holds it."""

from __future__ import annotations

from enum import StrEnum


class PasskeyReason(StrEnum):
    """Everything that can be wrong with a security key."""

    NOT_ACCEPTED = "not_accepted"
    NOT_VERIFIED = "not_verified"
    SYNCHRONISED = "synchronised"
    SIGN_COUNT = "sign_count"
    CHALLENGE = "challenge"
    CODE = "code"
    LEFT = "left"
    ALREADY = "already"
    TOO_MANY = "too_many"
    NOT_FRESH = "not_fresh"


_KEPT = "サインインはしていません。仕事の内容はそのまま残っています。"

WORDS: dict[PasskeyReason, tuple[str, str]] = {
    PasskeyReason.NOT_ACCEPTED: (
        "このセキュリティーキーでは確認できませんでした。",
        "登録したキーを使って、もう一度サインインしてください。キーをなくしたときは、職員の登録の担当に連絡してください。",
    ),
    PasskeyReason.NOT_VERIFIED: (
        "キーの暗証番号か指紋での確認がありませんでした。",
        "暗証番号か指紋を設定したキーを使って、もう一度お試しください。",
    ),
    PasskeyReason.SYNCHRONISED: (
        "このパスキーは、ほかの機器へ写せるものです。職員の窓口では使えません。",
        "機器から出ないセキュリティーキー（USBなど）を使ってください。",
    ),
    PasskeyReason.SIGN_COUNT: (
        "このキーの使用回数が合いません。写しが作られたおそれがあるため、キーを止めました。",
        "もう1本のキーでサインインし、職員の登録の担当にすぐ連絡してください。",
    ),
    PasskeyReason.CHALLENGE: (
        "確認の時間が過ぎたか、同じ内容がもう一度送られました。",
        "サインインの画面から、もう一度始めてください。",
    ),
    PasskeyReason.CODE: (
        "登録コードが正しくないか、期限が過ぎています。",
        "コードを確かめてください。期限が過ぎたときは、職員の登録の担当に新しいコードを頼んでください。",
    ),
    PasskeyReason.LEFT: (
        "この登録は、いま使えません。",
        "職員の登録の担当に連絡してください。",
    ),
    PasskeyReason.ALREADY: (
        "このキーは、もう登録されています。",
        "そのままサインインに使えます。別のキーを足すときは、そのキーを挿してください。",
    ),
    PasskeyReason.TOO_MANY: (
        "短い時間に何度も失敗したため、しばらく受け付けられません。",
        "15分たってから、もう一度お試しください。",
    ),
    PasskeyReason.NOT_FRESH: (
        "大切な変更のため、もう一度の本人確認が必要です。",
        "キーで確認してから、続けてください。",
    ),
}


class PasskeyRefused(Exception):
    """A security key that was refused.

    :param reason: why.
    """

    def __init__(self, reason: PasskeyReason) -> None:
        super().__init__(reason.value)
        self.reason = reason

    @property
    def what_happened(self) -> str:
        """One sentence for the person."""
        return WORDS[self.reason][0]

    @property
    def what_was_kept(self) -> str:
        """What has not been lost."""
        return _KEPT

    @property
    def what_next(self) -> str:
        """What to do now."""
        return WORDS[self.reason][1]
