"""How many inquiries a second go the whole way: asker → hub → core → hub → holder → hub → asker, all signed and sealed.

The holder is a dummy that answers from what it is given; the stand-ins must run, and the reserved person is linked as
for the conformance suite. What is measured is the link and the national side, not a back office.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.config import SandboxConfig
from sandbox.conformance import prepare
from workflows.linkage.wire import envelope, permit, sealing
from workflows.linkage.wire.conformance import Setting
from workflows.linkage.wire.hub_client import HubClient


def _answer(setting: Setting, hub: HubClient) -> int:
    page = hub.inbox(["TKY"], 200, 2)
    answers = []
    for entry in page:
        request = entry["message"]
        allowed = permit.verify(
            request["payload"]["permit"], setting.directory, audience=setting.holder.org, now=setting.now()
        )
        answers.append(setting.provide(request, allowed.recipient, allowed.recipient_kid, {"measure": True}))
    if answers:
        results = hub.answer_many(answers)
        hub.ack([entry["lease"] for entry in page])
        return sum(r["status"] == 200 for r in results)
    return 0


@contextmanager
def _holder(setting: Setting) -> Iterator[None]:
    over = threading.Event()

    def work() -> None:
        hub = setting.client(setting.holder)
        while not over.is_set():
            _answer(setting, hub)
        hub.link.close()

    thread = threading.Thread(target=work, name="holder")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def measure(config: SandboxConfig, count: int = 2000, batch: int = 100) -> dict[str, Any]:
    """Send ``count`` inquiries in batches and wait until the last answer is opened.

    :returns: ``{"inquiries", "batch", "seconds", "per_second", "first_answer_ms"}``.
    :raises AssertionError: one was not answered.
    """
    path: Path = prepare(config)
    setting = Setting.load(config.url("hub"), path)
    sender, reader = setting.client(setting.asker), setting.client(setting.asker)
    context = {"asker": setting.asker.org, "holder": setting.holder.org}
    waiting: set[str] = set()
    with _holder(setting):
        while leftover := reader.inbox([], 500, 0):
            reader.ack([entry["lease"] for entry in leftover])
        inquiries = [setting.ask() for _ in range(count)]
        waiting.update(inquiry["id"] for inquiry in inquiries)
        start, first = time.perf_counter(), 0.0

        def send() -> None:
            for at in range(0, count, batch):
                results = sender.inquire_many(inquiries[at : at + batch])
                assert all(r["status"] == 202 for r in results), results[:1]

        thread = threading.Thread(target=send, name="asker")
        thread.start()
        while waiting:
            page = reader.inbox(["SKI"], 500, 5)
            assert page, f"{len(waiting)} inquiries were not answered"
            for entry in page:
                message = entry["message"]
                envelope.validate(message)
                if message["type"] == "inquiry.answer":
                    exchange = {"exchange_id": message["payload"]["exchange_id"], **context}
                    sealing.open_from(
                        message["payload_jwe"],
                        exchange,
                        setting.asker.keys,
                        setting.directory,
                        setting.holder.org,
                    )
                    waiting.discard(message["payload"]["inquiry_id"])
                    first = first or time.perf_counter() - start
            reader.ack([entry["lease"] for entry in page])
        seconds = time.perf_counter() - start
        thread.join()
    for hub in (sender, reader):
        hub.link.close()
    return {
        "inquiries": count,
        "batch": batch,
        "seconds": round(seconds, 2),
        "per_second": round(count / seconds, 1),
        "first_answer_ms": round(first * 1000),
    }
