"""The sandbox's commands: ``provision``, ``serve``, ``fault``, ``command``, ``conformance``, ``measure``."""

import argparse
import json
import sys
from pathlib import Path

from .admin import tell
from .config import SYSTEMS, SandboxConfig, refuse_production
from .faults import KINDS
from .pki.faults import KINDS as PKI_KINDS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="do", required=True)
    make = commands.add_parser("provision", help="keys, certificates, population, config")
    make.add_argument("--database-url", default="")
    make.add_argument("--law-table", type=Path)
    make.add_argument("--first-port", type=int, help="the stand-ins take this port and the five after it")
    make.add_argument("--no-cards", action="store_true", help="leave the card authorities and cards out")
    run = commands.add_parser("serve", help="run one stand-in, or all")
    run.add_argument("system", choices=[*sorted(SYSTEMS), "all"])
    fault = commands.add_parser("fault", help="make a stand-in misbehave for a while")
    fault.add_argument("system", choices=sorted(SYSTEMS))
    fault.add_argument("kind", help=f"{', '.join(KINDS)}; of pki: {', '.join(PKI_KINDS[1:])}; none ends it")
    fault.add_argument("--seconds", type=float, default=60)
    fault.add_argument("--delay", type=float, default=3)
    fault.add_argument("--how", default="bad-signature")
    fault.add_argument("--path", default="/")
    order = commands.add_parser("command", help="a system's own command, e.g. tax change, juki certificates")
    order.add_argument("system", choices=sorted(SYSTEMS))
    order.add_argument("command")
    order.add_argument("wish", nargs="?", default="{}", help="JSON")
    suite = commands.add_parser(
        "conformance", help="write the config file of the conformance suite for our own hub"
    )
    speed = commands.add_parser("measure", help="inquiries a second through hub and core with a dummy holder")
    speed.add_argument("--count", type=int, default=2000)
    speed.add_argument("--batch", type=int, default=100)
    for each in (make, run, fault, order, suite, speed):
        each.add_argument("--var", type=Path, required=True)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status."""
    refuse_production()
    wish = _parser().parse_args(arguments)
    # Each command imports what it needs: a server must not wait for the card maker's libraries.
    if wish.do == "provision":
        from .provision import PORTS, provision

        ports = {s: wish.first_port + place for place, s in enumerate(PORTS)} if wish.first_port else None
        print(
            provision(wish.var, wish.database_url, ports, None, wish.law_table, with_cards=not wish.no_cards)
        )
    elif wish.do == "serve" and wish.system == "all":
        from .together import serve_all

        return serve_all(wish.var)
    elif wish.do == "serve":
        from .serving import serve

        serve(wish.system, wish.var)
    elif wish.do == "conformance":
        from .conformance import prepare

        print(prepare(SandboxConfig.load(wish.var)))
    elif wish.do == "measure":
        from .measure import measure

        print(json.dumps(measure(SandboxConfig.load(wish.var), wish.count, wish.batch)))
    elif wish.do == "fault":
        config = SandboxConfig.load(wish.var)
        known = PKI_KINDS if wish.system == "pki" else (*KINDS, "none")
        if wish.kind not in known:
            raise SystemExit(
                f"{wish.system} に「{wish.kind}」という障害はありません。選べるもの: {', '.join(known)}。何も変えていません。"
            )
        if wish.system == "pki":
            order = {"kind": wish.kind} | ({} if wish.kind == "none" else {"seconds": wish.seconds})
            print(json.dumps(tell(config, "pki", "fault", order)))
        elif wish.kind == "none":
            print(json.dumps(tell(config, wish.system, "faults", method="DELETE")))
        else:
            options = {"path": wish.path, "delay": wish.delay, "how": wish.how}
            print(
                json.dumps(
                    tell(
                        config,
                        wish.system,
                        "faults",
                        {"kind": wish.kind, "seconds": wish.seconds, "options": options},
                    )
                )
            )
    else:
        print(
            json.dumps(
                tell(SandboxConfig.load(wish.var), wish.system, wish.command, json.loads(wish.wish)),
                ensure_ascii=False,
            )
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
