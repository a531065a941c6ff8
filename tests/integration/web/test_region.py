"""The hub's API: how the ports of a region stand, what changes, and what people do about alarms."""

import asyncio
import re
from collections.abc import AsyncIterator

import jsonschema
import pytest
from tests.integration.web.hub_kit import HOUR_US, HUB_PEOPLE, WebHub, web_hub
from tests.integration.web.streaming import Stream
from tests.integration.web.web_kit import json_of, until

from kouan.network.forwarding import WINDOW
from kouan.network.standing import SILENT_US
from kouan.network.views import Flow, RegionAlarm
from kouan.vocabulary.clock import SECOND
from kouan.web.callers import GuardedRoute
from kouan.web.openapi import hub_document
from kouan.web.routes import guarded_routes

FORK = "chain.fork"
DOCUMENT = hub_document()


@pytest.fixture
async def hub() -> AsyncIterator[WebHub]:
    async with web_hub() as opened:
        yield opened


async def region_of(hub: WebHub) -> dict[str, dict]:
    await hub.board.look()
    found = json_of(await hub.machine("region").get("/api/v1/region"))
    return {port["port"]: port for port in found["ports"]}


def alarm(hub: WebHub, number: str = "A-1", port: str = "ceke", priority: int = 1, **changes: object) -> RegionAlarm:
    fields = {"code": FORK, "params": {"port": port}, "acknowledged_by": None} | changes
    return RegionAlarm(number, port, hub.clock.now(), priority, **fields)


async def test_every_port_is_shown_with_what_is_known_of_it_before_it_ever_spoke(hub: WebHub):
    ports = await region_of(hub)
    assert len(ports) == 20
    assert ports["ganqimaodu"]["lanes_in"] == 12
    assert ports["ganqimaodu"]["opposite"]["country"] == "MN"
    assert ports["ganqimaodu"]["console"] == "https://ganqimaodu.example"
    assert {port["link"] for port in ports.values()} == {"not_enrolled"}
    assert {port["priority"] for port in ports.values()} == {None}


async def test_answers_have_the_described_shape(hub: WebHub):
    hub.region.stands("ceke", heard_at=hub.clock.now(), behind=3, hour_in=7)
    hub.region.raises(alarm(hub))
    hub.region.flows.append(Flow("ceke", hub.clock.now() - hub.clock.now() % HOUR_US, 5, 4, 1, 0))
    await hub.board.look()
    client = hub.machine("region")
    for path, name in [
        ("/region", "RegionView"),
        ("/region/alarms", "RegionAlarms"),
        ("/region/flow", "RegionFlow"),
        ("/region/ports/ceke", "PortDetail"),
    ]:
        schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
        jsonschema.Draft202012Validator(schema).validate(json_of(await client.get(f"/api/v1{path}")))


async def test_a_port_that_was_not_heard_for_three_heartbeats_is_silent_and_one_too_far_back_is_behind(hub: WebHub):
    now = hub.clock.now()
    hub.region.stands("ceke", heard_at=now - SILENT_US - 1)
    hub.region.stands("mandula", heard_at=now - SILENT_US, behind=WINDOW)
    hub.region.stands("shiwei", heard_at=now, behind=WINDOW + 1)
    hub.region.stands("arxan", heard_at=now, suspended=FORK)
    hub.region.stands("uliji")
    ports = await region_of(hub)
    found = {name: (port["link"], port["priority"]) for name, port in ports.items() if port["enrolled"]}
    assert found == {
        "ceke": ("silent", 3),
        "mandula": ("live", None),
        "shiwei": ("behind", 4),
        "arxan": ("suspended", 1),
        "uliji": ("never_heard", 4),
    }


async def test_the_gravest_alarm_that_nobody_acknowledged_gives_a_port_its_priority(hub: WebHub):
    hub.region.stands("ceke", heard_at=hub.clock.now())
    hub.region.raises(alarm(hub, "A-1", priority=1, acknowledged_by="region"))
    hub.region.raises(alarm(hub, "A-2", priority=2))
    assert (await region_of(hub))["ceke"]["priority"] == 2


