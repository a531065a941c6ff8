"""Routes: each says who may call it, and none is analysed before somebody calls it."""

import httpx
import pytest
from fastapi import APIRouter

from kouan.vocabulary.errors import KouanError
from kouan.web.callers import GuardedRoute, public
from kouan.web.routes import BASE, add, routed


def test_a_route_that_does_not_say_who_may_call_it_cannot_be_made() -> None:
    async def nobody_knows() -> str:
        return ""

    with pytest.raises(KouanError, match="nobody_knows does not say who may call it"):
        APIRouter(route_class=GuardedRoute).get("/nobody")(nobody_knows)


async def test_an_application_is_made_without_analysing_its_routes_and_a_call_analyses_the_one_that_it_asks_for() -> (
    None
):
    app, router = routed(), APIRouter(route_class=GuardedRoute, prefix="/things", tags=["things"])

    @router.get("/{number}", status_code=203)
    @public
    async def get_thing(number: int) -> dict[str, int]:
        return {"number": number}

    add(app, router, BASE)
    guarded = [route for route in app.routes if isinstance(route, GuardedRoute)]
    assert not any(hasattr(route, "dependant") for route in guarded)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://port") as client:
        answer = await client.get(f"{BASE}/things/7")
        assert (answer.status_code, answer.json()) == (203, {"number": 7})
        assert (await client.post(f"{BASE}/things/7")).status_code == 405
    assert [route.name for route in guarded if hasattr(route, "dependant")] == ["get_thing"]
