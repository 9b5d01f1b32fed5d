"""What a process has loaded at its start stays until it ends, and need not be walked through again and again."""

from __future__ import annotations

import gc


def keep_loaded() -> None:
    """Take everything that is there by now out of the garbage collector's rounds.

    One round over a loaded portal takes a tenth of a second: it would hold a request, or a batch of copies, up for that long.
    """
    gc.collect()
    gc.freeze()
