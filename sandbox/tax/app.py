"""The existing tax system as a WSGI application: one export, one command that makes time pass.

``GET /export/local-tax.csv?since=YYYY-MM-DD`` gives the newest version of every assessment changed since that day, in
UTF-8 with a byte-order mark. It speaks no link protocol: such systems are what they are.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from urllib.parse import parse_qs

from psycopg.types.json import Jsonb

from sandbox.config import MARKER, SandboxConfig
from sandbox.database import Store
from workflows.linkage.wire.signatures import Now, utc_now

from .figures import COLUMNS, csv_line, figures

TAX_YEAR_STARTS_IN = 6  # the notice of resident tax goes out in June


class TaxApp:
    """Export and commands of the tax system of one municipality."""

    def __init__(self, config: SandboxConfig, now: Now = utc_now) -> None:
        self.store = Store(config.database_url, "tax")
        self._token = config.admin_token
        self._now = now
        self.pump = None
        people = json.loads(config.path("population.json").read_text("utf-8"))["people"]
        numbers = [
            entry["business_number"]
            for person in people
            for tenant, entry in person["tenants"].items()
            if tenant == config.document["tax_tenant"]
        ]
        today = now().date()
        year = today.year if today.month >= TAX_YEAR_STARTS_IN else today.year - 1
        with self.store.transaction() as tx, tx.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO tax.assessment VALUES (%s, %s, 1, %s, %s) ON CONFLICT DO NOTHING",
                [
                    (number, y, date(y, 6, 1), Jsonb(figures(number, y, 1)))
                    for number in numbers
                    for y in (year - 1, year)
                ],
            )

    def export(self, since: date) -> str:
        """The CSV text: newest versions changed on or after ``since``."""
        with self.store.transaction() as tx:
            rows = tx.execute(
                "SELECT DISTINCT ON (business_number, tax_year) business_number, tax_year, version, as_of, figures FROM"
                " tax.assessment WHERE as_of >= %s ORDER BY business_number, tax_year, version DESC",
                (since,),
            ).fetchall()
        lines = [csv_line(COLUMNS)]
        for number, year, version, as_of, values in rows:
            lines.append(
                csv_line([number, year, version, as_of.isoformat(), *(values[c] for c in COLUMNS[4:])])
            )
        return "\ufeff" + "".join(lines)

    def change(self, count: int) -> int:
        """Correct the newest year of the ``count`` least often changed people, as of today."""
        with self.store.transaction() as tx:
            rows = tx.execute(
                "SELECT business_number, max(tax_year), max(version) FROM tax.assessment WHERE tax_year = (SELECT"
                " max(tax_year) FROM tax.assessment) GROUP BY 1 ORDER BY 3, 1 LIMIT %s",
                (count,),
            ).fetchall()
            tx.cursor().executemany(
                "INSERT INTO tax.assessment VALUES (%s, %s, %s, %s, %s)",
                [(n, y, v + 1, self._now().date(), Jsonb(figures(n, y, v + 1))) for n, y, v in rows],
            )
        return len(rows)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        status, kind, body = self._answer(environ)
        start_response(
            status, [("Content-Type", kind), ("Content-Length", str(len(body))), ("MSL-Sandbox", MARKER)]
        )
        return [body]

    def _answer(self, environ: Mapping[str, Any]) -> tuple[str, str, bytes]:
        path, method = environ.get("PATH_INFO", "/"), environ["REQUEST_METHOD"]
        query = {k: v[-1] for k, v in parse_qs(environ.get("QUERY_STRING", "")).items()}
        try:
            if (method, path) == ("GET", "/export/local-tax.csv"):
                since = date.fromisoformat(query.get("since", "2000-01-01"))
                return "200 OK", "text/csv; charset=utf-8", self.export(since).encode("utf-8")
            if (method, path) == ("POST", "/admin/change"):
                if not hmac.compare_digest(environ.get("HTTP_AUTHORIZATION", ""), f"Bearer {self._token}"):
                    return "403 Forbidden", "application/json", b'{"error":"token"}'
                wish = json.loads(
                    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) or b"{}"
                )
                changed = self.change(int(wish.get("count", 1)))
                return "200 OK", "application/json", json.dumps({"changed": changed}).encode()
        except (ValueError, TypeError) as wrong:
            return "400 Bad Request", "application/json", json.dumps({"error": str(wrong)}).encode()
        return "404 Not Found", "application/json", b'{"error":"not here"}'


def make_app(config: SandboxConfig, system: str = "tax", now: Now = utc_now) -> TaxApp:
    """The application of the tax system."""
    return TaxApp(config, now)
