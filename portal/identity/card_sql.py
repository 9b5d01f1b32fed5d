"""The statements of the card desk. Each step of a login is one statement, so that it is one trip and wholly there or not.

Challenges and counters are unlogged (see the migration). The step before the last does not wait for the disk (``LATER``): the
write-ahead log is lost from its end only, and the last step, which opens the session, waits for all of it. A crash in between loses
the login under way, never a part of it.
"""

from __future__ import annotations

from portal.identity.throttle import REFUND, SPEND
from storage.database import LATER

START = f"""
    WITH spent AS ({SPEND})
    INSERT INTO identity.challenge (id, method, purpose, code_hash, entry_hash, nonce, origin, network_hash, device,
        next_path, account, session, created_at, expires_at)
    SELECT %(id)s, %(method)s, %(purpose)s, %(code)s, %(entry)s, %(nonce)s, %(origin)s, %(network)s, %(device)s,
           %(next)s, %(account)s, %(session)s, %(now)s, %(expires)s
    FROM spent WHERE count <= %(limit)s
    RETURNING id
"""  # noqa: S608 - put together from constants

FETCH = f"""
    WITH spent AS ({SPEND})
    , found AS (
        UPDATE identity.challenge SET fetched_at = coalesce(fetched_at, %(now)s)
        WHERE code_hash = %(code)s AND method = 'card' AND consumed_at IS NULL AND expires_at > %(now)s
          AND (SELECT count FROM spent) <= %(limit)s
        RETURNING purpose, entry_hash, nonce, origin, network_hash, device, expires_at
    )
    SELECT spent.count, found.* FROM spent LEFT JOIN found ON true
"""  # noqa: S608

# Rule 1: the nonce is used up here, before anything is verified, and stays used whatever comes after.
CONSUME = f"""
    WITH spent AS ({SPEND})
    , used AS (
        UPDATE identity.challenge SET consumed_at = %(now)s
        WHERE code_hash = %(code)s AND method = %(method)s AND consumed_at IS NULL AND expires_at > %(now)s
          AND (SELECT count FROM spent) <= %(limit)s
        RETURNING id, purpose, entry_hash, nonce, origin, expires_at, account
    )
    SELECT spent.count, used.*,
           EXISTS (SELECT 1 FROM identity.revoked_certificate WHERE issuer_hash = %(issuer)s AND serial = %(serial)s)
    FROM spent LEFT JOIN used ON true
"""  # noqa: S608

WHY_NOT = "SELECT consumed_at IS NOT NULL FROM identity.challenge WHERE code_hash = %(code)s AND method = %(method)s"

# A first login makes the account. Two first logins at the same moment meet at the key of card_key and share one account.
ACCEPT_LOGIN = f"""
    WITH made AS (
        INSERT INTO identity.account (id, kind, created_at)
        SELECT %(new_account)s, 'resident', %(now)s
        WHERE NOT EXISTS (SELECT 1 FROM identity.card_key WHERE issuer_hash = %(issuer)s AND serial = %(serial)s)
    )
    , linked AS (
        INSERT INTO identity.card_key AS k (issuer_hash, serial, account, not_after, first_used_at, last_used_at)
        VALUES (%(issuer)s, %(serial)s, %(new_account)s, %(not_after)s, %(now)s, %(now)s)
        ON CONFLICT (issuer_hash, serial) DO UPDATE SET last_used_at = excluded.last_used_at
        RETURNING k.account
    )
    , given_back AS ({REFUND})
    UPDATE identity.challenge SET outcome = 'accepted', account = linked.account, token_hash = %(token)s
    FROM linked WHERE id = %(id)s
    RETURNING linked.account, {LATER}
"""  # noqa: S608

ACCEPT_STEP_UP = f"""
    WITH known AS (
        UPDATE identity.card_key SET last_used_at = %(now)s
        WHERE issuer_hash = %(issuer)s AND serial = %(serial)s
          AND account = (SELECT account FROM identity.challenge WHERE id = %(id)s)
        RETURNING account
    )
    , given_back AS ({REFUND})
    UPDATE identity.challenge SET outcome = 'accepted', token_hash = %(token)s
    FROM known WHERE id = %(id)s
    RETURNING known.account, {LATER}
"""  # noqa: S608

REFUSE = "UPDATE identity.challenge SET outcome = %(reason)s WHERE id = %(id)s RETURNING 1"

REMEMBER_REVOKED = """
    INSERT INTO identity.revoked_certificate (issuer_hash, serial, seen_at) VALUES (%(issuer)s, %(serial)s, %(now)s)
    ON CONFLICT DO NOTHING RETURNING 1
"""

