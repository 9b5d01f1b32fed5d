"""Counting failures: the try is taken off before it is looked at and given back when it succeeds, so no race gets more tries.

A bucket is a hash of what is counted and where it came from. It never is the card or the account: else anyone could lock
somebody out by failing in her name.
"""

from __future__ import annotations

import hashlib

# One row a bucket; a window that is over starts again at one.
SPEND = """
    INSERT INTO identity.throttle AS t (bucket, window_start, count) VALUES (%(bucket)s, %(now)s, 1)
    ON CONFLICT (bucket) DO UPDATE SET
        count = CASE WHEN t.window_start <= %(now)s - %(window)s THEN 1 ELSE least(t.count, 1000000) + 1 END,
        window_start = CASE WHEN t.window_start <= %(now)s - %(window)s THEN %(now)s ELSE t.window_start END
    RETURNING count
"""
REFUND = "UPDATE identity.throttle SET count = greatest(count - 1, 0) WHERE bucket = %(bucket)s"


class TooMany(Exception):
    """More tries than the limit in this window; answered with 429 and nothing else."""


def bucket(what: str, network: bytes) -> bytes:
    """The bucket of one kind of try from one network.

    :param network: from :func:`portal.identity.secrets.network_hash`.
    """
    return hashlib.sha256(what.encode() + b"\x00" + network).digest()
