"""Alarms over HTTP: seen by everybody who watches, acknowledged by those whose they are, kept over a restart."""

from typing import Any

import msgspec
import pytest
from tests.integration.web.web_kit import PORT, WebPort, until

from kouan.adapters.alarms import AlarmKeeper
from kouan.adapters.board.board import LiveBoard
from kouan.adapters.calls import calls_of
from kouan.adapters.memory.command import MemoryAlarmRecords
from kouan.command.alarms import Called
from kouan.gate.facts import BarrierMoved
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Unit
from kouan.vocabulary.verdict import Reason
from kouan.wiring.gate_settings import board_setting_of
from kouan.yard.events import CallPerson, PersonCalled

WITHHELD = Reason("broker.withheld", {"first": 4, "last": 9})
WORD = {"word": "the disk was changed"}


async def alarms(port: WebPort, name: str = "duty") -> list[dict[str, Any]]:
    found = await (await port.person(name)).get("/api/v1/alarms")
    assert found.status_code == 200
    items: list[dict[str, Any]] = found.json()["items"]
    return items


async def acknowledge(port: WebPort, name: str, number: str, body: dict[str, str] | None = None) -> Any:
    await port.alarms.settle()
    person = await port.person(name)
    return await person.post(f"/api/v1/alarms/{number}/acknowledgement", json=WORD if body is None else body)


async def again(port: WebPort) -> LiveBoard:
    """Return the board as it is after a restart of the platform."""
    return (await restarted(port))[0]


async def restarted(port: WebPort) -> tuple[LiveBoard, AlarmKeeper]:
    """Return board and keeper after a restart; what the keeper before had not recorded is lost."""
    port.clock.advance(1)
    board = LiveBoard(board_setting_of(PORT), port.policy.rulebook, port.ledger, port.records, port.clock)
    keeper = AlarmKeeper(board.alarms, port.ledger, MemoryAlarmRecords(port.disk, PORT.name), port.clock)
    await keeper.start()
    board.attend(tuple(port.driver.lanes.values()))
    board.alarms.call_again(await calls_of(port.ledger))
    return board, keeper


def shown(board: LiveBoard) -> list[tuple[str, str]]:
    return [(each["reason"]["code"], each["state"]) for each in board.alarms.views()]


async def test_who_acknowledges_is_shown_with_their_word(port: WebPort) -> None:
    port.board.alarm("", "", 1, WITHHELD)
    (alarm,) = await alarms(port, "auditor")
    assert (alarm["state"], alarm["owners"]) == ("unacknowledged", ["port"])
    answer = await acknowledge(port, "duty", alarm["number"])
    assert answer.status_code == 200
    assert answer.json() == {
        "number": alarm["number"], "acknowledged_by": "duty", "acknowledged_at": port.clock.now(), **WORD,
    }  # fmt: skip
    (alarm,) = await alarms(port, "auditor")
    assert (alarm["state"], alarm["acknowledged_by"], alarm["word"]) == ("normal", "duty", WORD["word"])


async def test_acknowledging_twice_changes_nothing_and_says_who_was_first(port: WebPort) -> None:
    port.board.alarm("", "", 2, Reason("hold.too_late", {"number": "H1"}))
    number = (await alarms(port))[0]["number"]
    first = await acknowledge(port, "inspector", number)
    port.clock.advance(5)
    second = await acknowledge(port, "border", number, {"word": "mine as well"})
    assert (second.status_code, second.json()) == (200, first.json())
    assert len(await port.ledger.read(stream=number)) == 2


@pytest.mark.parametrize("name", ["operator", "inspector", "border", "auditor", "admin"])
async def test_the_ports_own_alarms_are_for_its_duty_officers(port: WebPort, name: str) -> None:
    port.board.alarm("", "", 1, WITHHELD)
    number = (await alarms(port))[0]["number"]
    answer = await acknowledge(port, name, number)
    assert answer.status_code == 403
    assert (await alarms(port))[0]["state"] == "unacknowledged"


async def test_an_authority_acknowledges_its_own_and_no_other(port: WebPort) -> None:
    port.board.alarm("I3", "", 2, Reason("customs.withdrawn"))
    number = (await alarms(port))[0]["number"]
    refused = await acknowledge(port, "border", number)
    assert (refused.status_code, refused.json()["errors"][0]["rule"]) == (403, "alarm.not_yours")
    assert (await acknowledge(port, "inspector", number)).status_code == 200


async def test_who_may_acknowledge_what_stands_in_the_session(port: WebPort) -> None:
    wanted = {"duty": ["port", "customs"], "inspector": ["customs"], "operator": ["site"], "auditor": []}
    for name, owners in wanted.items():
        session = (await (await port.person(name)).get("/api/v1/session")).json()
        assert session["acknowledges"] == owners


async def test_a_word_is_needed_and_an_alarm_that_is(port: WebPort) -> None:
    port.board.alarm("", "", 1, WITHHELD)
    number = (await alarms(port))[0]["number"]
    assert (await acknowledge(port, "duty", number, {"word": " "})).status_code == 422
    assert (await acknowledge(port, "duty", "A-0000")).status_code == 404


