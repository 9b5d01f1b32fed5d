"""What to do after a failed call (facts §5.3): which failures may be sent again, and when.

Only connection errors, 408, 409-running, 425, 429 and 5xx are tried again, with full jitter between 1 s and 300 s;
``Retry-After`` wins; after the budget (24 h, notices 4 h) the message goes to the dead letters.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from .problems import Problem

FIRST = 1.0
LONGEST = 300.0
BUDGET = timedelta(hours=24)
BUDGET_NOTICE = timedelta(hours=4)


class LinkUnreachable(Exception):
    """No site of the peer answered (connection refused, TLS failure, time-out). Nothing is known to be kept there:
    send the same message again with the same key."""


class LinkUntrusted(Exception):
    """An answer came that the peer did not sign for this request. It was thrown away unread; the request may or may
    not have been worked on, so send the same message again with the same key."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether to send again, after how many seconds, and the short cause for the record of tries."""

    again: bool
    after: float
    cause: str


def backoff(attempt: int, chance: random.Random) -> float:
    """Seconds to wait before try ``attempt`` + 1 (attempt counts from 1): full jitter, at least one second."""
    return max(FIRST, chance.uniform(0, min(LONGEST, FIRST * 2.0 ** min(attempt, 16))))


def judge(failure: Exception, attempt: int, chance: random.Random) -> Verdict:
    """What to do after a failure.

    :param failure: what :class:`~workflows.linkage.wire.client.LinkClient` raised.
    :param attempt: how many tries have been made.
    :param chance: source of jitter.
    """
    wait = backoff(attempt, chance)
    if isinstance(failure, LinkUnreachable):
        return Verdict(True, wait, "UNREACHABLE")
    if isinstance(failure, LinkUntrusted):
        return Verdict(True, wait, "UNTRUSTED_ANSWER")
    if isinstance(failure, Problem):
        again = failure.retryable or failure.status in (408, 425, 429) or failure.status >= 500
        # A signature refused only for its age or its nonce is made anew at every try.
        again = again or failure.code in ("SIGNATURE_EXPIRED", "NONCE_REPLAYED")
        if failure.retry_after is not None:
            wait = max(FIRST, failure.retry_after)
        return Verdict(again, wait, failure.code)
    return Verdict(False, 0.0, type(failure).__name__)


def budget_over(first_try: datetime, now: datetime, notice: bool = False) -> bool:
    """Whether a message has been tried long enough and belongs to the dead letters."""
    return now - first_try >= (BUDGET_NOTICE if notice else BUDGET)
