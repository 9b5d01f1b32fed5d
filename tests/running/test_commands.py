"""What the command says when something outside of it is wrong: words, what was kept, a next step, and never a traceback."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from portal.cli import main
from storage.encryption import FileMasterKey
from tests.conftest import Databases
from tests.running.test_web import PRODUCTION
from workflows.engine.check import all_definitions

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command on an installation that has nothing yet, with these settings."""

    def call(*words: str, **environment: str) -> Result:
        return CliRunner(env={"MADOGUCHI_VAR": str(tmp_path / "var"), **environment}).invoke(main, words)

    return call


def told(done: Result, *words: str) -> None:
    """It ended as refused, in words."""
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code in (1, 2)
    for word in words:
        assert word in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("web",), "MADOGUCHI_DATABASE_WEB"),
        (("worker",), "keys create"),
        (("tour",), "bin/serve"),
        (("card", "list"), "bin/serve"),
        (("audit", "verify"), "bin/serve"),
        (("keys", "rotate", "992011"), "keys create"),
    ],
)
def test_an_installation_that_has_nothing_yet_says_what_comes_first(
    run: Run, words: tuple[str, ...], said: str
) -> None:
    told(run(*words), said)


@pytest.mark.parametrize("words", [("prepare",), ("keys", "create"), ("serve",)])
def test_a_folder_that_is_none_is_named(run: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("x")
    told(run(*words, MADOGUCHI_VAR=str(tmp_path / "file")), str(tmp_path / "file"), "そのまま")


@pytest.mark.parametrize("address", ["nonsense", "postgresql://u:secret-word@127.0.0.1:1/none"])
def test_a_database_that_does_not_answer_is_told_without_its_address(run: Run, address: str) -> None:
    for words, variable in (
        (("prepare",), "DATABASE_URL"),
        (("staff", "list", "992011"), "MADOGUCHI_DATABASE_WORKER"),
        (("audit", "verify"), "MADOGUCHI_DATABASE_WORKER"),
    ):
        done = run(*words, **{variable: address})
        told(done, "データベースを使えませんでした", "madoguchi settings")
        assert address not in done.output
        assert "secret-word" not in done.output


def test_a_mistake_of_ours_keeps_its_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise AssertionError("a mistake")

    monkeypatch.setattr("portal.running.commands.read_settings", broken)
    assert isinstance(run("prepare").exception, AssertionError)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MADOGUCHI_BIND", "nonsense"),
        ("MADOGUCHI_BIND", ":6543"),
        ("MADOGUCHI_BIND", "127.0.0.1:0"),
        ("MADOGUCHI_BIND", "127.0.0.1:70000"),
        ("MADOGUCHI_ORIGIN", "nonsense"),
        ("MADOGUCHI_ORIGIN", "localhost:6543"),
        ("MADOGUCHI_ORIGIN", "https://counter.example/"),
        ("MADOGUCHI_ORIGIN", "https://[counter"),
        ("MADOGUCHI_CARD_ORIGIN", "ftp://card.example"),
        ("MADOGUCHI_PROCESSES", "²"),
        ("MADOGUCHI_COUNTER", "True"),
        ("MADOGUCHI_MODE", "test"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_with_its_value(run: Run, variable: str, value: str) -> None:
    told(run("serve", **{variable: value}), variable, value)


def test_every_setting_is_listed_as_it_is_written_even_when_one_is_missing(run: Run) -> None:
    lines = dict(line.split(None, 1) for line in run("settings").output.splitlines())
    assert lines["MADOGUCHI_COUNTER"].startswith("no ")
    assert lines["MADOGUCHI_TSA_ROOTS"].startswith("（なし）")
    assert {"MADOGUCHI_CARD_ANCHORS", "MADOGUCHI_OCSP", "MADOGUCHI_OCSP_NONCE"} <= set(lines)
    done = run("settings", **{**PRODUCTION, "MADOGUCHI_TSA": ""})
    told(done, "本番では MADOGUCHI_TSA を設定してください", "MADOGUCHI_PROCESSES")
    assert PRODUCTION["MADOGUCHI_GATEWAY_SECRET"] not in done.output
    assert PRODUCTION["MADOGUCHI_DATABASE_WEB"] not in done.output


def test_keys_of_nobody_are_not_made(run: Run, databases: Databases, tmp_path: Path) -> None:
    FileMasterKey.create(tmp_path / "var" / "keys" / "master.key")
    addresses = {
        "MADOGUCHI_DATABASE_WORKER": databases.url("worker"),
        "MADOGUCHI_DATABASE_VAULT": databases.url("vault"),
    }
    for nobody in ("132012", "portals"):
        told(run("keys", "rotate", nobody, **addresses), nobody, "鍵は変えていません", "992011")
    with psycopg.connect(databases.admin_url) as owner:
        made = owner.execute("SELECT count(*) FROM madoguchi.tenant_key").fetchone()
        assert made == (0,)
        assert run("keys", "rotate", "992011", **addresses).exit_code == 0
        made = owner.execute("SELECT count(*) FROM madoguchi.tenant_key").fetchone()
        assert made is not None
        assert made[0] > 0


def test_a_published_definition_that_somebody_edited_is_found(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "○ 手続の定義" in run("doctor").output
    first, *others = all_definitions()
    monkeypatch.setattr(
        "portal.running.doctor.all_definitions", lambda: [replace(first, digest="0" * 64), *others]
    )
    done = run("doctor")
    told(done, "× 手続の定義", Path(first.source).name)
