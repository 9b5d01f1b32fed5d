"""All stand-ins at once: the code is loaded once, then each stand-in becomes a process of its own.

They are as separate as when started one by one (own port, own state, reached over sockets only); only the start is shared,
so that a demonstration is up in seconds.
"""

import importlib
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from .serving import SYSTEMS, serve


def serve_all(var: Path) -> int:
    """Serve every stand-in until told to stop; when one ends by itself, the others are stopped too.

    :returns: the exit status: 0 when told to stop, 1 when one failed.
    """
    for module in set(SYSTEMS.values()):
        importlib.import_module(module)
    children = {_fork(system, var): system for system in SYSTEMS}
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        _end(children)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    failed = False
    while children:
        try:
            child, status = os.wait()
        except ChildProcessError:
            break
        system = children.pop(child, None)
        if system is not None and not stopping:
            failed = stopping = True
            print(
                f"代役 {system} が終わりました（{os.waitstatus_to_exitcode(status)}）。ほかも止めます。",
                file=sys.stderr,
            )
            _end(children)
    return 1 if failed else 0


def _fork(system: str, var: Path) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        serve(system, var)
        status = 0
    except SystemExit as refused:
        print(refused, file=sys.stderr)
    finally:
        sys.stderr.flush()
        # The child must never return into the parent's program.
        os._exit(status)


def _end(children: dict[int, str]) -> None:
    for child in children:
        os.kill(child, signal.SIGTERM)
