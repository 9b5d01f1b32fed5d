"""D: leases, records, copies and link codes."""

from workflows.linkage.wire import envelope, merkle

from .probe import Probe
from .runner import check, refused
from .setting import Setting


@check("D01", "what is given back comes again with a higher count, and a lost lease is named")
def leases(setting: Setting) -> None:
    hub, inquiry = setting.client(setting.asker), setting.ask(danban="000000000000018")
    hub.inquire(inquiry)
    for _ in range(6):
        page = hub.inbox(["SKI"], 200, 5)
        mine = [e for e in page if e["message"]["payload"].get("inquiry_id") == inquiry["id"]]
        others = [e["lease"] for e in page if e not in mine]
        if others:
            hub.ack(others)
        if mine:
            break
    else:
        raise AssertionError("the message never came")
    assert hub.ack([], [mine[0]["lease"]])["returned"] == 1, "it could not be given back"
    again = [e for e in hub.inbox(["SKI"], 200, 5) if e["message"]["id"] == mine[0]["message"]["id"]]
    assert again, "it did not come again"
    assert again[0]["deliveries"] > mine[0]["deliveries"], "the count of deliveries did not grow"
    assert hub.ack([again[0]["lease"]])["acked"] == 1, "it could not be acknowledged"
    assert hub.ack([again[0]["lease"]])["lost"] == [again[0]["lease"]], "a used lease must be named as lost"


@check("D02", "records are gap-free and the checkpoint is their Merkle root")
def checkpoint(setting: Setting) -> None:
    hub, leaves, after = setting.client(setting.asker), [], 0
    while page := hub.records(after)["records"]:
        assert [r["seq"] for r in page] == list(range(after + 1, after + 1 + len(page))), "records have a gap"
        leaves += [merkle.leaf(envelope.canonical({**r, "nondisclosure": False})) for r in page]
        after = page[-1]["seq"]
    found = hub.checkpoint()
    assert found["seq"] == len(leaves), "the checkpoint counts other records"
    assert found["root"] == merkle.root(leaves), "the root is not the one of the records"


@check("D03", "a copy is taken on its base version only")
def versions(setting: Setting) -> None:
    hub, danban = setting.client(setting.holder), envelope.new_id(setting.now())[-20:]
    hub.put_copy(setting.copy(danban, 1, 0))
    refused("STALE_VERSION", lambda: hub.put_copy(setting.copy(danban, 2, 0)), "a stale copy was taken")
    hub.put_copy(setting.copy(danban, 2, 1))


@check("D04", "a copy that is not sealed is refused")
def unsealed(setting: Setting) -> None:
    message = setting.copy("000000000000018", 1, 0)
    message["payload"]["sealed"] = "a.b.c.d.e"
    content = envelope.dumps(message)
    probe = Probe(setting, setting.holder)
    path = f"/v1/copies/000000000000018/{message['payload']['item']}"
    probe.expect("FORBIDDEN_CONTENT", probe.prepare("PUT", path, content), content)


@check("D05", "a bulk registration names the fate of every row and takes the good ones")
def bulk(setting: Setting) -> None:
    hub, batch_id, rows = setting.client(setting.holder), envelope.new_id(setting.now()), []
    item = str(setting.inquiry["items"][0])
    for n, base in enumerate((0, 0, 7)):
        danban = f"{batch_id[-20:]}{n}"
        payload = setting.copy(danban, base + 1, base)["payload"]
        rows.append(
            {"danban": danban, **{k: payload[k] for k in ("version", "base_version", "as_of", "sealed")}}
        )
    leaves = [
        merkle.leaf(envelope.canonical([r["danban"], item, r["version"], r["as_of"], r["sealed"]]))
        for r in rows
    ]
    hub.open_copy_batch(
        setting.message(
            "copy.batch",
            setting.holder,
            payload={
                "batch_id": batch_id,
                "item": item,
                "layout": "conformance-1",
                "rows": 3,
                "parts": 1,
                "merkle_root": merkle.root(leaves),
            },
        )
    )
    hub.put_copy_part(
        setting.message("copy.part", setting.holder, payload={"batch_id": batch_id, "part": 1, "rows": rows})
    )
    done = hub.commit_copy_batch(
        setting.message("copy.commit", setting.holder, payload={"batch_id": batch_id})
    ).body
    assert done["status"] == "PARTIAL", f"status was {done['status']}"
    codes = [row["code"] for row in hub.copy_results(batch_id)["results"]]
    assert codes == ["CURRENT", "CURRENT", "STALE_VERSION"], f"results were {codes}"


@check("D06", "a manifest that does not fit its rows is not committed")
def manifest(setting: Setting) -> None:
    hub, batch_id = setting.client(setting.holder), envelope.new_id(setting.now())
    hub.open_copy_batch(
        setting.message(
            "copy.batch",
            setting.holder,
            payload={
                "batch_id": batch_id,
                "item": str(setting.inquiry["items"][0]),
                "layout": "conformance-1",
                "rows": 5,
                "parts": 1,
                "merkle_root": "A" * 43,
            },
        )
    )
    refused(
        "SCHEMA_INVALID",
        lambda: hub.commit_copy_batch(
            setting.message("copy.commit", setting.holder, payload={"batch_id": batch_id})
        ),
        "a batch without its rows was committed",
    )


@check("D07", "an acquisition number can be cancelled, and a linked subject takes no second one")
def acquisition(setting: Setting) -> None:
    hub, danban = setting.client(setting.asker), envelope.new_id(setting.now())[-20:]
    opened = hub.acquire_fugo(setting.message("fugo.acquire", setting.asker, danban=danban))
    assert hub.fugo(opened["acquisition_id"])["status"] == "NUMBERED"
    hub.cancel_fugo(
        setting.message("fugo.cancel", setting.asker, payload={"acquisition_id": opened["acquisition_id"]})
    )
    assert hub.fugo(opened["acquisition_id"])["status"] == "CANCELLED"
    refused(
        "ALREADY_LINKED",
        lambda: hub.acquire_fugo(setting.message("fugo.acquire", setting.asker, danban=setting.asker.danban)),
        "a linked subject was given another acquisition number",
    )


@check("D08", "health, calendar and the key directory are answered")
def services(setting: Setting) -> None:
    hub = setting.client(setting.asker)
    assert hub.health()["status"] == "OK", "health is not OK"
    assert isinstance(hub.calendar()["maintenance"], list)
    assert {p["id"] for p in hub.jwks()["parties"]} >= {setting.asker.org, setting.holder.org}
