"""Asking the configured OCSP responder over a kept-alive connection for each thread.

The address in the certificate (AIA) is not used: an attacker writes that one. The configured one is used.

A responder that keeps us waiting is left alone for a moment. Every login is refused meanwhile, as it would be anyway, but at once:
pages are made by the same few threads, and would stand still while card after card waits for the end of its time.
"""

from __future__ import annotations

import http.client
import io
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from portal.identity.card.reasons import CardReason, CardRefused

MAX_ANSWER = 32 * 1024


class HttpAsker:
    """Carries questions to one responder for each kind of certificate.

    :param urls: kind (``auth``, ``sign``) to the responder's address.
    :param timeout: seconds until it counts as down: to connect, and from the question to the last byte of its answer.
    :param pause: seconds in which one that was waited for in vain is not asked again.
    :param tick: a clock that only goes forward, in seconds.
    """

    def __init__(
        self,
        urls: Mapping[str, str],
        timeout: float = 3.0,
        pause: float = 10.0,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._urls = {kind: urlsplit(url) for kind, url in urls.items()}
        self._timeout = timeout
        self._pause = pause
        self._tick = tick
        self._left_alone: dict[str, float] = {}
        self._local = threading.local()

    def ask(self, kind: str, question: bytes) -> bytes:
        """The DER answer of the responder for ``kind``.

        :raises CardRefused: ``status_unavailable`` when it does not answer 200 in time.
        """
        if self._tick() < self._left_alone.get(kind, 0.0):
            raise CardRefused(CardReason.STATUS_UNAVAILABLE)
        connections: dict[str, http.client.HTTPConnection] = self._local.__dict__.setdefault("open", {})
        kept = connections.pop(kind, None)
        try:
            answer = self._once_more(connections, kind, kept, question) if kept else None
            return answer or self._exchange(connections, kind, self._connect(kind), question)
        except TimeoutError:
            self._left_alone[kind] = self._tick() + self._pause
            raise CardRefused(CardReason.STATUS_UNAVAILABLE) from None
        except (OSError, http.client.HTTPException):
            raise CardRefused(CardReason.STATUS_UNAVAILABLE) from None

    def close(self) -> None:
        """Close the connections of this thread."""
        for connection in self._local.__dict__.pop("open", {}).values():
            connection.close()

    def _once_more(
        self,
        connections: dict[str, http.client.HTTPConnection],
        kind: str,
        kept: http.client.HTTPConnection,
        question: bytes,
    ) -> bytes | None:
        """Ask over a kept connection; None when the other side has closed it, which says nothing about its health."""
        try:
            return self._exchange(connections, kind, kept, question)
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException):
            return None

    def _exchange(
        self,
        connections: dict[str, http.client.HTTPConnection],
        kind: str,
        connection: http.client.HTTPConnection,
        question: bytes,
    ) -> bytes:
        headers = {"Content-Type": "application/ocsp-request", "Accept": "application/ocsp-response"}
        if connection.sock is not None:
            connection.sock.settimeout(self._timeout)
        try:
            connection.request("POST", self._urls[kind].path or "/", question, headers)
            response = connection.getresponse()
            body = response.read(MAX_ANSWER + 1)
        except (OSError, http.client.HTTPException):
            connection.close()
            raise
        if len(body) > MAX_ANSWER or response.status != http.HTTPStatus.OK:
            connection.close()
            raise CardRefused(CardReason.STATUS_UNAVAILABLE)
        if response.will_close:
            connection.close()
        else:
            connections[kind] = connection
        return body

    def _connect(self, kind: str) -> http.client.HTTPConnection:
        url = self._urls.get(kind)
        if url is None or not url.hostname:
            raise CardRefused(CardReason.STATUS_UNAVAILABLE)
        maker = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = maker(url.hostname, url.port, timeout=self._timeout)
        connection.response_class = self._answer  # type: ignore[assignment]
        return connection

    def _answer(self, sock: socket.socket, method: str) -> http.client.HTTPResponse:
        return http.client.HTTPResponse(_Timed(sock, self._timeout), method=method)  # type: ignore[arg-type]


class _Timed(io.RawIOBase):
    """What comes over a socket until a moment: a socket's own limit begins anew with every byte that drips in."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._end = time.monotonic() + seconds

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What ``HTTPResponse`` asks of a socket."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there.

        :raises TimeoutError: the moment has come.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let go of the socket, which stays open for the next question."""
        self._raw.close()
        super().close()
