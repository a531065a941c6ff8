"""The web applications of a port and of a hub: the API under /api/v1, the event stream, and the console."""

from typing import TYPE_CHECKING

from fastapi import FastAPI

from kouan.web.answered import Turns
from kouan.web.console import console_routes
from kouan.web.events import Streams
from kouan.web.hub_services import HubServices
from kouan.web.middleware import AddressRate, BodyLimit, SecurityHeaders
from kouan.web.openapi import Description
from kouan.web.problems import UnexpectedErrors, install
from kouan.web.rates import Buckets
from kouan.web.routes import BASE, HUB_ROUTERS, HUB_SUMMARY, add, routed
from kouan.web.services import CommonServices, Services
from kouan.web.session import Door

if TYPE_CHECKING:
    from kouan.web.identity_provider import IdentityProvider


def create_app(services: Services) -> FastAPI:
    """Return the application of a port; every route says who may call it, or it cannot be made."""
    return _complete(routed(), services)


def create_hub_app(services: HubServices) -> FastAPI:
    """Return the application of a region's hub, built as a port's is."""
    return _complete(routed(HUB_ROUTERS, HUB_SUMMARY), services)


def _complete(app: FastAPI, services: CommonServices) -> FastAPI:
    description = Description(app)
    add(app, description.router, BASE)
    limits, clock = services.limits, services.clock
    app.state.services = services
    app.state.methods = description.methods
    app.state.door = Door(services)
    app.state.provider = _provider(services)
    app.state.turns = Turns()
    app.state.streams = Streams(limits)
    app.state.buckets = {False: Buckets(limits.person, clock), True: Buckets(limits.machine, clock)}
    app.routes.extend((*description.pages(), *console_routes(services.console)))
    install(app)
    app.add_middleware(BodyLimit, limits=limits)
    app.add_middleware(AddressRate, limits=limits, clock=clock)
    app.add_middleware(UnexpectedErrors)
    app.add_middleware(SecurityHeaders)
    return app


def _provider(services: CommonServices) -> "IdentityProvider | None":
    """Return the identity provider, None where people sign in here; its libraries are imported only where it is."""
    if services.oidc is None:
        return None
    from kouan.web.identity_provider import IdentityProvider

    return IdentityProvider(services.oidc, services.clock)