async def test_one_port_is_shown_with_its_alarms_and_the_last_day_by_the_hour(hub: WebHub):
    now = hub.clock.now()
    this_hour = now - now % HOUR_US
    hours = [this_hour - 24 * HOUR_US, this_hour - 23 * HOUR_US, this_hour]
    hub.region.flows += [Flow(port, hour, 5, 4) for hour in hours for port in ("ceke", "mandula")]
    hub.region.raises(alarm(hub))
    hub.region.raises(alarm(hub, "A-2", "mandula"))
    await hub.board.look()
    found = json_of(await hub.machine("region").get("/api/v1/region/ports/ceke"))
    assert [hour["hour"] for hour in found["flow"]] == hours[1:]
    assert {hour["port"] for hour in found["flow"]} == {"ceke"}
    assert [one["number"] for one in found["alarms"]] == ["A-1"]


async def test_flow_is_of_each_port_unless_one_is_named_and_of_a_month_at_most(hub: WebHub):
    now = hub.clock.now()
    hub.region.flows += [Flow("ceke", now - HOUR_US), Flow("mandula", now - HOUR_US)]
    client = hub.machine("region")
    assert len(json_of(await client.get("/api/v1/region/flow"))["items"]) == 2
    assert len(json_of(await client.get("/api/v1/region/flow?port=ceke"))["items"]) == 1
    too_long = await client.get(f"/api/v1/region/flow?since={now - 32 * 24 * HOUR_US}&until={now}")
    assert too_long.status_code == 422
    assert json_of(too_long)["errors"][0]["rule"] == "flow.span"
    assert (await client.get("/api/v1/region/flow?port=nowhere")).status_code == 404
    assert (await client.get("/api/v1/region/ports/nowhere")).status_code == 404


async def test_an_alarm_is_acknowledged_once_and_the_same_request_again_is_answered_the_same(hub: WebHub):
    hub.region.raises(alarm(hub))
    client = hub.machine("region")
    path, body, key = (
        "/api/v1/region/alarms/A-1/acknowledge",
        {"reason": "the port was told"},
        {"idempotency-key": "k1"},
    )
    assert (await client.post(path, json=body, headers=key)).status_code == 200
    again = await client.post(path, json=body, headers=key)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
    assert hub.region.acknowledged == [("A-1", "region", "the port was told")]
    assert (await client.post(path, json=body)).status_code == 409
    assert (await client.post("/api/v1/region/alarms/A-9/acknowledge", json=body)).status_code == 404
    assert (await client.post(path, json={"reason": " "})).status_code == 422


async def test_a_port_whose_ledger_is_suspended_is_resumed_with_a_reason(hub: WebHub):
    hub.region.stands("ceke", suspended=FORK)
    await hub.board.look()
    client, path = hub.machine("region"), "/api/v1/region/ports/ceke/resume"
    assert (await client.post(path, json={})).status_code == 422
    assert (await client.post(path, json={"reason": "the older copy was destroyed"})).status_code == 200
    assert hub.region.resumed == [("ceke", "region", "the older copy was destroyed")]
    again = await client.post(path, json={"reason": "twice"})
    assert again.status_code == 409
    assert json_of(again)["errors"][0]["rule"] == "network.not_suspended"
    assert (await client.post("/api/v1/region/ports/nowhere/resume", json={"reason": "none"})).status_code == 404


