"""Whether the stand-ins' world is still the one this release made: then a start need not go through it again."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

# Everything the command reads: its own program, the wire's keys, and the law table the permit list is made from.
SOURCES = ("sandbox", "workflows/linkage/wire", "workflows/law/data")


class Provisioned:
    """The note that a world leaves of what made it.

    :param world: the folder of the stand-ins.
    :param order: the words of the command that makes it.
    """

    def __init__(self, world: Path, order: Sequence[str]) -> None:
        self._world = world
        self._order = tuple(order)
        self._file = world / "provisioned.json"

    def still_whole(self) -> bool:
        """Whether the same program made it, with the same words, and every file is still there."""
        try:
            written = json.loads(self._file.read_text("utf-8"))
            files = [self._world / name for name in written["files"]]
            same = written["made_by"] == self._digest()
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return same and all(file.exists() for file in files)

    def note(self) -> None:
        """Write down what made it and what there is."""
        files = [
            str(file.relative_to(self._world))
            for file in sorted(self._world.rglob("*"))
            if file.is_file() and file != self._file
        ]
        self._file.write_text(json.dumps({"made_by": self._digest(), "files": files}, indent=1), "utf-8")

    def _digest(self) -> str:
        # Certificates are renewed by the same command, so it runs at least once in a calendar week. The maker of cards
        # may have been installed since.
        week = datetime.now(UTC).strftime("%G-%V")
        digest = hashlib.sha256(repr((self._order, week, shutil.which("softhsm2-util"))).encode())
        for file in _sources():
            digest.update(file.name.encode())
            digest.update(file.read_bytes())
        return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for name in SOURCES:
        package, *inner = name.split("/")
        spec = importlib.util.find_spec(package)
        assert spec is not None
        assert spec.submodule_search_locations is not None
        folder = Path(next(iter(spec.submodule_search_locations))).joinpath(*inner)
        for file in sorted(folder.rglob("*")):
            if file.suffix in (".py", ".yaml", ".sql", ".json"):
                yield file
