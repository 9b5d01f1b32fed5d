"""B: messages that must be refused, and repetition that must be safe."""

from workflows.linkage.wire import envelope
from workflows.linkage.wire.linter import check_digit

from .probe import Probe
from .runner import check, refused
from .setting import Setting

PATH = "/v1/inquiries"
#: A number of the synthetic scheme: it fails the official check digit, so it is nobody's.
NUMBER = "90000000001" + str((check_digit("90000000001") + 5) % 10)


@check("B01", "bodies that are no JSON object are refused")
def no_json(setting: Setting) -> None:
    probe = Probe(setting, setting.asker)
    for content in (b"{", b"[]", b"null", b"7", b"\xff"):
        probe.expect("SCHEMA_INVALID", probe.prepare("POST", PATH, content), content)


@check("B02", "unknown fields, types and shapes are refused at their place")
def schema(setting: Setting) -> None:
    probe, good = Probe(setting, setting.asker), setting.ask()
    for bad in (
        {**good, "extra": 1},
        {**good, "type": "no.such"},
        {**good, "payload": {**good["payload"], "extra": 1}},
        {**good, "subject": {"danban": "123456789018"}},
        {k: v for k, v in good.items() if k != "legal"},
        {**good, "msl": 2},
        {**good, "id": "not-a-ulid"},
    ):
        content = envelope.dumps(bad)
        raw = probe.expect("SCHEMA_INVALID", probe.prepare("POST", PATH, content), content)
        assert raw.body.get("errors"), "a schema problem names the places"


@check("B03", "an oversized body is refused")
def oversized(setting: Setting) -> None:
    probe, content = Probe(setting, setting.asker), b" " * (envelope.MAX_BODY + 1)
    probe.expect("BODY_TOO_LARGE", probe.prepare("POST", PATH, content), content)


@check("B04", "a number, a name, an address, a birth date or a sex is refused and not repeated")
def forbidden(setting: Setting) -> None:
    probe = Probe(setting, setting.asker)
    full_width = NUMBER.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    spaced = f"{NUMBER[:4]} {NUMBER[4:8]}-{NUMBER[8:]}"
    for value in (
        NUMBER,
        f"番号は{full_width}",
        spaced,
        "見本　花子",
        "甲野市本町1丁目2番3号",
        "昭和50年1月2日生",
        "女",
    ):
        content = envelope.dumps(setting.ask(purpose=value))
        raw = probe.expect("FORBIDDEN_CONTENT", probe.prepare("POST", PATH, content), content)
        assert value not in raw.text, "the answer repeats what must not travel"
        assert raw.body["kept"] is False, "such a message must not be kept"


@check("B05", "a message past its own expiry is refused")
def stale(setting: Setting) -> None:
    probe = Probe(setting, setting.asker)
    content = envelope.dumps({**setting.ask(), "expires": "2020-01-01T00:00:00Z"})
    probe.expect("MESSAGE_EXPIRED", probe.prepare("POST", PATH, content), content)


@check("B06", "only application/json is accepted")
def media(setting: Setting) -> None:
    probe, content = Probe(setting, setting.asker), envelope.dumps(setting.ask())
    for media in ("text/plain", "application/jsonx"):
        probe.expect("MEDIA_TYPE", probe.prepare("POST", PATH, content, Content_Type=media), content)


@check("B07", "unknown paths and wrong methods are problems")
def paths(setting: Setting) -> None:
    probe = Probe(setting, setting.asker)
    probe.expect("NOT_FOUND", probe.prepare("GET", "/v1/no-such-thing", b""), b"")
    probe.expect("METHOD_NOT_ALLOWED", probe.prepare("PUT", PATH, b"{}"), b"{}")


@check("B08", "the same key and body give the stored answer, marked as such")
def repeated(setting: Setting) -> None:
    hub, inquiry = setting.client(setting.asker), setting.ask(danban="000000000000018")
    first, second = hub.inquire(inquiry), hub.inquire(inquiry)
    assert (first.status, first.body) == (second.status, second.body), "the stored answer differs"
    assert not first.replayed, "the first answer claims to be a stored one"
    assert second.replayed, "the second answer is not marked Idempotency-Replayed"


@check("B09", "the same key with another body is refused")
def conflict(setting: Setting) -> None:
    link, inquiry = setting.link(setting.asker), setting.ask(danban="000000000000018")
    link.call("POST", PATH, inquiry)
    refused(
        "IDEMPOTENCY_CONFLICT",
        lambda: link.call("POST", PATH, setting.ask(danban="000000000000018"), message_id=inquiry["id"]),
        "another body was accepted under a used key",
    )


@check("B10", "one bad message does not hold up its batch, and results keep the order")
def mixed(setting: Setting) -> None:
    good = [setting.ask(danban="000000000000018") for _ in range(3)]
    content = envelope.dumps(
        envelope.batch([good[0], {"type": "no.such"}, good[1], setting.ask(purpose="女"), good[2]])
    )
    probe = Probe(setting, setting.asker)
    raw = probe.send(probe.prepare("POST", "/v1/inquiries:batch", content), content)
    found = [r.get("problem", {}).get("msl_code", r["status"]) for r in raw.body["results"]]
    assert found == [202, "SCHEMA_INVALID", 202, "FORBIDDEN_CONTENT", 202], f"results were {found}"


@check("B11", "another body's things answer exactly like missing ones")
def foreign(setting: Setting) -> None:
    inquiry = setting.ask(danban="000000000000018")
    setting.client(setting.asker).inquire(inquiry)
    probe, seen = Probe(setting, setting.holder), []
    for id_ in (inquiry["id"], envelope.new_id(setting.now())):
        raw = probe.expect("NOT_FOUND", probe.prepare("GET", f"/v1/inquiries/{id_}", b""), b"")
        seen.append({k: v for k, v in raw.body.items() if k != "trace"})
    assert seen[0] == seen[1], "the answers can be told apart"


@check("B12", "a body that two readers could read in two ways is refused")
def two_meanings(setting: Setting) -> None:
    probe, good = Probe(setting, setting.asker), envelope.dumps(setting.ask())
    for content in (
        good.replace(b'"purpose":', b'"purpose":"-","purpose":'),
        good.replace(b'"purpose":"', b'"purpose":"\\u0000'),
        good.replace(b'"purpose":', b'"purpose":' + b"[" * 300 + b"]" * 300 + b',"purpose":'),
        good.replace(b'"msl":1', b'"msl":1,"seq":9007199254740992'),
        good.replace(b'"msl":1', b'"msl":1,"expires":"2099-02-30T00:00:00Z"'),
    ):
        assert content != good
        probe.expect("SCHEMA_INVALID", probe.prepare("POST", PATH, content), content)
