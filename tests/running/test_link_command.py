"""``madoguchi link``: the kill switches as a command; who stops and who lets go are two members of staff."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from portal.cli import main
from portal.identity.staff import StaffRegister
from storage.clock import SystemClock
from storage.database import Scope
from tests.conftest import Databases
from workflows.linkage import freezes

KONO = "992011"


@pytest.fixture
def run(databases: Databases) -> Callable[..., Result]:
    environment = {"MADOGUCHI_DATABASE_WORKER": databases.url("worker")}
    return lambda *words: CliRunner(env=environment).invoke(main, ["link", *words])


@pytest.fixture
def staff(databases: Databases) -> Callable[[str], str]:
    register = StaffRegister(databases.worker, SystemClock())
    return lambda role: str(register.invite(KONO, "情報課", [role], "架空　職員").account)


def frozen(databases: Databases) -> freezes.Frozen:
    with databases.worker.transaction(Scope(tenant=KONO)) as tx:
        return freezes.standing(tx)


def test_one_stops_and_another_lets_it_go_on(
    run: Callable[..., Result], staff: Callable[[str], str], databases: Databases
) -> None:
    one, other = staff("linkage_operator"), staff("approver")
    assert "止めているものはありません" in run("list", KONO).output
    done = run("freeze", KONO, "item", "local-tax", "--reason", "誤送信の疑い", "--by", one)
    assert done.exit_code == 0, done.output
    assert frozen(databases).scope_of(None, "", ["local-tax"]) == "item"
    listed = run("list", KONO).output
    assert "local-tax" in listed
    assert "誤送信の疑い" in listed
    assert one in listed
    alone = run("unfreeze", KONO, "item", "local-tax", "--by", one)
    assert alone.exit_code == 1
    assert "別の人が解除" in alone.output
    assert frozen(databases).items
    assert run("unfreeze", KONO, "item", "local-tax", "--by", other).exit_code == 0
    assert frozen(databases) == freezes.Frozen()
    assert "この停止措置はありません" in run("unfreeze", KONO, "item", "local-tax", "--by", other).output


def test_an_office_is_stopped_by_its_name(
    run: Callable[..., Result], staff: Callable[[str], str], databases: Databases
) -> None:
    done = run("freeze", KONO, "office", "情報課", "--reason", "点検", "--by", staff("approver"))
    assert done.exit_code == 0, done.output
    assert frozen(databases).scope_of(None, "情報課", []) == "office"
    assert run("unfreeze", KONO, "office", "情報課", "--by", staff("approver")).exit_code == 0


def test_the_whole_body_is_stopped_without_a_value(
    run: Callable[..., Result], staff: Callable[[str], str], databases: Databases
) -> None:
    assert run("freeze", KONO, "tenant", "--reason", "点検", "--by", staff("approver")).exit_code == 0
    assert frozen(databases).tenant
    assert run("unfreeze", KONO, "tenant", "--by", staff("approver")).exit_code == 0
    assert not frozen(databases).tenant


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("999999", "tenant"), "この窓口の団体ではありません"),
        ((KONO, "item", "no-such-item"), "何も止めていません"),
        ((KONO, "person", "000000000000000"), "何も止めていません"),
        ((KONO, "office", " "), "何も止めていません"),
        ((KONO, "office", "情報化"), "何も止めていません"),
        ((KONO, "person", "123456789018"), "12桁の数字"),
        ((KONO, "everything"), "Invalid value"),
    ],
)
def test_what_stops_nothing_says_so(
    run: Callable[..., Result],
    staff: Callable[[str], str],
    databases: Databases,
    words: tuple[str, ...],
    said: str,
) -> None:
    no = run("freeze", *words, "--reason", "点検", "--by", staff("approver"))
    assert no.exit_code != 0
    assert said in no.output
    assert "123456789018" not in no.output
    assert frozen(databases) == freezes.Frozen()


def test_only_who_answers_for_the_link_stops_it(
    run: Callable[..., Result], staff: Callable[[str], str], databases: Databases
) -> None:
    for who in (staff("caseworker"), "01936c7e-0000-7000-8000-000000000001"):
        no = run("freeze", KONO, "tenant", "--reason", "点検", "--by", who)
        assert no.exit_code == 2
        assert "いません" in no.output
    assert not frozen(databases).tenant
