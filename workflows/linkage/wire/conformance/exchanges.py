"""C: whole exchanges between the two bodies."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from workflows.linkage.wire import envelope, permit, sealing
from workflows.linkage.wire.permit import Permit

from .runner import check, refused
from .setting import Setting

ENDS = ("inquiry.answer", "inquiry.refused", "inquiry.denied")


def _asked(setting: Setting, inquiry: Mapping[str, Any]) -> tuple[dict[str, Any], Permit]:
    """Send an inquiry and take it at the holder, with its permit checked."""
    setting.client(setting.asker).inquire(inquiry)
    request = setting.wait_for(setting.holder, ["provision.request"], str(inquiry["id"]))
    allowed = permit.verify(
        request["payload"]["permit"],
        setting.directory,
        audience=setting.holder.org,
        now=setting.now(),
        request_digest=envelope.request_digest(inquiry),
    )
    return request, allowed


def _record(setting: Setting, side: str, exchange_id: str) -> dict[str, Any]:
    hub, after = setting.client(setting.asker if side == "asker" else setting.holder), 0
    while True:
        page = hub.records(after)["records"]
        assert page, f"no record of this exchange on the {side}'s side"
        assert [r["seq"] for r in page] == list(range(after + 1, after + 1 + len(page))), "records have a gap"
        for record in page:
            envelope.check_part("common", "record", record)
            if record["exchange_id"] == exchange_id:
                assert record["side"] == side, "the record has the wrong side"
                return record
        after = page[-1]["seq"]


@check("C01", "a permitted inquiry is answered, opens for the asker only, and leaves matching records")
def answered(setting: Setting) -> None:
    inquiry = setting.ask()
    request, allowed = _asked(setting, inquiry)
    assert request["subject"]["danban"] == setting.holder.danban, "the holder was asked about somebody else"
    assert allowed.asker == setting.asker.org, "the permit names another asker"
    assert allowed.recipient_kid == setting.asker.keys.sealing_kid, "the permit's cnf is not the asker's key"
    content = {"conformance": envelope.new_id(setting.now())}
    setting.client(setting.holder).answer(
        setting.provide(request, allowed.recipient, allowed.recipient_kid, content)
    )
    end = setting.wait_for(setting.asker, ENDS, str(inquiry["id"]))
    assert end["type"] == "inquiry.answer", f"the end was {end['type']} {end['payload'].get('code')}"
    exchange_id = end["payload"]["exchange_id"]
    assert exchange_id == allowed.exchange_id == request["payload"]["exchange_id"], "exchange ids differ"
    context = {"exchange_id": exchange_id, "asker": setting.asker.org, "holder": setting.holder.org}
    opened = sealing.open_from(
        end["payload_jwe"], context, setting.asker.keys, setting.directory, setting.holder.org
    )
    assert opened == content, "the content changed on its way"
    asker, holder = _record(setting, "asker", exchange_id), _record(setting, "holder", exchange_id)
    assert asker["digest"] == holder["digest"], "the two records do not match"
    assert asker["outcome"] == "OK", "the record does not say it was provided"
    assert (asker["danban"], holder["danban"]) == (setting.asker.danban, setting.holder.danban), (
        "subjects are mixed up"
    )


@check("C02", "the asker's copy of the permit does not show the holder's link code")
def no_foreign_code(setting: Setting) -> None:
    inquiry = setting.ask()
    setting.client(setting.asker).inquire(inquiry)
    word = setting.wait_for(setting.asker, ["inquiry.permitted"], str(inquiry["id"]))
    allowed = permit.verify(
        word["payload"]["permit"], setting.directory, audience=setting.asker.org, now=setting.now()
    )
    assert allowed.subject is None, "the permit shows another body's link code"
    _cancel(setting, inquiry)


def _cancel(setting: Setting, inquiry: Mapping[str, Any]) -> None:
    setting.client(setting.asker).cancel(
        setting.message(
            "inquiry.cancel",
            setting.asker,
            actor=inquiry["actor"],
            payload={"inquiry_id": inquiry["id"], "reason": "WITHDRAWN"},
        )
    )


@check("C03", "an inquiry without a row of the law table is denied, with an exchange id and a record")
def denied(setting: Setting) -> None:
    inquiry = setting.ask(law_row="no-such-row")
    setting.client(setting.asker).inquire(inquiry)
    end = setting.wait_for(setting.asker, ENDS, str(inquiry["id"]))
    assert end["type"] == "inquiry.denied", f"it was not denied but {end['type']}"
    assert end["payload"]["code"] == "PERMIT_DENIED", end["payload"]["code"]
    assert _record(setting, "asker", end["payload"]["exchange_id"])["outcome"] == "PERMIT_DENIED"


@check("C04", "an inquiry about a subject without a link code is denied as NO_FUGO")
def no_code(setting: Setting) -> None:
    inquiry = setting.ask(danban="000000000000018")
    setting.client(setting.asker).inquire(inquiry)
    end = setting.wait_for(setting.asker, ENDS, str(inquiry["id"]))
    assert end["payload"]["code"] == "NO_FUGO", end["payload"]["code"]


@check("C05", "a refusal needs a coded ground and then reaches the asker and both records")
def refusal(setting: Setting) -> None:
    inquiry = setting.ask()
    request, _ = _asked(setting, inquiry)
    hub = setting.client(setting.holder)
    refused(
        "SCHEMA_INVALID",
        lambda: hub.decide(setting.decide(request, decision="refuse", code="REFUSED_BY_HOLDER")),
        "a refusal without a ground was taken",
    )
    hub.decide(setting.decide(request, decision="refuse", code="REFUSED_BY_HOLDER", ground="OUT_OF_SCOPE"))
    end = setting.wait_for(setting.asker, ENDS, str(inquiry["id"]))
    assert (end["type"], end["payload"]["code"]) == ("inquiry.refused", "REFUSED_BY_HOLDER")
    for side in ("asker", "holder"):
        assert _record(setting, side, end["payload"]["exchange_id"])["outcome"] == "REFUSED_BY_HOLDER"


@check("C06", "more time is told to the asker and the answer still counts")
def more_time(setting: Setting) -> None:
    inquiry = setting.ask()
    request, allowed = _asked(setting, inquiry)
    hub = setting.client(setting.holder)
    hub.decide(setting.decide(request, decision="more_time", code="PENDING_MANUAL"))
    word = setting.wait_for(setting.asker, ["inquiry.refused"], str(inquiry["id"]))
    assert word["payload"]["code"] == "PENDING_MANUAL", word["payload"]["code"]
    hub.answer(setting.provide(request, allowed.recipient, allowed.recipient_kid, {"late": True}))
    assert setting.wait_for(setting.asker, ENDS, str(inquiry["id"]))["type"] == "inquiry.answer"


@check("C07", "a second answer and an answer to a cancelled inquiry change nothing")
def closed(setting: Setting) -> None:
    first = setting.ask()
    request, allowed = _asked(setting, first)
    hub = setting.client(setting.holder)
    hub.answer(setting.provide(request, allowed.recipient, allowed.recipient_kid, {"n": 1}))
    second = setting.ask()
    other, granted = _asked(setting, second)
    _cancel(setting, second)
    for late, key in ((request, allowed), (other, granted)):
        answer = setting.provide(late, key.recipient, key.recipient_kid, {"n": 2})
        refused("EXCHANGE_CLOSED", partial(hub.answer, answer), "a closed exchange took an answer")


@check("C08", "a freeze stops sending, its release lets it go on")
def frozen(setting: Setting) -> None:
    hub = setting.client(setting.asker)
    wish = {"scope": "person", "value": setting.asker.danban, "reason": "CONFORMANCE"}
    hub.freeze(setting.message("freeze", setting.asker, payload={**wish, "action": "freeze"}))
    try:
        refused("FROZEN", lambda: hub.inquire(setting.ask()), "a frozen person was asked about")
    finally:
        hub.freeze(setting.message("freeze", setting.asker, payload={**wish, "action": "release"}))
    inquiry = setting.ask()
    hub.inquire(inquiry)
    _cancel(setting, inquiry)
