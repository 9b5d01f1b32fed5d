"""``bin/bench [NAME …]``: runs the measurements one after the other; each prints JSON lines."""

from __future__ import annotations

import subprocess
import sys

# name -> what is measured, and its target (docs/speed.md)
MEASUREMENTS = {
    "step": "one persisted step of a case, and bulk steps",
    "login": "the server's side of a card sign-in",
    "record-page": "the resident's list of exchanges",
    "inquiry": "inquiries end to end through the stand-ins",
    "copies": "registering copies in batches",
    "audit-verify": "sealing records, and proving the whole log again",
    "statement-compare": "two versions of a statement of real size, every change with its segments",
    "statement-search": "a page of results over 10,000 published statements",
    "statement-pdf": "the printed form of a statement of real size",
    "statement-section": "opening the largest part of a statement of real size",
    "statement-save": "saving one field of a statement of real size",
}


def main(arguments: list[str]) -> int:
    """Run the measurements named, or all.

    :returns: 0 when each ran to its end.
    """
    options = [word for word in arguments if word.startswith("-")]
    names = [word for word in arguments if not word.startswith("-")]
    if "--list" in options:
        for name, words in MEASUREMENTS.items():
            print(f"{name:12} {words}")
        return 0
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        print(
            f"知らない測定です: {', '.join(unknown)}。bin/bench --list で一覧を見られます。", file=sys.stderr
        )
        return 2
    failed = 0
    for name in names or MEASUREMENTS:
        print(f"# {name}: {MEASUREMENTS[name]}", file=sys.stderr)
        failed += subprocess.call([sys.executable, "-m", f"bench.{name.replace('-', '_')}", *options]) != 0
    return 1 if failed else 0


raise SystemExit(main(sys.argv[1:]))
