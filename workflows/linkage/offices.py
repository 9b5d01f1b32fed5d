"""Whom this installation speaks for over the link, and whom it may speak to.

An office is one organisation (機関) of one tenant: its code, its name, and, in the processes that talk, its gateway. The web process knows the
names only: no private key of the link is ever loaded there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workflows.linkage.gateway import LinkageGateway


@dataclass(frozen=True)
class Organisation:
    """An organisation as it stands in the link's directory: code (機関コード), tenant, and its name in plain words."""

    org: str
    tenant: str
    label: str


class Offices:
    """Our own organisations by tenant, and every organisation of the directory.

    :param ours: one organisation for each tenant of this installation.
    :param known: every tenant organisation of the link, ours included.
    :param gateways: gateway by tenant; empty in a process that must not talk.
    """

    def __init__(
        self,
        ours: Iterable[Organisation],
        known: Iterable[Organisation] = (),
        gateways: Mapping[str, LinkageGateway] | None = None,
    ) -> None:
        self._ours = {one.tenant: one for one in ours}
        self._known = {one.org: one for one in (*known, *self._ours.values())}
        self._gateways = dict(gateways or {})

    @property
    def tenants(self) -> tuple[str, ...]:
        """The tenants of this installation that are on the link."""
        return tuple(self._ours)

    def ours(self, tenant: str) -> Organisation:
        """Return our organisation in a tenant.

        :raises KeyError: the tenant is not on the link.
        """
        return self._ours[tenant]

    def label(self, org: str) -> str:
        """Return the name of an organisation; its code when the directory does not know it."""
        found = self._known.get(org)
        return found.label if found and found.label else org

    def others(self, tenant: str) -> list[Organisation]:
        """Return every organisation but our own in this tenant, by code."""
        mine = self._ours[tenant].org
        return sorted((one for one in self._known.values() if one.org != mine), key=lambda one: one.org)

    def gateway(self, tenant: str) -> LinkageGateway | None:
        """Return the gateway of a tenant, or None in a process that must not talk."""
        return self._gateways.get(tenant)

    def close(self) -> None:
        """Close every gateway."""
        for gateway in self._gateways.values():
            gateway.close()
