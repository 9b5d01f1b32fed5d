"""``madoguchi sandbox …``: hands the words to the stand-ins' own program, which is a process of its own like the real thing."""

from __future__ import annotations

import subprocess
import sys

import click

from portal.running.sandbox_parts import world
from portal.settings import Settings


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def sandbox(words: tuple[str, ...]) -> None:
    """国の側の代役への命令（``madoguchi sandbox --help`` で一覧）。本番では使えません。"""
    settings = Settings.from_env()
    if settings.production:
        raise click.ClickException("本番では代役を動かせません。MADOGUCHI_MODE を確かめてください。")
    command = [sys.executable, "-m", "sandbox", *words]
    if words and words[0] not in ("--help", "-h") and "--var" not in words:
        command += ["--var", str(world(settings))]
    raise SystemExit(subprocess.call(command))  # noqa: S603
