"""A: signatures that must be refused, each with its own problem."""

from datetime import timedelta

from workflows.linkage.wire import envelope
from workflows.linkage.wire.keys import PartyKeys, new_party

from .probe import Probe
from .runner import check
from .setting import Setting

PATH = "/v1/inquiries"


def _parts(setting: Setting) -> tuple[Probe, bytes]:
    return Probe(setting, setting.asker), envelope.dumps(setting.ask())


@check("A01", "a request without a signature is refused")
def unsigned(setting: Setting) -> None:
    probe, content = _parts(setting)
    probe.expect("SIGNATURE_MISSING", probe.prepare("POST", PATH, content, sign=False), content)


@check("A02", "a request signed with an unregistered key is refused")
def stranger(setting: Setting) -> None:
    probe, content = _parts(setting)
    private, _ = new_party("conformance-stranger"[:12], "tenant", setting.asker.tenant, "stranger", serial=77)
    request = probe.prepare("POST", PATH, content, keys=PartyKeys.from_dict(private))
    probe.expect("UNKNOWN_KEY", request, content)


@check("A03", "a signature altered by one character is refused")
def altered(setting: Setting) -> None:
    probe, content = _parts(setting)
    request = probe.prepare("POST", PATH, content)
    name, value = request.headers["Signature"].split("=:", 1)
    request.headers["Signature"] = f"{name}=:{'B' if value[0] == 'A' else 'A'}{value[1:]}"
    probe.expect("SIGNATURE_INVALID", request, content)


@check("A04", "every covered header is really covered")
def covered(setting: Setting) -> None:
    probe, content = _parts(setting)
    for name in ("Idempotency-Key", "MSL-Message-Id"):
        request = probe.prepare("POST", PATH, content)
        request.headers[name] = envelope.new_id(setting.now())
        probe.expect("SIGNATURE_INVALID", request, content)
    request = probe.prepare("POST", PATH, content)
    request.url = request.url.replace("/v1/inquiries", "/v1/inquiries:batch")
    probe.expect("SIGNATURE_INVALID", request, content)


@check("A05", "a body that differs from its digest is refused")
def digest(setting: Setting) -> None:
    probe, content = _parts(setting)
    probe.expect("DIGEST_MISMATCH", probe.prepare("POST", PATH, content), content + b" ")


@check("A06", "a signature past its window is refused")
def expired(setting: Setting) -> None:
    probe, content = _parts(setting)
    request = probe.prepare("POST", PATH, content, shift=-timedelta(seconds=400))
    probe.expect("SIGNATURE_EXPIRED", request, content)


@check("A07", "a clock that is off by less than 60 s is accepted, a signature from further ahead is refused")
def ahead(setting: Setting) -> None:
    probe = Probe(setting, setting.asker)
    assert probe.send(probe.prepare("GET", "/v1/health", b"", shift=timedelta(seconds=45)), b"").status == 200
    late = timedelta(seconds=-335)
    assert probe.send(probe.prepare("GET", "/v1/health", b"", shift=late), b"").status == 200
    content = envelope.dumps(setting.ask())
    request = probe.prepare("POST", PATH, content, shift=timedelta(seconds=90))
    probe.expect("SIGNATURE_EXPIRED", request, content)


@check("A08", "a window of more than 300 s is refused")
def window(setting: Setting) -> None:
    probe, content = _parts(setting)
    request = probe.prepare("POST", PATH, content, window=timedelta(seconds=600))
    probe.expect("SIGNATURE_INVALID", request, content)


@check("A09", "the same signature is taken once only")
def replay(setting: Setting) -> None:
    probe = Probe(setting, setting.asker)
    request = probe.prepare("GET", "/v1/records?after=0&limit=1", b"")
    assert probe.send(request, b"").status == 200
    probe.expect("NONCE_REPLAYED", request, b"")


@check("A10", "a body cannot speak for another tenant")
def other_tenant(setting: Setting) -> None:
    probe, content = _parts(setting)
    request = probe.prepare("POST", PATH, content, MSL_Tenant=setting.holder.tenant)
    probe.expect("TENANT_MISMATCH", request, content)
    foreign = envelope.dumps({**setting.ask(), "org": setting.holder.org, "tenant": setting.holder.tenant})
    probe.expect("TENANT_MISMATCH", probe.prepare("POST", PATH, foreign), foreign)


@check("A11", "a signature that leaves its tag out or has another one is refused")
def tag(setting: Setting) -> None:
    probe, content = _parts(setting)
    request = probe.prepare("POST", PATH, content)
    request.headers["Signature-Input"] = request.headers["Signature-Input"].replace(
        'tag="msl1"', 'tag="other"'
    )
    probe.expect("SIGNATURE_INVALID", request, content)
