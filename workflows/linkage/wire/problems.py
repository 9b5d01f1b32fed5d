"""Problem answers (RFC 9457) of MSL/1: one closed list of codes, each with its next step.

A problem never carries personal data: it names places (JSON pointers) and classes, not values. Every problem says
what happened, whether anything was kept, and what to do next, in Japanese and English.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:msl:problem:"
LONGEST_WAIT = 3600
"""Seconds: no peer can ask for more patience than this at once; the signature does not cover the header."""


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """What a code means: HTTP status, words, next step, and whether the same request may be sent again."""

    code: str
    status: int
    title: str
    title_ja: str
    next_ja: str
    retryable: bool = False


_KINDS = (
    ProblemKind(
        "SCHEMA_INVALID",
        400,
        "The message does not fit its schema",
        "電文が様式に合いません",
        "errors の位置を直し、新しい電文番号で送り直してください。",
    ),
    ProblemKind(
        "DIGEST_MISMATCH",
        400,
        "Content-Digest does not match the body",
        "本文とダイジェストが一致しません",
        "本文を作り直し、署名し直して送ってください。",
    ),
    ProblemKind(
        "SIGNATURE_MISSING",
        401,
        "The message is not signed",
        "署名がありません",
        "MSL/1 の署名（tag=msl1）を付けて送ってください。",
    ),
    ProblemKind(
        "SIGNATURE_INVALID",
        401,
        "The signature does not verify",
        "署名を確認できません",
        "署名鍵と署名対象を確かめてください。続くときは鍵の登録を確認してください。",
    ),
    ProblemKind(
        "SIGNATURE_EXPIRED",
        401,
        "The signature window is over",
        "署名の有効時間を過ぎています",
        "時計を合わせ、署名し直して送ってください。",
    ),
    ProblemKind(
        "NONCE_REPLAYED",
        401,
        "This signature was already used",
        "同じ署名が二度使われました",
        "署名し直して（新しい nonce で）送ってください。心当たりがなければ事故として届け出てください。",
    ),
    ProblemKind(
        "UNKNOWN_KEY",
        401,
        "The signing key is not registered",
        "登録のない鍵です",
        "鍵を登録してから送ってください。",
    ),
    ProblemKind(
        "TENANT_MISMATCH",
        403,
        "The key does not belong to this tenant",
        "鍵と団体が一致しません",
        "自団体の鍵で署名してください。",
    ),
    ProblemKind(
        "FORBIDDEN",
        403,
        "This party may not use this endpoint",
        "この機能を使う権限がありません",
        "接続先と機関コードを確かめてください。",
    ),
    ProblemKind(
        "FROZEN",
        403,
        "Stopped by a freeze",
        "停止措置により受け付けません",
        "停止措置の解除を待ってください。",
    ),
    ProblemKind(
        "PERMIT_INVALID",
        403,
        "The permit does not verify",
        "提供許可証を確認できません",
        "許可証を受け取り直してください。",
    ),
    ProblemKind(
        "PERMIT_EXPIRED",
        403,
        "The permit has run out",
        "提供許可証の期限が過ぎています",
        "照会をやり直してもらってください。",
    ),
    ProblemKind("NOT_FOUND", 404, "No such thing", "見つかりません", "番号を確かめてください。"),
    ProblemKind(
        "METHOD_NOT_ALLOWED", 405, "Method not allowed", "この操作はできません", "仕様書を確かめてください。"
    ),
    ProblemKind(
        "IDEMPOTENCY_RUNNING",
        409,
        "The same request is still being worked on",
        "同じ要求を処理中です",
        "Retry-After の後に同じ内容で送り直してください。",
        True,
    ),
    ProblemKind(
        "STALE_VERSION",
        409,
        "The base version is not the current one",
        "元の版が最新ではありません",
        "最新の版を読み、作り直して送ってください。",
    ),
    ProblemKind(
        "ALREADY_LINKED",
        409,
        "This subject already has a link code",
        "符号は取得済みです",
        "そのままお使いください。",
    ),
    ProblemKind(
        "LEASE_LOST",
        409,
        "The lease is over; the message was given out again",
        "受領期限が切れました",
        "次の受信を待ってください。電文番号で重複を除いてください。",
    ),
    ProblemKind(
        "EXCHANGE_CLOSED",
        409,
        "The exchange is already closed",
        "この照会は既に終わっています",
        "やり直す必要はありません。記録を確認してください。",
    ),
    ProblemKind(
        "BODY_TOO_LARGE",
        413,
        "The body or batch is too large",
        "電文が大きすぎます",
        "分けて送ってください。",
    ),
    ProblemKind(
        "MEDIA_TYPE",
        415,
        "Only application/json is spoken here",
        "application/json だけを受け付けます",
        "Content-Type を直してください。",
    ),
    ProblemKind(
        "IDEMPOTENCY_CONFLICT",
        422,
        "The same key came with another body",
        "同じ電文番号で内容が違います",
        "新しい電文番号で送ってください。",
    ),
    ProblemKind(
        "FORBIDDEN_CONTENT",
        422,
        "The message carries what must never be on this wire",
        "個人番号・氏名・住所・生年月日・性別にあたるものが含まれています",
        "errors の位置を取り除いてください。この電文は保存していません。",
    ),
    ProblemKind(
        "MESSAGE_EXPIRED",
        422,
        "The message is past its own expiry",
        "電文の期限が過ぎています",
        "新しい電文として作り直してください。",
    ),
    ProblemKind(
        "TOO_MANY",
        429,
        "Too many requests",
        "要求が多すぎます",
        "Retry-After の後に送り直してください。",
        True,
    ),
    ProblemKind(
        "INTERNAL",
        500,
        "Unexpected failure",
        "予期しない失敗です",
        "同じ電文番号で送り直せます。続くときは trace を添えて知らせてください。",
        True,
    ),
    ProblemKind(
        "UNAVAILABLE",
        503,
        "Not available now",
        "いま利用できません",
        "時間をおいて送り直してください。",
        True,
    ),
    ProblemKind(
        "SITE_STANDBY",
        503,
        "This site is on standby",
        "この拠点は待機中です",
        "もう一方の拠点に送ってください。",
        True,
    ),
    ProblemKind("MAINTENANCE", 503, "Maintenance", "保守中です", "保守の終わりを待ってください。", True),
)

PROBLEM_KINDS: dict[str, ProblemKind] = {kind.code: kind for kind in _KINDS}


@dataclass(eq=False)
class Problem(Exception):
    """One refusal, raised inside a server and parsed by a client.

    :ivar code: one of :data:`PROBLEM_KINDS`.
    :ivar detail: words without personal data.
    :ivar errors: places and classes, e.g. ``{"pointer": "/payload/items/0", "kind": "number"}``; never values.
    :ivar kept: whether anything of the message was stored.
    :ivar retry_after: seconds to wait, when known.
    :ivar trace: the trace id of the request.
    """

    code: str
    detail: str = ""
    errors: list[dict[str, str]] = field(default_factory=list)
    kept: bool = False
    retry_after: float | None = None
    trace: str = ""
    http_status: int | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.detail or self.kind.title}"

    @property
    def kind(self) -> ProblemKind:
        return PROBLEM_KINDS.get(self.code) or PROBLEM_KINDS["INTERNAL"]

    @property
    def status(self) -> int:
        return self.http_status or self.kind.status

    @property
    def retryable(self) -> bool:
        return self.kind.retryable

    def to_dict(self) -> dict[str, Any]:
        """The RFC 9457 body."""
        kind = self.kind
        body: dict[str, Any] = {
            "type": TYPE_PREFIX + self.code.lower().replace("_", "-"),
            "title": kind.title,
            "title_ja": kind.title_ja,
            "status": self.status,
            "detail": self.detail or kind.title,
            "next_ja": kind.next_ja,
            "msl_code": self.code,
            "retryable": kind.retryable,
            "kept": self.kept,
            "trace": self.trace,
        }
        if self.errors:
            body["errors"] = self.errors
        return body


def parse(status: int, body: Mapping[str, Any], retry_after: str | None = None) -> Problem:
    """The problem that a problem document of the profile tells (`schemas/answers.json`, problem)."""
    return Problem(
        body["msl_code"],
        body["detail"],
        list(body.get("errors", ())),
        body["kept"],
        _seconds(retry_after),
        body["trace"],
        status,
    )


def _seconds(retry_after: str | None) -> float | None:
    """Whole seconds of a ``Retry-After``, at most `LONGEST_WAIT`; None for anything else (a date, nonsense)."""
    text = (retry_after or "").strip()
    return float(min(int(text[:9]), LONGEST_WAIT)) if text.isascii() and text.isdigit() else None
