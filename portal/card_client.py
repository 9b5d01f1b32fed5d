"""``madoguchi card``: the program with which a card answers the code on the login page.

It shows where the code comes from and the matching number, so that a person can compare them with the page before she types
her PIN, and it signs only for the site whose address it was given.
"""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click
import httpx

from portal.card_token import Card, CardError, CardLocked, WrongPin, open_card
from portal.identity.card.message import ChallengeMessage
from portal.identity.devices import UNKNOWN

PATH = "/login/card/c/"
TIMEOUT = 20.0


class Refused(CardError):
    """The portal did not accept the card; the message is the portal's own.

    :param reason: its code, e.g. ``expired``.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Offer:
    """What the portal asks the card to sign.

    :param opened_by: kind of device whose browser waits.
    :param same_network: whether that browser is on the same network as this program.
    """

    url: str
    message: ChallengeMessage
    opened_by: str
    same_network: bool

    @property
    def matching_code(self) -> str:
        """The number that the page shows too, made here from the bytes that will be signed."""
        return self.message.matching_code()


def fetch(url: str, http: httpx.Client | None = None) -> Offer:
    """Fetch the challenge behind the page's link.

    :param url: ``<origin>/login/card/c/<code>``.
    :raises CardError: when the address is none of a login, the site cannot be reached, or it speaks for another site.
    """
    parts = urlsplit(url.strip())
    origin = f"{parts.scheme}://{parts.netloc}"
    if not parts.path.startswith(PATH) or not _safe(parts.scheme, parts.hostname or ""):
        raise CardError(
            "ログイン画面に出ているリンクをそのまま入れてください（https:// で始まるもの）。カードにはまだ触れていません。"
        )
    body = _talk(http, "GET", f"{origin}{parts.path}", None)
    try:
        message = ChallengeMessage.from_json(body)
        message.to_bytes()
    except (KeyError, ValueError, TypeError) as problem:
        raise CardError("窓口の答えを読めませんでした。画面で新しいコードを出してください。") from problem
    if message.origin != origin:
        raise CardError(
            f"このアドレス（{origin}）は、別のサイト（{message.origin}）のための署名を求めています。"
            "だまされているおそれがあるため、署名しませんでした。"
        )
    return Offer(
        f"{origin}{parts.path}", message, str(body.get("opened_by", UNKNOWN)), bool(body.get("same_network"))
    )


def answer(offer: Offer, card: Card, pin: str, http: httpx.Client | None = None) -> None:
    """Let the card sign and send signature and certificate. The PIN goes to the card and nowhere else; one PIN, one try.

    :raises WrongPin, CardLocked: from the card; nothing was sent.
    :raises Refused: by the portal.
    """
    signature = card.sign(pin, offer.message.to_bytes())
    body = {
        "certificate": base64.b64encode(card.certificate()).decode(),
        "signature": base64.b64encode(signature).decode(),
    }
    _talk(http, "POST", offer.url, body)


def login(
    url: str,
    pin: str,
    *,
    folder: Path | None = None,
    module: Path | None = None,
    compare: Callable[[Offer], bool] = lambda offer: True,
) -> Offer:
    """The whole of it in one call, for programs that drive the portal (the tour).

    :param compare: looks at origin and matching number as a person would; False stops before the PIN is used.
    :raises CardError: with the reason in words.
    """
    offer = fetch(url)
    if not compare(offer):
        raise CardError("照合番号が画面とちがうため、署名しませんでした。")
    card = open_card(module, folder)
    if card.tries().last:
        raise CardError("暗証番号を試せるのはあと1回です。確かめてから手で実行してください。")
    answer(offer, card, pin)
    return offer


def _safe(scheme: str, host: str) -> bool:
    """https, or http on this very machine (the demonstration)."""
    return scheme == "https" or (scheme == "http" and host in ("localhost", "127.0.0.1", "::1"))


def _talk(http: httpx.Client | None, method: str, url: str, body: dict[str, str] | None) -> dict[str, str]:
    client = http or httpx.Client(timeout=TIMEOUT, trust_env=False)
    try:
        response = client.request(
            method, url, json=body, headers={"Accept": "application/json", "Accept-Language": _language()}
        )
        found = response.json()
    except (httpx.HTTPError, ValueError):
        raise CardError(
            "窓口につながりませんでした。ネットワークを確かめて、もう一度実行してください。"
        ) from None
    finally:
        if http is None:
            client.close()
    if response.status_code >= 400 or not isinstance(found, dict):
        words = [found.get("detail", ""), found.get("next", "")] if isinstance(found, dict) else []
        reason = found.get("reason", "") if isinstance(found, dict) else ""
        raise Refused(
            reason, "".join(words) or "窓口が受け付けませんでした。画面で新しいコードを出してください。"
        )
    return found


def _language() -> str:
    return "en" if os.environ.get("LANG", "ja").startswith("en") else "ja"


@click.group()
def card() -> None:
    """カードで署名して入る。"""


_FOLDER = click.option("--card", "name", help="実演のカードの名前（例 hanako）。本物のカードでは付けない。")
_MODULE = click.option(
    "--module", type=click.Path(path_type=Path), help="PKCS#11 の部品。なければ OpenSC を探す。"
)


@card.command("login")
@click.option("--url", required=True, help="ログイン画面に出ているリンク")
@_FOLDER
@_MODULE
@click.option("--yes", is_flag=True, help="照合番号をもう見たものとして、たずねずに進む")
@click.option("--last-try", is_flag=True, help="あと1回しか試せなくても進む")
def login_command(url: str, name: str | None, module: Path | None, yes: bool, last_try: bool) -> None:
    """画面の確認コードに、カードで答える。"""
    try:
        offer = fetch(url)
        found = open_card(module, _folder(name))
        _show(offer)
        if not yes and not click.confirm("画面の照合番号と同じで、自分でログインしようとしていますか"):
            raise CardError(
                "やめました。カードには何も送っていません。番号がちがうときは、画面を閉じて、ログインをはじめからやり直してください。"
            )
        tries = found.tries()
        if tries.left == 0:
            raise CardLocked
        if tries.last and not last_try:
            raise CardError(
                "あと1回まちがえると、カードが使えなくなります。番号に自信があるときだけ、--last-try を付けてもう一度実行してください。"
            )
        answer(offer, found, _pin(tries.left))
    except (CardError, WrongPin) as problem:
        raise click.ClickException(str(problem)) from None
    click.echo("カードを確かめました。ブラウザーの画面が自動で進みます。")


@card.command("list")
def list_command() -> None:
    """実演のカードの一覧。"""
    home = _home()
    names = sorted(path.parent.name for path in home.glob("*/softhsm2.conf"))
    if not names:
        raise click.ClickException(f"{home} に実演のカードがありません。先に bin/serve を実行してください。")
    for name in names:
        tries = open_card(folder=home / name).tries()
        click.echo(f"{name}  暗証番号を試せる回数: {tries.left}/{tries.limit}")


@card.command("show")
@_FOLDER
@_MODULE
def show_command(name: str | None, module: Path | None) -> None:
    """カードの利用者証明用証明書の有効期限と、暗証番号を試せる回数。暗証番号は使わない。"""
    from cryptography import x509

    try:
        found = open_card(module, _folder(name))
        certificate = x509.load_der_x509_certificate(found.certificate())
        left = found.tries().left
    except CardError as problem:
        raise click.ClickException(str(problem)) from None
    click.echo(f"有効期限: {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} (UTC)")
    click.echo(f"暗証番号を試せる回数: {'カードが答えません' if left is None else left}")


def _show(offer: Offer) -> None:
    click.echo(f"窓口:     {offer.message.origin}")
    click.echo(f"照合番号: {offer.matching_code}")
    where = "この機器と同じネットワーク" if offer.same_network else "この機器とは別のネットワーク"
    click.echo(f"待っている画面: {offer.opened_by}（{where}）")
    if not offer.same_network:
        click.echo("別の場所の画面が待っています。自分の画面でなければ、ここでやめてください。", err=True)


def _pin(left: int | None) -> str:
    """The PIN, typed unseen or read from a pipe; never an argument, which other users of the machine could see."""
    count = "" if left is None else f"、あと{left}回"
    if sys.stdin.isatty():
        return click.prompt(f"暗証番号（数字4けた{count}）", hide_input=True)
    return sys.stdin.readline().strip()


def _home() -> Path:
    return Path(os.environ.get("MADOGUCHI_VAR", "var")) / "sandbox" / "cards"


def _folder(name: str | None) -> Path | None:
    if name is None:
        return None
    if "/" in name:
        return Path(name)
    return _home() / name
