"""How two processes share the suite: a module is one piece, and so is a room whose tests share a running country.

The longest pieces go first, so that neither process is left alone with one at the end.
"""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadScopeScheduling

WHOLE_ROOMS = ("tests/linkage/", "tests/story/")
"""Rooms whose world of processes is made once for all their modules."""

LONG = (
    "tests/linkage/",
    "tests/story/",
    "tests/pages/test_browser.py",
    "tests/journeys/",
    "tests/pages/test_browser_wide.py",
    "tests/pages/test_every_page.py",
    "tests/identity/test_browser.py",
)
"""What takes longest although it counts few tests, longest first."""


class Rooms(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out modules and whole rooms, the long ones first, then those with the most tests."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return next((room for room in WHOLE_ROOMS if module.startswith(room)), module)

    def _assign_work_unit(self, node: Any) -> None:
        places = len(LONG)
        longest = min(
            self.workqueue,
            key=lambda scope: next(
                (place for place, one in enumerate(LONG) if scope.startswith(one)), places
            ),
        )
        self.workqueue.move_to_end(longest, last=False)
        super()._assign_work_unit(node)
