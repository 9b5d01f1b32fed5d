"""The suite as a command."""

import argparse
import json
import sys
from pathlib import Path

from .runner import run
from .setting import Setting


def main(arguments: list[str] | None = None) -> int:
    """Run and print; 0 when every check passed, 1 when one failed, 2 when the config is unusable."""
    parser = argparse.ArgumentParser(prog="python -m workflows.linkage.wire.conformance", description=__doc__)
    parser.add_argument(
        "--hub", required=True, help="base URL of the implementation, e.g. https://127.0.0.1:8702"
    )
    parser.add_argument("--config", required=True, type=Path)
    parser.add_argument("--json", action="store_true", help="one JSON line for each check")
    parser.add_argument("only", nargs="*", help="ids or prefixes to run")
    wish = parser.parse_args(arguments)
    try:
        setting = Setting.load(wish.hub, wish.config)
    except (OSError, ValueError, KeyError) as wrong:
        sys.stderr.write(f"{wish.config}: {wrong}\n")
        return 2
    failed = total = 0
    for result in run(setting, wish.only):
        total += 1
        failed += bool(result.failure)
        if wish.json:
            line = json.dumps(
                {
                    "id": result.id,
                    "title": result.title,
                    "seconds": round(result.seconds, 3),
                    "failure": result.failure,
                },
                ensure_ascii=False,
            )
        else:
            line = f"{'FAIL' if result.failure else 'ok  '} {result.id} {result.title}"
            line += f"\n       {result.failure}" if result.failure else ""
        sys.stdout.write(line + "\n")
    if not wish.json:
        sys.stdout.write(f"{total - failed} of {total} passed\n")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main())
