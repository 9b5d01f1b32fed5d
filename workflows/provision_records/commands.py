"""`madoguchi proof verify FILE` (offline, for anybody) and the sources that `madoguchi audit` needs."""

from __future__ import annotations

import os
from pathlib import Path

import click

from storage.audit.commands import audit_group
from storage.audit.sources import LeafSource, StepSource
from storage.database import Database

from .log import RecordSource
from .proof import BadTrust, Line, Trust, read_trust
from .proof import verify as verify_proof

MARKS = {True: "○", False: "×", None: "－"}
VERDICTS = {
    0: ("証明は完全です。", "The proof holds."),
    1: ("この証明は成り立ちません。", "The proof does not hold."),
    2: ("証明ファイルとして扱えません。", "This cannot be treated as a proof file."),
    3: (
        "中身はすべて合っていますが、鍵が本物かは確かめていません。",
        "Everything fits together, but nobody vouched for the keys.",
    ),
    4: (
        "食いちがいはありません。ただし、－の付いたところ（記録がないこと、封印前の記録）は証明されていません。",
        "Nothing contradicts, but what is marked － (an empty list, records not sealed yet) is not proven.",
    ),
}


@click.group()
def proof() -> None:
    """住民の証明ファイルを確かめる。"""


@proof.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--trust",
    "trust_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="窓口が公表している鍵のファイル。付けないと、鍵が本物かは確かめない（終了番号 3）。",
)
@click.option("--language", type=click.Choice(["ja", "en"]), default="ja", help="画面の言語")
def verify(file: Path, trust_path: Path | None, language: str) -> None:
    """FILE を、網もデータベースも使わずに確かめる。

    終了番号: 0 完全、1 成り立たない、2 証明ファイルではない、3 合っているが鍵は確かめていない、
    4 合っているが、記録のない団体か封印前の記録があり、そこは証明されていない。
    """
    trust = _trust(trust_path)
    result = verify_proof(file.read_bytes(), trust)
    for line in result.lines:
        click.echo(sentence(line, language))
    click.echo(VERDICTS[result.exit_code][language == "en"])
    raise SystemExit(result.exit_code)


def sentence(line: Line, language: str) -> str:
    """One finding as it is printed."""
    return f"{MARKS[line.holds]} {line.words(language)}"


def _trust(path: Path | None) -> Trust | None:
    if path is None:
        return None
    try:
        return read_trust(path.read_bytes())
    except BadTrust as refused:
        raise click.ClickException(str(refused)) from refused


def sources() -> list[LeafSource]:
    """Every log of this product, with what recomputing it needs."""
    from workflows.engine.journal import broken_links

    return [RecordSource(), StepSource(broken_links)]


def _database() -> Database:
    """The worker role's database: the address from the environment, or the embedded server under the var folder."""
    from storage.embedded import EmbeddedServer

    url = os.environ.get("MADOGUCHI_DATABASE_WORKER")
    if not url:
        folder = Path(os.environ.get("MADOGUCHI_VAR", "var")).absolute() / "database"
        if not folder.exists():
            raise click.ClickException(
                "データベースが見つかりません。bin/serve を一度動かすか、MADOGUCHI_DATABASE_WORKER を設定してください。"
            )
        url = EmbeddedServer(folder).url("madoguchi", "worker")
    return Database(url, "worker", statement_timeout=600)


def _roots() -> list[Path]:
    """The roots of time-stamp authorities that the installation was told to trust."""
    return [Path(part) for part in os.environ.get("MADOGUCHI_TSA_ROOTS", "").split(os.pathsep) if part]


audit = audit_group(_database, sources, _roots)