WAITING = """
    SELECT method, purpose, nonce, origin, expires_at, fetched_at IS NOT NULL, consumed_at IS NOT NULL, outcome, next_path
    FROM identity.challenge WHERE entry_hash = %(entry)s AND finished_at IS NULL
"""

# The usual ending, for an account that the register knows: one statement. The correlated questions about ties are asked row by row
# after ``scoped`` has set the account that row-level security goes by.
FINISH_KNOWN = """
    WITH done AS (
        UPDATE identity.challenge c SET finished_at = %(now)s
        FROM identity.account a
        WHERE c.entry_hash = %(entry)s AND c.outcome = 'accepted' AND c.finished_at IS NULL AND c.purpose = 'login'
          AND c.consumed_at > %(now)s - %(finish_life)s AND (c.method = 'card' OR c.token_hash = %(token)s)
          AND a.id = c.account AND a.bound_at > %(now)s - interval '1 day'
        RETURNING c.account, c.method, c.device, c.next_path
    )
    , scoped AS MATERIALIZED (
        SELECT done.*, set_config('madoguchi.account', account::text, true) AS scope FROM done
    )
    , opened AS (
        INSERT INTO identity.session (id, token_hash, account, kind, roles, addressees, profile, profile_tenant, bound,
            method, device, created_at, last_seen_at, idle_seconds, expires_at, step_up_at)
        SELECT %(session)s, %(session_token)s, s.account, 'resident', '{}',
               coalesce((SELECT array_agg(t.tenant || ':' || t.addressee ORDER BY t.tenant)
                         FROM madoguchi.account_addressee t WHERE t.account = s.scope::uuid), '{}'),
               (SELECT t.display_name FROM madoguchi.account_addressee t WHERE t.account = s.scope::uuid
                ORDER BY t.bound_at, t.tenant LIMIT 1),
               (SELECT t.tenant FROM madoguchi.account_addressee t WHERE t.account = s.scope::uuid
                ORDER BY t.bound_at, t.tenant LIMIT 1),
               true, s.method, s.device, %(now)s, %(now)s, %(idle)s, %(session_expires)s, %(now)s
        FROM scoped s
        RETURNING id
    )
    , noted AS (
        INSERT INTO identity.operation (account, at, id, event, method, device, session)
        SELECT account, %(now)s, %(session)s, 'login', method, device, %(session)s FROM scoped
    )
    SELECT account, next_path FROM scoped
"""

# ``set_config`` comes with the row, so the next statement of the same trip stands in the account's scope.
FINISH = """
    UPDATE identity.challenge SET finished_at = %(now)s
    WHERE entry_hash = %(entry)s AND outcome = 'accepted' AND finished_at IS NULL
      AND consumed_at > %(now)s - %(finish_life)s AND (method = 'card' OR token_hash = %(token)s)
    RETURNING id, purpose, account, session, method, device, next_path,
              set_config('madoguchi.account', account::text, true)
"""

OPEN_RESIDENT = """
    WITH ties AS (
        SELECT tenant, addressee, display_name, bound_at FROM madoguchi.account_addressee
        WHERE account = nullif(current_setting('madoguchi.account', true), '')::uuid
    )
    , opened AS (
        INSERT INTO identity.session (id, token_hash, account, kind, roles, addressees, profile, profile_tenant, bound,
            method, device, created_at, last_seen_at, idle_seconds, expires_at, step_up_at)
        SELECT %(session)s, %(session_token)s, c.account, 'resident', '{}',
               coalesce((SELECT array_agg(tenant || ':' || addressee ORDER BY tenant) FROM ties), '{}'),
               (SELECT display_name FROM ties ORDER BY bound_at, tenant LIMIT 1),
               (SELECT tenant FROM ties ORDER BY bound_at, tenant LIMIT 1),
               a.bound_at IS NOT NULL, c.method, c.device, %(now)s, %(now)s, %(idle)s, %(session_expires)s, %(now)s
        FROM identity.challenge c JOIN identity.account a ON a.id = c.account
        WHERE c.entry_hash = %(entry)s AND c.finished_at = %(now)s AND c.purpose = 'login'
        RETURNING account, method, device, bound, addressees
    )
    , noted AS (
        INSERT INTO identity.operation (account, at, id, event, method, device, session)
        SELECT account, %(now)s, %(session)s, 'login', method, device, %(session)s FROM opened
    )
    SELECT o.account, o.bound AND o.addressees <> '{}' AND a.bound_at > %(now)s - interval '1 day'
    FROM opened o JOIN identity.account a ON a.id = o.account
"""
