"""What follows from steps inside their transaction: rows written set by set, and jobs put on the list."""

from __future__ import annotations

from collections.abc import Sequence

from storage.database import Transaction
from storage.jobs import defer
from workflows.engine.planning import Planned
from workflows.engine.registry import Registry
from workflows.engine.values import Applied


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
    for step, name in jobs:
        task, queue = registry.kind(step.kind).job_effects[name]
        defer(tx, task, queue=queue, tenant=step.tenant, case_id=str(step.case_id), seq=step.seq)
