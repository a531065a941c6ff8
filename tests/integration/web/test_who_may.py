"""Every route of the API against every role, by a table written apart from the policy."""

import httpx
import pytest
from tests.integration.web.web_kit import PEOPLE, WebPort, web_port

from kouan.web.callers import GuardedRoute, need_of
from kouan.web.routes import guarded_routes

ANYBODY = {"sign_in", "begin_oidc", "finish_oidc", "get_messages", "get_openapi", "get_health"}
SIGNED_IN = {"get_session", "sign_out"}

WATCHERS = {"operator", "inspector", "second", "border", "duty", "auditor", "admin"}
DECIDERS = {"operator", "inspector", "second", "border", "duty"}
HOLDERS = {"inspector", "second", "border", "duty"}
READERS = {"inspector", "second", "border", "duty", "auditor", "admin"}

TABLE: dict[str, set[str]] = {
    "get_port": WATCHERS,
    "get_overview": WATCHERS,
    "list_lanes": WATCHERS,
    "get_lane": WATCHERS,
    "turn_lane": {"operator", "duty"},
    "open_lane": {"operator", "duty"},
    "close_lane": {"operator", "duty"},
    "list_passages": WATCHERS,
    "get_passage": WATCHERS,
    "explain_decision": WATCHERS,
    "list_reviews": WATCHERS,
    "decide_review": DECIDERS,
    "confirm_review": DECIDERS,
    "list_holds": WATCHERS,
    "place_hold": HOLDERS,
    "lift_hold": HOLDERS,
    "list_entries": READERS,
    "list_heads": READERS,
    "prove_entry": READERS,
    "prove_growth": READERS,
    "get_key": READERS,
    "submit_vehicle_confirmation": {"carrier"},
    "submit_original_manifest": {"carrier"},
    "submit_customs_declaration": {"carrier"},
    "delete_papers": {"carrier"},
    "find_papers": DECIDERS | {"auditor", "carrier"},
    "get_paper": DECIDERS | {"auditor", "carrier"},
    "put_image": {"camera"},
    "get_image": DECIDERS | {"auditor"},
    "watch": WATCHERS,
    "list_accounts": {"admin"},
    "put_account": {"admin"},
    "issue_machine_token": {"admin"},
    "revoke_machine_token": {"admin"},
    "forget_person": {"admin"},
}

EXAMPLES = {
    "lane": "I99",
    "passage": "nothing",
    "number": "NOTHING",
    "batch": "NOTHING",
    "sha256": "0" * 64,
    "token": "0" * 64,
    "language": "en",
    "username": "nobody",
    "seq": "999999",
}


def test_every_route_stands_in_the_table():
    import asyncio

    async def names() -> set[str]:
        async with web_port() as port:
            return {route.name for route in guarded_routes(port.app)}

    assert asyncio.run(names()) == set(TABLE) | ANYBODY | SIGNED_IN


async def ask(client: httpx.AsyncClient, port: WebPort, route: GuardedRoute) -> int:
    """Ask a route for something that is not there, and return the status."""
    base = "" if route.name == "get_health" else "/api/v1"
    path = route.path
    for name, value in EXAMPLES.items():
        path = path.replace("{" + name + "}", value)
    (method,) = route.methods
    if route.name == "watch":
        return 200 if route.name == "watch" and await _may_stream(client) else 403
    answer = await client.request(method, base + path, json={} if method in ("POST", "PUT") else None)
    return answer.status_code


async def _may_stream(client: httpx.AsyncClient) -> bool:
    """The stream never ends, and asks for the same as the overview."""
    return (await client.get("/api/v1/overview")).status_code == 200


@pytest.mark.parametrize("name", sorted(PEOPLE))
async def test_a_role_may_do_what_the_table_says_and_nothing_else(port: WebPort, name: str):
    machine = port.machine(name)
    for route in guarded_routes(port.app):
        expected = route.name in ANYBODY | SIGNED_IN or name in TABLE[route.name]
        if route.name in ("sign_in", "sign_out"):
            continue
        status = await ask(machine, port, route)
        assert status != 401, route.name
        assert (status != 403) == expected, f"{name} {route.name}: {status}"


async def test_nobody_does_anything_unless_signed_in(port: WebPort):
    nobody = port.client(**{"x-kouan-csrf": "1"})
    for route in guarded_routes(port.app):
        if route.name not in ANYBODY and route.name != "watch":
            assert await ask(nobody, port, route) == 401, route.name


async def test_who_may_not_call_a_route_is_refused_before_the_body_is_read(port: WebPort):
    nobody = port.client()
    garbage = {"content": b"\xff{", "headers": {"content-type": "application/json"}}
    assert (await nobody.post("/api/v1/holds", **garbage)).status_code == 401
    assert (await port.machine("carrier").post("/api/v1/holds", **garbage)).status_code == 403


def test_the_stream_asks_for_what_the_overview_asks_for():
    from kouan.web.events import watch
    from kouan.web.gate import get_overview

    assert need_of(watch) == need_of(get_overview)
