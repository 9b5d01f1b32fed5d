"""What follows from steps inside their transaction: rows written set by set, and jobs put on the list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from storage.database import Transaction
from workflows.engine.planning import Planned
from workflows.engine.registry import Registry
from workflows.engine.values import Applied

# All jobs of a batch in one statement, by the job library's own function.
PUT_JOBS = """
    SELECT jobs.procrastinate_defer_jobs_v1(ARRAY(
        SELECT ROW(j.queue, j.task, 0, NULL, NULL, jsonb_build_object('tenant', j.tenant, 'case_id', j.case_id, 'seq', j.seq),
            NULL)::jobs.procrastinate_job_to_defer_v1
        FROM jsonb_to_recordset(%s::jsonb) AS j (queue text, task text, tenant text, case_id text, seq int)))
"""


def run_effects(registry: Registry, tx: Transaction, planned: Sequence[Planned]) -> None:
    """Run the write effects, then put the jobs on the list.

    One effect sees all steps of the batch that name it, in one call. An effect that raises takes its step back with it.
    """
    writes: dict[tuple[str, str], list[Applied]] = {}
    jobs: list[tuple[Applied, str]] = []
    for one in planned:
        for name in one.trigger.write_effects:
            writes.setdefault((one.applied.kind, name), []).append(one.applied)
        jobs += [(one.applied, name) for name in one.trigger.job_effects]
    for (kind, name), applied in writes.items():
        registry.kind(kind).write_effects[name](tx, applied)
    if jobs:
        put = (PUT_JOBS, (orjson.dumps([_job(registry, *one) for one in jobs]).decode(),))
        if tx.direct:
            tx.later(put)
        else:
            tx.ask(put)


def _job(registry: Registry, step: Applied, name: str) -> dict[str, Any]:
    task, queue = registry.kind(step.kind).job_effects[name]
    return {"task": task, "queue": queue, "tenant": step.tenant, "case_id": step.case_id, "seq": step.seq}
