"""What a server's own housekeeping does within a minute of a table being filled, done at once.

Until then PostgreSQL plans as for an empty table, where every index looks alike: a measurement of a few seconds would be one of
plans that no office ever meets after its first minute.
"""

from __future__ import annotations

import psycopg


def settled(admin_url: str) -> None:
    """Take the statistics of every table.

    :param admin_url: the owner's address of the database.
    """
    with psycopg.connect(admin_url, autocommit=True) as owner:
        owner.execute("VACUUM (ANALYZE)")
