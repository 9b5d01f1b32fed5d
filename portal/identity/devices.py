"""What kind of device signed in, in words a person recognises. Nothing that tells two devices of a kind apart is kept."""

from __future__ import annotations

_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)
# Order matters: Edge and Opera also say Chrome, Chrome also says Safari.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
UNKNOWN = "不明な機器"


def device_kind(user_agent: str) -> str:
    """``Windows・Chrome`` and the like.

    :param user_agent: the header; only its first 300 characters are looked at.
    """
    text = user_agent[:300]
    system = next((name for mark, name in _SYSTEMS if mark in text), "")
    browser = next((name for mark, name in _BROWSERS if mark in text), "")
    return "・".join(part for part in (system, browser) if part) or UNKNOWN
