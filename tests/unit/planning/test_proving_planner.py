"""The proofs of the planner: the comparison with the platform, the published figures, the bench beside its peers."""

import msgspec
import pytest

from kouan.adapters.clock import SystemClock
from kouan.planning.model.intervals import one_by_one
from kouan.proving.planner.bench import BenchSetting, measure
from kouan.proving.planner.platform import against, taken_s
from kouan.proving.planner.published import WITHIN, figures
from kouan.simulator.truth import VehicleTruth
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.places import Direction

TAKEN_S, DRIVE_IN_S = 30, 6


def lived(direction: Direction, lanes: int = 2, lorries: int = 40) -> list[VehicleTruth]:
    """Lorries that all stand there at once, and are served 30 s each: 24 s at the line, 6 s until the next stands."""
    found = []
    for number in range(lorries):
        stop = (number // lanes) * TAKEN_S + DRIVE_IN_S
        found.append(
            VehicleTruth(
                crossing=f"{direction}{number}", vehicle=str(number), lane=f"{direction}{number % lanes}", track=number,
                direction=direction.value, plate="", trailer=None, load="loaded", cargo=None, gross_kg=0, anomalies=(),
                expected=(), arrived_at=0, at_stop_at=stop * SECOND, left_at=(stop + TAKEN_S - DRIVE_IN_S) * SECOND,
            )
        )  # fmt: skip
    return found


BOTH = [*lived(Direction.IN), *lived(Direction.OUT, lanes=3)]


def test_a_lane_is_taken_from_one_stop_to_the_next() -> None:
    law, drive_in_s, stop_s = taken_s(BOTH, Direction.IN)
    assert (law.mean, drive_in_s, stop_s) == (30, 6, 24)


def test_driving_in_is_told_by_those_who_found_their_lane_free() -> None:
    """The last one comes when nobody is there, and drives in within 4 s; moving up in line takes 6 s."""
    line = lived(Direction.IN)
    after = 10_000 * SECOND
    late = msgspec.structs.replace(
        line[-1], arrived_at=after, at_stop_at=after + 4 * SECOND, left_at=after + 28 * SECOND
    )
    law, drive_in_s, _ = taken_s([*line[:-1], late], Direction.IN)
    assert law.mean == 30
    assert drive_in_s == pytest.approx((6 + 6 + 4) / 3)


def test_the_model_waits_as_those_did_whose_lanes_it_was_told_of() -> None:
    found = against(BOTH, BOTH)
    assert found["reached"]
    assert max(abs(row["error"]) for row in found["rows"]) < 0.01


def test_a_day_that_was_otherwise_is_noticed() -> None:
    slower = [msgspec.structs.replace(each, at_stop_at=each.at_stop_at * 11 // 10) for each in BOTH]
    assert not against(BOTH, slower)["reached"]


def test_a_published_figure_that_is_not_reproduced_says_why() -> None:
    found = figures(5, 1, one_by_one)
    assert len(found) >= 8
    assert all(each.reproduced == (abs(each.error) <= WITHIN) for each in found if not each.at_most)
    assert all(each.remark for each in found if not each.reproduced)
    assert all(each.assumed for each in found)
    assert sum(each.reproduced for each in found) >= 4


def test_the_bench_runs_the_same_lanes_in_all_three_simulators() -> None:
    found = measure(BenchSetting(vehicles=40_000), one_by_one, SystemClock(), lambda _: None)
    assert {"events_a_second", "goal", "times_simpy", "times_ciw"} <= set(found)
    assert set(found["peers"]) == {"SimPy", "Ciw"}
    # Loose: some thousand vehicles only, and hundreds with Ciw.
    assert found["wait_s"] == pytest.approx(found["exact_wait_s"], rel=0.5)
    assert found["peers"]["SimPy"]["wait_s"] == pytest.approx(found["exact_wait_s"], rel=0.9)
