"""Headers on every answer: nothing inline, nothing from elsewhere, nothing kept by a shared machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import INGRESS

PERMISSIONS_POLICY = (
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(),"
    " microphone=(), midi=(), payment=(), usb=(), browsing-topics=(),"
    " publickey-credentials-get=(self), publickey-credentials-create=(self)"
)


def content_security_policy(card_origin: str = "") -> str:
    """The policy. A form may also lead to the host that asks for the card certificate.

    :param card_origin: origin of that host, or an empty text.
    """
    forms = f"'self' {card_origin}".strip()
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
        f" connect-src 'self'; manifest-src 'self'; form-action {forms}; base-uri 'none'; frame-ancestors 'none'"
    )


def security_headers(secure: bool, card_origin: str) -> list[tuple[str, str]]:
    """The headers that are the same on every answer, computed once."""
    headers = [
        ("Content-Security-Policy", content_security_policy(card_origin)),
        # Not "no-referrer": with that, browsers send "Origin: null" with a form and every form over https would be refused.
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", PERMISSIONS_POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
    ]
    if secure:
        headers.append(("Strict-Transport-Security", "max-age=63072000; includeSubDomains"))
    return headers


def headers_tween_factory(
    handler: Callable[[Request], Response], registry: Any
) -> Callable[[Request], Response]:
    """Put the headers on; an answer that says nothing about caching is never stored."""
    settings = registry["portal"]
    fixed = security_headers(settings.secure, settings.card_origin)

    def tween(request: Request) -> Response:
        response = handler(request)
        headers = response.headers
        headers.extend(fixed)
        if "Cache-Control" not in headers:
            headers["Cache-Control"] = "no-store"
        return response

    return tween


def includeme(config: Configurator) -> None:
    """Outermost, so that error pages carry the headers too."""
    config.add_tween("portal.web.headers.headers_tween_factory", under=INGRESS)
