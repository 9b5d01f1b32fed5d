"""Conformance suite of MSL/1: run against any implementation of the hub side.

``python -m workflows.linkage.wire.conformance --hub URL --config FILE`` prints one line for each check and exits 0 when
all pass. It speaks as two bodies, an asker and a holder, of which both know the same person; what it needs to know
stands in the config file (see ``docs/link.md``).
"""

from .runner import CHECKS, Result, run
from .setting import Setting

__all__ = ["CHECKS", "Result", "Setting", "run"]
