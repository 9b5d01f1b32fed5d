"""The keys that sign the logs, for anyone: a proof is worth what the key behind it is worth."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import orjson
from pyramid.request import Request
from pyramid.response import Response

from portal.settings import Settings
from storage.audit.keys import PORTAL
from storage.audit.roots import as_pem, load_roots
from storage.audit.trust import KEYS, trust_body
from storage.database import NOWHERE
from workflows.provision_records.models import LOG
from workflows.provision_records.trust import fingerprint

NEWEST = (
    "SELECT t.code, c.number, c.size, c.root, c.made_at, s.stamped_at FROM madoguchi.tenant AS t"
    " CROSS JOIN LATERAL (SELECT * FROM madoguchi.audit_checkpoint AS a WHERE a.tenant = t.code AND a.log = %s"
    " ORDER BY a.number DESC LIMIT 1) AS c"
    " LEFT JOIN madoguchi.audit_stamp AS s ON (s.tenant, s.log, s.number) = (c.tenant, c.log, c.number) ORDER BY t.code"
)


def page(request: Request) -> dict[str, Any]:
    """Each office's keys with their fingerprints, the newest first, and the newest state of its log; the portal's own at the end."""
    keys, heads = request.registry["database"].read(NOWHERE, (KEYS, ()), (NEWEST, (LOG,)))
    newest = {row[0]: row[1:] for row in heads}
    return {
        "offices": [
            {
                "name": request.texts.plain("窓口（証明に入れる団体の一覧に署名）")
                if tenant == PORTAL
                else request.office_name(tenant),
                "keys": [(fingerprint(bytes(public)), made) for _, public, made in reversed(list(rows))],
                "head": newest.get(tenant),
            }
            for tenant, rows in groupby(keys, key=lambda row: row[0])
        ]
    }


def trust_file(request: Request) -> Response:
    """What `madoguchi proof verify --trust` reads: the keys, and the roots of the time-stamp authority."""
    (keys,) = request.registry["database"].read(NOWHERE, (KEYS, ()))
    body = trust_body(keys, _roots(request.portal))
    response = Response(orjson.dumps(body, option=orjson.OPT_INDENT_2), content_type="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="log-keys.json"'
    return response


def _roots(settings: Settings) -> list[str]:
    """The roots as the worker uses them, those of files that are there."""
    return as_pem(load_roots([path for path in settings.trusted_stamp_roots if path.is_file()]))
