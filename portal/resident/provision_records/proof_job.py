"""The worker's side of the proof a resident takes away: it gathers the file itself and has it signed.

The page only says for whose account a file is wanted. Who that is in which office, the worker reads from the ties that 住基ネット's
answer made, so a page that was taken over can have nothing signed but what the records say.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog
from procrastinate import App, JobContext, RetryStrategy

from portal.resident.downloads import ask_worker, context
from storage.clock import Clock
from storage.database import Database, Scope, Transaction
from storage.encryption import KeyRing
from storage.ids import new_id
from workflows.provision_records.proof_file import Person, ProofNotReady, proof_file
from workflows.provision_records.proof_format import Signed

log = structlog.get_logger(__name__)

TASK = "records.proof"
NAME = "records-proof.json"
ATTEMPTS = 4
WAIT = 20
"""Seconds; the log is at rest again after a minute."""
RETRY = RetryStrategy(max_attempts=ATTEMPTS, wait=WAIT, retry_exceptions={ProofNotReady})


def ask_for(tx: Transaction, account: UUID, tenant: str, now: datetime) -> UUID:
    """Write down that the proof is waited for, in the transaction of the request.

    :param tenant: the office whose key seals the file while it lies ready.
    """
    made = new_id()
    ask_worker(tx, TASK, "proof", account, tenant, made, NAME, None, now)
    return made


def people_of(database: Database, account: UUID) -> tuple[list[Person], list[str]]:
    """Who an account is in the offices of this installation.

    :returns: pairs (tenant, addressee number), and the offices that were not asked about her since they are here, or did not answer:
        an account counts as bound when every office has answered.
    """
    with database.transaction() as tx:
        row = tx.raw.execute("SELECT bound_at FROM identity.account WHERE id = %s", (account,)).fetchone()
        offices = tx.raw.execute("SELECT code, opened_at FROM madoguchi.tenant ORDER BY code").fetchall()
    bound_at = row[0] if row else None
    people: list[Person] = []
    for tenant, _ in offices:
        (ties,) = database.read(
            Scope(tenant=tenant),
            (
                "SELECT addressee FROM madoguchi.account_addressee WHERE tenant = %s AND account = %s",
                (tenant, account),
            ),
        )
        people += [(tenant, addressee) for (addressee,) in ties]
    return people, [tenant for tenant, opened in offices if bound_at is None or opened > bound_at]


def make(
    database: Database,
    keys: KeyRing,
    sign: Callable[[bytes], Signed],
    clock: Clock,
    account: UUID,
    tenant: str,
    download_id: UUID,
    last: bool = False,
) -> None:
    """Make the proof and lay it ready. Doing it twice does no harm.

    :param last: whether nobody will try again; then a log that does not come to rest is marked on the file.
    :raises ProofNotReady: the log is moving; try again in a while.
    """
    mine = Scope(tenant=tenant, account=account)
    (waiting,) = database.read(
        mine,
        (
            "SELECT 1 FROM madoguchi.download WHERE account = %s AND id = %s AND state = 'waiting'",
            (account, download_id),
        ),
    )
    if not waiting:
        return
    raw: bytes | None = None
    try:
        # No transaction is open meanwhile: the log would wait for it.
        raw = proof_file(database, *people_of(database, account), clock, sign)
    except Exception as failure:  # she must not wait for a file that will never come
        if isinstance(failure, ProofNotReady) and not last:
            raise
        log.error("proof.failed", download=str(download_id), error=type(failure).__qualname__)
    with database.transaction(mine) as tx:
        sealed = keys.seal(tx, tenant, raw, context(download_id)) if raw is not None else None
        tx.raw.execute(
            "UPDATE madoguchi.download SET state = %s, sealed = %s WHERE account = %s AND id = %s AND state = 'waiting'",
            ("ready" if sealed else "failed", sealed, account, download_id),
        )


def register(
    jobs: App, database: Database, keys: KeyRing, sign: Callable[[bytes], Signed], clock: Clock
) -> None:
    """Teach a worker this job.

    :param database: of the worker role.
    """

    @jobs.task(name=TASK, queue="proof", retry=RETRY, pass_context=True)
    def make_proof(job: JobContext, account: str, tenant: str, download: str) -> None:
        last = job.job is not None and job.job.attempts >= ATTEMPTS
        make(database, keys, sign, clock, UUID(account), tenant, UUID(download), last)
