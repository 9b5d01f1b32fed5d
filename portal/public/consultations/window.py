"""The window at which anybody may hand in an opinion: the one place where a visitor without a name acts inside an office."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from pyramid.request import Request

from portal.identity import gateway
from portal.identity.throttle import SPEND
from portal.public.consultations import copies
from portal.public.consultations.limits import limits
from portal.web.errors import not_found
from privacy_assessment.consultation import announcement, grouping
from privacy_assessment.consultation.announcement import Announced
from privacy_assessment.consultation.opinions import Opinion, OpinionService, Receipt
from privacy_assessment.consultation.rules import check_opinion
from storage.clock import Clock
from storage.database import NOWHERE, Scope, Transaction

NETWORK_PURPOSE = "opinion.network"


class TooMany(Exception):
    """More from one network than is borne; what was typed is still on the page. ``seconds``: when to try again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"again after {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True)
class Window:
    """What a visitor can do, and nothing else: no method takes a table, a tenant or a statement of the database.

    :param _tx: never handed out.
    """

    announced: Announced
    _tx: Transaction
    _opinions: OpinionService
    _clock: Clock

    def spend(self, what: str, network: bytes) -> None:
        """Count one try from a network. What is stored is a keyed digest: no address can be found in it, by trying either.

        :param what: ``write`` or ``key``.
        :raises TooMany: the limit of the day is reached.
        """
        rules = limits(self._clock.today())
        bucket = self._opinions.keys.blind_index(
            self._tx, self._tx.tenant, NETWORK_PURPOSE, f"{what}:{network.hex()}"
        )
        values = {"bucket": bucket, "now": self._clock.now(), "window": rules.window}
        row = self._tx.raw.execute(SPEND, values).fetchone()
        if row is not None and row[0] > rules.most(what):
            raise TooMany(int(rules.window.total_seconds()))

    def check(self, body: str, places: Sequence[str], personal: Mapping[str, str] | None) -> None:
        """See :func:`privacy_assessment.consultation.rules.check_opinion`."""
        check_opinion(body, places, personal)

    def give(
        self, body: str, places: Sequence[str], personal: Mapping[str, str] | None, request_key: str
    ) -> Receipt:
        """Hand in an opinion; the same form sent again is the same opinion."""
        found = self._opinions.give(self._tx, self.announced.id, body, places, personal, request_key)
        grouping.ask(self._tx, self._clock, self.announced.id)
        return found

    def own(self, receipt: str, edit_key: str) -> Opinion:
        """The visitor's own opinion."""
        return self._opinions.own(self._tx, self.announced.id, receipt, edit_key)

    def edit(
        self,
        receipt: str,
        edit_key: str,
        body: str,
        places: Sequence[str],
        personal: Mapping[str, str] | None,
    ) -> Opinion:
        """Change it."""
        found = self._opinions.edit(self._tx, self.announced.id, receipt, edit_key, body, places, personal)
        grouping.ask(self._tx, self._clock, self.announced.id)
        return found

    def withdraw(self, receipt: str, edit_key: str) -> None:
        """Take it back."""
        self._opinions.withdraw(self._tx, self.announced.id, receipt, edit_key)
        grouping.ask(self._tx, self._clock, self.announced.id)

    def ask_copy(self, opinion: Opinion, page: str) -> None:
        """Have a PDF of it made."""
        copies.ask_for(self._tx, self._opinions.keys, self._clock.now(), self.announced.id, opinion, page)

    def copy(self, opinion: Opinion) -> tuple[str, bytes | None]:
        """(state, the PDF when it is ready)."""
        return copies.fetch(self._tx, self._opinions.keys, self._clock.now(), self.announced.id, opinion)


def announced(request: Request) -> Announced:
    """The consultation of the address, for reading: from what was laid open to everyone, in a scope that sees nothing else.

    One that does not exist, one of an unknown office and one that has not begun are the same 404.
    """
    tenant = request.matchdict["tenant"]
    try:
        key = UUID(request.matchdict["key"])
    except ValueError:
        not_found()
    (rows,) = request.registry["database"].read(NOWHERE, announcement.one(tenant, key))
    found = Announced(*rows[0]) if rows else None
    if found is None or request.clock.today() < found.opens:
        not_found()
    return found


@contextmanager
def window(request: Request) -> Iterator[Window]:
    """Open the window of the consultation in the address, for one action, in one transaction.

    This is the only code that makes a tenant's scope out of an address. It is narrow in three ways. The tenant comes from the row
    of an announced consultation that has begun, not from the address itself, so an address can only name a tenant that invited
    everyone to write. The transaction stays inside ``Window``, whose methods reach the tables of consultations (opinions, their
    copies, the wish to group them) and the counter of tries, and return only what the visitor wrote herself. And each of them
    takes the consultation from the window, so that a visitor of one cannot touch another.

    After the close the window still opens, because a visitor may see her own opinion; the service refuses giving and changing.
    """
    found = announced(request)
    with request.registry["database"].transaction(Scope(tenant=found.tenant)) as tx:
        yield Window(found, tx, request.assessments.opinions, request.clock)


def count_try(request: Request, what: str) -> None:
    """Count one try before it is made, in a transaction of its own, so that a refused try counts too.

    :raises TooMany: see :meth:`Window.spend`.
    """
    with window(request) as open_window:
        open_window.spend(what, gateway.network(request))
