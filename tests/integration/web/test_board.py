"""The live board: what it counts, what it shows, and what it forgets."""

import itertools
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from argon2 import PasswordHasher as Argon2
from tests.integration.web.web_kit import PORT, WebPort

from kouan.adapters.board.board import LiveBoard
from kouan.adapters.board.counters import HISTORY_MINUTES, Counters, Ended, midnight
from kouan.adapters.board.overview import MAX_TOPICS
from kouan.adapters.passwords import WAITING, Argon2Hasher
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import NotFound, Unavailable
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Reason
from kouan.wiring.gate_settings import board_setting_of

ZONE = ZoneInfo("Asia/Shanghai")
NOON = int(datetime(2026, 3, 1, 4, tzinfo=UTC).timestamp()) * SECOND
MINUTE = 60 * SECOND


def ended(at: int, state: str = "cleared", direction: str = "in", stop_ms: int | None = 12_000) -> Ended:
    return Ended(direction, state, at, stop_ms)


def test_what_passed_today_is_counted_by_the_ports_own_midnight():
    counters = Counters(ZONE, NOON)
    counters.add(ended(midnight(NOON, ZONE)))
    counters.add(ended(NOON, direction="out"))
    counters.add(ended(NOON, state="diverted"))
    counters.add(ended(NOON, state="refused", stop_ms=None))
    assert counters.today(NOON) == {"in": 2, "out": 1}
    assert counters.today(midnight(NOON, ZONE) + 24 * 60 * MINUTE) == {"in": 0, "out": 0}


def test_what_passed_yesterday_is_not_todays():
    counters = Counters(ZONE, NOON)
    counters.add(ended(midnight(NOON, ZONE) - 1))
    assert counters.today(NOON) == {"in": 0, "out": 0}


def test_stop_times_are_nearest_rank_quantiles_of_the_last_hour():
    counters = Counters(ZONE, NOON - 60 * MINUTE)
    counters.add(ended(NOON - 61 * MINUTE, stop_ms=90_000))
    for number in range(1, 21):
        counters.add(ended(NOON - number * MINUTE, stop_ms=number * 1000))
    figures = counters.figures(NOON)
    assert (figures["stop_median_s"], figures["stop_p95_s"]) == (10.0, 19.0)
    assert figures["passages_per_h"] == 20


def test_a_rate_over_less_than_an_hour_is_over_the_time_since_the_start():
    counters = Counters(ZONE, NOON)
    for number in range(10):
        counters.add(ended(NOON + number * MINUTE))
    assert counters.figures(NOON + 10 * MINUTE)["passages_per_h"] == 60


def test_the_share_released_leaves_out_what_was_abandoned():
    counters = Counters(ZONE, NOON)
    for state in ("cleared", "cleared", "diverted", "refused", "abandoned"):
        counters.add(ended(NOON, state=state))
    assert counters.figures(NOON)["released_pm"] == 500


def test_without_passages_there_are_no_figures():
    figures = Counters(ZONE, NOON).figures(NOON)
    assert set(figures.values()) == {None}


def test_the_timeline_has_every_minute_and_no_more_than_it_shows():
    counters = Counters(ZONE, NOON)
    for minute in range(3 * HISTORY_MINUTES):
        counters.add(ended(NOON + minute * MINUTE))
    now = NOON + (3 * HISTORY_MINUTES - 1) * MINUTE
    history = counters.history(now)
    assert len(history) == HISTORY_MINUTES
    assert [later["t"] - earlier["t"] for earlier, later in itertools.pairwise(history)] == [MINUTE] * 119
    assert {minute["in"] for minute in history} == {1}
    assert len(counters._minutes) <= 2 * HISTORY_MINUTES


async def test_after_a_restart_the_board_counts_what_the_records_say(port: WebPort):
    passage = await port.arrive(seal={"number": "CN7654321"})
    inspector = await port.person("inspector")
    body = {"action": "refuse", "reason": "not their seal"}
    assert (await inspector.post(f"/api/v1/reviews/{passage}/decision", json=body)).status_code == 200
    assert port.board.overview()["released_pm"] == 0
    again = LiveBoard(board_setting_of(PORT), port.policy.rulebook, port.ledger, port.records, port.clock)
    await again.start()
    again.attend(tuple(port.driver.lanes.values()))
    before, after = dict(port.board.overview()), dict(again.overview())
    figures = ("in_today", "out_today", "released_pm", "stop_median_s", "history")
    assert {name: after[name] for name in figures} == {name: before[name] for name in figures}
    assert after["ledger"]["size"] == await port.ledger.size()


async def test_a_lane_shows_for_a_moment_what_left_it_and_is_free_then(port: WebPort):
    passage = await port.arrive(seal={"number": "CN7654321"})
    inspector = await port.person("inspector")
    body = {"action": "refuse", "reason": "not their seal"}
    await inspector.post(f"/api/v1/reviews/{passage}/decision", json=body)
    assert port.board.lane("I3")["passage"]["state"] == "refused"
    port.clock.advance(4)
    port.board._mark("I3")
    assert port.board.lane("I3")["passage"] is None
    assert (await port.board.passage(passage))["state"] == "refused"


async def test_a_picture_is_drawn_once_until_something_changes(port: WebPort):
    assert port.board.lane("I1") is port.board.lane("I1")
    before = port.board.lane("I1")
    port.board.lane_changed(port.driver.lanes["I1"])
    assert port.board.lane("I1") is not before
    with pytest.raises(NotFound):
        port.board.lane("I99")


async def test_alarms_queue_and_sources_are_shown(port: WebPort):
    port.board.alarm("I3", "", 1, Reason("order.tailgating", {"vehicles": 2}))
    port.board.queue(Direction.IN, 37)
    online = port.board.overview()["sources"]["online"]
    port.board.source("I3", "plc", True)
    overview = port.board.overview()
    assert overview["alarms"][0]["reason"] == {"code": "order.tailgating", "params": {"vehicles": 2}}
    assert overview["queue"] == {"in": 37, "out": 0}
    assert overview["sources"]["online"] == online + 1


async def test_hostile_topics_cannot_fill_the_memory(port: WebPort):
    for number in range(3 * MAX_TOPICS):
        port.board.unparsed(f"kouan/x/{number}", "topic.form")
        port.board.alarm("I1", "", 4, Reason("x"))
    overview = port.board.overview()
    assert len(overview["unparsed"]) == MAX_TOPICS + 1
    assert sum(each["count"] for each in overview["unparsed"]) == 3 * MAX_TOPICS
    assert len(overview["alarms"]) <= 100


# -- passwords


async def test_a_hash_fits_its_password_and_no_other_and_says_nothing():
    hasher = Argon2Hasher(Argon2(time_cost=1, memory_cost=8, parallelism=1))
    encoded = await hasher.hash("correct horse")
    assert encoded.startswith("$argon2id$")
    assert "correct horse" not in encoded
    assert await hasher.verify(encoded, "correct horse")
    assert not await hasher.verify(encoded, "wrong horse")
    assert not await hasher.verify("nonsense", "correct horse")
    assert not await hasher.verify(encoded, "x" * 2000)


async def test_too_many_passwords_at_once_are_put_off():
    hasher = Argon2Hasher(Argon2(time_cost=1, memory_cost=8, parallelism=1))
    hasher._asked = WAITING + 2
    with pytest.raises(Unavailable):
        await hasher.hash("correct horse")
