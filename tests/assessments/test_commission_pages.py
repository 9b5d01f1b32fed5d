"""The commission's pages: who may see and do what, what bad input gets, one press one step, papers made by the worker."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from portal.commission.printing import Press
from privacy_assessment.commission import at_commission, papers, queue
from privacy_assessment.commission.models import COMMISSION
from privacy_assessment.commission.standpoints import all_sets
from privacy_assessment.commission.store import current, draft_of, read_checks, read_questions
from privacy_assessment.forms import edition_on, load_form
from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import KeyRing
from storage.ids import new_id
from tests.assessments.commission_world import CITY, BothSides
from tests.conftest import Databases
from tests.privacy_assessment.samples import filled
from tests.web.conftest import Counter, open_portal
from tests.web.forms import form_of
from tests.web.people import CLERK, COORDINATOR, MEMBER, NO_ROLE, RESIDENT, REVIEWER, Person, enter_staff

NOBODY = UUID("01900000-0000-7000-8000-00000000dead")
PAPERS = (
    f"/commission/papers/{NOBODY}", f"/commission/papers/{NOBODY}/file", f"/commission/meetings/{NOBODY}",
)  # fmt: skip
TODAY = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def sides(databases: Databases) -> BothSides:
    """The commission's own people and machines."""
    clock = FixedClock(TODAY)
    with databases.worker.transaction(Scope(tenant=COMMISSION)) as tx:
        enter_staff(tx, clock.now(), REVIEWER, MEMBER)
    return BothSides(databases.worker, clock)


@pytest.fixture(scope="module")
def counter(
    databases: Databases, sides: BothSides, key_ring: KeyRing, tmp_path_factory: pytest.TempPathFactory
) -> Counter:
    return open_portal(databases, sides.clock, tmp_path_factory.mktemp("var"), key_ring)


@pytest.fixture
def case(sides: BothSides) -> UUID:
    """An approval asked for by an agency."""
    return submit(sides)


def submit(sides: BothSides, kind: str = "full", needs_approval: bool = True, **more: Any) -> UUID:
    form = {"full": "form4", "basic": "form2"}[kind]
    payload = {
        "case": str(new_id()), "seq": 5, "statement": str(new_id()), "body": "agency", "body_name": "架空庁長官",
        "standing": "national", "contact": "総務課", "number": "1", "title": "給付に関する事務", "kind": kind,
        "occasion": "first", "needs_approval": needs_approval, "submitted_on": "2026-11-22", "facts": {"redactions": []},
        **more,
    }  # fmt: skip
    with sides.at(COMMISSION) as tx:
        return at_commission.take_submission(
            tx, sides.engine, new_id(), "999016", payload, {form: filled(form).to_json()}, sides.clock.now()
        )


def path(case: UUID, page: str = "") -> str:
    return f"/commission/cases/{case}{page}"


def press(counter: Counter, case: UUID, trigger: str, person: Person = REVIEWER) -> Any:
    """Press a button of the first page."""
    form = form_of(counter.of(person).get(path(case)), "/act", trigger)
    return form.submit(expect_errors=True)


@pytest.mark.parametrize("person", [CLERK, COORDINATOR, NO_ROLE, RESIDENT])
def test_nobody_but_the_commission_comes_in(counter: Counter, case: UUID, person: Person) -> None:
    for page in ("/commission/", path(case), path(case, "/text/form4"), "/commission/meetings/"):
        assert counter.of(person).get(page, expect_errors=True).status_code == 403
    assert counter.of(None).get("/commission/").status_code == 303


def test_what_is_not_there_and_what_is_somebody_else_s_look_the_same(
    counter: Counter, sides: BothSides
) -> None:
    browser = counter.of(REVIEWER)
    with sides.at(CITY) as tx:
        theirs = sides.drafting(tx, "basic").case_id
    assert theirs is not None
    for page in (path(NOBODY), path(NOBODY, "/questions"), *PAPERS):
        missing = browser.get(page, expect_errors=True)
        assert missing.status_code == 404
        assert "見つかりません" in missing.text
        other = browser.get(page.replace(str(NOBODY), str(theirs)), expect_errors=True)
        assert other.status_code == 404
        assert other.text.replace(str(theirs), "") == missing.text.replace(str(NOBODY), "")