async def test_what_is_not_recorded_yet_is_shown_and_cannot_be_acknowledged(port: WebPort) -> None:
    port.board.alarm("", "", 1, WITHHELD)
    number = (await alarms(port))[0]["number"]
    duty = await port.person("duty")
    early = await duty.post(f"/api/v1/alarms/{number}/acknowledgement", json=WORD)
    assert (early.status_code, early.headers["retry-after"]) == (503, "1")
    assert (await acknowledge(port, "duty", number)).status_code == 200


async def test_a_restart_forgets_no_alarm_and_no_acknowledgement(port: WebPort) -> None:
    port.board.alarm("", "", 1, WITHHELD)
    port.board.alarm("", "", 2, Reason("network.hub_silent", {"max_age_s": 300}))
    before = await alarms(port)
    await acknowledge(port, "duty", before[1]["number"])
    board = await again(port)
    assert [(each["number"], each["state"]) for each in board.overview()["alarms"]] == [
        (before[0]["number"], "unacknowledged"), (before[1]["number"], "acknowledged"),
    ]  # fmt: skip
    board.back("network.hub_silent")
    assert [each["state"] for each in board.overview()["alarms"]] == ["unacknowledged", "normal"]
    board.alarm("", "", 2, Reason("network.hub_silent", {"max_age_s": 300}))
    states = [(each["number"] in {one["number"] for one in before}, each["state"]) for each in board.alarms.views()]
    assert states == [(True, "unacknowledged"), (False, "unacknowledged"), (True, "normal")]


async def test_an_alarm_about_a_passage_is_over_with_it_and_stays_until_somebody_saw_it(port: WebPort) -> None:
    passage = await port.arrive(seal={"number": "CN7654321"})
    port.board.alarm("I3", passage, 1, Reason("order.opened_without"))
    assert (await alarms(port))[0]["state"] == "unacknowledged"
    inspector = await port.person("inspector")
    body = {"action": "refuse", "reason": "not their seal"}
    assert (await inspector.post(f"/api/v1/reviews/{passage}/decision", json=body)).status_code == 200
    (alarm,) = await alarms(port)
    assert (alarm["state"], alarm["passage"]) == ("returned", passage)
    await acknowledge(port, "duty", alarm["number"])
    assert (await alarms(port))[0]["state"] == "normal"


async def test_a_passage_that_ended_while_the_platform_was_away_leaves_its_alarm_over(port: WebPort) -> None:
    passage = await port.arrive(seal={"number": "CN7654321"})
    port.board.alarm("I3", passage, 1, Reason("order.opened_without"))
    port.board.alarm("I4", "", 2, Reason("lane.latched"))
    await port.alarms.settle()
    stands = [each["state"] for each in (await again(port)).overview()["alarms"]]
    assert stands == ["unacknowledged", "returned"]  # the lane is in service
    inspector = await port.person("inspector")
    await inspector.post(f"/api/v1/reviews/{passage}/decision", json={"action": "refuse", "reason": "not their seal"})
    await port.alarms.settle()
    assert {each["state"] for each in (await again(port)).overview()["alarms"]} == {"returned"}


async def test_a_lanes_alarm_is_over_when_the_lane_is_taken_into_service_again(port: WebPort) -> None:
    lane = port.driver.lanes["I4"]
    lane.still_latched()
    await until(lambda: lane.lane.mode == "closed")
    (alarm,) = await alarms(port)
    assert (alarm["lane"], alarm["state"]) == ("I4", "unacknowledged")
    duty = await port.person("duty")
    answer = await duty.post("/api/v1/lanes/I4/opening", json={"reason": "looked at it"})
    assert answer.status_code == 200
    assert (await alarms(port))[0]["state"] == "returned"


async def test_a_word_about_something_protected_is_not_shown(port: WebPort) -> None:
    port.board.alarm("I3", "", 2, Reason("hold.too_late", {"number": "H1"}))
    number = (await alarms(port))[0]["number"]
    await acknowledge(port, "inspector", number, {"word": "the driver is known to us"})
    (alarm,) = await alarms(port, "operator")
    assert (alarm["reason"]["code"], alarm["word"], alarm["acknowledged_by"]) == (
        "need.person_must_look", "", "inspector",
    )  # fmt: skip


async def test_every_step_stands_in_the_ledger(port: WebPort) -> None:
    port.board.alarm("", "", 2, Reason("network.hub_silent", {"max_age_s": 300}))
    number = (await alarms(port))[0]["number"]
    await acknowledge(port, "duty", number)
    port.board.back("network.hub_silent")
    await port.alarms.settle()
    entries = await port.ledger.read(stream=number)
    assert [entry.kind for entry in entries] == [
        "command.alarm_raised/1", "command.alarm_acknowledged/1", "command.alarm_returned/1",
    ]  # fmt: skip
    said = msgspec.json.decode(entries[1].body)
    assert (said["by"], said["word"], said["code"]) == ("duty", WORD["word"], "network.hub_silent")


