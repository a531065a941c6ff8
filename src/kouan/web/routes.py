"""The routes of the API, a router file per context, and an application that has them and nothing behind them."""

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from kouan.web import (
    accounts,
    events,
    gate,
    health,
    images,
    ledger,
    messages,
    oidc,
    papers,
    port,
    session,
    what_if,
)
from kouan.web.callers import GuardedRoute

BASE = "/api/v1"
"""Where the API is. A change that old clients cannot bear is a new base."""

ROUTERS: tuple[APIRouter, ...] = (
    session.router,
    oidc.router,
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


def routed() -> FastAPI:
    """Return an application with the routes of the API."""
    app = FastAPI(
        title="kouan",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
    )
    app.state.routers = []
    for router in ROUTERS:
        add(app, router, BASE)
    add(app, health.router)
    return app


def add(app: FastAPI, router: APIRouter, base: str = "") -> None:
    """Add a router's routes under a base."""
    app.include_router(router, prefix=base)
    app.state.routers.append(router)


def guarded_routes(app: FastAPI) -> list[GuardedRoute]:
    """Return every route of the API."""
    routers: list[APIRouter] = app.state.routers
    return [route for router in routers for route in router.routes if isinstance(route, GuardedRoute)]


def _operation_id(route: APIRoute) -> str:
    return route.name
