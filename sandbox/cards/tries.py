"""The tries a card has left: 3 for the 利用者証明用, 5 for the 署名用; at none it is locked until the office resets it."""

from __future__ import annotations

import json
from pathlib import Path

LIMITS = {"auth": 3, "sign": 5}


def reset(folder: Path, kind: str | None = None) -> None:
    """Give a card its tries back, as the office counter does.

    :param kind: ``auth`` or ``sign``; both when not given.
    """
    path = folder / "tries.json"
    left = json.loads(path.read_text()) if path.exists() else {}
    for name, limit in LIMITS.items():
        if kind in (None, name):
            left[name] = {"left": limit, "limit": limit}
    scratch = path.with_name("tries.json.new")
    scratch.write_text(json.dumps(left))
    scratch.replace(path)
