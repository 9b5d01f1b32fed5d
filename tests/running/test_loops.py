"""The worker's loops: each tenant has its turn."""

from __future__ import annotations

from structlog.testing import capture_logs

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
