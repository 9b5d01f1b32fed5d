"""`madoguchi proof verify FILE` (offline, for anybody) and the sources that `madoguchi audit` needs."""

from __future__ import annotations

import os
from pathlib import Path

import click

from storage.audit.commands import audit_group
from storage.audit.sources import LeafSource, StepSource
from storage.database import Database

from .log import RecordSource
from .proof import KEYS_UNCHECKED, OK, UNPROVEN, BadTrust, Line, Trust, read_trust
from .proof import Result as ProofResult
from .proof import verify as verify_proof

MARKS = {True: "○", False: "×", None: "－"}
VERDICTS = {
    0: ("証明は成り立ちます。", "The proof holds."),
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
@click.option(
    "--office",
    "offices",
    multiple=True,
    metavar="団体コード",
    help="この団体の記録があるはず、という確認（6桁。何度でも）。ファイルになければ終了番号 1。",
)
@click.option("--language", type=click.Choice(["ja", "en"]), default="ja", help="画面の言語")
def verify(file: Path, trust_path: Path | None, offices: tuple[str, ...], language: str) -> None:
    """FILE を、網もデータベースも使わずに確かめる。

    証明は団体ごとです。どの団体について証明されたかを最後に示します。ほかの団体のことは、このファイルからは分かりません。

    終了番号: 0 完全、1 成り立たない、2 証明ファイルではない、3 合っているが鍵は確かめていない、
    4 合っているが、記録のない団体か封印前の記録があり、そこは証明されていない。
    """
    trust = _trust(trust_path)
    result = verify_proof(file.read_bytes(), trust, offices=offices)
    for line in result.lines:
        click.echo(sentence(line, language))
    click.echo(VERDICTS[result.exit_code][language == "en"])
    if result.exit_code in (OK, KEYS_UNCHECKED, UNPROVEN):
        click.echo(coverage(result, language))
    raise SystemExit(result.exit_code)


def sentence(line: Line, language: str) -> str:
    """One finding as it is printed."""
    return f"{MARKS[line.holds]} {line.words(language)}"


def coverage(result: ProofResult, language: str) -> str:
    """Which offices the verdict speaks of; it never says more than the file can."""
    if language == "en":
        if not result.offices:
            return "It covers no office's records."
        named = ", ".join(f"{tenant} ({count} records)" for tenant, count in sorted(result.offices.items()))
        return f"It covers the records of these offices and no other: {named}."
    if not result.offices:
        return "どの団体の記録についても、証明していません。"
    named = "、".join(f"{tenant}（{count} 件）" for tenant, count in sorted(result.offices.items()))
    return f"証明したのは次の団体の記録だけです: {named}。ほかの団体については何も言っていません。"


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
