"""One request class for the whole portal, made when all parts have said what they add to a request.

Pyramid would make a new class for each request to carry those additions; making a class costs more than reading a session.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.interfaces import IRequestExtensions, IRequestFactory
from pyramid.request import Request

from portal.web.limits import MAX_BODY_BYTES


def _bound(function: Callable[..., Any]) -> Callable[..., Any]:
    """A plain function, so that Python binds it to the request whatever it was."""

    def method(self: Request, *args: Any, **named: Any) -> Any:
        return function(self, *args, **named)

    return method


def settle(config: Configurator) -> type[Request]:
    """Build the class from everything added so far and let the application use it.

    :returns: the class; nothing is left for Pyramid to add to single requests.
    """
    config.commit()
    additions = config.registry.queryUtility(IRequestExtensions)
    # A form is read in memory and not put down in a temporary file: it is small (portal.web.limits), and it may be private.
    members: dict[str, Any] = {"request_body_tempfile_limit": MAX_BODY_BYTES}
    if additions is not None:
        members.update(additions.descriptors)
        members.update({name: _bound(function) for name, function in additions.methods.items()})
        additions.descriptors.clear()
        additions.methods.clear()
    made = type("PortalRequest", (Request,), members)
    config.registry.registerUtility(made, IRequestFactory)
    return made
