"""``madoguchi cases``: which definition the open cases stand under, and moving them to the newest one.

A release brings new definitions, and open cases stay under the old ones: whether a change of rules reaches what was begun before it is
a question of law, so a person answers it, kind by kind. Moving is a step in the journal of each case.
"""

from __future__ import annotations

from collections.abc import Iterator

import click

from portal.databases import open_database
from portal.settings import Settings
from storage.clock import SystemClock
from storage.database import Database, Scope
from storage.ids import new_id
from storage.tenants import known_tenants
from workflows.engine import Actor, Registry
from workflows.engine.apply import Parts
from workflows.engine.check import definition_files
from workflows.engine.migrate import migrate
from workflows.law.calendar import LawCalendar

MOVER = Actor(kind="system", id="release")
AT_ONCE = 500
_OPEN = """
    SELECT kind, definition_version, count(*) FROM madoguchi.case_file WHERE tenant = %s AND closed_at IS NULL
    GROUP BY kind, definition_version ORDER BY kind, definition_version
"""


@click.group()
def cases() -> None:
    """開いている案件が、どの版の定義に立っているか。新しい版へ移す。"""


@cases.command("list")
def show() -> None:
    """団体、種類、版ごとに、開いている案件の数を並べる。"""
    registry = known_kinds()
    database = open_database(Settings.from_env(), "worker")
    try:
        behind = 0
        for tenant, kind, version, count in _standing(database):
            newest = registry.kinds[kind].newest.version if kind in registry.kinds else None
            behind += count if newest and version < newest else 0
            note = "" if version == newest else f"  新しい版: {newest or 'なし'}"
            click.echo(f"{tenant}  {kind:28} 第{version}版  {count:>8} 件{note}")
    finally:
        database.close()
    click.echo(
        f"前の版の案件: {behind} 件。`madoguchi cases move KIND` で移せます。"
        if behind
        else "どれも新しい版です。"
    )


@cases.command()
@click.argument("kind")
@click.option("--purpose", help="なぜ移すか。案件ごとの記録に残る（例 様式の改正による）")
def move(kind: str, purpose: str | None) -> None:
    """KIND の開いている案件を、新しい版の定義に移す。1件ずつ記録に残る。数え始めた期限は変わらない。途中で止めても、何度実行してもよい。"""
    registry = known_kinds()
    replacing = sorted(name for name, one in registry.kinds.items() if one.newest.replaces is not None)
    if kind not in replacing:
        raise click.BadParameter(
            f"{kind} には、前の版を引きつぐ新しい版がありません。何も変えていません。移せるもの: {', '.join(replacing) or 'なし'}",
            param_hint="KIND",
        )
    newest = registry.kind(kind).newest.version
    parts = Parts(registry, SystemClock(), LawCalendar(), new_id)
    why = purpose or f"定義の第{newest}版へ"
    database = open_database(Settings.from_env(), "worker")
    moved = left = 0
    try:
        for tenant, count in _behind(database, kind, newest):
            with click.progressbar(length=count, label=tenant) as bar:
                while True:
                    with database.transaction(Scope(tenant=tenant)) as tx:
                        done = migrate(parts, tx, kind, MOVER, why, AT_ONCE)
                    bar.update(len(done.moved))
                    moved += len(done.moved)
                    if not done.moved:
                        left += done.left
                        break
    finally:
        database.close()
    click.echo(f"第{newest}版へ移しました: {moved} 件。")
    if left:
        raise click.ClickException(
            f"{left} 件は、いまほかの人が開いているので残っています。前の版のまま動きます。もう一度実行してください。"
        )


def known_kinds() -> Registry:
    """Every kind of case with all its versions; their functions are not needed to move a case."""
    registry = Registry()
    for file in definition_files():
        registry.load(file)
    return registry


def _standing(database: Database) -> Iterator[tuple[str, str, int, int]]:
    """Tenant, kind, version and how many open cases."""
    for tenant in known_tenants(database):
        (rows,) = database.read(Scope(tenant=tenant), (_OPEN, (tenant,)))
        for kind, version, count in rows:
            yield tenant, kind, version, count


def _behind(database: Database, kind: str, newest: int) -> list[tuple[str, int]]:
    """Tenants with open cases of a kind under older versions, and how many."""
    found: dict[str, int] = {}
    for tenant, name, version, count in _standing(database):
        if name == kind and version < newest:
            found[tenant] = found.get(tenant, 0) + count
    return list(found.items())
