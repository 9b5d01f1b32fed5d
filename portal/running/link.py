"""``madoguchi link``: stopping the exchange about a person, an office, an item or the whole body at once, and letting it go on.

A kill switch must also work on a day on which nobody can sign in, so it is a command. Who orders it is a member of staff who answers for the
link; somebody else lets it go on. Both stay on record, and the intermediate server is told within two seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import click

from portal.databases import open_database
from portal.identity.staff import StaffRegister
from portal.running.tenants import refuse_unreadable
from portal.settings import Settings
from storage.clock import SystemClock
from storage.database import Scope, Transaction
from storage.tenants import known_tenants
from workflows.engine.inputs import holds_a_number
from workflows.law.loader import shipped
from workflows.linkage.freezes import SCOPES, FreezeRefused, Freezes

# The posts that answer for the link.
MAY_STOP = frozenset({"approver", "linkage_operator"})
_LIST = """
    SELECT scope, value, reason, set_by, set_at FROM madoguchi.linkage_freeze
    WHERE tenant = %s AND released_at IS NULL ORDER BY set_at, id
"""
_KNOWN = {
    "person": "SELECT 1 FROM madoguchi.addressee WHERE tenant = %s AND number = %s",
    "office": "SELECT 1 FROM identity.staff WHERE tenant = %s AND office = %s LIMIT 1",
}
_BY = click.option(
    "--by", required=True, type=click.UUID, help="命じた職員の番号（`madoguchi staff list` に出る）"
)
_SCOPE = click.argument("scope", type=click.Choice(SCOPES))


@click.group()
def link() -> None:
    """情報連携を止める・再び始める。"""


@link.command("list")
@click.argument("tenant")
def show(tenant: str) -> None:
    """TENANT で今止めているもの。"""
    with _at(tenant) as tx:
        rows = tx.raw.execute(_LIST, (tenant,)).fetchall()
    for scope, value, reason, by, at in rows:
        click.echo(f"{scope:7} {value}  理由: {reason}  職員: {by}  {at.isoformat(timespec='seconds')} から")
    if not rows:
        click.echo("止めているものはありません。")


@link.command()
@click.argument("tenant")
@_SCOPE
@click.argument("value", default="")
@click.option("--reason", required=True, help="なぜ止めるか。記録に残る（氏名などは書かない）")
@_BY
def freeze(tenant: str, scope: str, value: str, reason: str, by: UUID) -> None:
    """TENANT の情報連携を止める。SCOPE が person なら VALUE は宛名番号、office なら課の名前、item なら項目、tenant なら VALUE は要らない。"""
    refuse_unreadable(reason, "--reason")
    if holds_a_number(reason) or holds_a_number(value):
        raise click.BadParameter("12桁の数字（個人番号と思われるもの）は書けません。何も止めていません。")
    with _at(tenant, by) as tx:
        _refuse_unknown(tx, scope, value)
        Freezes(SystemClock()).freeze(tx, scope, value, reason=reason, actor=str(by))
    click.echo(
        "止めました。今から何も送らず、答えません。解除は別の職員が `madoguchi link unfreeze` で行います。"
    )


@link.command()
@click.argument("tenant")
@_SCOPE
@click.argument("value", default="")
@_BY
def unfreeze(tenant: str, scope: str, value: str, by: UUID) -> None:
    """止めたものを再び始める。止めた人とは別の職員が命じる。"""
    with _at(tenant, by) as tx:
        Freezes(SystemClock()).release(tx, scope, value, actor=str(by))
    click.echo("解除しました。待っていたものは順に送られます。")


def _refuse_unknown(tx: Transaction, scope: str, value: str) -> None:
    """A slip of the hand must not look like a stop.

    :raises ClickException: nobody and nothing has this value.
    """
    if scope in ("tenant", "item"):
        known = scope == "tenant" or value in shipped().items
    else:
        found = tx.raw.execute(_KNOWN[scope], (tx.tenant, value))
        known = found.fetchone() is not None
    if not known:
        raise click.ClickException(
            "その宛名番号・課・項目はありません。何も止めていません。確かめて、もう一度入れてください。"
        )


@contextmanager
def _at(tenant: str, by: UUID | None = None) -> Iterator[Transaction]:
    """A transaction of a body that is here, for a member of its staff who answers for the link.

    :raises ClickException: when it is not, when she does not, or what the kill switches refuse.
    """
    database = open_database(Settings.from_env(), "worker", pool_size=1)
    try:
        if tenant not in known_tenants(database):
            raise click.BadParameter(
                f"{tenant} は、この窓口の団体ではありません。何も変えていません。`madoguchi tenant list` で確かめてください。",
                param_hint="TENANT",
            )
        if by is not None and not any(
            account == by and MAY_STOP.intersection(roles)
            for account, _, _, roles, _ in StaffRegister(database, SystemClock()).people(tenant)
        ):
            raise click.BadParameter(
                "この団体に、その番号の責任者か連携の運用担当はいません。何も変えていません。`madoguchi staff list` で確かめてください。",
                param_hint="--by",
            )
        with database.transaction(Scope(tenant=tenant)) as tx:
            yield tx
    except FreezeRefused as refused:
        raise click.ClickException(str(refused)) from None
    finally:
        database.close()
