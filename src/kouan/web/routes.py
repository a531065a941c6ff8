"""The routes of a port's and of a hub's API, and an application that has them and nothing behind them."""

from fastapi import APIRouter, FastAPI

from kouan.web import (
    accounts,
    alarms,
    declarations,
    events,
    examination,
    following,
    gate,
    health,
    images,
    ledger,
    messages,
    oidc,
    papers,
    papers_import,
    papers_supporting,
    port,
    region,
    region_acts,
    release,
    roster,
    rules,
    session,
    shifts,
    study,
    targeting,
    what_if,
    yard,
    yard_acts,
)
from kouan.web.callers import GuardedRoute

BASE = "/api/v1"
"""Where the API is. A change that old clients cannot bear is a new base."""

SUMMARY = "What people, screens and machines ask of a land border port. Instants are microseconds since 1970 (UTC)."

HUB_SUMMARY = "What people and screens ask of the hub of a region. Instants are microseconds since 1970 (UTC)."

ROUTERS: tuple[APIRouter, ...] = (
    session.router,
    oidc.router,
    port.router,
    gate.router,
    alarms.router,
    what_if.router,
    ledger.router,
    papers_import.router,
    papers_supporting.router,
    papers.router,
    release.router,
    declarations.router,
    rules.router,
    rules.checks,
    rules.dry_runs,
    examination.router,
    following.router,
    targeting.router,
    images.router,
    messages.router,
    events.router,
    accounts.router,
    yard.router,
    yard_acts.router,
    shifts.router,
    roster.router,
    study.router,
)
"""What a port answers."""

HUB_ROUTERS: tuple[APIRouter, ...] = (
    session.router,
    oidc.router,
    region.router,
    region_acts.router,
    ledger.router,
    messages.router,
    accounts.router,
)
"""What a hub answers."""


def routed(routers: tuple[APIRouter, ...] = ROUTERS, summary: str = SUMMARY) -> FastAPI:
    """Return an application with the routes of an API, by default a port's."""
    app = FastAPI(
        title="kouan",
        summary=summary,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.routers = []
    for router in routers:
        add(app, router, BASE)
    add(app, health.router)
    return app


def add(app: FastAPI, router: APIRouter, base: str = "") -> None:
    """Add a router's routes under a base."""
    app.routes.extend(route.under(base) for route in _guarded(router))
    app.state.routers.append(router)


def guarded_routes(app: FastAPI) -> list[GuardedRoute]:
    """Return every route of the API."""
    routers: list[APIRouter] = app.state.routers
    return [route for router in routers for route in _guarded(router)]


def _guarded(router: APIRouter) -> list[GuardedRoute]:
    return [route for route in router.routes if isinstance(route, GuardedRoute)]
