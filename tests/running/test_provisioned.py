"""A world of the stand-ins is made once and gone through again only when there is a reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from portal.running import provisioned
from portal.running.provisioned import Provisioned

ORDER = ("provision", "--first-port", "8701")


@pytest.fixture
def world(tmp_path: Path) -> Path:
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls" / "ca.pem").write_text("a certificate")
    (tmp_path / "sandbox.json").write_text("{}")
    Provisioned(tmp_path, ORDER).note()
    return tmp_path


def test_a_world_nobody_made_is_not_whole(tmp_path: Path) -> None:
    assert not Provisioned(tmp_path, ORDER).still_whole()


def test_a_world_made_by_this_release_is_left_as_it_is(world: Path) -> None:
    assert Provisioned(world, ORDER).still_whole()


def test_other_words_make_it_anew(world: Path) -> None:
    assert not Provisioned(world, ("provision", "--first-port", "9000")).still_whole()


def test_a_file_that_went_missing_is_made_again(world: Path) -> None:
    (world / "tls" / "ca.pem").unlink()
    assert not Provisioned(world, ORDER).still_whole()


@pytest.mark.parametrize("broken", ["", "[]", "{", '{"files": 3, "made_by": "x"}', '{"files": []}'])
def test_a_broken_note_counts_for_nothing(world: Path, broken: str) -> None:
    (world / "provisioned.json").write_text(broken)
    assert not Provisioned(world, ORDER).still_whole()


def test_a_changed_program_makes_it_anew(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = tmp_path / "program.py"
    changed.write_text("print('new')")
    known = list(provisioned._sources())
    assert {file.name for file in known} >= {"provision.py", "people.py", "keys.py", "law_table.yaml"}
    monkeypatch.setattr(provisioned, "_sources", lambda: iter([*known, changed]))
    assert not Provisioned(world, ORDER).still_whole()


def test_a_card_maker_installed_since_makes_it_anew(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: "/elsewhere/" + name)
    assert not Provisioned(world, ORDER).still_whole()
