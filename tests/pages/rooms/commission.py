"""The commission's desk with something on every page: a submission under review, one to be signed, one returned, a notice, papers."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from portal.commission.printing import Press
from privacy_assessment.commission import meetings, papers
from privacy_assessment.commission.models import COMMISSION
from storage.clock import FixedClock
from storage.database import Database, Scope
from storage.encryption import KeyRing
from tests.assessments.commission_world import AGENCY, MEMBER, REVIEWER, BothSides
from tests.web.conftest import Counter
from tests.web.people import MEMBER as MEMBER_PERSON
from tests.web.people import REVIEWER as REVIEWER_PERSON
from tests.web.people import Person, enter_staff

_places: dict[str, UUID] = {}


def furnish(worker: Database, clock: FixedClock, ring: KeyRing) -> None:
    """Carry submissions of an agency and a city to different places of the desk; the clock goes on and comes back."""
    begun = clock.now()
    clock.set(begun - timedelta(days=130))
    with worker.transaction(Scope(tenant=COMMISSION)) as tx:
        enter_staff(tx, clock.now(), REVIEWER_PERSON, MEMBER_PERSON)
    sides = BothSides(worker, clock)
    _returned(sides)
    _signing(sides)
    _asking(sides)
    _changed(sides)
    _ended(sides)
    with sides.at(COMMISSION) as tx:
        meeting = meetings.call_meeting(
            tx, clock, clock.today() + timedelta(days=40), "委員会室", "公開", REVIEWER.id
        )
        meetings.put_on_agenda(tx, meeting, sides.submission(_places["signing"]).id)
        meetings.put_on_agenda(tx, meeting, sides.submission(_places["asking"]).id)
        _places["meeting"] = meeting
        _places["ready"] = meetings.order_bundle(tx, clock, meeting, REVIEWER.id)
        _places["waiting"] = meetings.order_bundle(tx, clock, meeting, REVIEWER.id)
    Press(worker, clock).make(COMMISSION, _places["ready"])
    with sides.at(COMMISSION) as tx:
        paper = papers.read_paper(tx, _places["ready"])
        assert paper is not None
        assert paper.state == "ready"
    clock.set(begun)


def _asking(sides: BothSides) -> None:
    """Under review: one question answered, one waiting, one not sent yet."""
    statement = sides.submitted()
    sides.carry()
    case = _places["asking"] = sides.case_of(statement)
    sides.do(case, "begin_review")
    first = sides.question(case)
    sides.question(case, "委託先での保管の方法を、具体的に説明してください。")
    sides.do(case, "ask", due_on=sides.today_iso())
    sides.carry()
    sides.answer(first)
    sides.carry()
    sides.question(case, "消去の手順を示してください。")
    _places["agency"] = statement.id


def _signing(sides: BothSides) -> None:
    """A draft that waits for its signature."""
    case, _ = sides.proposed(sides.submitted(), "approve_with_notes", sound_flow="improve")
    _places["signing"] = case


def _returned(sides: BothSides) -> None:
    """Returned, and handed in again."""
    statement = sides.submitted()
    case, made = sides.proposed(statement, "return", sound_risks="fix")
    sides.do(case, "sign_return", MEMBER, decision=made.id, decided_on=sides.today_iso())
    sides.carry()
    with sides.at(AGENCY) as tx:
        sides.put(tx, statement, "form4", _rewritten(sides, statement.id))
        sides.step(tx, statement, "ask_approval")
    sides.carry()
    sides.do(case, "begin_review")
    sides.check_all(case)
    sides.do(case, "begin_decision")
    _places["again"] = case


def _changed(sides: BothSides) -> None:
    """A city's statement checked, published, amended and handed in again: changes against what was accepted."""
    statement, _ = sides.filed()
    sides.amended(statement, "課税資料を名寄せし、税額を計算して通知する。")
    case = _places["changed"] = sides.case_of(statement)
    sides.do(case, "begin_check")


def _ended(sides: BothSides) -> None:
    """The notice of an affair that has stopped."""
    _places["ended"] = sides.case_of(sides.ended())


def _rewritten(sides: BothSides, statement: UUID) -> object:
    from privacy_assessment.statements.store import read_draft

    with sides.at(AGENCY) as tx:
        document = read_draft(tx, statement, "form4").document
    document.set("f4.1.1.2", "申請の内容を確かめ、給付の要否を決め、結果を通知する。")
    return document


def pages(counter: Counter) -> list[tuple[str, Person | None]]:
    """Every page of the desk."""
    found: list[tuple[str, Person | None]] = [
        ("/commission/", REVIEWER_PERSON),
        ("/commission/?group=closed&words=zzz", REVIEWER_PERSON),
        ("/commission/meetings/", REVIEWER_PERSON),
        (f"/commission/meetings/{_places['meeting']}", REVIEWER_PERSON),
        (f"/commission/papers/{_places['waiting']}", REVIEWER_PERSON),
        (f"/commission/papers/{_places['ready']}", REVIEWER_PERSON),
        (f"/commission/cases/{_places['ended']}", REVIEWER_PERSON),
        (f"/commission/cases/{_places['changed']}/changes", REVIEWER_PERSON),
        (f"/commission/cases/{_places['changed']}/text/form2", REVIEWER_PERSON),
        (f"/commission/cases/{_places['again']}/changes?against=before", REVIEWER_PERSON),
        (f"/commission/cases/{_places['again']}/decision", REVIEWER_PERSON),
        (f"/commission/cases/{_places['signing']}/signature", MEMBER_PERSON),
        (f"/commission/cases/{_places['signing']}/signature", REVIEWER_PERSON),
    ]
    asking = f"/commission/cases/{_places['asking']}"
    office = Person("staff", "見本 四郎", UUID(int=41), AGENCY, frozenset({"approver"}), "総務部")
    found.append((f"/staff/assessments/{_places['agency']}/commission", office))
    found += [
        (f"{asking}{page}", REVIEWER_PERSON)
        for page in ("", "/text/form4", "/pictures", "/questions", "/decision", "/changes")
    ]
    return found
