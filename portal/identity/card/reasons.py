"""Why a card was not accepted, in words for the person who holds it.

Each reason says what happened, what was kept, and what to do next. None says whether an account exists.
"""

from __future__ import annotations

from enum import StrEnum


class CardReason(StrEnum):
    """Everything that can be wrong with a card login."""

    UNREADABLE = "unreadable"
    WRONG_AUTHORITY = "wrong_authority"
    FORGED = "forged"
    SIGN_KIND = "sign_kind"
    TEST_CARD = "test_card"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    AUTHORITY_EXPIRED = "authority_expired"
    WRONG_KEY = "wrong_key"
    WRONG_ALGORITHM = "wrong_algorithm"
    AUTHORITY_CERTIFICATE = "authority_certificate"
    MISSING_USAGE = "missing_usage"
    WRONG_USAGE = "wrong_usage"
    MISSING_POLICY = "missing_policy"
    WRONG_POLICY = "wrong_policy"
    WRONG_EXTENDED_USAGE = "wrong_extended_usage"
    UNKNOWN_CRITICAL = "unknown_critical"
    PROFILE = "profile"
    REVOKED = "revoked"
    ON_HOLD = "on_hold"
    STATUS_UNKNOWN = "status_unknown"
    STATUS_UNAVAILABLE = "status_unavailable"
    STATUS_STALE = "status_stale"
    STATUS_UNTRUSTED = "status_untrusted"
    STATUS_MISMATCH = "status_mismatch"
    WRONG_SIGNATURE = "wrong_signature"
    CHALLENGE_UNKNOWN = "challenge_unknown"
    CHALLENGE_LATE = "challenge_late"
    CHALLENGE_USED = "challenge_used"
    OTHER_ACCOUNT = "other_account"
    TOO_MANY = "too_many"
    NO_CERTIFICATE = "no_certificate"


# A family of reasons shares its words: the exact reason goes to the log and to the client program, the words to a person.
_READ_AGAIN = "カードを読み直して、もう一度ログインしてください。続くときは窓口へおたずねください。"
_NOTHING_KEPT = "ログインはしていません。入力途中のものは、そのまま残っています。"
_ASK_OFFICE = "カードを持って、住民票のある市区町村の窓口へおいでください。"

