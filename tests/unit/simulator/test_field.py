import collections
import statistics

import msgspec
import pytest
from tests.unit.simulator.field_kit import START, OpenPort, run_for

from kouan.protocols import topics
from kouan.protocols.barrier.messages import Barrier
from kouan.protocols.link import Received
from kouan.protocols.plc.messages import CrossingSeen, Loop, LoopChanged, VehicleMeasured
from kouan.simulator import connections
from kouan.simulator.anomalies import Anomaly
from kouan.simulator.scenario import load_scenario
from kouan.simulator.truth import vehicles
from kouan.vocabulary.clock import SECOND


@pytest.fixture(scope="module")
def calm():
    return run_for(600)


@pytest.fixture(scope="module")
def rough():
    return run_for(1800, scenario="rough")


def test_the_first_lorry_stands_at_the_line_within_two_seconds(calm):
    assert vehicles(calm.truth)[0].at_stop_at - START <= 2 * SECOND


def test_the_same_seed_gives_the_same_truth_and_the_same_bytes():
    first, second = run_for(600, scenario="rough", seed=7), run_for(600, scenario="rough", seed=7)
    assert first.truth == second.truth
    assert first.sent == second.sent
    assert first.actuations == second.actuations


def test_another_seed_gives_another_day():
    assert run_for(120, seed=1).truth != run_for(120, seed=2).truth


def test_the_slowest_sensor_sets_a_stop_far_under_thirty_seconds(calm):
    spans = [(one.lifted_at - one.at_stop_at) / SECOND for one in vehicles(calm.truth) if one.lifted_at]
    assert 7 < statistics.median(spans) < 16
    assert max(spans) < 20


def test_every_message_of_a_calm_day_is_one_of_the_catalogue(calm):
    assert calm.unparsed == 0
    for topic, payload, _ in calm.sent:
        topics.decode(topic, payload)


def test_hostile_bytes_are_sent_on_a_rough_day_and_the_field_goes_on(rough):
    assert rough.unparsed > 10
    assert rough.summary.gone > 200


def test_statuses_are_retained_and_nothing_else_is(calm):
    retained = {topic.split("/")[4] for topic, _, kept in calm.sent if kept}
    others = {topic.split("/")[4] for topic, _, kept in calm.sent if not kept}
    assert retained == {"status"}
    assert "status" not in others


def test_tracks_count_the_stops_of_a_lane_without_a_gap(calm):
    for lane in ("I1", "I2", "O1"):
        tracks = [one.track for one in vehicles(calm.truth) if one.lane == lane]
        assert tracks == list(range(1, len(tracks) + 1))


def test_a_lane_is_occupied_by_one_vehicle_at_a_time(calm):
    occupied = collections.defaultdict(bool)
    for message in calm.messages("plc"):
        if isinstance(message, LoopChanged) and message.loop is Loop.STOP and message.at > START:
            assert occupied[message.device] != message.occupied
            occupied[message.device] = message.occupied


def test_a_crossing_names_the_order_under_which_the_barrier_opened(calm):
    crossings = [message for message in calm.messages("plc") if isinstance(message, CrossingSeen)]
    assert crossings
    for crossing in crossings:
        assert crossing.vehicles == 1
        assert crossing.order_id == f"{crossing.device.partition('.')[0]}-{crossing.track}"


def test_a_tailgater_is_seen_as_two_vehicles_in_one_opening_and_sometimes_before():
    scenario = msgspec.structs.replace(load_scenario("calm"), rates={Anomaly.TAILGATER: 1.0})
    seen = run_for(600, scenario=scenario)
    crossings = [message for message in seen.messages("plc") if isinstance(message, CrossingSeen)]
    assert {crossing.vehicles for crossing in crossings} == {2}
    assert {m.alone for m in seen.messages("plc") if isinstance(m, VehicleMeasured)} == {True, False}


