"""The limit of `record-page`: the same twenty rows as HTML, by raw WSGI, psycopg and jinja2, and nothing else at all.

No session, no permission, no row-level security, no languages: what no honest page can reach, and is measured against.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import jinja2
import psycopg

SQL = """
SELECT record_id, requested_at, provided_at, asker_name, asker_office, holder_name, holder_office, affair_name, items, law_clause,
    outcome, purpose, application_receipt
FROM madoguchi.provision_record WHERE tenant = %s AND addressee = %s AND disclosure = 'visible'
ORDER BY requested_at DESC, record_id DESC LIMIT 20
"""
PAGE = jinja2.Environment(autoescape=True).from_string(
    """<!DOCTYPE html><html lang="ja"><head><meta charset="utf-8"><title>情報のやりとり</title></head><body>
<h1>情報のやりとり</h1><ul>{% for r in rows %}<li><article><h2>{{ r[1].strftime("%Y年%m月%d日 %H:%M") }}</h2>
<p><b>{{ r[3] }} {{ r[4] }}</b>が、<b>{{ r[5] }} {{ r[6] }}</b>から、あなたの<b>{% for i in r[8] %}{{ i.name }}{% endfor %}</b>を受け取りました。</p>
<p>{{ r[11] }}</p><p>{{ r[10] }}</p>{% if r[12] %}<p>あなたの申請（受付番号 {{ r[12] }}）によるものです。</p>{% endif %}
<a href="/my/records/{{ r[0] }}">詳しく見る</a></article></li>{% endfor %}</ul></body></html>"""
)
connection: psycopg.Connection[Any] | None = None


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """One page for the person the address names."""
    global connection
    if connection is None:
        connection = psycopg.connect(os.environ["BENCH_DATABASE"], autocommit=True)
    rows = connection.execute(SQL, ("992011", environ["QUERY_STRING"]), prepare=True).fetchall()
    body = PAGE.render(rows=rows).encode()
    start_response(
        "200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
    )
    return [body]
