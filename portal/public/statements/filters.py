"""The filter of the search: what stands in the address, read with forgiveness, and the choices it offers.

Anything that cannot be understood is left aside and said so; nothing in an address makes the page fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from portal.web.dates import read_date
from privacy_assessment.publication.folding import Query, read_query
from privacy_assessment.publication.search import STATES, Filters
from privacy_assessment.statements.models import FORMS
from storage.database import Statement
from workflows.law.table import LawTable

NAMES = (
    "q",
    "prefecture",
    "tenant",
    "affair",
    "kind",
    "state",
    "from",
    "to",
    "network",
    "entrusted",
    "incident",
)
ANSWERS = {"yes": True, "no": False}
KIND_WORDS = {"basic": "基礎項目評価", "focused": "重点項目評価", "full": "全項目評価"}
FORM_WORDS = {"form2": "基礎項目評価書", "form3": "重点項目評価書", "form4": "全項目評価書"}
STATE_WORDS = {
    "consulting": "意見募集中",
    "consulted": "意見募集は終わりました",
    "published": "公表中",
    "amended": "修正して公表中",
    "ended": "事務は終わりました",
    "withdrawn": "取り下げられました",
    "left": "公表の期間が終わりました",
}
STATE_TONES = {
    "consulting": "wait",
    "consulted": "none",
    "published": "done",
    "amended": "done",
    "ended": "none",
    "withdrawn": "stop",
    "left": "none",
}
# Municipalities and affairs that have something to show; both lists are short, whatever the number of statements.
OFFICES: Statement = (
    (
        "WITH RECURSIVE t AS ((SELECT tenant FROM madoguchi.public_statement WHERE current ORDER BY tenant LIMIT 1) UNION ALL"
        " SELECT (SELECT p.tenant FROM madoguchi.public_statement AS p WHERE p.current AND p.tenant > t.tenant ORDER BY p.tenant"
        " LIMIT 1) FROM t WHERE t.tenant IS NOT NULL) SELECT tenant FROM t WHERE tenant IS NOT NULL"
    ),
    (),
)


def form_name(form: str) -> str:
    """A form as people call it; a text of the catalogues."""
    return FORM_WORDS[form]


@dataclass(frozen=True)
class Form:
    """The filter as it was filled in.

    :param values: what the fields show. :param unread: names of fields whose value was not understood.
    :param order: one of ``ORDERS``; names can be fitted only where there are words.
    """

    values: dict[str, str]
    query: Query
    filters: Filters
    unread: tuple[str, ...]
    order: str = "date"

    @property
    def narrowed(self) -> bool:
        """Whether anything was asked for."""
        return bool(self.values.keys() - {"order"})


@lru_cache(maxsize=1)
def prefectures() -> dict[str, tuple[str, str]]:
    """Number to name in Japanese and English."""
    data = yaml.safe_load((files("portal.public.statements") / "prefectures.yaml").read_text("utf-8"))
    return {code: (ja, en) for code, (ja, en) in data.items()}


def prefecture_name(code: str, language: str) -> str:
    """The name of a prefecture; its number when it is not known."""
    japanese, english = prefectures().get(code, (code, code))
    return english if language == "en" else japanese


def read_form(given: Mapping[str, str], law: LawTable) -> Form:
    """The filter from an address."""
    values = {name: value for name in NAMES if (value := given.get(name, "").replace("\0", "").strip())}
    unread: list[str] = []

    def one_of(name: str, known: Any) -> str | None:
        value = values.get(name)
        if value is not None and value not in known:
            unread.append(name)
            return None
        return value

    def day(name: str) -> date | None:
        try:
            return read_date(values[name]) if name in values else None
        except ValueError:
            unread.append(name)
            return None

    def answer(name: str) -> bool | None:
        found = one_of(name, ANSWERS)
        return ANSWERS[found] if found is not None else None

    tenant = values.get("tenant")
    if tenant is not None and not (len(tenant) == 6 and tenant.isascii() and tenant.isdigit()):
        unread.append("tenant")
        tenant = None
    filters = Filters(
        prefecture=one_of("prefecture", prefectures()) if tenant is None else None,
        tenant=tenant,
        affair=one_of("affair", law.affairs),
        kind=one_of("kind", FORMS),
        state=one_of("state", STATES),
        since=day("from"),
        until=day("to"),
        network=answer("network"),
        entrusted=answer("entrusted"),
        incident=answer("incident"),
    )
    query = read_query(values.get("q", ""))
    kept = {name: value[:200] for name, value in values.items()}
    order = "name" if given.get("order") == "name" and query.words else "date"
    if order != "date":
        kept["order"] = order
    return Form(kept, query, filters, tuple(unread), order)
