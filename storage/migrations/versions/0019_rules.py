"""The rules of the engine's rows, where they cost a step least.

PostgreSQL reads the text of a CHECK and of a trigger's WHEN anew for every statement that writes: a twentieth of a step. The
condition of a policy is read once, with the plan. So what only the engine's roles can break is said in the policy they write
under, and the trigger that guards a case asks the two cheap questions first and the others only when a step does not answer them.
"""

from alembic import op

from storage.migrations.isolation import TENANT

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

CHECKS = {
    "step": {"ck_step_seq": "seq > 0"},
    "case_file": {"ck_case_file_steps": "steps > 0", "ck_case_file_head": "length(head_hash) = 32"},
    "deadline": {
        "ck_deadline_status": "status IN ('pending', 'fired', 'disarmed', 'refused')",
        "ck_deadline_settled": "(status = 'pending') = (settled_at IS NULL)",
    },
}
NO_NEW_STEP = "NEW.steps <= OLD.steps OR NEW.head_hash = OLD.head_hash"
CHANGED = (
    "(OLD.state, OLD.definition_version, OLD.kind, OLD.subject)"
    " IS DISTINCT FROM (NEW.state, NEW.definition_version, NEW.kind, NEW.subject)"
)
NEW_HEAD = "NEW.head_hash <> OLD.head_hash"
REFUSE = """
    RAISE EXCEPTION 'case % changes only by a step of the engine', OLD.id
        USING ERRCODE = 'integrity_constraint_violation';
"""


def upgrade() -> None:
    """Move the rules; nothing is allowed that was refused before, and a head that changes without a step is refused too."""
    for table, rules in CHECKS.items():
        for name in rules:
            op.execute(f"ALTER TABLE madoguchi.{table} DROP CONSTRAINT {name}")
        condition = " AND ".join((TENANT, *(f"({rule})" for rule in rules.values())))
        op.execute(f"ALTER POLICY tenant_rows ON madoguchi.{table} WITH CHECK ({condition})")
    _guard(
        NO_NEW_STEP, f"IF {CHANGED} OR {NEW_HEAD} OR NEW.steps < OLD.steps THEN {REFUSE} END IF; RETURN NEW;"
    )


def downgrade() -> None:
    """Put them back where they were."""
    _guard(f"({CHANGED} AND ({NO_NEW_STEP})) OR NEW.steps < OLD.steps", REFUSE)
    for table, rules in CHECKS.items():
        op.execute(f"ALTER POLICY tenant_rows ON madoguchi.{table} WITH CHECK ({TENANT})")
        for name, rule in rules.items():
            op.execute(f"ALTER TABLE madoguchi.{table} ADD CONSTRAINT {name} CHECK ({rule})")


def _guard(when: str, body: str) -> None:
    op.execute("DROP TRIGGER state_only_with_a_step ON madoguchi.case_file")
    op.execute(
        f"CREATE OR REPLACE FUNCTION madoguchi.refuse_stateless_change() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN {body} END $$"
    )
    op.execute(
        f"CREATE TRIGGER state_only_with_a_step BEFORE UPDATE ON madoguchi.case_file FOR EACH ROW WHEN ({when})"
        " EXECUTE FUNCTION madoguchi.refuse_stateless_change()"
    )
