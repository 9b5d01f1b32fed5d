"""Which sentence stands at which item, by key without the form's number; and the answers that are not the usual one."""

from __future__ import annotations

from collections.abc import Mapping

_FULL = {
    "c.declaration": "c.declaration", "1.1.2": "1.1.2", "1.2.func": "1.func", "1.4.1": "1.4.1", "1.4.2": "1.4.2", "1.5": "law", "1.6.2": "link",
    "2.2.3": "2.range", "2.2.3b": "2.need", "2.2.4c": "2.items", "2.2.5": "平成28年1月1日", "2.2.6": "2.depts",
    "2.3.3": "2.when", "2.3.4": "2.valid", "2.3.5": "2.told", "2.3.6": "2.purpose", "2.3.7a": "2.depts", "2.3.8": "2.use",
    "2.3.8b": "2.match", "2.3.9": "平成28年1月1日", "2.4n.what": "2.what", "2.4n.range": "2.count", "2.4n.valid": "2.entrust_valid",
    "2.4n.who_check": "2.who_check", "2.4n.sub_permit": "2.sub_permit", "2.4n.sub_what": "2.sub_what",
    "2.5p.basis": "2.basis", "2.5p.use": "2.given_use", "2.5p.range": "2.range", "2.5p.when": "2.given_when",
    "2.5m.basis": "2.moved_basis", "2.5m.use": "2.given_use", "2.5m.range": "2.range", "2.5m.when": "2.moved_when",
    "2.6.1": "2.place", "2.6.3": "2.erase", "a2": "records",
    "3.2.1a": "3.only", "3.2.1b": "3.only", "3.2.2a": "3.proper", "3.2.3a": "3.identity", "3.2.3b": "3.true", "3.2.3c": "3.exact",
    "3.2.4a": "3.lost", "3.3.1a": "3.linking", "3.3.1b": "3.linking", "3.3.2a.d": "3.auth", "3.3.2b.d": "3.right",
    "3.3.2c.d": "3.right", "3.3.2d.d": "3.log", "3.3.3a": "3.outside", "3.3.4a": "3.copy", "3.4.a": "3.firm",
    "3.4.b.d": "3.right", "3.4.c.d": "3.log", "3.4.d.d1": "3.firm_rule", "3.4.d.d2": "3.firm_rule", "3.4.f.d": "3.firm_delete",
    "3.4.g.d": "3.firm_rule", "3.4.h.d": "2.sub_permit", "3.5.1a.d": "3.give_log", "3.5.1b.d": "3.give_rule", "3.5.2a": "3.give",
    "3.5.3a": "3.give", "3.6.1m": "3.net", "3.6.2m": "3.net_safe", "3.6.3m": "3.exact", "3.6.4m": "3.net_safe", "3.6.5m": "3.net",
    "3.6.6m": "3.net_safe", "3.6.7m": "3.give", "3.7.1.5.d": "3.physical", "3.7.1.6.d": "3.technical", "3.7.1.10.d": "3.dead",
    "3.7.2a": "3.fresh", "3.7.3a.d": "3.end", "4.1.1.d": "4.self", "4.1.2.d": "4.audit", "4.2.d": "4.train",
    "5.1.1": "5.where", "5.1.2": "5.how", "5.1.4.d1": "{file}", "5.1.4.d2": "市の公式ページ（見本）", "5.2.1": "5.where", "5.2.2": "5.ask",
    "6.2.1": "6.way", "6.2.2": "30日間（両端を数える）", "6.2.4": "6.opinions", "6.2.5": "6.changed",
    "6.3.2": "6.review_way", "6.3.3": "6.review_result",
}  # fmt: skip
# 様式2 and 様式3 ask some of the same under other numbers; where a number means the same, the sentence above serves.
_OTHERS = {
    "1.1.3": "{system}、宛名システム、中間サーバー", "1.3": "law", "1.4": "law", "1.4.2": "link", "1.5.2": "link", "1.7": "5.where", "1.8": "5.where",
    "2.3.4a": "2.depts", "2.3.5": "2.use", "2.6": "2.place", "a1": "records", "3.2.m": "3.only", "3.3.1m": "3.linking", "3.3.2b": "3.auth",
    "3.4.b": "3.firm_rule", "3.4.d": "2.sub_permit", "3.5.b": "3.give_rule", "3.6.2m": "3.net", "3.9b": "4.train",
    "4.1.1": "5.where", "4.1.2": "5.how", "4.2.1": "5.where", "4.2.2": "5.ask", "4.8b": "3.exact", "4.11c": "3.auth",
}  # fmt: skip
WORDING: Mapping[str, str] = {**_OTHERS, **_FULL}
CHOSEN: Mapping[str, str] = {
    "f2.2.2": "2", "f2.2.3": "2", "f3.3.7.2": "2", "f4.3.7.1.9": "2", "f4.3.7.1.1": "4", "f4.3.7.1.10": "2",
    "f4.5.1.3": "2", "f4.2.2.2": "3", "f3.2.2.2": "3", "f4.2.2.4": "3", "f3.2.2.4": "3", "f4.2.3.7b": "3", "f3.2.3.4b": "3",
    "f4.2.6.2a": "6", "f4.2.4n.scope": "2", "f4.2.4n.count": "2", "f4.2.4n.handlers": "2", "f3.2.4n.handlers": "2",
    "f4.2.4n.sub": "2", "f3.2.4n.sub": "2", "f4.3.4.h": "4", "f3.3.4.c": "4", "f4.3.3.2e": "1", "f4.3.6.1e": "1", "f4.4.2": "1",
    "f4.2.5p.count": "2", "f4.2.5m.count": "2", "f3.2.5p.count": "2", "f3.2.5m.count": "2", "f2.4.11a": "9",
}  # fmt: skip