WORDS: dict[CardReason, tuple[str, str]] = {
    CardReason.UNREADABLE: ("カードの証明書を読み取れませんでした。", _READ_AGAIN),
    CardReason.WRONG_AUTHORITY: (
        "この証明書は、公的個人認証サービスが発行したものではありません。",
        "マイナンバーカードの「利用者証明用電子証明書」を使ってください。",
    ),
    CardReason.FORGED: (
        "この証明書は、発行者の署名が正しくありません。",
        "マイナンバーカードそのものを使っているか、確かめてください。",
    ),
    CardReason.SIGN_KIND: (
        "これは署名用の電子証明書です。ログインには使えません。",
        "「利用者証明用電子証明書」（暗証番号は数字4けた）を選んで、もう一度ログインしてください。",
    ),
    CardReason.TEST_CARD: (
        "これは試験用のカードです。この窓口では使えません。",
        "ご自分のマイナンバーカードを使ってください。",
    ),
    CardReason.NOT_YET_VALID: ("この証明書は、まだ有効期間に入っていません。", _ASK_OFFICE),
    CardReason.EXPIRED: (
        "この証明書は、有効期限が切れています。",
        "市区町村の窓口で電子証明書を更新すると、これまでの記録をそのまま使えます。",
    ),
    CardReason.AUTHORITY_EXPIRED: ("この証明書を出した認証局の有効期限が切れています。", _ASK_OFFICE),
    CardReason.WRONG_KEY: ("この証明書の鍵の種類は、ここでは使えません。", _ASK_OFFICE),
    CardReason.WRONG_ALGORITHM: ("この証明書の署名の方式は、ここでは使えません。", _ASK_OFFICE),
    CardReason.AUTHORITY_CERTIFICATE: (
        "これは認証局の証明書で、利用者の証明書ではありません。",
        "マイナンバーカードの「利用者証明用電子証明書」を使ってください。",
    ),
    CardReason.MISSING_USAGE: ("この証明書には、鍵の使いみちが書かれていません。", _ASK_OFFICE),
    CardReason.WRONG_USAGE: ("この証明書の使いみちは、ログインではありません。", _ASK_OFFICE),
    CardReason.MISSING_POLICY: ("この証明書には、証明書の種類が書かれていません。", _ASK_OFFICE),
    CardReason.WRONG_POLICY: (
        "この証明書の種類は、ログインに使えるものではありません。",
        "「利用者証明用電子証明書」を選んでください。",
    ),
    CardReason.WRONG_EXTENDED_USAGE: ("この証明書の使いみちは、ログインではありません。", _ASK_OFFICE),
    CardReason.UNKNOWN_CRITICAL: ("この証明書には、確かめられない決まりが書かれています。", _ASK_OFFICE),
    CardReason.PROFILE: ("この証明書は、決められた形になっていません。", _ASK_OFFICE),
    CardReason.REVOKED: (
        "この証明書は、失効しています。",
        "カードの再発行や証明書の更新をしたときは、新しいカードを使ってください。心当たりがないときは窓口へ。",
    ),
    CardReason.ON_HOLD: (
        "この証明書は、いま一時停止されています。",
        "カードが見つかったときは、カードを持って住民票のある市区町村の窓口で、一時停止の解除を申し出てください。",
    ),
    CardReason.STATUS_UNKNOWN: ("この証明書が有効かどうか、認証局が答えられませんでした。", _ASK_OFFICE),
    CardReason.STATUS_UNAVAILABLE: (
        "証明書が有効かどうかを確かめるところに、いまつながりません。",
        "安全のため、確かめられないあいだはログインできません。数分後にもう一度お試しください。カードに問題はありません。",
    ),
    CardReason.STATUS_STALE: (
        "証明書が有効かどうかの情報が古く、確かめられませんでした。",
        "数分後にもう一度お試しください。カードに問題はありません。",
    ),
    CardReason.STATUS_UNTRUSTED: (
        "証明書が有効かどうかの回答が、正しいところからのものと確かめられませんでした。",
        "数分後にもう一度お試しください。カードに問題はありません。",
    ),
    CardReason.STATUS_MISMATCH: (
        "証明書が有効かどうかの回答が、この証明書についてのものではありませんでした。",
        "数分後にもう一度お試しください。カードに問題はありません。",
    ),
    CardReason.WRONG_SIGNATURE: ("カードの署名が正しくありませんでした。", _READ_AGAIN),
    CardReason.CHALLENGE_UNKNOWN: (
        "この確認コードは見つかりません。",
        "画面に出ているコードを確かめて、もう一度入れてください。",
    ),
    CardReason.CHALLENGE_LATE: (
        "確認コードの時間（2分）が過ぎました。",
        "ログイン画面で新しいコードを出してください。",
    ),
    CardReason.CHALLENGE_USED: (
        "この確認コードは、もう使われました。",
        "コードは1回だけ使えます。ログイン画面で新しいコードを出してください。",
    ),
    CardReason.OTHER_ACCOUNT: (
        "いまログインしている方のカードではありません。",
        "同じカードで確認するか、いったんログアウトしてください。",
    ),
    CardReason.TOO_MANY: (
        "短い時間に何度も失敗したため、しばらく受け付けられません。",
        "15分たってから、もう一度お試しください。カードの暗証番号は減っていません。",
    ),
    CardReason.NO_CERTIFICATE: (
        "カードの証明書が送られませんでした。",
        "カードをリーダーに置き、ブラウザーで証明書を選んでください。暗証番号を3回まちがえるとカードが使えなくなります。",
    ),
}


class CardRefused(Exception):
    """A card login that was refused.

    :param reason: why.
    """

    def __init__(self, reason: CardReason) -> None:
        super().__init__(reason.value)
        self.reason = reason

    @property
    def what_happened(self) -> str:
        """One sentence for the person."""
        return WORDS[self.reason][0]

    @property
    def what_was_kept(self) -> str:
        """What has not been lost."""
        return _NOTHING_KEPT

    @property
    def what_next(self) -> str:
        """What to do now."""
        return WORDS[self.reason][1]
