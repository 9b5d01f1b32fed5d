"""Asking the configured OCSP responder over a kept-alive connection for each thread.

The address in the certificate (AIA) is not used: an attacker writes that one. The configured one is used.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Mapping
from urllib.parse import urlsplit

from portal.identity.card.reasons import CardReason, CardRefused

MAX_ANSWER = 32 * 1024


class HttpAsker:
    """Carries questions to one responder for each kind of certificate.

    :param urls: kind (``auth``, ``sign``) to the responder's address.
    :param timeout: seconds until it counts as down.
    """

    def __init__(self, urls: Mapping[str, str], timeout: float = 3.0) -> None:
        self._urls = {kind: urlsplit(url) for kind, url in urls.items()}
        self._timeout = timeout
        self._local = threading.local()

    def ask(self, kind: str, question: bytes) -> bytes:
        """The DER answer of the responder for ``kind``.

        :raises CardRefused: ``status_unavailable`` when it does not answer 200 in time.
        """
        connections: dict[str, http.client.HTTPConnection] = self._local.__dict__.setdefault("open", {})
        kept = connections.pop(kind, None)
        if kept is not None:
            try:
                return self._exchange(connections, kind, kept, question)
            except (OSError, http.client.HTTPException):
                # The other side may have closed an idle connection; that alone says nothing about its health.
                kept.close()
        fresh = self._connect(kind)
        try:
            return self._exchange(connections, kind, fresh, question)
        except (OSError, http.client.HTTPException):
            fresh.close()
            raise CardRefused(CardReason.STATUS_UNAVAILABLE) from None

    def close(self) -> None:
        """Close the connections of this thread."""
        for connection in self._local.__dict__.pop("open", {}).values():
            connection.close()

    def _exchange(
        self,
        connections: dict[str, http.client.HTTPConnection],
        kind: str,
        connection: http.client.HTTPConnection,
        question: bytes,
    ) -> bytes:
        headers = {"Content-Type": "application/ocsp-request", "Accept": "application/ocsp-response"}
        connection.request("POST", self._urls[kind].path or "/", question, headers)
        response = connection.getresponse()
        body = response.read(MAX_ANSWER + 1)
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
        return maker(url.hostname, url.port, timeout=self._timeout)
