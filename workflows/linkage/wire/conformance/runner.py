"""The list of checks and the loop that runs them."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.retry import LinkUnreachable, LinkUntrusted

from .setting import Setting

Check = Callable[[Setting], None]
CHECKS: dict[str, tuple[str, Check]] = {}


@dataclass(frozen=True, slots=True)
class Result:
    """How one check went: empty ``failure`` means it passed."""

    id: str
    title: str
    seconds: float
    failure: str = ""


def check(id_: str, title: str) -> Callable[[Check], Check]:
    """Register a check; ids are stable, so that results of two runs can be compared."""

    def register(function: Check) -> Check:
        assert id_ not in CHECKS, f"two checks are called {id_}"
        CHECKS[id_] = (title, function)
        return function

    return register


def refused(code: str, call: Callable[[], object], otherwise: str) -> None:
    """Expect a call to be refused with a problem code.

    :param otherwise: what to say when it was taken instead.
    :raises AssertionError: it was taken, or refused for another reason.
    """
    try:
        call()
    except Problem as problem:
        if problem.code != code:
            raise AssertionError(f"wanted {code}, got {problem.code}") from None
        return
    raise AssertionError(otherwise)


def run(setting: Setting, only: Iterable[str] = ()) -> Iterator[Result]:
    """Run the checks in order; one that fails does not stop the others.

    :param only: ids, or prefixes of ids, to run; all when empty.
    """
    from . import exchanges, forgeries, messages, storage  # noqa: F401 - they register themselves

    wanted = tuple(only)
    for id_, (title, function) in sorted(CHECKS.items()):
        if wanted and not id_.startswith(wanted):
            continue
        start = time.perf_counter()
        failure = ""
        try:
            function(setting)
        except AssertionError as wrong:
            failure = str(wrong) or "an assertion failed"
        except (Problem, LinkUnreachable, LinkUntrusted) as refused:
            failure = f"{type(refused).__name__}: {refused}"
        except (KeyError, TypeError, ValueError, IndexError) as wrong:
            failure = f"the answer has not the shape of the profile: {type(wrong).__name__}: {wrong}"
        yield Result(id_, title, time.perf_counter() - start, failure)
