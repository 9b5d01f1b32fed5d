"""Whom the installation trusts to stamp: the worker, the audit and what is published read the same setting in the same way."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding

from portal.cli import main
from portal.public.log_keys import _roots
from portal.settings import Settings, SettingsError
from portal.worker.house import _stamper
from sandbox.pki.tsa import TimeStampAuthority
from storage.audit.roots import as_pem
from tests.conftest import Databases

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def pems(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The roots of three authorities."""
    made = [TimeStampAuthority.create(tmp_path_factory.mktemp("tsa"), NOW) for _ in range(3)]
    return [one.root.public_bytes(Encoding.PEM).decode() for one in made]


@pytest.fixture
def listed(pems: list[str], tmp_path: Path) -> dict[str, str]:
    """Two files, one of them with two certificates and the words that some put before them."""
    (tmp_path / "old.pem").write_text(pems[0])
    (tmp_path / "new.pem").write_text(f"subject=first\n{pems[1]}\nsubject=second\n{pems[2]}")
    files = os.pathsep.join(str(tmp_path / name) for name in ("old.pem", "new.pem"))
    return {
        "MADOGUCHI_TSA_ROOTS": files,
        "MADOGUCHI_TSA": "http://tsa.example",
        "MADOGUCHI_VAR": str(tmp_path),
    }


def settings(environment: dict[str, str]) -> Settings:
    """Those of a demonstration whose stand-ins are there."""
    folder = Path(environment["MADOGUCHI_VAR"]) / "sandbox"
    folder.mkdir()
    (folder / "sandbox.json").write_text(json.dumps({"pki": "http://pki.example"}))
    return Settings.from_env(environment)


def test_every_certificate_of_every_file_is_trusted_by_all_who_ask(
    databases: Databases, listed: dict[str, str], pems: list[str]
) -> None:
    given = settings(listed)
    assert as_pem(list(_stamper(given).roots)) == pems
    assert _roots(given) == pems
    environment = {**listed, "MADOGUCHI_DATABASE_WORKER": databases.url("worker")}
    done = CliRunner(env=environment).invoke(main, ["audit", "trust"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["tsa_roots"] == pems
    done = CliRunner(env=environment).invoke(main, ["audit", "verify", "--tenant", "992011"])
    assert (done.exit_code, "認証局の証明書がない" in done.output) == (0, False), done.output


@pytest.mark.parametrize("wrong", ["missing", "nonsense", "folder"])
def test_one_file_that_cannot_be_read_stops_the_start_by_its_name(
    databases: Databases, listed: dict[str, str], tmp_path: Path, wrong: str
) -> None:
    other = tmp_path / "other.pem"
    if wrong == "nonsense":
        other.write_text("nonsense")
    elif wrong == "folder":
        other.mkdir()
    listed["MADOGUCHI_TSA_ROOTS"] += f"{os.pathsep}{other}"
    with pytest.raises(SettingsError, match=r"MADOGUCHI_TSA_ROOTS .*other\.pem.*まだ何も始めていません"):
        _stamper(settings(listed))
    environment = {**listed, "MADOGUCHI_DATABASE_WORKER": databases.url("worker")}
    done = CliRunner(env=environment).invoke(main, ["audit", "verify"])
    assert (done.exit_code, "other.pem" in done.output) == (1, True)


def test_a_demonstration_trusts_its_stand_in_and_production_nobody_by_itself(tmp_path: Path) -> None:
    environment = {"MADOGUCHI_VAR": str(tmp_path)}
    stand_in = tmp_path / "sandbox" / "pki" / "anchors" / "tsa.pem"
    assert Settings.from_env(environment).trusted_stamp_roots == (stand_in,)
    production = Settings(mode="production", var=tmp_path, stamp_roots=(), stamp_url="http://tsa.example")
    assert production.trusted_stamp_roots == ()
    with pytest.raises(SettingsError, match="MADOGUCHI_TSA_ROOTS"):
        _stamper(production)
