"""``madoguchi doctor``: what this machine lacks, and the line that brings it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import click

from portal.databases import open_database
from portal.failures import in_words
from portal.running.failed_jobs import failed_jobs
from portal.settings import Settings
from workflows.engine import DefinitionError
from workflows.engine.check import all_definitions
from workflows.engine.lock import changed

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so")
# Characters of real names that small fonts leave out; a blank or another shape on a notice would be somebody's name.
TORTURE = "髙﨑𠮷①㈱"


@click.command()
def doctor() -> None:
    """この機械に足りないものと、失敗したままの仕事を調べる。あれば 1 で終わる。"""
    checks: list[tuple[str, Callable[[], str]]] = [
        ("印刷（PDF）と文字の形", _printing),
        ("カードの部品（PKCS#11）", _card_module),
        ("空き容量", _disk),
        ("主鍵", _master_key),
        ("手続の定義が、公表されたまま", _definitions),
    ]
    if _has_database(Settings.from_env()):
        checks.append(("裏方の仕事に、失敗したままのものがない", _failed_jobs))
    wrong = 0
    for words, check in checks:
        advice = check()
        wrong += bool(advice)
        click.echo(f"{'×' if advice else '○'} {words}{'  ' + advice if advice else ''}")
    raise SystemExit(1 if wrong else 0)


def _printing() -> str:
    try:
        from weasyprint import HTML
    except OSError:
        return "apt-get install libpangoft2-1.0-0 libharfbuzz-subset0"
    page = HTML(string=f"<p style='font-family: \"Noto Sans CJK JP\"'>{TORTURE}")
    pdf = page.write_pdf(uncompressed_pdf=True)
    fonts = {part.split(b"/")[0].split()[0] for part in pdf.split(b"/BaseFont /")[1:]}
    if not fonts or any(b"NotoSansCJK" not in name.replace(b"-", b"") for name in fonts):
        return "apt-get install fonts-noto-cjk（「髙﨑𠮷」などの字が正しく出ません）"
    return ""


def _card_module() -> str:
    if any(Path(module).exists() for module in MODULES):
        return ""
    return "apt-get install softhsm2（実演）または opensc（本物のカード）"


def _disk() -> str:
    var = Settings.from_env().var
    folder = var if var.exists() else var.parent
    free = shutil.disk_usage(folder).free
    return "" if free > 1 << 30 else f"{folder} の空きが 1 GB を切っています"


def _master_key() -> str:
    path = Settings.from_env().master_key
    if not path.exists():
        return "まだありません。`madoguchi prepare` が作ります"
    return "" if not path.stat().st_mode & 0o077 and os.access(path, os.R_OK) else f"chmod 600 {path}"


def _definitions() -> str:
    """Cases were opened under published definitions, and steps were hashed with their versions: nobody may edit one afterwards."""
    try:
        wrong = changed(all_definitions())
    except DefinitionError as broken:
        wrong = [str(broken)]
    return f"{'、'.join(wrong)}（配られたままのファイルに戻してください）" if wrong else ""


def _has_database(settings: Settings) -> bool:
    """Whether there is a job list to look at: nothing is started anew for it, and no other role's address is used."""
    return bool(settings.worker_url) or (settings.embedded and (settings.var / "database").exists())


def _failed_jobs() -> str:
    """A job that failed for good tells nobody: what was to follow from a step or a request is missing until a person looks."""
    database = open_database(Settings.from_env(), "worker", pool_size=1)
    try:
        found = failed_jobs(database)
    except Exception as failure:
        words = in_words(failure)
        if words is None:
            raise
        return words
    finally:
        database.close()
    if not found:
        return ""
    return (
        f"{'、'.join(map(str, found))}。worker の記録で原因を調べて直し、`madoguchi jobs again 仕事の名前` でやりなおしてください"
        "（もう要らないものは `madoguchi jobs forget 仕事の名前`）"
    )
