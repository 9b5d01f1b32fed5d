"""Consultations and reviews: one that is open, one that was answered, one in the room of outside reviewers."""

from __future__ import annotations

from datetime import timedelta

from privacy_assessment.consultation import findings, grouping, inbox
from privacy_assessment.consultation.publishing import publish
from privacy_assessment.consultation.results import ResultService
from storage.clock import FixedClock
from storage.database import Database, Scope
from storage.encryption import KeyRing
from tests.assessments import consulted, reviewed
from tests.assessments.consulted import TENANT
from tests.web.conftest import Counter
from tests.web.people import CLERK, COORDINATOR, NO_ROLE, OUTSIDER, Person

FOUND: dict[str, consulted.Consulted] = {}
RECEIPTS: list[str] = []
ROOMS: list[reviewed.Reviewed] = []
LETTER = (
    "委託先の選定基準が評価書からは読み取れません。再委託を認めるのであれば、その条件と監督の方法を具体的に書いてください。"
    "また、漏えいが起きたときに市民へ知らせる手順も、期限とともに書くべきです。"
)


OPINION_PAGES = (
    "", "?state=open", "?state=withdrawn", "?tag=%E8%B3%AA%E5%95%8F", "?group=1", "/groups", "/results", "/results/1", "/results/new",
    "/results/new?group=1", "/files",
)  # fmt: skip

ROOM_PAGES = ("", "/text", "/opinions", "/find", f"/find?at={reviewed.PLACE}", "/conclusion")


def furnish(worker: Database, clock: FixedClock, ring: KeyRing) -> None:
    """Write them into 甲野市."""
    FOUND["open"] = consulted.opened(worker, clock, ring)
    one, given = consulted.ended(
        worker, clock, ring, [LETTER, LETTER.replace("市民", "住民"), "図が小さくて読めません。"]
    )
    FOUND["ended"] = one
    with worker.transaction(Scope(tenant=TENANT)) as tx:
        opinions, results = consulted.service(clock, ring), ResultService(clock)
        results.keep(
            tx, one.consultation, None, [receipt.number for receipt in given[:2]],
            "委託先の選定基準、再委託の条件と監督の方法、漏えい時の周知の手順を具体的に書くべきである。",
            "ご意見を踏まえ、再委託の条件と監督の方法を記載しました。", True, "centre-1", ["f4.1.1.2"],
            "Ⅱ-4に、再委託の条件と年1回の実地監査を加えました。",
        )  # fmt: skip
        results.keep(
            tx,
            one.consultation,
            None,
            [given[2].number],
            "図が小さい。",
            "大きな図を別に掲載しています。",
            False,
            "centre-1",
        )
        publish(
            tx, clock, opinions, results, one.consultation, "centre-1",
            citations={"f4.1.1.2": ("Ⅰ-1②", "I-1-2")},
        )  # fmt: skip
    with worker.transaction(Scope(tenant=TENANT)) as tx:
        opinions = consulted.service(clock, ring)
        mine = FOUND["open"].consultation
        texts = [LETTER, LETTER, LETTER.replace("市民", "区民"), "監査の結果を公表してください。"]
        some = [opinions.give(tx, mine, text, ["f4.1.1.2"], {"name": "仮名 さくら"}) for text in texts]
        opinions.edit(tx, mine, some[3].number, some[3].edit_key, "監査の結果を、毎年公表してください。")
        gone = opinions.give(tx, mine, "取り下げる意見")
        opinions.withdraw(tx, mine, gone.number, gone.edit_key)
        opinions.redact(
            tx,
            mine,
            some[0].number,
            LETTER.replace("市民", "■"),
            "個人に関わる語のため",
            str(COORDINATOR.account_id),
        )
        inbox.tag(
            tx, clock, mine, [some[0].number, some[3].number], ["質問", "委託"], str(COORDINATOR.account_id)
        )
        ResultService(clock).keep(
            tx,
            mine,
            None,
            [some[3].number],
            "監査の結果を公表すべきである。",
            "",
            False,
            str(COORDINATOR.account_id),
        )
        grouping.regroup(tx, clock, mine)
        RECEIPTS.extend(one.number for one in some)
    FOUND["past"], _ = consulted.ended(worker, FixedClock(clock.now() - timedelta(days=40)), ring)
    room = reviewed.in_a_room(worker, clock, ring)
    ROOMS.append(room)
    assert OUTSIDER.account_id is not None
    assert COORDINATOR.account_id is not None
    with worker.transaction(Scope(tenant=TENANT)) as tx:
        first = findings.find(
            tx,
            clock,
            room.room,
            "妥当性",
            reviewed.PLACE,
            "流れが分かりにくい。図を改めてください。",
            OUTSIDER.account_id,
        )
        findings.say(tx, clock, room.room, first, "answer", "図を改めます。", COORDINATOR.account_id)
        findings.find(
            tx,
            clock,
            room.room,
            "適合性",
            "",
            "意見聴取の期間の数え方を確かめてください。",
            OUTSIDER.account_id,
        )
        findings.vote(tx, clock, room.room, OUTSIDER.account_id, False, "図を改めること。")
    with worker.transaction(Scope(tenant=TENANT)) as tx:
        ROOMS.append(reviewed.Reviewed(reviewed.under_review(tx, clock), room.room))


def pages(_counter: Counter) -> list[tuple[str, Person | None]]:
    """Every page of the room."""
    one, ended, past = FOUND["open"].path, FOUND["ended"].path, FOUND["past"].path
    return [
        ("/consultations/", None), (one, None), (f"{one}/write", None), (f"{one}/write?at=f4.1.1.2", None), (f"{one}/mine", None),
        (f"{one}/results", None), (ended, None), (f"{ended}/write", None), (f"{ended}/mine", None), (f"{ended}/results", None),
        (past, None), (f"{past}/results", None), ("/consultations/992011/nothing", None),
        *((f"{FOUND['open'].desk}/opinions{path}", CLERK) for path in OPINION_PAGES),
        (f"{FOUND['open'].desk}/opinions/{RECEIPTS[0]}", CLERK), (f"{FOUND['open'].desk}/opinions/{RECEIPTS[3]}", CLERK),
        (f"{FOUND['ended'].desk}/opinions/results", CLERK),
        (ROOMS[0].desk, COORDINATOR), (f"{ROOMS[0].desk}/result", COORDINATOR), (ROOMS[1].desk, COORDINATOR),
        ("/review/", OUTSIDER), *((f"{ROOMS[0].path}{path}", OUTSIDER) for path in ROOM_PAGES), ("/review/", NO_ROLE),
    ]  # fmt: skip
