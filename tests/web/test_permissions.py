"""Deny by default: a view names a permission that the table knows, and the table is read as OR of ANDs."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError

from portal.web.permissions import PERMISSIONS, Permission, identity_permits
from tests.web.conftest import Counter
from tests.web.people import (
    ANONYMOUS,
    CLERK,
    EVERYBODY,
    MEMBER,
    NO_ROLE,
    OPERATOR,
    RESIDENT,
    REVIEWER,
    SUPERVISOR,
)

WHO_MAY = {
    Permission.PUBLIC: set(EVERYBODY),
    Permission.SIGN_IN: set(EVERYBODY),
    Permission.SIGN_OUT: set(EVERYBODY) - {"anonymous"},
    Permission.HOME: {"resident"},
    Permission.RECORDS_READ: {"resident"},
    Permission.RECORDS_EXPORT: {"resident"},
    Permission.SESSIONS_READ: set(EVERYBODY) - {"anonymous"},
    Permission.SESSIONS_REVOKE: set(EVERYBODY) - {"anonymous"},
    Permission.CASES_READ: {"caseworker", "operator", "approver", "coordinator"},
    Permission.CASES_OPEN: {"caseworker", "approver"},
    Permission.CASES_ACT: {"caseworker", "operator", "approver"},
    Permission.INQUIRY_OPEN: {"caseworker", "approver"},
    Permission.INQUIRY_READ: {"caseworker", "operator", "approver"},
    Permission.DEAD_LETTERS_READ: {"operator", "approver"},
    Permission.DEAD_LETTERS_ACT: {"operator", "approver"},
    Permission.ASSESSMENTS_READ: {"caseworker", "approver", "coordinator"},
    Permission.ASSESSMENTS_EDIT: {"caseworker", "approver", "coordinator"},
    Permission.ASSESSMENTS_ACT: {"caseworker", "approver", "coordinator"},
    Permission.ASSESSMENTS_COORDINATE: {"coordinator"},
    Permission.OPINIONS_READ: {"caseworker", "approver", "coordinator"},
    Permission.OPINIONS_ACT: {"caseworker", "approver", "coordinator"},
    Permission.REVIEW_ROOM: {"outside reviewer"},
    Permission.REVIEW_ROOM_ACT: {"outside reviewer"},
    Permission.COMMISSION_READ: {"reviewer", "commission member"},
    Permission.COMMISSION_ACT: {"reviewer", "commission member"},
    Permission.COMMISSION_DECIDE: {"commission member"},
}


@pytest.mark.parametrize("permission", list(Permission))
def test_each_permission_is_held_by_exactly_these_people(permission: Permission) -> None:
    held = {name for name, person in EVERYBODY.items() if identity_permits(person, None, permission)}
    assert held == WHO_MAY[permission]


def test_a_reviewer_of_another_code_than_the_commission_has_no_right_of_the_commission() -> None:
    stranger = replace(MEMBER, tenant="992011")
    assert not any(
        identity_permits(stranger, None, one) for one in Permission if one.value.startswith("commission:")
    )


def test_nobody_at_the_counter_may_only_read_public_pages_and_sign_in() -> None:
    allowed = {one for one in Permission if identity_permits(None, None, one)}
    assert allowed == {Permission.PUBLIC, Permission.SIGN_IN}


def test_an_unknown_permission_is_a_no_for_everybody() -> None:
    for person in (None, ANONYMOUS, RESIDENT, CLERK, OPERATOR, SUPERVISOR, NO_ROLE, REVIEWER):
        assert not identity_permits(person, None, "staff:everything:do")


def test_every_permission_has_a_row_in_the_table() -> None:
    assert set(PERMISSIONS) == set(Permission)


@pytest.mark.parametrize("permission", [None, "staff:invented:read"])
def test_a_view_without_a_known_permission_cannot_be_registered(permission: str | None) -> None:
    config = Configurator(exceptionresponse_view=None)
    config.include("portal.web.permissions")
    config.add_route("open", "/open")
    config.add_view(lambda request: None, route_name="open", permission=permission)
    with pytest.raises(ConfigurationError, match="permission"):
        config.commit()


# Something for every part of an address that asks for a certain look.
VALUES = ("01900000-0000-7000-8000-00000000dead", "990000", "form4", "7", "v1", "pdf")


def concrete(pattern: str) -> str:
    """An address for a route pattern, with identifiers that exist nowhere."""
    named = re.compile(r"\{\w+(?::((?:[^{}]|\{[\d,]+\})*))?\}")
    return named.sub(lambda one: next(v for v in VALUES if re.fullmatch(one[1] or "[^/]+", v)), pattern)


def routes(counter: Counter) -> list[tuple[str, str, str, str]]:
    """Every (name, address, method, permission) of the portal, read from what is really registered."""
    registry = counter.app.registry  # type: ignore[attr-defined]
    found = []
    for item in registry.introspector.get_category("views") or ():
        view = item["introspectable"]
        route = view.get("route_name")
        if not route or route.startswith("__static") or view.get("context"):
            continue
        pattern = registry.introspector.get("routes", route)["pattern"]
        methods = view.get("request_methods") or "GET"
        for method in [methods] if isinstance(methods, str) else methods:
            if method in ("GET", "POST"):
                permission = next(
                    (
                        r["value"]
                        for r in registry.introspector.get_category("permissions")
                        if view in r["related"]
                        for r in [r["introspectable"]]
                    ),
                    None,
                )
                found.append((route, concrete(pattern), method, permission))
    return found


def test_every_route_refuses_everybody_whom_the_table_does_not_name(counter: Counter) -> None:
    walked = 0
    for _route, path, method, permission in routes(counter):
        assert permission is not None, path
        for name, person in EVERYBODY.items():
            browser = counter.of(person)
            status = browser.request(path, method=method, expect_errors=True).status_code
            if identity_permits(person, None, permission):
                assert status != 403, (name, method, path)
                if name != "anonymous":
                    assert status not in (401,), (name, method, path)
            elif name == "anonymous":
                assert status == 303, (name, method, path)
            else:
                assert status == 403, (name, method, path, permission)
            walked += 1
    assert walked > 50
