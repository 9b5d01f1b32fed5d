"""The demonstration population: clearly invented residents of two cities that do not exist (prefecture code 99).

Some are known to both cities (moved), some names are written with characters that break careless programs (outside the
BMP, ideographic variation sequences, compatibility forms), one is a protected person (支援措置対象者).
"""

from dataclasses import dataclass
from typing import Any

from .juki.numbers import synthetic_number

KONO, OTSUKAWA = "992011", "992020"


@dataclass(frozen=True)
class Resident:
    """One invented person: key, name, kana, birth date, sex, where she lives now, who else knows her, flags."""

    key: str
    name: str
    kana: str
    birth_date: str
    sex: str
    lives_in: str
    known_to: tuple[str, ...] = ()
    protected: bool = False
    reserved: bool = False  # for the conformance suite; in no city's resident file


PEOPLE = (
    Resident("hanako", "見本　花子", "ミホン　ハナコ", "1988-04-12", "女", KONO, (OTSUKAWA,)),
    Resident("taro", "見本　太郎", "ミホン　タロウ", "1986-11-03", "男", KONO, (OTSUKAWA,)),
    Resident("sakura", "仮名　さくら", "カメイ　サクラ", "1992-03-30", "女", KONO, (OTSUKAWA,)),
    Resident("ichiro", "試験　一郎", "シケン　イチロウ", "1975-07-21", "男", KONO, (OTSUKAWA,)),
    Resident("yoshiko", "髙﨑　𠮷子", "タカサキ　ヨシコ", "1969-01-09", "女", KONO, (OTSUKAWA,)),
    Resident("katsuragi", "葛\U000e0100城　架空", "カツラギ　カクウ", "1981-09-17", "男", KONO, (OTSUKAWA,)),
    Resident("watanabe", "渡邉󠄂　例", "ワタナベ　レイ", "1995-12-01", "女", KONO, (OTSUKAWA,)),
    Resident("mamori", "架空　守", "カクウ　マモリ", "1990-05-05", "女", KONO, (OTSUKAWA,), protected=True),
    Resident("jiro", "試験　二郎", "シケン　ジロウ", "1979-02-14", "男", KONO),
    Resident("ume", "見本　うめ", "ミホン　ウメ", "1938-08-08", "女", KONO),
    Resident("futaba", "仮名　ふたば", "カメイ　フタバ", "2019-06-18", "女", KONO),
    Resident("mitsuba", "仮名　みつば", "カメイ　ミツバ", "2022-10-27", "男", KONO),
    Resident("tsuchiya", "𡈽屋　例太", "ツチヤ　レイタ", "1984-03-03", "男", KONO),
    Resident(
        "long",
        "ベルンハルト・アレクサンダー・見本・ロングネーム",
        "ベルンハルト　アレクサンダー",
        "1977-01-31",
        "男",
        KONO,
    ),
    Resident("saburo", "試験　三郎", "シケン　サブロウ", "1966-06-06", "男", OTSUKAWA, (KONO,)),
    Resident("kikyo", "仮名　ききょう", "カメイ　キキョウ", "1998-09-29", "女", OTSUKAWA, (KONO,)),
    Resident("tsuji", "辻󠄀　見本", "ツジ　ミホン", "1972-12-24", "男", OTSUKAWA, (KONO,)),
    Resident("shiro", "試験　四郎", "シケン　シロウ", "1955-04-29", "男", OTSUKAWA),
    Resident("ayame", "仮名　あやめ", "カメイ　アヤメ", "2001-05-15", "女", OTSUKAWA),
    Resident("yanagi", "栁　架空", "ヤナギ　カクウ", "1989-07-07", "女", OTSUKAWA),
    Resident("matsu", "見本　まつ", "ミホン　マツ", "1931-03-14", "女", OTSUKAWA),
    Resident("goro", "試験　五郎", "シケン　ゴロウ", "2010-10-10", "男", OTSUKAWA),
    Resident("hashigo", "髙橋　見本", "タカハシ　ミホン", "1993-08-19", "女", OTSUKAWA),
    Resident("nanashi", "例　〇〇", "レイ　マルマル", "1980-02-29", "男", OTSUKAWA),
    Resident(
        "tekigo", "適合　試験", "テキゴウ　シケン", "1970-01-01", "女", KONO, (OTSUKAWA,), reserved=True
    ),
)
_TOWNS = {KONO: "甲野市本町", OTSUKAWA: "乙川市川端"}


def population() -> list[dict[str, Any]]:
    """The population as ``population.json`` holds it: profile, number, 住民票コード, and each city's own number."""
    found = []
    for place, who in enumerate(PEOPLE, start=1):
        juki_code = f"{place:011d}"
        address = f"{_TOWNS[who.lives_in]}{place % 5 + 1}丁目{place}番{place % 9 + 1}号"
        found.append(
            {
                "key": who.key,
                "juki_code": juki_code,
                "number": synthetic_number(juki_code),
                "profile": {
                    "name": who.name,
                    "kana": who.kana,
                    "birth_date": who.birth_date,
                    "sex": who.sex,
                    "address": address,
                },
                "tenants": {
                    tenant: {
                        "business_number": f"{1000 + place}" if tenant == KONO else f"{7000 + place}",
                        "kind": "住民" if tenant == who.lives_in else "住登外",
                    }
                    for tenant in (who.lives_in, *who.known_to)
                },
                "protected": who.protected,
                "reserved": who.reserved,
            }
        )
    return found


RESIDENT_COLUMNS = (
    "住基宛名番号",
    "個人番号",
    "氏名",
    "氏名カナ",
    "生年月日",
    "性別",
    "住所",
    "区分",
    "不開示該当",
    "自己情報提供不可",
)


def residents_csv(tenant: str) -> str:
    """The resident file (CSV) the existing 住基 system of a city gives out, for the import of addressees."""
    lines = [",".join(RESIDENT_COLUMNS)]
    for person in population():
        if tenant in person["tenants"] and not person["reserved"]:
            entry, profile = person["tenants"][tenant], person["profile"]
            flag = "1" if person["protected"] else "0"
            lines.append(
                ",".join(
                    [
                        entry["business_number"],
                        person["number"],
                        profile["name"],
                        profile["kana"],
                        profile["birth_date"],
                        profile["sex"],
                        profile["address"],
                        entry["kind"],
                        flag,
                        flag,
                    ]
                )
            )
    return "\r\n".join(lines) + "\r\n"
