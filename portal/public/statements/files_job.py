"""The worker's side of the files of public statements: it reads only what anyone may read."""

from __future__ import annotations

import structlog
from procrastinate import App

from privacy_assessment.publication.files import TASK
from privacy_assessment.publication.read import content_statement, forms_of, version_of, versions_statement
from storage.clock import Clock
from storage.database import NOWHERE, Database, Scope

log = structlog.get_logger(__name__)
SET = (
    "UPDATE madoguchi.public_statement_file SET state = %s, content = coalesce(%s, content), made_at = %s WHERE tenant = %s AND body = %s"
    " AND number = %s AND stage = %s AND ordinal = %s AND form = %s AND media = %s AND state IN ('waiting', 'making')"
)


def make_file(
    database: Database,
    clock: Clock,
    tenant: str,
    body: str,
    number: str,
    stage: str,
    ordinal: int,
    form: str,
    media: str,
) -> str:
    """Make one file and keep it. Doing it twice does no harm; one that cannot be made is marked so and can be asked for again.

    :returns: ``ready``, ``failed``, or ``gone`` when nobody waits for it any more.
    """
    from portal.public.statements.printing import (
        make,
    )  # loads the print engine, which the web process must not

    key = (tenant, body, number, stage, ordinal)
    with database.transaction(Scope(tenant=tenant)) as tx:
        if not tx.raw.execute(SET, ("making", None, None, *key, form, media)).rowcount:
            return "gone"
    # The work itself holds no transaction open.
    rows, content = database.read(NOWHERE, versions_statement(tenant, body, number), content_statement(*key))
    version = next(
        (one for one in map(version_of, rows) if (one.stage, one.ordinal) == (stage, ordinal)), None
    )
    made, state = None, "failed"
    try:
        if version is not None and content:
            made, state = make(version, forms_of(content[0][0])[form], media), "ready"
    except Exception as failure:
        log.error("statement_file.failed", media=media, form=form, error=type(failure).__qualname__)
    with database.transaction(Scope(tenant=tenant)) as tx:
        tx.raw.execute(SET, (state, made, clock.now() if made is not None else None, *key, form, media))
    return state


def register(jobs: App, database: Database, clock: Clock) -> None:
    """Teach a worker this job.

    :param database: of the worker role.
    """

    @jobs.task(name=TASK, queue="print", retry=2)
    def make_statement_file(
        tenant: str, body: str, number: str, stage: str, ordinal: int, form: str, media: str
    ) -> None:
        make_file(database, clock, tenant, body, number, stage, ordinal, form, media)
