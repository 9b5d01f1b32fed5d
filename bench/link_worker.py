"""The worker process of the measurements: the product's own `LinkWorker` for one tenant, until its input is closed."""

from __future__ import annotations

import logging
import secrets
import sys
from pathlib import Path

import structlog

from bench.link_world import open_roles
from storage.clock import SystemClock
from storage.encryption import FileMasterKey, KeyRing
from storage.memory import keep_loaded
from tests.linkage.house import make_engine
from workflows.law.loader import shipped
from workflows.linkage.connect import load_offices
from workflows.linkage.parts import LinkParts
from workflows.linkage.runtime import build_runtime
from workflows.linkage.worker import LinkWorker
from workflows.provision_records.writer import RecordWriter


def main(folder: Path, address: str, tenant: str) -> None:
    """Work until standard input ends."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    clock, law = SystemClock(), shipped()
    keys = KeyRing(FileMasterKey(folder / "master.key"))
    offices = load_offices(folder / "country", talk=True, tenants=[tenant])
    parts = LinkParts(clock, keys, law, offices, RecordWriter(clock, law, secrets.token_bytes))
    worker = LinkWorker(open_roles(address).worker, build_runtime(parts, make_engine(parts)))
    worker.start()
    keep_loaded()
    sys.stdin.read()
    worker.stop(2.0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
