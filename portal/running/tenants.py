"""``madoguchi tenant``: the municipalities that this installation serves.

A municipality is known by its six-digit code (全国地方公共団体コード) and read by residents under its name, so both are entered by
hand, once, before anybody can be registered there.
"""

from __future__ import annotations

from unicodedata import category

import click
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap

from portal.databases import open_database
from portal.running.prepare import make_tenant_keys
from portal.settings import Settings
from storage.database import NOWHERE
from storage.tenants import UnknownTenant, parse_tenant

LONGEST = 100
# Control characters, halves of characters, ends of lines and paragraphs. An ideographic space and a variant of a character are none.
BREAKS = frozenset({"Cc", "Cs", "Zl", "Zp"})


@click.group()
def tenant() -> None:
    """この窓口が受け持つ団体（市区町村）。"""


@tenant.command("list")
def show() -> None:
    """団体の一覧。000000 は個人情報保護委員会。"""
    database = open_database(Settings.from_env(), "worker")
    try:
        (rows,) = database.read(
            NOWHERE, ("SELECT code, name, name_kana, name_en FROM madoguchi.tenant ORDER BY code", ())
        )
    finally:
        database.close()
    for row in rows:
        click.echo("  ".join(row))


@tenant.command()
@click.argument("code")
@click.option("--name", required=True, help="名前。住民が記録で読む（例 甲野市）")
@click.option("--kana", required=True, help="名前の読み（ひらがな。例 こうのし）")
@click.option("--english", required=True, help="英語の名前（例 Kono City）")
def add(code: str, name: str, kana: str, english: str) -> None:
    """CODE（6けたの団体コード）の団体を受け持つ。その団体の鍵も作る。"""
    settings = Settings.from_env()
    try:
        parse_tenant(code)
    except UnknownTenant as unknown:
        raise click.BadParameter(f"{unknown}何も登録していません。", param_hint="CODE") from unknown
    words = {"--name": name, "--english": english, "--kana": kana}
    for option, text in words.items():
        refuse_unreadable(text, option)
    # Before anything is written: in a body without keys nothing could be sealed, and nobody could be registered.
    repaired = _make_keys(settings)
    database = open_database(settings, "migrator")
    try:
        with database.transaction() as tx:
            made = tx.raw.execute(
                "INSERT INTO madoguchi.tenant (code, name, name_en, name_kana) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (code, *words.values()),
            ).rowcount
    finally:
        database.close()
    if repaired:
        click.echo(f"鍵が足りなかった団体の鍵を作りました: {', '.join(repaired)}")
    if not made:
        if code in repaired:
            click.echo(f"{code} は、もう登録されています。名前は変えていません。")
            return
        raise click.ClickException(
            f"{code} は、もう登録されています。鍵もあり、何も変えていません。`madoguchi tenant list` で確かめてください。"
        )
    _make_keys(settings)
    click.echo(
        f"{code} {name} を登録しました。次は `madoguchi staff invite {code} 名前 --office 課 --role 役割` で職員を登録します。"
    )


def _make_keys(settings: Settings) -> list[str]:
    """Make the keys that are missing; returns the codes of the bodies that lacked some.

    :raises ClickException: when the master key cannot be used, or is not the one of this database.
    """
    try:
        return make_tenant_keys(settings)
    except (PermissionError, ValueError, InvalidUnwrap) as unusable:
        why = str(unusable) if isinstance(unusable, PermissionError) else "この窓口の鍵を開けられません。"
        raise click.ClickException(
            f"主鍵を使えませんでした（{settings.master_key}）: {why}何も登録していません。控えから正しい主鍵を戻して、"
            "もう一度実行してください。"
        ) from unusable


def refuse_unreadable(text: str, option: str) -> None:
    """Take no name that nobody could read on a screen or a paper.

    :raises BadParameter: for an empty one, one of more than 100 characters, or one with control characters.
    """
    if not text.strip() or len(text) > LONGEST or any(category(one) in BREAKS for one in text):
        raise click.BadParameter(
            f"1文字から{LONGEST}文字までの、改行などのない名前を入れてください。何も登録していません。",
            param_hint=option,
        )
