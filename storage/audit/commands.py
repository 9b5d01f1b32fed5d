"""`madoguchi audit`: prove the logs of this installation, bring them up to date, hand out the keys that prove them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import click
from cryptography import x509

from storage.database import BEGIN_SNAPSHOT, NO_END, Database, Scope, Transaction
from storage.tenants import known_tenants

from .checkpoint import key_id
from .keys import public_keys
from .roots import RootsUnusable, as_pem, load_roots
from .sources import LeafSource
from .trust import KEYS, trust_body
from .verify import Report, verify_log


def audit_group(
    database: Callable[[], Database],
    sources: Callable[[], Sequence[LeafSource]],
    default_roots: Callable[[], tuple[Path, ...]],
) -> click.Group:
    """The command group. Args: database: opens the worker role's; sources: the logs with all that recomputing them needs
    (storage knows no engine, so they are given); default_roots: PEM files of the trusted time-stamp authorities."""

    @click.group()
    def audit() -> None:
        """記録の鎖と署名を確かめる。"""

    @audit.command()
    @click.option("--tenant", "only", multiple=True, help="団体コード（なければ全部）")
    @click.option(
        "--roots", type=click.Path(exists=True, path_type=Path), multiple=True, help="時刻認証局の証明書(PEM)"
    )
    @click.option(
        "--all", "everything", is_flag=True, help="合わないところを全部並べる（なければ最初の一つ）"
    )
    def verify(only: tuple[str, ...], roots: tuple[Path, ...], everything: bool) -> None:
        """全部の手順と提供等記録を、はじめから計算し直して確かめる。合わないところがあれば終了番号 1、指定が正しくなければ 2。"""
        trusted = _trusted(roots or default_roots())
        broken = False
        with closing(database()) as db:
            for tenant in _chosen(only, known_tenants(db)):
                for source in sources():
                    broken |= not _one(db, tenant, source, trusted, everything)
        if broken:
            raise SystemExit(1)
        click.echo("すべて合っています。")

    @audit.command()
    @click.option("--out", type=click.Path(path_type=Path), help="書き出す先（なければ画面）")
    @click.option(
        "--roots", type=click.Path(exists=True, path_type=Path), multiple=True, help="時刻認証局の証明書(PEM)"
    )
    def trust(out: Path | None, roots: tuple[Path, ...]) -> None:
        """証明を確かめる人に渡す、公表用の鍵のファイルを作る。"""
        with closing(database()) as db:
            body = trust_file(db, as_pem(_trusted(roots or default_roots())))
        if out is None:
            click.echo(body)
        else:
            out.write_text(body)
            click.echo(f"書き出しました: {out}")

    return audit


def _chosen(only: Sequence[str], known: list[str]) -> Sequence[str]:
    """The tenants to prove. Errors: click.BadParameter, for what is not here would always be found whole."""
    unknown = sorted(set(only) - set(known))
    if unknown:
        raise click.BadParameter(
            f"{', '.join(unknown)} は、この窓口の団体ではありません。何も確かめていません。あるもの: {', '.join(known)}",
            param_hint="--tenant",
        )
    return only or known


def trust_file(db: Database, roots: Sequence[str]) -> str:
    """The trust file (docs/proof.md): the public keys of tenants and portal, and the PEM roots of the time-stamp authorities."""
    (keys,) = db.read(Scope(), (KEYS, ()))
    return json.dumps(trust_body(keys, roots), ensure_ascii=False, indent=1, sort_keys=True)


def fingerprints(db: Database, tenant: str) -> list[str]:
    """Short names of a tenant's public keys: what the portal prints at its foot."""
    with db.transaction(Scope()) as tx:
        return [key_id(public) for public in public_keys(tx, tenant).values()]


def _trusted(files: Sequence[Path]) -> list[x509.Certificate]:
    """The certificates of these files. Errors: click.ClickException naming the file."""
    try:
        return load_roots(files)
    except RootsUnusable as unusable:
        raise click.ClickException(str(unusable)) from unusable


@contextmanager
def snapshot(db: Database, tenant: str) -> Iterator[Transaction]:
    """A transaction that sees one moment of the database however long it takes, while the log goes on growing."""
    with db.transaction(Scope(tenant=tenant), begin=BEGIN_SNAPSHOT) as tx:
        tx.raw.execute(NO_END)
        yield tx


def _one(
    db: Database, tenant: str, source: LeafSource, roots: Sequence[x509.Certificate], everything: bool
) -> bool:
    with snapshot(db, tenant) as tx:
        row = tx.raw.execute(
            "SELECT coalesce(max(size), 0) FROM madoguchi.audit_log WHERE tenant = %s AND log = %s",
            (tenant, source.log),
        ).fetchone()
        with click.progressbar(length=row[0] if row else 0, label=f"{tenant} {source.log}") as bar:
            report = verify_log(tx, source, roots, lambda log, done: bar.update(done))
    _say(tenant, source.log, report, bool(roots), everything)
    return report.holds


def _say(tenant: str, log: str, report: Report, stamps_checked: bool, everything: bool) -> None:
    stamps = f"タイムスタンプ {report.stamps}" + (
        "" if stamps_checked else "（認証局の証明書がないので数えただけ）"
    )
    click.echo(
        f"{tenant} {log}: 記録 {report.leaves}（うち期間満了で内容を消したもの {report.destroyed}）、"
        f"チェックポイント {report.checkpoints}、{stamps}、まだ置かれていない記録 {report.waiting}"
    )
    first = report.first()
    if first is not None:
        click.echo(f"  最初に合わないところ: {first.words}", err=True)
        click.echo(
            f"  合わないところは {len(report.findings)} 件です。控えから調べ、個人情報保護の担当に知らせてください。",
            err=True,
        )
    for finding in report.findings if everything else ():
        click.echo(f"  [{finding.seq}] {finding.words}", err=True)
