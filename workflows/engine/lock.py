"""The lock file: which versions are published, and the digest each of them had that day.

A published version is never edited, because cases were opened and steps were hashed under it. A change is a new version: the old
file becomes ``workflow.v<N>.yaml``, the new one says what it ``replaces``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from workflows.engine.definition import Definition

LOCK = Path(__file__).with_name("definitions.lock")
HEAD = "# kind version sha256 — written by: python -m workflows.engine.check --publish\n"


def read_lock(path: Path = LOCK) -> dict[tuple[str, int], str]:
    """Kind and version to digest."""
    if not path.exists():
        return {}
    rows = (
        line.split()
        for line in path.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
    return {(kind, int(version)): digest for kind, version, digest in rows}


def changed(definitions: Iterable[Definition], path: Path = LOCK) -> list[str]:
    """Every published version that is not what it was, or is gone."""
    locked = read_lock(path)
    found = {(one.kind, one.version): one for one in definitions}
    problems = []
    for (kind, version), digest in sorted(locked.items()):
        one = found.get((kind, version))
        if one is None:
            problems.append(
                f"{kind} version {version}: published, but its file is gone; bring workflow.v{version}.yaml back"
            )
        elif one.digest != digest:
            problems.append(
                f"{one.source}: version {version} is published and was edited; put it back as workflow.v{version}.yaml"
                f" and write the change as version {version + 1} with replaces: {{version: {version}}}"
                " (only where no case was ever opened under it: take its line out of the lock and publish again)"
            )
    return problems


def drafts(definitions: Iterable[Definition], path: Path = LOCK) -> list[Definition]:
    """Versions that are not published yet."""
    locked = read_lock(path)
    return [one for one in definitions if (one.kind, one.version) not in locked]


def publish(definitions: Iterable[Definition], path: Path = LOCK) -> list[Definition]:
    """Add what is not published yet; what is there is never touched.

    :returns: the versions added.
    """
    added = drafts(definitions, path)
    locked = read_lock(path) | {(one.kind, one.version): one.digest for one in added}
    lines = [f"{kind} {version} {digest}\n" for (kind, version), digest in sorted(locked.items())]
    path.write_text(HEAD + "".join(lines), encoding="utf-8")
    return added
