"""Alarms over HTTP: seen by everybody who watches, acknowledged by those whose they are, kept over a restart."""

from typing import Any

import msgspec
import pytest
from tests.integration.web.web_kit import PORT, WebPort, until

from kouan.adapters.alarms import AlarmKeeper
from kouan.adapters.board.board import LiveBoard
from kouan.adapters.memory.command import MemoryAlarmRecords
from kouan.vocabulary.verdict import Reason
from kouan.wiring.gate_settings import board_setting_of

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
    port.clock.advance(1)
    board = LiveBoard(board_setting_of(PORT), port.policy.rulebook, port.ledger, port.records, port.clock)
    await AlarmKeeper(board.alarms, port.ledger, MemoryAlarmRecords(port.disk, PORT.name), port.clock).start()
    board.attend(tuple(port.driver.lanes.values()))
    return board


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
