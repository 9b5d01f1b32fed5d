"""The web face of the authorities: OCSP, revocation lists, anchors, time stamps, and a small desk for faults.

======================== ===========================================================
``POST /ocsp/<kind>``    an OCSP question, DER
``GET /crl/<kind>-<generation>.crl``  a revocation list, DER
``GET /ca/<kind>-<generation>.pem``   an anchor
``POST /tsa``            a time-stamp request, DER
``POST /admin/fault``    ``{"kind": "down", "seconds": 60}``
``POST /admin/revoke``   ``{"kind": "auth", "serial": "07000001"}``
======================== ===========================================================

What stands under ``/admin/`` needs the token of this installation (the file ``admin-token``); without that file nobody is let in.
"""

from __future__ import annotations

import hmac
import json
import os
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization

from sandbox.pki import faults
from sandbox.pki.authority import CardAuthority
from sandbox.pki.crl import revocation_list
from sandbox.pki.names import KINDS
from sandbox.pki.ocsp import Responder
from sandbox.pki.tsa import TimeStampAuthority

MAX_BODY = 64 * 1024
Now = Callable[[], datetime]
Answer = tuple[HTTPStatus, str, bytes]


def make_app(var_dir: Path, now: Now = lambda: datetime.now(UTC)) -> Callable[..., Iterable[bytes]]:
    """The WSGI application over the authorities kept in ``var_dir/pki``.

    :param now: the clock of the responder.
    :raises RuntimeError: in production mode.
    """
    if os.environ.get("MADOGUCHI_MODE") == "production":
        raise RuntimeError("The sandbox does not start when MADOGUCHI_MODE=production.")
    return PkiApp(var_dir / "pki", now)


class PkiApp:
    """The application; one object for each process."""

    def __init__(self, folder: Path, now: Now) -> None:
        self._folder = folder
        self._now = now
        self._authorities = {kind: CardAuthority(folder / kind, kind) for kind in KINDS}
        auth, sign = self._authorities["auth"], self._authorities["sign"]
        self._responders = {"auth": Responder(auth, sign), "sign": Responder(sign, auth)}
        self._tsa = TimeStampAuthority(folder / "tsa")
        self._token = folder.parent / "admin-token"

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        try:
            status, kind, body = self._answer(environ)
        except (LookupError, ValueError) as problem:
            status, kind, body = HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", str(problem).encode()
        start_response(
            f"{status.value} {status.phrase}", [("Content-Type", kind), ("Content-Length", str(len(body)))]
        )
        return [body]

    def _answer(self, environ: dict[str, Any]) -> Answer:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > MAX_BODY:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "text/plain", b"too large\n"
        body = environ["wsgi.input"].read(length) if length else b""
        parts = [part for part in environ.get("PATH_INFO", "").split("/") if part]
        match (environ["REQUEST_METHOD"], *parts):
            case ("POST", "ocsp", ("auth" | "sign") as kind):
                return self._ocsp(kind, body)
            case ("POST", "tsa"):
                return HTTPStatus.OK, "application/timestamp-reply", self._tsa.stamp(body, self._now())
            case ("GET", "crl", name):
                kind, generation = name.removesuffix(".crl").split("-")
                data = revocation_list(self._authority(kind), generation, self._now())
                return HTTPStatus.OK, "application/pkix-crl", data
            case ("GET", "ca", name):
                return self._anchor(*name.removesuffix(".pem").split("-"))
            case ("GET", "health"):
                return HTTPStatus.OK, "text/plain", b"ok\n"
            case ("POST", "admin", action):
                if not self._admitted(environ.get("HTTP_AUTHORIZATION", "")):
                    return (
                        HTTPStatus.FORBIDDEN,
                        "application/json",
                        b'{"error":"the admin token is needed"}\n',
                    )
                return self._admin(action, json.loads(body))
        return HTTPStatus.NOT_FOUND, "text/plain", b"not here\n"

    def _admitted(self, shown: str) -> bool:
        try:
            wanted = self._token.read_bytes().strip()
        except FileNotFoundError:
            return False
        return bool(wanted) and hmac.compare_digest(shown.encode(), b"Bearer " + wanted)

    def _ocsp(self, kind: str, question: bytes) -> Answer:
        fault = faults.read(self._folder)
        if fault == "down":
            return HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", b"down\n"
        if fault == "slow":
            time.sleep(4)
        answer = self._responders[kind].answer(question, self._now(), fault)
        return HTTPStatus.OK, "application/ocsp-response", answer

    def _authority(self, kind: str) -> CardAuthority:
        for name, authority in self._authorities.items():
            if name == kind:
                return authority
        raise LookupError(f"no authority {kind}")

    def _anchor(self, kind: str, generation: str) -> Answer:
        for issuer in self._authority(kind).issuers:
            if issuer.generation.name == generation:
                pem = issuer.certificate.public_bytes(serialization.Encoding.PEM)
                return HTTPStatus.OK, "application/x-pem-file", pem
        raise LookupError(f"no generation {generation}")

    def _admin(self, action: str, body: Any) -> Answer:
        if not isinstance(body, dict):
            raise ValueError("an admin command is an object")
        if action == "fault":
            seconds = body.get("seconds")
            faults.switch(self._folder, str(body["kind"]), None if seconds is None else float(seconds))
        elif action == "revoke":
            self._authority(str(body["kind"])).register.revoke(int(str(body["serial"]), 16), self._now())
        else:
            raise LookupError(f"no such action: {action}")
        return HTTPStatus.OK, "application/json", b'{"result":"done"}\n'
