"""``madoguchi tour``: the main job from the clerk's question to the resident's proof, told line by line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import httpx
import rfc8785

from portal.card_client import CardError, WrongPin
from portal.running.demonstration import staff_file
from portal.settings import Settings
from portal.tour import resident, staff
from portal.tour.visitor import Lost, Visitor

CLERK = "annai"
CARD = "hanako"
PIN = "1234"
APPLICANT = "1001"  # 住基宛名番号 of the invented applicant, as it stands on her application
AFFAIR, ITEM, HOLDER = "児童手当", "税", "乙川市"
PURPOSE = "児童手当の審査のため、前の年の所得を確かめます。"


class Story:
    """Tells what happens, with the seconds since the start."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def __call__(self, who: str, words: str) -> None:
        """One line."""
        click.echo(f"{time.monotonic() - self._started:6.1f} 秒  {who:　<4} {words}")


@click.command()
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="受け取ったファイルを置く場所")
def tour(keep: Path | None) -> None:
    """動いている実演の中を、職員と住民になって歩く。うまくいけば 0、ちがえば理由を言って 1 で終わる。"""
    settings = Settings.from_env()
    if settings.production or not staff_file(settings).exists():
        raise click.ClickException("実演が動いていません。先に別の画面で bin/serve を実行してください。")
    folder = keep or settings.var / "tour"
    try:
        walk(settings, folder, Story())
    except (Lost, CardError, WrongPin, AssertionError) as lost:
        raise click.ClickException(f"ここで止まりました: {lost}") from lost
    except httpx.HTTPError as away:
        raise click.ClickException(
            f"窓口（{settings.origin}）が答えません（{type(away).__name__}）。bin/serve が動いているか確かめてください。"
        ) from away


def walk(settings: Settings, folder: Path, tell: Story) -> None:
    """Walk the whole way.

    :param folder: where the resident's files are put.
    :raises Lost: at the first step that is not what it should be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    exchange = _clerk(settings, tell)
    _resident(settings, folder, exchange, tell)
    _anybody(settings, folder, tell)
    tell(
        "", "おわり。求めた人、渡した人、仲立ちのどれもが記録し、本人がそれを読み、だれでも確かめられました。"
    )


def _clerk(settings: Settings, tell: Story) -> str:
    """The clerk of 甲野市; returns the number of the exchange."""
    visitor = Visitor(settings.origin)
    key = staff.Key(settings.var / "tour" / "clerk.key.json", settings.origin)
    if key.made():
        staff.sign_in(visitor, key)
        tell("職員", "甲野市の審査担当が、セキュリティーキーでサインインした。")
    else:
        staff.enrol(visitor, key, json.loads(staff_file(settings).read_text("utf-8"))["staff"][CLERK]["code"])
        tell("職員", "甲野市の審査担当が、登録コードでセキュリティーキーを登録し、サインインした。")
    visitor.get("/staff/").must_say("仕事")
    case = staff.take_application(visitor, AFFAIR, APPLICANT)
    tell("職員", f"{AFFAIR}の申請を受け付けた。")
    answer = staff.ask(visitor, case, ITEM, HOLDER, PURPOSE)
    answer.must_say("回答", HOLDER, "別表")
    found = re.search(r"記録番号 (\S+)", answer.text)
    if found is None or found[1].startswith("まだ"):
        raise Lost(f"回答に記録番号がありません: {answer.url}")
    tell("職員", f"{HOLDER}に住民税の情報を求めた。法令の表、公表された評価書、許可証を通り、回答が届いた。")
    tell("", f"やりとりの記録番号 {found[1]}")
    visitor.close()
    return found[1]


def _resident(settings: Settings, folder: Path, exchange: str, tell: Story) -> None:
    visitor = Visitor(settings.origin)
    resident.sign_in(visitor, settings.var / "sandbox" / "cards" / CARD, PIN)
    tell("住民", "見本 花子さんが、カードの証明書でログインした（照合番号を見くらべ、暗証番号を入れた）。")
    page = resident.wait_for_record(visitor, exchange)
    page.must_say("甲野市", HOLDER, "児童手当", "住民税", "別表", "情報照会者", "情報提供者")
    tell("住民", "一覧にやりとりがあった。だれが、だれに、いつ、何のために、どの法律で、が読めた。")
    csv = resident.take(visitor)
    if not csv.startswith(b"\xef\xbb\xbf") or exchange.encode() not in csv:
        raise Lost("CSV に、このやりとりがありません")
    (folder / "records.csv").write_bytes(csv)
    pdf = resident.take_made(visitor, "pdf")
    if not pdf.startswith(b"%PDF-"):
        raise Lost("PDF ではないものが届きました")
    (folder / "records.pdf").write_bytes(pdf)
    tell("住民", "記録簿が封印されるのを待っている（毎分）…")
    proof = resident.take_sealed_proof(visitor)
    if exchange not in json.dumps(json.loads(proof)):
        raise Lost("証明に、このやりとりがありません")
    (folder / "proof.json").write_bytes(proof)
    tell("住民", f"一覧を CSV と PDF で、証明といっしょに受け取った（{folder}）。")
    visitor.close()


def _anybody(settings: Settings, folder: Path, tell: Story) -> None:
    """A third party with the proof, the published keys and no network; and the same with a record or an office taken out."""
    trust = folder / "trust.json"
    visitor = Visitor(settings.origin)
    trust.write_bytes(visitor.get("/log-keys.json").content)
    visitor.close()
    good = _verify(folder / "proof.json", trust)
    if good.returncode != 0:
        raise Lost(f"証明が確かめられません:\n{good.stdout}{good.stderr}")
    tell(
        "第三者", "公表された鍵だけで証明を確かめた。どの記録も封印された記録簿にあり、抜けているものはない。"
    )
    raw = (folder / "proof.json").read_bytes()
    _forge(folder, trust, raw, "記録を1件抜いた", lambda parts: _with_records(parts)["records"].pop())
    _forge(folder, trust, raw, "役所の部分を切り取った", lambda parts: parts.remove(_with_records(parts)))
    tell("第三者", "記録を1件抜いた偽の証明は、見破られた。役所ごと切り取ったものも、見破られた。")


def _with_records(parts: list[Any]) -> Any:
    return next(part for part in parts if part["records"])


def _forge(folder: Path, trust: Path, raw: bytes, what: str, change: Callable[[list[Any]], object]) -> None:
    """A proof with its parts changed, written as carefully as a true one, must not pass."""
    document = json.loads(raw)
    change(document["parts"])
    forged = folder / "forged.json"
    forged.write_bytes(rfc8785.dumps(document))
    if _verify(forged, trust).returncode != 1:
        raise Lost(f"{what}証明が、正しいものとして通りました")


def _verify(file: Path, trust: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-m", "portal.cli", "proof", "verify", str(file), "--trust", str(trust)],
        capture_output=True,
        text=True,
        check=False,
    )