def test_a_form_that_was_not_handed_in_is_not_there(counter: Counter, case: UUID) -> None:
    for form in ("form2", "form9", "x"):
        assert counter.of(REVIEWER).get(path(case, f"/text/{form}"), expect_errors=True).status_code == 404


def test_a_double_press_begins_one_review(counter: Counter, sides: BothSides, case: UUID) -> None:
    form = form_of(counter.of(REVIEWER).get(path(case)), "/act", "begin_review")
    assert form.submit().status_code == 303
    assert form.submit().status_code == 303
    with sides.at(COMMISSION) as tx:
        found = sides.engine.case(tx, case)
    assert (found.state, found.steps, found.assignee) == ("reviewing", 2, str(REVIEWER.account_id))


def test_a_button_that_is_not_there_is_refused_with_its_article(counter: Counter, case: UUID) -> None:
    page = counter.of(REVIEWER).get(path(case))
    assert "承認を求める提出です" in page.text
    form = form_of(page, "/act", "begin_review")
    form["trigger"] = "begin_check"
    answer = form.submit(expect_errors=True)
    assert answer.status_code == 409
    assert "番号法28条2項・3項" in answer.text
    form["trigger"] = "sign_approval"
    assert form.submit(expect_errors=True).status_code == 409


def test_a_judgement_without_its_reason_is_said_at_its_place_and_the_words_stay(
    counter: Counter, sides: BothSides, case: UUID
) -> None:
    press(counter, case, "begin_review")
    page = counter.of(REVIEWER).get(path(case, "/text/form4"))
    form = next(one for one in page.forms.values() if "standpoint" in one.fields)
    form["rating"] = "fix"
    answer = form.submit()
    assert answer.status_code == 200
    opened = answer.html.select_one("details.md-standpoint[open]")
    assert "理由が要ります" in opened.get_text()
    form["comment"] = "計数日が書かれていない"
    assert form.submit().status_code == 303
    with sides.at(COMMISSION) as tx:
        checks = read_checks(tx, current(tx, case).id)
    assert checks["fit-threshold"].comment == "計数日が書かれていない"


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ("form4|f4.nothing", "なぜか"),
        ("form4", "なぜか"),
        ("|", "なぜか"),
        ("form4|f4.1.1.2", "  "),
        ("form4|f4.1.1.2", "あ" * 10_001),
    ],
)
def test_a_question_that_cannot_be_kept_is_said_at_its_field(
    counter: Counter, sides: BothSides, case: UUID, item: str, text: str
) -> None:
    press(counter, case, "begin_review")
    page = counter.of(REVIEWER).get(path(case, "/questions?form=form4&place=f4.1.1.2"))
    assert page.html.select_one("#item option[selected]")["value"] == "form4|f4.1.1.2"
    form = next(one for one in page.forms.values() if "item" in one.fields)
    form["item"].force_value(item)
    form["text"] = text
    answer = form.submit()
    assert answer.html.select_one(".govuk-error-summary a")["href"] == "#text"
    with sides.at(COMMISSION) as tx:
        assert read_questions(tx, case) == []


@pytest.mark.parametrize("day", ["", "きょう", "2026-02-30", "2026-11-21"])
def test_questions_are_not_sent_without_a_day_that_can_be_kept(
    counter: Counter, sides: BothSides, case: UUID, day: str
) -> None:
    press(counter, case, "begin_review")
    sides.question(case)
    form = form_of(counter.of(REVIEWER).get(path(case, "/questions")), "/questions/send")
    form["due_on"] = day
    assert form.submit(expect_errors=True).status_code == 409
    assert sides.commission_state(case) == "reviewing"


def ready(counter: Counter, sides: BothSides, case: UUID) -> None:
    press(counter, case, "begin_review")
    sides.check_all(case)
    press(counter, case, "begin_decision")


