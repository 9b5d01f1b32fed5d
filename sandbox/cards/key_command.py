"""A security key as a program: ``python -m sandbox.cards.key_command create|get --store FILE --origin URL``.

Reads the options of a page on standard input and prints what the key would answer, so that a browserless visitor can
hold a key the way a person does.
"""

import argparse
import json
import sys
from pathlib import Path

from sandbox.cards.passkey import SoftwarePasskey
from sandbox.config import refuse_production


def main(arguments: list[str] | None = None) -> int:
    """Answer one request; the exit status."""
    refuse_production()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("do", choices=("create", "get"))
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--origin", required=True)
    wish = parser.parse_args(arguments)
    key = SoftwarePasskey(wish.store)
    options = json.load(sys.stdin)
    answer = (
        key.register(options, wish.origin) if wish.do == "create" else key.authenticate(options, wish.origin)
    )
    json.dump(answer, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
