"""`madoguchi proof verify FILE` (offline, for anybody) and the sources that `madoguchi audit` needs."""

from __future__ import annotations

import os
from pathlib import Path

import click

from storage.audit.commands import audit_group
from storage.audit.roots import root_files
from storage.audit.sources import LeafSource, StepSource
from storage.database import Database
from storage.tenants import UnknownTenant, parse_tenant

from .findings import KEYS_UNCHECKED, OK, UNPROVEN, Line
from .findings import Result as ProofResult
from .log import RecordSource
from .proof import verify as verify_proof
from .trust import BadTrust, Trust, read_trust

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
        "食いちがいはありません。ただし、－の付いたところ（記録がないこと、封印前の記録、鍵を確かめていない一覧、答えのない団体）は証明されていません。",
        "Nothing contradicts, but what is marked － (no record, not sealed yet, list under a key not published, no answer) is not proven.",
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

    証明は団体ごとです。どの団体について証明されたかを最後に示します。入っている団体の一覧には、団体ではなく窓口が署名しています。

    終了番号: 0 完全、1 成り立たない、2 証明や鍵のファイルではないか指定が正しくない、3 合っているが鍵は確かめていない、
    4 合っているが、記録がない、封印前の記録がある、一覧の鍵が公表されていない、答えのない団体がある、のどれかで、そこは証明されていない。
    """
    trust = _trust(trust_path)
    result = verify_proof(file.read_bytes(), trust, offices=_codes(offices))
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
        return f"It covers the records of these offices and no other: {named}. That the list of offices is whole, no office says."
    if not result.offices:
        return "どの団体の記録についても、証明していません。"
    named = "、".join(f"{tenant}（{count} 件）" for tenant, count in sorted(result.offices.items()))
    return f"証明したのは次の団体の記録だけです: {named}。団体の一覧がこれで全部だと、団体が言っているのではありません。"


def _trust(path: Path | None) -> Trust | None:
    if path is None:
        return None
    try:
        return read_trust(path.read_bytes())
    except BadTrust as refused:
        # Not 1: that would say of the proof what is true of the other file.
        raise click.BadParameter(f"{refused}証明はまだ確かめていません。", param_hint="--trust") from refused


def _codes(offices: tuple[str, ...]) -> tuple[str, ...]:
    """Codes of offices as they were given; a slip of the pen is not an office that the proof lacks."""
    try:
        return tuple(parse_tenant(code) for code in offices)
    except UnknownTenant as unknown:
        raise click.BadParameter(f"{unknown}証明はまだ確かめていません。", param_hint="--office") from unknown


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


def _roots() -> tuple[Path, ...]:
    """The roots of time-stamp authorities that the installation was told to trust."""
    return root_files(os.environ.get("MADOGUCHI_TSA_ROOTS", ""))


audit = audit_group(_database, sources, _roots)
