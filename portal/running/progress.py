"""Telling a person at the terminal what is being done, how far it is, and how long it took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import click


class Steps:
    """Numbered steps with a bar and the time each took.

    :param total: how many there will be.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._started = time.monotonic()

    @contextmanager
    def step(self, words: str) -> Iterator[None]:
        """Say ``words``, do the block, say how long it took."""
        self._done += 1
        filled = round(20 * self._done / self._total)
        bar = "█" * filled + "░" * (20 - filled)
        began = time.monotonic()
        click.echo(f"{bar} {self._done:2}/{self._total} {words} …", nl=False)
        try:
            yield
        except BaseException:
            click.echo(" 止まりました")
            raise
        click.echo(f" {time.monotonic() - began:.1f} 秒")

    def seconds(self) -> float:
        """Since the first step."""
        return time.monotonic() - self._started
