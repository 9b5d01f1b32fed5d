"""``madoguchi tenant`` and ``madoguchi staff``: whom this installation serves, and who works there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest
from click.testing import CliRunner, Result

from portal.cli import main
from storage.tenants import check_digit
from tests.conftest import Databases

KONO = ("--name", "例野市", "--kana", "れいのし", "--english", "Reino City")
# One for the module, as its database is one: the keys there are open with no other.
MASTER = token_hex(32)
CODE = f"99301{check_digit('99301')}"


@pytest.fixture
def run(databases: Databases, tmp_path: Path) -> Callable[..., Result]:
    """Run a command on this module's database."""
    key = tmp_path / "keys" / "master.key"
    key.parent.mkdir()
    key.touch(0o600)
    key.write_text(MASTER)
    environment = {
        "MADOGUCHI_VAR": str(tmp_path),
        "DATABASE_URL": databases.url("migrator"),
        "MADOGUCHI_DATABASE_WORKER": databases.url("worker"),
    }
    return lambda *words: CliRunner(env=environment).invoke(main, words)


def counted(databases: Databases) -> tuple[int, ...]:
    """Tenants, keys and staff."""
    with psycopg.connect(databases.admin_url) as owner:
        return tuple(
            owner.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # type: ignore[index]
            for table in ("madoguchi.tenant", "madoguchi.tenant_key", "identity.staff")
        )


def test_a_body_is_entered_once_with_its_keys_and_then_has_staff(
    run: Callable[..., Result], databases: Databases
) -> None:
    nobody = run("staff", "invite", CODE, "例野　決", "--office", "課", "--role", "caseworker")
    assert nobody.exit_code == 2
    assert "この窓口の団体ではありません" in nobody.output
    assert "tenant add" in nobody.output
    before = counted(databases)
    done = run("tenant", "add", CODE, *KONO)
    assert done.exit_code == 0, done.output
    assert f"{CODE}  例野市  れいのし  Reino City" in run("tenant", "list").output
    after = counted(databases)
    assert after[0] == before[0] + 1
    assert after[1] > before[1]
    again = run("tenant", "add", CODE, "--name", "別の名前", "--kana", "べつ", "--english", "Other")
    assert again.exit_code == 1
    assert "もう登録されています" in again.output
    assert counted(databases) == after
    assert "職員はまだいません" in run("staff", "list", CODE).output
    made = run("staff", "invite", CODE, "例野　決", "--office", "課", "--role", "caseworker")
    assert made.exit_code == 0, made.output
    assert "登録コード" in made.output
    assert "例野　決" in run("staff", "list", CODE).output


def keyless(databases: Databases, code: str) -> None:
    """A body as it was left where the keys could not be made: its row alone."""
    with psycopg.connect(databases.admin_url) as owner:
        owner.execute(
            "INSERT INTO madoguchi.tenant (code, name, name_en, name_kana) VALUES (%s, '例川市', 'Reikawa', 'れいかわし')",
            (code,),
        )


@pytest.mark.parametrize("wrong", ["missing", "another", "nonsense", "open to others"])
def test_without_the_right_master_key_no_body_is_entered(
    run: Callable[..., Result], databases: Databases, tmp_path: Path, wrong: str
) -> None:
    run("prepare")
    key = tmp_path / "keys" / "master.key"
    other = f"99303{check_digit('99303')}"
    before = counted(databases)
    match wrong:
        case "missing":
            key.unlink()
        case "another":
            key.write_text("ab" * 32)
        case "nonsense":
            key.write_text("nonsense")
        case _:
            key.chmod(0o644)
    done = run("tenant", "add", other, *KONO)
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == 1
    assert "主鍵" in done.output
    assert counted(databases) == before


def test_a_body_that_was_left_without_keys_gets_them(
    run: Callable[..., Result], databases: Databases
) -> None:
    run("prepare")
    left, other = (f"{body}{check_digit(body)}" for body in ("99304", "99305"))
    keyless(databases, left)
    before = counted(databases)
    done = run("tenant", "add", left, *KONO)
    assert done.exit_code == 0, done.output
    assert f"鍵を作りました: {left}" in done.output
    assert "名前は変えていません" in done.output
    repaired = counted(databases)
    assert (repaired[0], repaired[1] > before[1]) == (before[0], True)
    assert "例川市" in run("tenant", "list").output
    again = run("tenant", "add", left, *KONO)
    assert (again.exit_code, "何も変えていません" in again.output) == (1, True)
    assert counted(databases) == repaired
    # Keys that another one lacks are made as well, and that is said.
    keyless(databases, other)
    done = run("tenant", "add", f"99306{check_digit('99306')}", *KONO)
    assert (done.exit_code, f"鍵を作りました: {other}" in done.output) == (0, True)


@pytest.mark.parametrize("code", ["993010", "9930", "９９３０１５", "portal", ""])
def test_a_code_that_is_none_enters_nothing(
    run: Callable[..., Result], databases: Databases, code: str
) -> None:
    before = counted(databases)
    done = run("tenant", "add", code, *KONO)
    assert done.exit_code == 2
    assert "何も登録していません" in done.output
    assert counted(databases) == before


@pytest.mark.parametrize("name", ["", "　", "長" * 101, "例\n野", "例\x1b[31m野"])
def test_a_name_nobody_could_read_is_not_entered(
    run: Callable[..., Result], databases: Databases, name: str
) -> None:
    before = counted(databases)
    other = f"99302{check_digit('99302')}"
    for words in (
        ("tenant", "add", other, "--name", name, *KONO[2:]),
        ("staff", "invite", "992011", name, "--office", "課", "--role", "caseworker"),
        ("staff", "invite", "992011", "例野　決", "--office", name, "--role", "caseworker"),
    ):
        done = run(*words)
        assert done.exit_code == 2
        assert "何も登録していません" in done.output
    assert counted(databases) == before
