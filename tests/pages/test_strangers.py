"""Every page of the assessments' rooms, asked for by somebody it is not for: another office, another reviewer, another desk.

The answer is the same as for what does not exist, and nothing of the page is in it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import UUID

import pytest

from tests.pages.whole import Whole
from tests.web.people import COORDINATOR, OUTSIDER, Person

ONE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NEXT_TOWN = "992020"
SOMEBODY = UUID("01900000-0000-7000-8000-000000000bad")


def there(person: Person) -> Person:
    """The same work in the office of another town."""
    return replace(person, tenant=NEXT_TOWN, account_id=SOMEBODY)


# Which pages, and who must not see them.
WRONG = (
    (r"/staff/assessments/", there(COORDINATOR), 404),
    (r"/staff/assessments/", OUTSIDER, 403),
    (r"/commission/", COORDINATOR, 403),
    (r"/review/", replace(OUTSIDER, account_id=SOMEBODY), 404),
    (r"/review/", there(OUTSIDER), 404),
    (r"/review/", COORDINATOR, 403),
)


@pytest.mark.parametrize(("rooms", "person", "status"), WRONG)
def test_a_stranger_gets_nothing_from_any_page(whole: Whole, rooms: str, person: Person, status: int) -> None:
    paths = sorted(
        {path for path, owner in whole.pages if owner and re.match(rooms, path) and ONE.search(path)}
    )
    assert len(paths) > 3
    stranger = whole.counter.of(person)
    for path in paths:
        page = stranger.get(path, expect_errors=True)
        assert page.status_code == status, path
        told = page.html.main.get_text()
        assert "個人住民税" not in told
        assert "児童手当" not in told


@pytest.mark.parametrize(
    ("rooms", "person", "status"),
    [
        (r"/staff/assessments/", there(COORDINATOR), 404),
        (r"/commission/cases/", COORDINATOR, 403),
        (r"/review/", replace(OUTSIDER, account_id=SOMEBODY), 404),
    ],
)
def test_a_form_of_somebody_else_sent_by_a_stranger_does_nothing(
    whole: Whole, rooms: str, person: Person, status: int
) -> None:
    sent = set()
    for path, owner in whole.pages:
        if owner is None or not re.match(rooms, path) or not ONE.search(path):
            continue
        page = whole.counter.of(owner).get(path, expect_errors=True)
        for form in page.forms.values() if page.status_code == 200 else ():
            action = form.action if form.action.startswith("/") else path
            # What one has sent in oneself is thrown away by oneself: for anybody else there is nothing to throw away.
            if (
                form.method.upper() != "POST"
                or not ONE.search(action)
                or action in sent
                or "/import/" in action
            ):
                continue
            sent.add(action)
            stranger = whole.counter.of(person)
            token = stranger.get("/accessibility").html.find("input", attrs={"name": "csrf_token"})["value"]
            fields = [(name, value) for name, value in form.submit_fields() if name != "csrf_token"]
            answer = stranger.post(action, [*fields, ("csrf_token", token)], expect_errors=True)
            assert answer.status_code == status, (action, answer.status_code)
    assert len(sent) > 2
