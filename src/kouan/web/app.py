"""The web application of one port: the API under /api/v1, the event stream, and the console."""

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.responses import Response

from kouan.web import accounts, events, gate, health, images, ledger, messages, papers, port, session, what_if
from kouan.web.answered import Turns
from kouan.web.answers import json_answer
from kouan.web.callers import GuardedRoute, public
from kouan.web.console import console_routes
from kouan.web.events import Streams
from kouan.web.middleware import AddressRate, BodyLimit, SecurityHeaders
from kouan.web.openapi import VERSION, Methods, describe
from kouan.web.problems import UnexpectedErrors, install
from kouan.web.rates import Buckets
from kouan.web.services import Services
from kouan.web.session import Door

BASE = "/api/v1"

_ROUTERS: tuple[APIRouter, ...] = (
    session.router,
    port.router,
    gate.router,
    what_if.router,
    ledger.router,
    papers.router,
    images.router,
    messages.router,
    events.router,
    accounts.router,
)


def create_app(services: Services) -> FastAPI:
    """Return the application; every route says who may call it, or it cannot be made."""
    app = FastAPI(
        title="kouan",
        version=VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
    )
    app.state.services = services
    app.state.door = Door(services)
    app.state.turns = Turns()
    app.state.streams = Streams(services.limits)
    limits, clock = services.limits, services.clock
    app.state.buckets = {False: Buckets(limits.person, clock), True: Buckets(limits.machine, clock)}
    described = Description(app)
    app.state.methods = described.methods
    app.state.routers = (*_ROUTERS, health.router, described.router)
    for router in _ROUTERS:
        app.include_router(router, prefix=BASE)
    app.include_router(health.router)
    app.include_router(described.router, prefix=BASE)
    app.routes.extend(console_routes(services.console))
    install(app)
    app.add_middleware(BodyLimit, limits=limits)
    app.add_middleware(AddressRate, limits=limits, clock=clock)
    app.add_middleware(UnexpectedErrors)
    app.add_middleware(SecurityHeaders)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name


class Description:
    """The description of an application's API, made when it is first asked for."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._made: tuple[dict[str, Any], Methods] | None = None
        self.router = APIRouter(route_class=GuardedRoute)

        @self.router.get("/openapi.json", include_in_schema=False)
        @public
        async def get_openapi() -> Response:
            """Return the description of the API."""
            return json_answer(self.document)

    @property
    def document(self) -> dict[str, Any]:
        """The OpenAPI document."""
        return self._make()[0]

    def methods(self, path: str) -> list[str]:
        """Return the methods that a path has."""
        return self._make()[1].of(path)

    def _make(self) -> tuple[dict[str, Any], Methods]:
        if self._made is None:
            document = describe(self._app)
            self._made = (document, Methods(document))
        return self._made
