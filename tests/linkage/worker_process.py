"""A worker for both municipalities in a process of its own, to be killed at any moment."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

from storage.clock import SystemClock
from storage.database import Database
from storage.encryption import FileMasterKey, KeyRing
from tests.linkage.house import make_engine
from workflows.law.loader import shipped
from workflows.linkage.connect import load_offices
from workflows.linkage.parts import LinkParts
from workflows.linkage.runtime import build_runtime
from workflows.linkage.worker import LinkWorker
from workflows.provision_records.writer import RecordWriter


def main(var: Path, master_key: Path, url: str) -> None:
    """Work until standard input ends (or the process is killed)."""
    clock, law = SystemClock(), shipped()
    offices = load_offices(var, talk=True)
    records = RecordWriter(clock, law, secrets.token_bytes)
    parts = LinkParts(clock, KeyRing(FileMasterKey(master_key)), law, offices, records)
    worker = LinkWorker(Database(url, "worker", pool_size=8), build_runtime(parts, make_engine(parts)))
    worker.start()
    print("ready", flush=True)
    sys.stdin.read()
    worker.stop(3)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
