"""The command ``madoguchi``. Each group's commands live beside what they command and are loaded when asked for."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

import click

# Pyramid loads it; it says so in the first line of every log. Nothing of ours uses it.
warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)

# name -> (module, attribute, words). Loading is late so that `madoguchi proof verify` starts without the web.
COMMANDS = {
    "serve": ("portal.running.commands", "serve", "実演の一式を動かす"),
    "prepare": ("portal.running.commands", "prepare", "データベースを整える（移行・役割・鍵）"),
    "web": ("portal.running.web", "web", "窓口（ウェブ）だけを動かす"),
    "worker": ("portal.worker.command", "worker", "裏方の仕事だけを動かす"),
    "tour": ("portal.tour.commands", "tour", "職員と住民の物語をたどる"),
    "sandbox": ("portal.running.sandbox", "sandbox", "国の側の代役に故障を命じる（実演のみ）"),
    "card": ("portal.card_client", "card", "カードで署名して入る"),
    "tenant": ("portal.running.tenants", "tenant", "受け持つ団体（市区町村）の登録"),
    "staff": ("portal.identity.commands", "staff", "職員の登録"),
    "audit": ("workflows.provision_records.commands", "audit", "記録の鎖と署名を確かめる"),
    "proof": ("workflows.provision_records.commands", "proof", "住民の証明ファイルを確かめる"),
    "cases": ("portal.running.cases", "cases", "開いている案件の定義の版を見る・移す"),
    "jobs": ("portal.running.failed_jobs", "failed", "失敗した裏方の仕事を見る・やりなおす"),
    "link": ("portal.running.link", "link", "情報連携を止める・再び始める"),
    "keys": ("portal.keys", "keys", "鍵を作る・替える"),
    "settings": ("portal.running.commands", "show_settings", "設定の一覧"),
    "doctor": ("portal.running.doctor", "doctor", "この機械に足りないものを調べる"),
}


class LateGroup(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        return getattr(import_module(module), attribute)

    def invoke(self, ctx: click.Context) -> Any:
        """Run one; what stops it from outside is told in words, not as a traceback.

        :raises ClickException: with what was kept and what to do.
        """
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as failure:
            from portal.failures import in_words

            words = in_words(failure)
            if words is None:
                raise
            raise click.ClickException(words) from failure

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, _, words) in COMMANDS.items()])


@click.group(cls=LateGroup)
def main() -> None:
    """窓口 madoguchi: 住民の窓口と、その裏方。"""


if __name__ == "__main__":
    main()
