"""Commands to a running stand-in: over its own socket, with the admin certificate and the token file."""

import http.client
import json
import ssl
from typing import Any

from .config import SandboxConfig


def tell(
    config: SandboxConfig, system: str, path: str, wish: dict[str, Any] | None = None, method: str = "POST"
) -> dict[str, Any]:
    """Send an admin command to a running stand-in.

    :param path: below ``/admin/``.
    :raises SystemExit: it refused or does not answer.
    """
    link = _connection(config, system)
    headers = {"Authorization": f"Bearer {config.admin_token}", "Content-Type": "application/json"}
    try:
        link.request(method, f"/admin/{path}", json.dumps(wish or {}).encode(), headers)
        answer = link.getresponse()
        status, text = answer.status, answer.read()
    except (OSError, http.client.HTTPException) as failure:
        raise SystemExit(
            f"{system} が応答しません（{type(failure).__name__}）。動いているか確かめてください。"
        ) from None
    finally:
        link.close()
    try:
        body = json.loads(text)
    except ValueError:
        body = {"error": text.decode("utf-8", "replace").strip()}
    if status != 200:
        raise SystemExit(f"{system}: {body.get('error', status)}")
    return dict(body)


def _connection(config: SandboxConfig, system: str) -> http.client.HTTPConnection:
    host, port = config.document["host"], config.port(system)
    if system == "pki":  # speaks plain HTTP, as in reality
        return http.client.HTTPConnection(host, port, timeout=10)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(cafile=str(config.path("tls", "ca.pem")))
    context.load_cert_chain(str(config.path("tls", "admin.pem")), str(config.path("tls", "admin.key")))
    return http.client.HTTPSConnection(host, port, context=context, timeout=10)