async def opened_alone(port: WebPort) -> str:
    """Let the barrier before a vehicle in review open that nobody ordered; return its passage."""
    passage = await port.arrive(seal={"number": "CN7654321"})
    runner = port.driver.lanes["I3"].runner
    runner.feed(BarrierMoved(port.clock.now(), "release", "open"))
    await until(lambda: port.driver.lanes["I3"].recorded is runner.state)
    return passage


async def test_what_a_passage_called_for_before_the_platform_died_is_raised_at_its_next_start(port: WebPort) -> None:
    passage = await opened_alone(port)
    assert not await MemoryAlarmRecords(port.disk, PORT.name).latest(), "it died before the alarm was recorded"
    board, keeper = await restarted(port)
    (alarm,) = board.alarms.views()
    assert (alarm["reason"]["code"], alarm["passage"], alarm["priority"]) == ("order.opened_without", passage, 1)
    await keeper.settle()
    assert len(await port.ledger.read(stream=alarm["number"])) == 1
    for _ in range(2):
        board, keeper = await restarted(port)
        assert shown(board) == [("order.opened_without", "unacknowledged")]
        await keeper.settle()
    assert len(await port.ledger.read(stream=alarm["number"])) == 1, "one alarm, however often it starts"


async def test_an_alarm_that_somebody_settled_is_not_raised_again_by_a_restart(port: WebPort) -> None:
    await opened_alone(port)
    board, keeper = await restarted(port)
    await keeper.settle()
    number = board.alarms.views()[0]["number"]
    await port.alarms.start()
    person = await port.person("duty")
    assert (await person.post(f"/api/v1/alarms/{number}/acknowledgement", json=WORD)).status_code == 200
    assert shown(await again(port)) == [("order.opened_without", "acknowledged")]
    inspector = await port.person("inspector")
    (passage,) = [each.passage for each in await port.records.open_passages()]
    await inspector.post(f"/api/v1/reviews/{passage}/decision", json={"action": "refuse", "reason": "not their seal"})
    board, keeper = await restarted(port)
    await keeper.settle()
    assert shown(board) == shown(await again(port)) == [("order.opened_without", "normal")]


async def test_what_the_yard_and_release_called_for_is_raised_at_the_next_start(port: WebPort) -> None:
    visit = CallPerson("yard-p1", 1, Reason("yard.exit_tailgating", {"vehicles": 2, "plate": "蒙B55678"}))
    called = PersonCalled(port.clock.now(), visit.visit, visit.priority, visit.reason)
    moved = {"after": "escalated", "cites": ["coal@2", "1"], "at": port.clock.now()}
    overdue = {"declaration": "071320261000000001", "due": 7, "at": port.clock.now()}
    drafts = (
        Draft("yard.called/1", "yard-p1", "k1", canonical(called)),
        Draft("release.moved/1", "L-1", "k2", canonical(moved)),
        Draft("release.moved/1", "L-2", "k3", canonical(moved | {"after": "overdue"})),
        Draft("papers.declaration_overdue/1", "071320261000000001", "k4", canonical(overdue)),
    )
    await port.ledger.append(Unit(drafts))
    views = (await again(port)).alarms.views()
    assert [(each["priority"], each["reason"]["code"], each["reason"]["params"]) for each in views] == [
        (1, "yard.exit_tailgating", {"vehicles": 2, "plate": "蒙B55678"}),
        (2, "release.calls", {"lot": "L-1", "regime": "coal@2"}),
        (3, "declaration.overdue", {"declaration": "071320261000000001", "due": 7}),
    ]


async def test_a_lane_that_is_in_service_again_is_not_called_to_once_more(port: WebPort) -> None:
    called = Called(port.clock.now(), "I4", "", 2, Reason("lane.latched"))
    board, _ = await restarted(port)
    board.alarms.call_again([called])
    assert shown(board) == []
    lane = port.driver.lanes["I4"]
    lane.still_latched()
    await until(lambda: lane.lane.mode == "closed")
    board, _ = await restarted(port)
    board.alarms.call_again([called])
    assert shown(board) == [("lane.latched", "unacknowledged")]


async def test_a_source_ends_the_alarms_of_what_stands_no_more_and_none_that_came_while_it_looked(
    port: WebPort,
) -> None:
    for lot in ("L-1", "L-2"):
        port.board.alarm("", "", 2, Reason("release.calls", {"lot": lot, "regime": "coal@2"}))
    looked_at = port.clock.now() + 1
    port.clock.advance(1)
    port.board.alarm("", "", 2, Reason("release.calls", {"lot": "L-3", "regime": "coal@2"}))
    port.board.back("release.calls", looked_at, lambda params: params["lot"] == "L-2")
    states = {each["reason"]["params"]["lot"]: each["state"] for each in port.board.alarms.views()}
    assert states == {"L-1": "returned", "L-2": "unacknowledged", "L-3": "unacknowledged"}