async def test_a_reader_is_told_everything_first_and_then_what_changes(hub: WebHub):
    stream = Stream(hub.app, "/api/v1/region/events", {"authorization": f"Bearer {hub.tokens['region']}"})
    try:
        await stream.until(lambda: stream.names().count("port") == 20 and "alarms" in stream.names())
        assert stream.events[0] == ("heartbeat", {"now": hub.clock.now()})
        hub.region.stands("ceke", heard_at=hub.clock.now(), hour_in=3)
        await hub.board.look()
        await stream.until(lambda: stream.names().count("port") == 21)
        assert stream.latest("port")["hour_in"] == 3
        hub.region.raises(alarm(hub))
        await hub.board.look()
        await stream.until(lambda: stream.names().count("alarms") == 2)
        assert stream.latest("alarms")["items"][0]["code"] == FORK
    finally:
        await stream.close()


async def test_that_a_port_was_heard_again_is_told_every_five_seconds_and_not_more_often(hub: WebHub):
    hub.region.stands("ceke", heard_at=hub.clock.now())
    before = (await region_of(hub))["ceke"]
    hub.region.stands("ceke", heard_at=hub.clock.now() + 4 * SECOND)
    assert (await region_of(hub))["ceke"] == before
    hub.region.stands("ceke", heard_at=hub.clock.now() + 5 * SECOND)
    assert (await region_of(hub))["ceke"]["heard_at"] == hub.clock.now() + 5 * SECOND


async def test_while_the_records_cannot_be_read_all_stands_as_it_was(hub: WebHub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("kouan.adapters.board.region.TICK_S", 0)
    hub.region.gone = True
    running = asyncio.create_task(hub.board.run())
    try:
        for _ in range(10):
            await asyncio.sleep(0)
        assert not running.done()
        hub.region.gone = False
        hub.region.stands("ceke", hour_in=9)
        await until(lambda: hub.board.port("ceke")["hour_in"] == 9)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


WATCHERS = {"region", "auditor", "admin"}
TABLE = {
    "get_region": WATCHERS,
    "list_region_alarms": WATCHERS,
    "get_region_flow": WATCHERS,
    "get_region_port": WATCHERS,
    "get_in_force": WATCHERS,
    "watch_region": WATCHERS,
    "acknowledge_alarm": {"region"},
    "resume_port": {"region"},
    "place_region_hold": {"region"},
    "lift_region_hold": {"region"},
    "add_region_watch": {"region"},
    "remove_region_watch": {"region"},
    "preauthorise": {"region"},
    "withdraw_permit": {"region"},
    "publish_rulebook": {"region"},
}


async def status_of(hub: WebHub, name: str, route: GuardedRoute) -> int:
    headers = {"authorization": f"Bearer {hub.tokens[name]}"}
    path = "/api/v1" + re.sub(r"{(number(:path)?|plate)}", "A-0", route.path.replace("{port}", "nowhere"))
    if route.name == "watch_region":
        stream = Stream(hub.app, path, headers)
        await stream.until(lambda: stream.status)
        await stream.close()
        return stream.status
    (method,) = route.methods
    answer = await hub.client(**headers).request(method, path, json={} if method == "POST" else None)
    return answer.status_code


@pytest.mark.parametrize("name", sorted(HUB_PEOPLE))
async def test_a_role_may_do_at_the_hub_what_the_table_says_and_nothing_else(hub: WebHub, name: str):
    found = [route for route in guarded_routes(hub.app) if "region" in route.tags]
    assert {route.name for route in found} == set(TABLE)
    for route in found:
        status = await status_of(hub, name, route)
        assert status != 401
        assert (status != 403) == (name in TABLE[route.name]), f"{name} {route.name}: {status}"


async def test_nobody_sees_the_region_unless_signed_in_and_is_told_where_they_are(hub: WebHub):
    answer = await hub.client().get("/api/v1/region")
    assert answer.status_code == 401
    assert json_of(answer)["place"] == "hub"
    assert json_of(answer)["name"]["zh"] == "内蒙古口岸"
    assert json_of(await hub.machine("region").get("/api/v1/session"))["place"] == "hub"


async def test_a_hub_has_no_lanes(hub: WebHub):
    assert (await hub.machine("admin").get("/api/v1/lanes")).status_code == 404
