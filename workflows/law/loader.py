"""Reads law data from YAML, checks them whole, and puts them into the database (and back into a LawTable).

A table is accepted or refused as one: a half-loaded law would silently forbid what the law allows. Every row carries its
clause and how sure we are of it. A row that says it was read must say where (row and article of the order, 番号法19条8号);
rows whose pairing was not read there are reported as warnings.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from importlib.resources import files
from typing import Any

import rfc8785
import yaml

from storage.database import Transaction

from .table import Affair, Dated, Item, LawDataError, LawRow, LawTable, OrganisationKind, Rule, overlaps

LANGUAGES = ("ja", "en", "ja_easy")
CERTAINTIES = ("read", "practice", "law", "profile", "ordinance")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
CITED = re.compile(r"\d+(?:の\d+)?の項・\d+条")


def shipped() -> LawTable:
    """The law data that come with this release, checked."""
    here = files("workflows.law") / "data"
    table, rules = (
        yaml.load((here / name).read_text("utf-8"), Loader=_LOADER)  # noqa: S506 (a SafeLoader)
        for name in ("law_table.yaml", "rules.yaml")
    )
    return build(table | rules)


def build(raw: Mapping[str, Any]) -> LawTable:
    """Turn one parsed data set into a checked LawTable.

    Args: raw: keys table_version, valid_from, roles, organisation_kinds, affairs, items, rows, rules, and order_text, whose
        read_from holds for rows that were read and say nothing else (see data/law_table.yaml).
    Errors: LawDataError naming the entry; nothing is half-built.
    """
    try:
        return _build(raw)
    except (KeyError, TypeError, AttributeError) as broken:
        raise LawDataError(
            f"法令表の形が正しくありません（{broken!r}）。何も読み込んでいません。"
        ) from broken


def _build(raw: Mapping[str, Any]) -> LawTable:
    version, start = str(raw["table_version"]), _day(raw["valid_from"])
    affairs = {a["code"]: _affair(a) for a in raw["affairs"]}
    items = {i["code"]: _item(i) for i in raw["items"]}
    roles = {r["code"]: {"ja": r["name"], "en": r["en"]} for r in raw["roles"]}
    rows = tuple(_row(r, version, start, affairs, raw.get("order_text", {})) for r in raw["rows"])
    for row in rows:
        _known(row, affairs, items, roles)
    if len({r.id for r in rows}) != len(rows):
        raise LawDataError("法令表に同じ行番号が二つあります。何も読み込んでいません。")
    if clash := overlaps(rows):
        raise LawDataError(f"同じ日に重なる行があります: {clash}。何も読み込んでいません。")
    kinds = tuple(
        OrganisationKind(k["kind"], k["body"], tuple(k["roles"])) for k in raw["organisation_kinds"]
    )
    rules = tuple(_rule(r) for r in raw.get("rules", ()))
    table = LawTable(version, rows, affairs, items, roles, kinds, rules)
    return replace(table, digest=hashlib.sha256(rfc8785.dumps(_plain(dump(table)))).hexdigest())


def warnings(table: LawTable, on_date: date) -> list[str]:
    """Rows in force whose asker–item–holder pairing still has to be checked against the order. Show them at every load."""
    return [
        f"{r.id} {r.clause}: 照会者・項目・提供者の組合せは主務省令の原文で未確認"
        for r in table.rows
        if r.period.covers(on_date) and r.certainty_on(on_date) == "practice"
    ]


def store(tx: Transaction, table: LawTable) -> None:
    """Write a table into madoguchi.law_* and make it current. Loading the same digest again changes nothing.

    Errors: LawDataError when this version is already stored with other content (a version is never edited).
    """
    kept = tx.raw.execute(
        "SELECT digest FROM madoguchi.law_table_version WHERE table_version = %s", (table.table_version,)
    ).fetchone()
    if kept is not None:
        if kept[0] != table.digest:
            raise LawDataError(
                f"法令表 {table.table_version} は別の内容で読み込み済みです。前の表はそのままです。新しい版番号を付けてください。"
            )
        return
    body = json.dumps(dump(table), ensure_ascii=False)
    tx.raw.execute(
        "INSERT INTO madoguchi.law_table_version (table_version, digest, body) VALUES (%s, %s, %s)",
        (table.table_version, table.digest, body),
    )
    with tx.raw.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO madoguchi.law_row (table_version, id, asker, affair, item, holder, clause, certainty,"
            " valid_from, valid_to) VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)",
            [
                (
                    r.table_version,
                    r.id,
                    r.asker,
                    r.affair,
                    r.item,
                    r.holder,
                    r.clause,
                    r.certainty,
                    *_days(r.period),
                )
                for r in table.rows
            ],
        )


def from_database(tx: Transaction) -> LawTable:
    """The newest table stored. Errors: LookupError when none was loaded yet (run `madoguchi law load`)."""
    row = tx.raw.execute(
        "SELECT body FROM madoguchi.law_table_version ORDER BY loaded_at DESC, table_version DESC LIMIT 1"
    ).fetchone()
    if row is None:
        raise LookupError("法令表がまだ読み込まれていません。madoguchi law load を実行してください。")
    return build(row[0])


def dump(table: LawTable) -> dict[str, Any]:
    """A table as plain data of the same shape `build` reads; build(dump(t)) has the same rows."""
    return {
        "table_version": table.table_version,
        "valid_from": min((r.period.valid_from for r in table.rows), default=date(2015, 10, 5)).isoformat(),
        "roles": [{"code": c, "name": n["ja"], "en": n["en"]} for c, n in table.role_names.items()],
        "organisation_kinds": [{"kind": k.kind, "body": k.body, "roles": list(k.roles)} for k in table.kinds],
        "affairs": [_plain_object(a) for a in table.affairs.values()],
        "items": [_plain_object(i) for i in table.items.values()],
        "rows": [
            {"id": r.id, "asker": r.asker, "affair": r.affair, "item": r.item, "holder": r.holder}
            | {"clause": r.clause, "certainty": r.certainty, "note": r.note, "source": r.source}
            | {"read_from": r.read_from.isoformat() if r.read_from else None}
            | _period(r.period)
            for r in table.rows
        ],
        "rules": [
            {"code": r.code, "value": r.value, "unit": r.unit, "source": r.source, "certainty": r.certainty}
            | _period(r.period)
            for r in table.rules
        ],
    }


def _affair(raw: Mapping[str, Any]) -> Affair:
    texts = {k: _texts(raw["code"], raw[k]) for k in ("name", "purpose", "why")}
    return Affair(raw["code"], raw["clause"], raw["family"], **texts, text=raw.get("text", ""),
                  official_code=raw.get("official_code"))  # fmt: skip


def _item(raw: Mapping[str, Any]) -> Item:
    texts = {k: _texts(raw["code"], raw[k]) for k in ("name", "plain", "contains")}
    return Item(raw["code"], **texts, official_code=raw.get("official_code"))


def _row(
    raw: Mapping[str, Any],
    version: str,
    start: date,
    affairs: Mapping[str, Affair],
    order: Mapping[str, Any],
) -> LawRow:
    if raw["affair"] not in affairs:
        raise LawDataError(
            f"行 {raw['id']} の事務 {raw['affair']} が表にありません。何も読み込んでいません。"
        )
    period = Dated(_day(raw.get("valid_from", start)), _day(raw["valid_to"]) if raw.get("valid_to") else None)
    if period.valid_to is not None and period.valid_to <= period.valid_from:
        raise LawDataError(f"行 {raw['id']} の期間が逆です。何も読み込んでいません。")
    clause = raw.get("clause") or f"番号法19条8号・{affairs[raw['affair']].clause}"
    certainty, source = raw.get("certainty", "practice"), raw.get("source", "")
    read_from = raw.get("read_from") or order.get("read_from")
    if certainty == "read" and not (read_from and CITED.search(source)):
        raise LawDataError(
            f"行 {raw['id']} は原文で確認したとありますが、命令の表の項と条、読んだ条文の施行日がそろっていません。"
            "何も読み込んでいません。出典を書くか、確認していないとして（practice）読み込み直してください。"
        )
    return LawRow(raw["id"], raw["asker"], raw["affair"], raw["item"], raw["holder"], clause, certainty, period,
                  version, raw.get("note", ""), source, _day(read_from) if certainty == "read" and read_from else None)  # fmt: skip


def _known(
    row: LawRow, affairs: Mapping[str, Any], items: Mapping[str, Any], roles: Mapping[str, Any]
) -> None:
    unknown = [
        code
        for code, known in ((row.affair, affairs), (row.item, items), (row.asker, roles), (row.holder, roles))
        if code not in known
    ]
    if unknown:
        raise LawDataError(f"行 {row.id} が表にない符号 {unknown} を使っています。何も読み込んでいません。")
    if row.certainty not in CERTAINTIES:
        raise LawDataError(
            f"行 {row.id} の確かさ {row.certainty} は決められた語ではありません。何も読み込んでいません。"
        )


def _rule(raw: Mapping[str, Any]) -> Rule:
    period = Dated(_day(raw["valid_from"]), _day(raw["valid_to"]) if raw.get("valid_to") else None)
    return Rule(raw["code"], int(raw["value"]), raw["unit"], raw["source"], raw["certainty"], period)


def _texts(code: str, raw: Mapping[str, str]) -> dict[str, str]:
    missing = [language for language in LANGUAGES if not raw.get(language)]
    if missing:
        raise LawDataError(f"{code} の説明文に {missing} がありません。何も読み込んでいません。")
    return {language: raw[language] for language in LANGUAGES}


def _day(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _period(period: Dated) -> dict[str, str | None]:
    return {
        "valid_from": period.valid_from.isoformat(),
        "valid_to": period.valid_to.isoformat() if period.valid_to else None,
    }


def _days(period: Dated) -> tuple[date, date | None]:
    return period.valid_from, period.valid_to


def _plain_object(value: Affair | Item) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(v) for v in value]
    return value.isoformat() if isinstance(value, date) else value
