"""The statements behind a proof file: records of one person in one office; hashes, keys and checkpoints are open to everybody."""

# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .log import ROW, from_row
from .models import ProvisionRecord

OFFICES = (
    "SELECT w.code, EXISTS (SELECT 1 FROM madoguchi.audit_checkpoint c WHERE c.tenant = w.code AND c.log = %s)"
    " FROM (SELECT code FROM madoguchi.tenant UNION SELECT unnest(%s::text[])) AS w(code) ORDER BY w.code"
)
"""Every office of the installation, and whether it seals its log."""
RECORDS = (
    f"SELECT a.seq, r.salt, {ROW} FROM madoguchi.provision_record r"
    " LEFT JOIN madoguchi.audit_position a ON a.tenant = r.tenant AND a.log = %s AND a.ref = r.record_id AND a.sub = 0"
    " WHERE r.tenant = %s AND r.addressee = %s AND r.disclosure = 'visible'"
    " ORDER BY a.seq NULLS LAST, r.requested_at, r.record_id"
)
PART = (
    "SELECT (SELECT p.visible_salt FROM madoguchi.provision_person p WHERE p.tenant = %s AND p.addressee = %s),"
    " c.body, c.size, c.key_id, k.public, c.signature, s.token FROM madoguchi.audit_checkpoint c"
    " JOIN madoguchi.audit_key k ON k.tenant = c.tenant AND k.key_id = c.key_id"
    " LEFT JOIN madoguchi.audit_stamp s ON s.tenant = c.tenant AND s.log = c.log AND s.number = c.number"
    " WHERE c.tenant = %s AND c.log = %s ORDER BY c.number DESC LIMIT 1"
)
ENTRIES = "SELECT key, count, root FROM madoguchi.audit_map_entry WHERE tenant = %s AND log = %s AND bucket = %s ORDER BY key"
NODES = (
    "SELECT n.level, n.node, n.hash FROM unnest(%s::smallint[], %s::integer[]) AS w(level, node)"
    " JOIN madoguchi.audit_map_node n ON n.tenant = %s AND n.log = %s AND n.level = w.level AND n.node = w.node"
)
TILES = (
    "SELECT t.level, t.tile, t.hashes FROM unnest(%s::smallint[], %s::bigint[]) AS w(level, tile)"
    " JOIN madoguchi.audit_tile t ON t.tenant = %s AND t.log = %s AND t.level = w.level AND t.tile = w.tile"
)


def record_of(row: Sequence[Any]) -> ProvisionRecord:
    """The record in a row of RECORDS."""
    return from_row(row[2:])