def test_the_reviewer_drafts_and_only_another_with_the_post_signs(
    counter: Counter, sides: BothSides, case: UUID
) -> None:
    ready(counter, sides, case)
    form = form_of(counter.of(REVIEWER).get(path(case, "/decision")), "/decision")
    answer = form.submit()
    assert "決定の種類を選んでください" in answer.text
    form["outcome"] = "approve_with_notes"
    form["reasons"] = "指針に適合していると認められる。"
    assert "留意事項の文が要ります" in form.submit().text
    form["notes"] = "運用の開始後に点検すること。"
    page = form.submit().follow()
    form_of(page, "/decision/propose").submit().follow()
    assert "signature" not in [
        one.action for one in counter.of(REVIEWER).get(path(case, "/signature")).forms.values()
    ]
    forbidden = counter.of(REVIEWER).post(path(case, "/signature"), expect_errors=True)
    assert forbidden.status_code in (400, 403)
    page = counter.of(MEMBER).get(path(case, "/signature"))
    assert "運用の開始後に点検すること。" in page.html.select_one(".md-letter").get_text()
    form = form_of(page, "/signature")
    form["decided_on"] = "2027-01-01"
    assert form.submit(expect_errors=True).status_code == 409
    form["decided_on"] = "2026-11-22"
    assert form.submit().status_code == 303
    assert form.submit().status_code == 303
    assert sides.commission_state(case) == "decided"


def test_a_draft_written_meanwhile_is_not_written_over(
    counter: Counter, sides: BothSides, case: UUID
) -> None:
    ready(counter, sides, case)
    form = form_of(counter.of(REVIEWER).get(path(case, "/decision")), "/decision")
    sides.draft(case, "return")
    form["outcome"], form["reasons"] = "approve", "わたしの理由"
    answer = form.submit()
    assert "ほかの人が先に案を書き換えました" in answer.text
    assert "わたしの理由" in answer.text
    with sides.at(COMMISSION) as tx:
        draft = draft_of(tx, case)
    assert draft is not None
    assert draft.outcome == "return"


def test_the_signer_sends_a_draft_back_with_a_word_why(
    counter: Counter, sides: BothSides, case: UUID
) -> None:
    ready(counter, sides, case)
    made = sides.draft(case)
    sides.do(case, "propose", decision=made.id)
    form = form_of(counter.of(MEMBER).get(path(case, "/signature")), "/signature/back")
    assert form.submit(expect_errors=True).status_code == 409
    form = form_of(counter.of(MEMBER).get(path(case, "/signature")), "/signature/back")
    form["remark"] = "理由をくわしく。"
    form.submit()
    assert "理由をくわしく。" in counter.of(REVIEWER).get(path(case, "/decision")).text


def test_cases_are_given_to_people_of_the_commission_only(
    counter: Counter, sides: BothSides, case: UUID
) -> None:
    other = submit(sides)
    form = form_of(counter.of(REVIEWER).get("/commission/"), "/commission/assign")
    data = [
        ("csrf_token", form["csrf_token"].value),
        ("case", str(case)),
        ("case", str(other)),
        ("case", "nonsense"),
    ]
    browser = counter.of(REVIEWER)
    form = form_of(browser.get("/commission/"), "/commission/assign")
    data[0] = ("csrf_token", form["csrf_token"].value)
    refused = browser.post(
        "/commission/assign", [*data, ("assignee", str(CLERK.account_id))], expect_errors=True
    )
    assert refused.status_code == 409
    answer = browser.post("/commission/assign", [*data, ("assignee", str(MEMBER.account_id))])
    assert answer.location.endswith("done=assigned-2")
    with sides.at(COMMISSION) as tx:
        assert {sides.engine.case(tx, one).assignee for one in (case, other)} == {str(MEMBER.account_id)}


