"""The event stream: a whole picture first, then the latest of what changes."""

import asyncio

from tests.integration.web.streaming import Stream
from tests.integration.web.web_kit import WebPort, web_port

from kouan.web.services import Limits

EVENTS = "/api/v1/events"
DIFFERS = {"number": "CN7654321"}


async def open_stream(port: WebPort, name: str = "inspector") -> Stream:
    stream = Stream(port.app, EVENTS, {"authorization": f"Bearer {port.tokens[name]}"})
    await stream.until(lambda: stream.ended or (stream.names().count("lane") == 19 and "review" in stream.names()))
    return stream


async def test_the_first_thing_told_is_the_whole_picture(port: WebPort):
    await port.arrive(seal=DIFFERS)
    stream = await open_stream(port)
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.headers["cache-control"] == "no-store"
    assert sorted(set(stream.names())) == ["lane", "overview", "review"]
    assert stream.latest("lane", "I3")["passage"]["state"] == "in_review"
    assert len(stream.latest("review")["items"]) == 1
    await stream.close()


async def test_a_change_is_told_within_a_quarter_of_a_second_of_its_commit(port: WebPort):
    stream = await open_stream(port)
    loop = asyncio.get_running_loop()
    passage = await port.arrive()
    committed = loop.time()
    await stream.until(lambda: (stream.latest("lane", "I3")["passage"] or {}).get("state") == "ordered")
    assert loop.time() - committed < 0.25
    assert stream.latest("lane", "I3")["passage"]["id"] == passage
    await stream.close()


async def test_only_the_lane_that_changed_is_told_of(port: WebPort):
    stream = await open_stream(port)
    stream.events.clear()
    await port.arrive("O1")
    await stream.until(lambda: "lane" in stream.names())
    assert {data["lane"] for event, data in stream.events if event == "lane"} == {"O1"}
    await stream.close()


async def test_each_reader_is_told_what_they_may_do(port: WebPort):
    await port.arrive(seal=DIFFERS)
    customs, border, auditor = [await open_stream(port, name) for name in ("inspector", "border", "auditor")]
    allowed = [stream.latest("review")["items"][0]["allowed"] for stream in (customs, border, auditor)]
    assert "release" in allowed[0]
    assert "release" not in allowed[1]
    assert allowed[2] == []
    for stream in (customs, border, auditor):
        await stream.close()


async def test_a_slow_reader_gets_the_latest_state_and_no_backlog(port: WebPort):
    stream = await open_stream(port)
    stream.slow = asyncio.Event()
    stream.events.clear()
    for _ in range(50):
        port.board.lane_changed(port.driver.lanes["I5"])
        port.board.lane_changed(port.driver.lanes["I6"])
        await asyncio.sleep(0)
    stream.slow.set()
    await stream.until(lambda: {"I5", "I6"} <= {data.get("lane") for _, data in stream.events})
    assert stream.names().count("lane") <= 4
    await stream.close()


async def test_a_stream_ends_once_its_reader_may_not_watch_any_more(port: WebPort, monkeypatch):
    monkeypatch.setattr("kouan.adapters.board.board.HEARTBEAT_S", 0.05)
    stream = await open_stream(port)
    await stream.until(lambda: "heartbeat" in stream.names())
    assert stream.latest("heartbeat") == {"now": port.clock.now()}
    admin = await port.person("admin")
    change = {"display_name": "Inspector", "agency": "customs", "roles": ["inspector"], "disabled": True}
    assert (await admin.put("/api/v1/accounts/inspector", json=change)).status_code == 200
    await stream.until(lambda: stream.ended)
    await stream.close()


async def test_nobody_opens_more_streams_than_their_share():
    async with web_port(limits=Limits(streams=2)) as port:
        streams = [await open_stream(port) for _ in range(2)]
        third = Stream(port.app, EVENTS, {"authorization": f"Bearer {port.tokens['inspector']}"})
        await third.task
        assert third.status == 429
        await streams[0].close()
        streams[0] = await open_stream(port)
        for stream in streams:
            await stream.close()


async def test_the_stream_is_closed_to_those_who_are_not_signed_in(port: WebPort):
    stream = Stream(port.app, EVENTS, {})
    await stream.task
    assert stream.status == 401


async def test_a_closed_stream_leaves_nothing_behind(port: WebPort):
    stream = await open_stream(port)
    await stream.close()
    assert port.board._readers == {}
    assert port.app.state.streams._open == {}
