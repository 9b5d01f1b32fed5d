"""Asking 住基ネット who holds a card certificate (公的個人認証法), for tying an account to its addressee. Vault role processes only."""

from __future__ import annotations

from workflows.addressees.numbers import Number, NumberRefused, Regime, parse_individual
from workflows.linkage.offices import Offices
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.retry import LinkUnreachable, LinkUntrusted
from workflows.linkage.wire.sealing import SealBroken


class JukiHolders:
    """`workflows.addressees.accounts.CertificateHolders` over each tenant's own CS.

    :param offices: opened with ``vault=True``.
    :param regime: which numbers this system may hold.
    """

    def __init__(self, offices: Offices, regime: Regime) -> None:
        self._offices = offices
        self._regime = regime

    def number_of(self, tenant: str, issuer: str, serial: str) -> Number | None:
        """Return the 個人番号 of the certificate's holder, or None when the CS does not know her.

        :param serial: serial number in hex; upper case and leading zeros do not matter.
        :raises ConnectionError: the CS does not answer, or not in a way that can be trusted; try again later.
        """
        gateway = self._offices.gateway(tenant)
        if gateway is None:
            return None
        try:
            digits = gateway.identify(issuer, plain_serial(serial))
        except (LinkUnreachable, LinkUntrusted, Problem, SealBroken) as failure:
            raise ConnectionError(
                f"住基ネットのCSが答えません（{type(failure).__name__}）。あとでもう一度試します。"
            ) from None
        if digits is None:
            return None
        try:
            return parse_individual(digits, self._regime)
        except NumberRefused:
            return None


def plain_serial(serial: str) -> str:
    """Return a serial number as the wire writes it: lower-case hex, an even number of digits, no leading zero byte."""
    digits = serial.lower().lstrip("0") or "0"
    return digits if len(digits) % 2 == 0 else f"0{digits}"