def test_the_queue_finds_by_word_and_goes_on_by_key(counter: Counter, sides: BothSides) -> None:
    made = [submit(sides, title=f"特別な事務その{number}") for number in range(5)]
    with sides.at(COMMISSION) as tx:
        seen, after = [], None
        while page := queue.queue_page(
            tx, "open", "", sides.clock.now(), words="特別な", after=after, limit=2
        ):
            seen += [one.case for one in page]
            after = page[-1].cursor
    assert sorted(seen) == sorted(made)
    browser = counter.of(REVIEWER)
    assert "特別な事務その3" in browser.get("/commission/", params={"words": "その3"}).text
    assert "審査待ちはありません" in browser.get("/commission/", params={"words": "%_'\""}).text
    assert browser.get("/commission/?after=zzz", expect_errors=True).status_code == 400
    assert browser.get("/commission/?group=nothing&kind=nothing").status_code == 200


def test_a_late_case_stays_late_after_the_clock_has_reminded(sides: BothSides, case: UUID) -> None:
    sides.clock.advance(days=70)
    try:
        with sides.at(COMMISSION) as tx:
            sides.engine.fire_due_deadlines(tx)
            me, now = str(REVIEWER.account_id), sides.clock.now()
            late = {one.case: one for one in queue.queue_page(tx, "late", me, now, limit=500)}
            assert queue.group_counts(tx, me, now)["late"] == len(late)
            points = queue.burndown_points(tx, sides.clock.today())
        left = late[case].days_left(sides.clock.today())
        assert left is not None
        assert left < 0
        assert points[-1].late == len(late)
    finally:
        sides.clock.set(TODAY)


def test_the_papers_of_a_meeting_are_made_step_by_step_and_fetched_as_one_file(
    counter: Counter, sides: BothSides, databases: Databases, case: UUID
) -> None:
    ready(counter, sides, case)
    sides.draft(case)
    browser = counter.of(REVIEWER)
    form = form_of(browser.get("/commission/meetings/"), "/commission/meetings/")
    form["held_on"] = "2026-11-21"
    assert "会議の日が過去です" in form.submit().text
    form["held_on"], form["place"] = "2026-12-01", "委員会室"
    page = form.submit().follow()
    meeting = page.request.path
    on = next(one for one in page.forms.values() if "submission" in one.fields)
    with sides.at(COMMISSION) as tx:
        on["submission"] = str(current(tx, case).id)
    page = on.submit().follow()
    assert "給付に関する事務" in page.html.select_one("table").get_text()
    bundle = next(
        one for one in page.forms.values() if "what" in one.fields and one["what"].value == "bundle"
    )
    page = bundle.submit().follow()
    paper = UUID(page.request.path.rpartition("/")[2])
    assert page.html.select_one("progress")
    assert browser.get(f"{page.request.path}/file", expect_errors=True).status_code == 404
    press_ = Press(databases.worker, sides.clock)
    press_.make(COMMISSION, paper)
    press_.make(COMMISSION, paper)
    file = browser.get(f"{page.request.path}/file")
    assert file.body.startswith(b"%PDF-")
    assert "filename*=UTF-8''" in file.headers["Content-Disposition"]
    with sides.at(COMMISSION) as tx:
        found = papers.read_paper(tx, paper)
    assert found is not None
    assert (found.state, found.done, found.steps) == ("ready", 2, 2)
    off = next(
        one
        for one in browser.get(meeting).forms.values()
        if "what" in one.fields and one["what"].value == "off"
    )
    assert "議題はまだありません" in off.submit().follow().text


def test_a_paper_that_cannot_be_made_says_so(
    counter: Counter, sides: BothSides, databases: Databases
) -> None:
    with sides.at(COMMISSION) as tx:
        paper = papers.order_paper(tx, "letter", new_id(), "x.pdf", "x", sides.clock.now())
    Press(databases.worker, sides.clock).make(COMMISSION, paper)
    page = counter.of(REVIEWER).get(f"/commission/papers/{paper}")
    assert "PDFを作れませんでした" in page.text


def test_the_sections_named_beside_a_standpoint_exist_in_the_newest_edition() -> None:
    edition = edition_on(TODAY.date()).id
    for one in (each for group in all_sets()[-1].groups for each in group.standpoints):
        for form, keys in one.sections.items():
            assert set(keys) <= load_form(form, edition).by_section.keys(), (one.code, form)
