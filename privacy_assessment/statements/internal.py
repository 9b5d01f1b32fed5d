"""What an office wants confirmed before a step of the law: its own rules, as rows it can change (表T3の前後の庁内手続)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from privacy_assessment.statements.models import StatementRefused
from storage.database import Transaction

ROLES = ("clerk", "supervisor", "coordinator")
# The steps of the law that ask whether the office's own steps are done.
BEFORE = (
    "consult", "send_to_third_party", "ask_approval", "submit", "publish", "schedule_publication", "submit_amended",
    "publish_amended",
)  # fmt: skip
MOST = 20


@dataclass(frozen=True, slots=True)
class InternalStep:
    """One confirmation.

    :param before: the trigger it must come before. :param role: who confirms.
    :param other_person: whether somebody else than the last one to act must confirm.
    :param source: the rule of the office it comes from.
    """

    before: str
    code: str
    position: int
    label: str
    role: str
    other_person: bool
    source: str


def internal_steps(tx: Transaction) -> list[InternalStep]:
    """Every internal step of the office, in order."""
    rows = tx.raw.execute(
        "SELECT before_trigger, code, position, label, role, other_person, source FROM madoguchi.assessment_internal_step"
        " WHERE tenant = %s ORDER BY array_position(%s::text[], before_trigger), position, code",
        (tx.tenant, list(BEFORE)),
    ).fetchall()
    return [InternalStep(*row) for row in rows]


def add_step(
    tx: Transaction, before: str, label: str, role: str, other_person: bool, source: str
) -> InternalStep:
    """Add a step behind those before the same trigger.

    :raises StatementRefused: no name, an unknown trigger or role, or too many.
    """
    if before not in BEFORE or role not in ROLES or not label.strip():
        raise StatementRefused(
            "BAD_STEP", "名前と、どの操作の前か、だれが確認するかを選んでください。保存していません。"
        )
    known = [one for one in internal_steps(tx) if one.before == before]
    if len(known) >= MOST:
        raise StatementRefused("TOO_MANY", f"一つの操作の前に置ける手続は{MOST}までです。保存していません。")
    used = {one.code for one in known}
    code = next(name for number in range(1, MOST + 2) if (name := f"s{number}") not in used)
    position = max((one.position for one in known), default=0) + 1
    step = InternalStep(before, code, position, label.strip()[:60], role, other_person, source.strip()[:120])
    tx.raw.execute(
        "INSERT INTO madoguchi.assessment_internal_step (tenant, before_trigger, code, position, label, role, other_person,"
        " source) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (tx.tenant, before, code, position, step.label, role, other_person, step.source),
    )
    return step


def move_step(tx: Transaction, before: str, code: str, earlier: bool) -> bool:
    """Let a step change places with its neighbour. Returns False when there is none."""
    known = [one for one in internal_steps(tx) if one.before == before]
    at = next((number for number, one in enumerate(known) if one.code == code), None)
    if at is None or not 0 <= at + (-1 if earlier else 1) < len(known):
        return False
    other = at + (-1 if earlier else 1)
    known[at], known[other] = known[other], known[at]
    for position, one in enumerate(known, 1):
        tx.raw.execute(
            "UPDATE madoguchi.assessment_internal_step SET position = %s WHERE tenant = %s AND before_trigger = %s AND code = %s",
            (position, tx.tenant, before, one.code),
        )
    return True


def remove_step(tx: Transaction, before: str, code: str) -> bool:
    """Take a step away: from now on nobody is asked for it; what was confirmed stays in the journal."""
    done = tx.raw.execute(
        "DELETE FROM madoguchi.assessment_internal_step WHERE tenant = %s AND before_trigger = %s AND code = %s",
        (tx.tenant, before, code),
    )
    return done.rowcount > 0


@dataclass(frozen=True, slots=True)
class Turn:
    """An internal step as one case stands: confirmed (by whom), or waiting, and whether it is its turn."""

    step: InternalStep
    confirmed_by: str | None
    next: bool


def turns(tx: Transaction, case_id: UUID, before: set[str]) -> list[Turn]:
    """The internal steps before some triggers, with what is confirmed in a case.

    :param before: triggers that can be used in the state the case is in.
    """
    rows = tx.raw.execute(
        "SELECT code, by_whom FROM madoguchi.assessment_confirmation WHERE tenant = %s AND case_id = %s"
        " AND void_at IS NULL ORDER BY seq",
        (tx.tenant, case_id),
    ).fetchall()
    done: dict[str, str] = dict(rows)
    found: list[Turn] = []
    waiting: set[str] = set()
    for step in internal_steps(tx):
        if step.before not in before:
            continue
        by = done.get(f"{step.before}/{step.code}")
        found.append(Turn(step, by, by is None and step.before not in waiting))
        if by is None:
            waiting.add(step.before)
    return found
