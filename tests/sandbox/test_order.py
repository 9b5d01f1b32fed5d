"""What the core numbers is seen in the order of the numbers, however many write at once."""

from __future__ import annotations

import threading

from sandbox.core.link_codes import LinkCodes, results
from tests.sandbox.conftest import ASKER, Country
from tests.waiting import PATIENCE


def test_a_reader_never_sees_a_later_result_before_an_earlier_one(country: Country) -> None:
    """The hub goes on after the last number it saw; a number that appears behind its back is lost to it."""
    codes = LinkCodes(b"s" * 32, 3600)
    store, now = country.core.store, country.now()
    with store.transaction() as tx:
        tokens = [codes.open(tx, f"order-{name}", ASKER, "order-test", now) for name in ("first", "second")]
    written = threading.Event()
    hold = threading.Event()

    def slow() -> None:
        with store.transaction() as tx:
            codes.link(tx, tokens[0], "person-1", now)
            written.set()
            hold.wait(PATIENCE)

    def quick() -> None:
        with store.transaction() as tx:
            codes.link(tx, tokens[1], "person-2", now)

    threads = [threading.Thread(target=slow), threading.Thread(target=quick)]
    threads[0].start()
    assert written.wait(PATIENCE)
    threads[1].start()
    threads[1].join(0.5)
    with store.transaction() as tx:
        seen = results(tx, "order-test", 0, 10)
    hold.set()
    for thread in threads:
        thread.join(PATIENCE)
    after = max((int(str(one["seq"])) for one in seen), default=0)
    with store.transaction() as tx:
        seen += results(tx, "order-test", after, 10)
    assert [one["acquisition_id"] for one in seen] == ["order-first", "order-second"]
