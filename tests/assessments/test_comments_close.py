"""Comments end with the text they were made on: a submission closes them, says so before, and an answer opens one again."""

from __future__ import annotations

from storage.clock import FixedClock
from storage.database import Scope
from tests.assessments.desk import Desk, actor
from tests.conftest import Databases
from tests.web.conftest import Counter
from tests.web.people import CLERK, SUPERVISOR

TENANT = "992011"


def test_a_submission_closes_comments_but_no_unanswered_question_and_says_so_before(
    databases: Databases, counter: Counter, time: FixedClock
) -> None:
    desk = Desk(time)
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        statement, other = desk.drafting(tx, "basic"), desk.drafting(tx, "basic")
        by = actor(CLERK).id
        asked, settled = (
            desk.notes.open_thread(
                tx, statement.id, "form2", "f2.1.1.2", "to_fix", "直してください", by, assignee=by
            )
            for _ in range(2)
        )
        desk.notes.resolve(tx, settled, by)
        waits, told = (
            desk.notes.open_thread(tx, statement.id, "form2", "f2.1.1.2", "question", "いつからですか", by)
            for _ in range(2)
        )
        desk.notes.reply(tx, told, "来年からです", actor(SUPERVISOR).id)
        elsewhere = desk.notes.open_thread(tx, other.id, "form2", "f2.1.1.2", "question", "なぜですか", by)
    home = f"/staff/assessments/{statement.id}"
    page = counter.of(SUPERVISOR).get(f"{home}/act/submit")
    assert "解決していないコメントが2件あります" in page.text
    assert "答えのない質問が1件あります" in page.text
    assert "直してください" in counter.of(CLERK).get("/staff/assessments/threads").text
    form = next(one for one in page.forms.values() if "request_key" in one.fields)
    for name in form.fields:
        if name == "sure":
            form[name] = True
    assert form.submit().status_code == 303

    assert "直してください" not in counter.of(CLERK).get("/staff/assessments/threads").text
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        found = {one.id: one for one in desk.notes.threads(tx, statement.id)}
        assert "提出したので" in found[asked].entries[-1].text
        assert found[asked].resolved_by == actor(SUPERVISOR).id
        assert found[told].resolved_at is not None
        assert found[waits].resolved_at is None, "somebody waits for the answer"
        assert len(found[settled].entries) == 1, "what was settled before is left as it was"
        assert [one.id for one in desk.notes.threads(tx, other.id, open_only=True)] == [elsewhere]
        assert desk.notes.reply(tx, asked, "まだ直っていません", by) == 3
        assert desk.notes.count_open(tx, statement.id) == (1, 1)