def test_every_kind_of_anomaly_is_planted_where_the_rates_say_so():
    scenario = load_scenario("rough")
    rates = dict.fromkeys(Anomaly, 0.08)
    episodes = msgspec.structs.replace(scenario.episodes, device_mtbf_s=300.0)
    scenario = msgspec.structs.replace(scenario, rates=rates, episodes=episodes)
    run = run_for(1800, scenario=scenario, desk=_NobodyAtTheDesk())
    assert {kind for one in vehicles(run.truth) for kind in one.anomalies} == set(Anomaly)


def test_a_driver_for_whom_nothing_opens_backs_out_at_last():
    scenario = load_scenario("calm")
    scenario = msgspec.structs.replace(scenario, people=msgspec.structs.replace(scenario.people, patience_s=60.0))
    run = run_for(300, scenario=scenario, port=OpenPort(after_s=10_000))
    assert {one.exit for one in vehicles(run.truth)} == {"withdrew", None}
    assert not run.actuations


def test_a_diverted_vehicle_leaves_by_the_barrier_that_was_opened():
    run = run_for(120, port=OpenPort(barrier=Barrier.DIVERT))
    assert {one.exit for one in vehicles(run.truth)} == {"divert", None}


def test_papers_are_in_before_the_vehicle_stops(calm):
    announced = {document["plate"] for kind, document in calm.papers if kind == "confirmation"}
    assert {one.plate for one in vehicles(calm.truth)} <= announced
    assert calm.papers[0][0] == "confirmation"


def test_a_laden_lorry_comes_back_empty_later():
    run = run_for(1_200, turnround_s=300.0, queue_out=0)
    by_plate = collections.defaultdict(list)
    for one in vehicles(run.truth):
        by_plate[one.plate].append((one.direction, one.load))
    returned = [visit for visit in by_plate.values() if len(visit) == 2]
    assert returned
    assert all(
        visit in ([("in", "loaded"), ("out", "empty")], [("out", "loaded"), ("in", "empty")]) for visit in returned
    )


def test_before_the_port_opens_nobody_comes_and_then_a_queue_stands_there():
    quarter_to_eight = START - START % (86_400 * SECOND) + (7 * 3600 + 2700 - 8 * 3600) * SECOND
    run = run_for(1200, start=quarter_to_eight, start_open=False)
    stops = [one.at_stop_at for one in vehicles(run.truth)]
    assert min(stops) >= quarter_to_eight + 900 * SECOND
    assert len(stops) > 20
    assert run.summary.waiting_in > 100


def test_a_restarted_field_counts_its_stops_on():
    log = run_for(60).truth
    highest = {lane: max(line["track"] for line in log if line.get("lane") == lane) for lane in ("I1", "I2")}
    again = run_for(60, before=log)
    tracks = {one.lane: one.track for one in reversed(vehicles(again.truth[len(log) :]))}
    assert tracks["I1"] == highest["I1"] + 1


def test_a_link_that_takes_nothing_for_a_while_loses_no_event():
    whole, torn = run_for(200), run_for(200, outage=(20.0, 50.0))
    told = [*torn.messages("plc"), *torn.messages("plc", "status")]
    numbers = sorted(message.seq for message in told if message.device == "I1.plc")
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(whole.messages("plc")) >= len(torn.messages("plc")) > 100


def test_the_last_will_of_a_lane_says_that_its_plc_is_gone():
    topic, payload = connections.last_will("ganqimaodu", "I1", START)
    assert topics.decode(topic, payload).online is False


def test_what_a_lane_subscribes_to_are_commands_of_the_catalogue():
    for topic in connections.lane_subscriptions("ganqimaodu", "I1"):
        assert topics.parse(topic)
    assert Received(topic, b"").key == ""


class _NobodyAtTheDesk:
    async def reviews(self):
        return ()

    async def decide(self, passage, decision):
        return False

    async def confirm(self, passage, reason):
        return False

    async def hold(self, order):
        return True

    async def open_lane(self, lane, reason):
        return True
