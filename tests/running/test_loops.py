"""The worker's loops: each tenant has its turn."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from portal.worker.command import until_told
from portal.worker.loops import go_round


def test_one_tenants_trouble_holds_up_no_other() -> None:
    served = []

    def work(tenant: str) -> None:
        if tenant == "992011":
            raise OSError("甲野市の内部の事情")
        served.append(tenant)

    with capture_logs() as lines:
        assert not go_round("copies", lambda: ["992011", "992020", "999016"], work)
    assert served == ["992020", "999016"]
    assert lines == [
        {
            "event": "worker.round_failed",
            "loop": "copies",
            "tenant": "992011",
            "cause": "OSError",
            "log_level": "error",
        }
    ]


def test_a_round_without_trouble_says_so() -> None:
    served: list[str] = []
    assert go_round("copies", lambda: ["992011", "992020"], served.append)
    assert served == ["992011", "992020"]


def test_tenants_that_cannot_be_listed_are_asked_for_again_later() -> None:
    def tenants() -> list[str]:
        raise ConnectionError

    with capture_logs() as lines:
        assert not go_round("deadlines", tenants, lambda tenant: None)
    assert [(line["loop"], line["cause"]) for line in lines] == [("deadlines", "ConnectionError")]


@pytest.mark.parametrize("told", [True, False])
def test_a_worker_whose_jobs_end_by_themselves_does_not_end_as_if_told(told: bool) -> None:
    async def broken() -> None:
        raise OSError("nobody's fault")

    async def story() -> list[bool]:
        ended = asyncio.Event()
        whole = asyncio.create_task(asyncio.sleep(3600))
        running = [whole] if told else [whole, asyncio.create_task(broken())]
        if told:
            ended.set()
            await until_told(running, ended)
        else:
            with pytest.raises(RuntimeError) as raised:
                await until_told(running, ended)
            assert isinstance(raised.value.__cause__, OSError)
        return [one.done() for one in running]

    assert all(asyncio.run(story()))
