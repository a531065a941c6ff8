import pytest

from kouan.simulator.anomalies import Anomaly, acceptable
from kouan.simulator.score import double_actuations, score


def stopped(track, *anomalies, lane="I1", lifted_s=12, exit_="release", at=1_000_000_000):
    crossing = f"X{lane}{track}"
    yield {
        "event": "stopped",
        "crossing": crossing,
        "vehicle": f"V{track}",
        "lane": lane,
        "track": track,
        "direction": "in",
        "plate": "1234УБА",
        "trailer": None,
        "load": "loaded",
        "cargo": "coking_coal_bulk",
        "gross_kg": 117_000,
        "anomalies": [str(kind) for kind in anomalies],
        "expected": list(acceptable(anomalies)),
        "arrived_at": at - 5_000_000,
        "at_stop_at": at,
    }
    if exit_:
        yield {
            "event": "left",
            "crossing": crossing,
            "lane": lane,
            "track": track,
            "exit": exit_,
            "order_id": "o",
            "lifted_at": at + lifted_s * 1_000_000,
            "left_at": at + 20_000_000,
            "vehicles": 1,
        }


def decided(track, outcome="RELEASE", *reasons, lane="I1"):
    return {"lane": lane, "track": track, "outcome": outcome, "state": "cleared", "reasons": list(reasons)}


def test_a_planted_anomaly_that_was_stopped_is_caught_and_one_that_was_released_is_missed():
    truth = [*stopped(1, Anomaly.SEAL_DIFFERS), *stopped(2, Anomaly.SEAL_DIFFERS)]
    found = score(truth, [], [decided(1, "HOLD", "seal.differs"), decided(2)])
    assert (found.planted, found.caught, found.missed, found.right_reason) == (2, 1, 1, 1)
    assert found.missed_crossings == ("XI12",)
    assert found.kinds["seal_differs"].planted == 2


def test_an_anomaly_stopped_for_another_reason_is_caught_but_not_for_the_right_one():
    found = score(stopped(1, Anomaly.STOWAWAY), [], [decided(1, "DIVERT_SCAN", "weight.differs")])
    assert (found.caught, found.right_reason) == (1, 0)


def test_a_vehicle_with_nothing_wrong_that_is_not_released_is_a_false_alarm():
    found = score([*stopped(1), *stopped(2)], [], [decided(1, "DIVERT_MANUAL", "plates.unsure"), decided(2)])
    assert (found.false_alarms, found.false_crossings) == (1, ("XI11",))


def test_a_release_after_a_person_lifted_a_finding_was_no_simple_release():
    found = score(stopped(1, Anomaly.FEVER), [], [decided(1, "RELEASE", {"code": "health.fever", "params": {}})])
    assert (found.caught, found.right_reason) == (1, 1)


def test_trouble_of_the_ports_own_is_neither_planted_nor_a_false_alarm():
    truth = [*stopped(1, Anomaly.PLATE_MISREAD), *stopped(2, Anomaly.DEVICE_FAULT), *stopped(3, Anomaly.LATE_MANIFEST)]
    found = score(truth, [], [decided(1, "HOLD", "plates.near"), decided(2), decided(3, "HOLD", "papers.late")])
    assert (found.planted, found.false_alarms, found.own_trouble) == (0, 0, 2)


def test_a_tailgater_is_caught_only_if_somebody_said_so():
    truth = [*stopped(1, Anomaly.TAILGATER), *stopped(2, Anomaly.TAILGATER)]
    found = score(truth, [], [decided(1, "HOLD", "plates.near"), decided(2, "RELEASE", "tailgating")])
    assert (found.planted, found.caught) == (2, 1)


def test_vehicles_without_a_decision_are_counted_apart():
    found = score([*stopped(1, Anomaly.FEVER, exit_=None)], [], [decided(1, None)])
    assert (found.planted, found.undecided) == (0, 1)


def test_a_disturbed_vehicle_is_the_ports_own_trouble():
    disturbed = {"event": "disturbed", "crossing": "XI11", "lane": "I1", "track": 1, "cause": "device"}
    found = score([*stopped(1), disturbed], [], [decided(1, "DIVERT_MANUAL", "radiation.fault")])
    assert (found.false_alarms, found.own_trouble) == (0, 1)


def test_a_release_whose_order_a_latched_lane_refused_is_the_ports_own_trouble():
    found = score(stopped(1, exit_=None), [], [decided(1, "RELEASE", "order.refused")])
    assert (found.false_alarms, found.own_trouble) == (0, 1)


def test_every_command_after_the_first_of_an_order_is_a_double_actuation():
    assert double_actuations([{"order_id": one} for one in "abacaa"]) == 3


def test_the_median_stop_counts_released_vehicles_with_nothing_wrong():
    truth = [*stopped(1, lifted_s=10), *stopped(2, lifted_s=14), *stopped(3, Anomaly.FEVER, lifted_s=90)]
    found = score(truth, [], [decided(1), decided(2), decided(3)])
    assert found.median_stop_s == pytest.approx(12)
    assert found.cleared == 3


def test_an_empty_run_has_no_median():
    assert score([], [], []).median_stop_s is None
