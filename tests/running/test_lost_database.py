"""A demonstration whose database is ended from outside stops and says so, instead of answering "try again" for ever."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from portal.running import commands
from portal.running.supervisor import PartFailed, Supervisor
from portal.settings import Settings


class Ended:
    running = False


def test_a_database_that_was_ended_is_named_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(Settings.from_env({}), var=tmp_path)
    monkeypatch.setattr(commands, "embedded_server", lambda _settings: Ended)
    with pytest.raises(PartFailed, match=r"データベース.*database/log"):
        Supervisor(tmp_path).watch(lambda: commands._database_stands(settings))
    commands._database_stands(replace(settings, database_url="postgresql://elsewhere"))
