"""Raw requests that may be wrong on purpose: what a careful client never sends."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from workflows.linkage.wire import envelope, problems
from workflows.linkage.wire.keys import PartyKeys
from workflows.linkage.wire.signatures import MemoryNonces, Request, Response, Signer, Verifier

from .setting import Body, Setting


@dataclass
class Raw:
    """One answer, its signature already checked where the request had one."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]
    text: str

    @property
    def code(self) -> str:
        return str(self.body.get("msl_code", ""))


class Probe:
    """Sends single requests with one part bent."""

    def __init__(self, setting: Setting, body: Body) -> None:
        self._setting = setting
        self._body = body

    def prepare(
        self,
        method: str,
        path: str,
        content: bytes,
        *,
        keys: PartyKeys | None = None,
        sign: bool = True,
        shift: timedelta = timedelta(),
        window: timedelta = timedelta(seconds=300),
        key: str | None = None,
        **headers: str,
    ) -> Request:
        """A request, signed unless told otherwise.

        :param shift: how wrong the signer's clock is.
        :param headers: header fields to replace, ``_`` for ``-``.
        """
        id_ = key or envelope.new_id(self._setting.now())
        fields = {
            "Content-Type": "application/json",
            "Idempotency-Key": id_,
            "MSL-Message-Id": id_,
            "MSL-Tenant": self._body.tenant,
        }
        fields.update({name.replace("_", "-"): value for name, value in headers.items()})
        request = Request(method, self._setting.hub + path, fields)
        if sign:
            Signer(keys or self._body.keys, lambda: self._setting.now() + shift, window).sign_request(
                request, content
            )
        return request

    def send(self, request: Request, content: bytes) -> Raw:
        """Send it and check that the answer is signed, and bound to it when it was signed itself.

        :raises AssertionError: the answer is not signed as the profile says.
        """
        tls = self._body.tls
        with httpx.Client(verify=tls.context() if tls else False, trust_env=False, timeout=40) as http:
            raw = http.request(request.method, request.url, content=content, headers=request.headers)
        headers = {name.lower(): value for name, value in raw.headers.items()}
        if "Signature" in request.headers:
            verifier = Verifier(self._setting.directory, MemoryNonces(self._setting.now), self._setting.now)
            try:
                verifier.verify_response(
                    Response(raw.status_code, headers, request), raw.content, {"role": "hub"}
                )
            except problems.Problem as problem:
                raise AssertionError(f"the answer's own signature fails: {problem}") from None
        else:
            assert "signature" in headers, "the answer to an unsigned request is not signed"
        body = envelope.loads(raw.content) if raw.content else {}
        return Raw(raw.status_code, headers, body if isinstance(body, dict) else {}, raw.text)

    def expect(self, code: str, request: Request, content: bytes) -> Raw:
        """Send and expect a problem.

        :raises AssertionError: another answer, or a problem document that is not whole.
        """
        raw = self.send(request, content)
        assert raw.code == code, f"wanted {code}, got {raw.status} {raw.code or raw.text[:80]}"
        kind = problems.PROBLEM_KINDS[code]
        assert raw.status == kind.status == raw.body.get("status"), f"{code} must be HTTP {kind.status}"
        assert raw.headers["content-type"].startswith(problems.CONTENT_TYPE), "not a problem document"
        for name in ("type", "title", "title_ja", "detail", "next_ja", "retryable", "kept", "trace"):
            assert name in raw.body, f"the problem document lacks {name}"
        assert raw.body["retryable"] is kind.retryable, f"{code}: retryable must be {kind.retryable}"
        return raw
