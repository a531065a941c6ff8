"""The flow model's rules, on models so small that every instant can be reckoned by hand."""

import itertools
import math

import msgspec
import numpy as np
import pytest

from kouan.planning.model.laws import constant, exponential, lognormal, sampled, uniform
from kouan.planning.model.network import ENDLESS, Change, Combined, Kind, Network, Room, Station, Work
from kouan.planning.model.pack import merged
from kouan.planning.model.run import Outcome, simulate
from kouan.vocabulary.errors import InvalidValue


def work(seconds: float) -> dict[str, Work]:
    return {"": Work(constant(seconds))}


def chain(*stations: Station, rooms: tuple[Room, ...] = (), calendar: tuple[Change, ...] = ()) -> Network:
    """One kind of vehicle that goes from each station to the next."""
    names = [station.name for station in stations]
    goes = {here: {there: 1.0} for here, there in itertools.pairwise(names)}
    return Network(stations=stations, kinds=(Kind("lorry", names[0], goes),), rooms=rooms, calendar=calendar)


def left(network: Network, *arrivals: float, **given: float) -> list[float]:
    return simulate(network, merged([np.array(arrivals)]), 1, **given).left_s.tolist()  # type: ignore[arg-type]


def test_lorries_are_served_in_the_order_in_which_they_come() -> None:
    assert left(chain(Station(name="lane", servers=1, work=work(30))), 0, 10, 20) == [30, 60, 90]


def test_two_lanes_serve_two_at_a_time_from_one_line() -> None:
    assert left(chain(Station(name="lane", servers=2, work=work(30))), 0, 10, 20) == [30, 40, 60]


def test_serial_checks_add_up_and_parallel_ones_take_as_long_as_the_longest() -> None:
    checks = (constant(20.0), constant(40.0), constant(30.0))
    for combined, seconds in ((Combined.SERIAL, 100.0), (Combined.PARALLEL, 50.0)):
        stop = Station(name="stop", servers=1, work={"": Work(constant(10.0), checks, combined)})
        assert left(chain(stop), 5) == [5 + seconds]


def test_nobody_is_served_before_opening_and_the_line_then_drains() -> None:
    lane = Station(name="lane", servers=0, work=work(30))
    assert left(chain(lane, calendar=(Change(100, "lane", 1),)), 0, 50, 200) == [130, 160, 230]


def test_who_is_being_served_at_closing_is_served_to_the_end() -> None:
    lane = Station(name="lane", servers=1, work=work(30))
    closed = (Change(20, "lane", -1), Change(500, "lane", 1))
    assert left(chain(lane, calendar=closed), 0, 10) == [30, 530]


def test_a_tidal_lane_that_turns_serves_the_other_way() -> None:
    ways = tuple(Station(name=name, servers=1, work=work(60)) for name in ("in", "out"))
    network = Network(
        stations=ways,
        kinds=(Kind("import", "in", {}), Kind("export", "out", {})),
        calendar=(Change(60, "in", 1), Change(60, "out", -1)),
    )
    outcome = simulate(network, merged([np.array([0.0, 0.0, 0.0]), np.array([0.0, 1.0])]), 1)
    assert outcome.left_s[outcome.coming.kind == 0].tolist() == [60, 120, 120]
    assert np.isnan(outcome.left_s[outcome.coming.kind == 1]).tolist() == [False, True]


def test_weather_slows_a_station_down_while_it_lasts() -> None:
    lane = Station(name="lane", servers=1, work=work(30))
    storm = (Change(50, "lane", pace=2.0), Change(150, "lane", pace=1.0))
    assert left(chain(lane, calendar=storm), 0, 60, 200) == [30, 120, 230]


def test_a_full_yard_holds_its_gate_and_lets_it_go_when_there_is_space() -> None:
    gate = Station(name="gate", servers=1, work=work(10))
    unload = Station(name="unload", servers=1, work=work(100), room="yard")
    # The second lorry stands in the gate from 20 to 110, so that the third begins there at 110 only.
    found = simulate(chain(gate, unload, rooms=(Room("yard", 1),)), merged([np.array([0.0, 5.0, 6.0])]), 1, traced=True)
    assert found.left_s.tolist() == [110, 210, 310]
    assert found.entered_s[2, 0] + found.waits_s[2, 0] == 110
    assert found.stood.tolist() == [90 + 90, 0]


def test_a_room_of_several_stations_is_left_at_the_last_of_them() -> None:
    stations = (
        Station(name="gross", servers=1, work=work(10), room="yard"),
        Station(name="unload", servers=5, work=work(100), room="yard"),
        Station(name="tare", servers=1, work=work(10), room="yard"),
    )
    assert left(chain(*stations, rooms=(Room("yard", 1),)), 0, 0) == [120, 240]


def test_who_finds_every_bay_taken_turns_away_where_nobody_may_wait() -> None:
    bay = Station(name="bay", servers=1, work=work(100), room="bays")
    outcome = simulate(chain(bay, rooms=(Room("bays", 1, lost=True),)), merged([np.array([0.0, 50.0, 150.0])]), 1)
    assert outcome.lost == 1
    assert np.isnan(outcome.left_s).tolist() == [False, True, False]


def test_driving_is_never_waited_for() -> None:
    road = Station(name="road", servers=ENDLESS, work=work(600))
    assert left(chain(road), 0, 0, 0) == [600, 600, 600]


def test_the_line_over_time_adds_up_to_what_was_waited() -> None:
    lane = Station(name="lane", servers=1, work={"": Work(exponential(30.0))})
    arrivals = np.cumsum(np.full(500, 31.0))
    outcome = simulate(chain(lane), merged([arrivals]), 7, bins=40, bin_s=500.0)
    assert outcome.queue.sum() * 500 == pytest.approx(outcome.waited.sum(), rel=1e-9)
    assert outcome.waited[0] > 0


def test_a_run_that_is_cut_off_leaves_lorries_inside() -> None:
    found = left(chain(Station(name="lane", servers=1, work=work(30))), 0, 10, 20, until_s=70)
    assert found[:2] == [30, 60]
    assert math.isnan(found[2])


def test_the_same_seed_gives_the_same_run_and_another_one_does_not() -> None:
    lane = chain(Station(name="lane", servers=1, work={"": Work(exponential(30.0))}))
    arrivals = merged([np.arange(100) * 40.0])

    def stays(seed: int) -> list[float]:
        return simulate(lane, arrivals, seed).left_s.tolist()

    assert stays(3) == stays(3)
    assert stays(3) != stays(4)


def test_a_lorry_meets_the_same_times_whatever_else_differs() -> None:
    """Common random numbers: one more station before it, twice the lanes, and others on the road change nothing."""

    def unload_s(network: Network, *streams: np.ndarray) -> np.ndarray:
        found: Outcome = simulate(network, merged(streams), 5, traced=True)
        mine = found.coming.kind == 0
        return (found.left_s - found.entered_s[:, -1] - found.waits_s[:, -1])[mine]

    unload = Station(name="unload", servers=3, work={"": Work(lognormal(900.0, 0.5))})
    lane = Station(name="lane", servers=1, work={"": Work(exponential(30.0))})
    mine, others = np.arange(50) * 100.0, np.arange(80) * 61.0
    alone = unload_s(chain(unload), mine)
    with_others = Network(
        stations=(msgspec.structs.replace(lane, servers=2), unload),
        kinds=(Kind("lorry", "lane", {"lane": {"unload": 1.0}}), Kind("other", "lane", {})),
    )
    np.testing.assert_allclose(unload_s(with_others, mine, others), alone, rtol=1e-9)
    assert alone.std() > 100


@pytest.mark.parametrize(
    "law", [constant(40.0), exponential(40.0), uniform(10.0, 70.0), lognormal(40.0, 0.8), sampled([5.0, 20.0, 95.0])]
)
def test_a_law_gives_spans_of_its_exact_mean_and_variance(law: object) -> None:
    outcome = simulate(
        chain(Station(name="road", servers=ENDLESS, work={"": Work(law)})),  # type: ignore[arg-type]
        merged([np.zeros(200_000)]),
        11,
    )
    assert outcome.left_s.mean() == pytest.approx(law.mean, rel=0.01)  # type: ignore[attr-defined]
    assert outcome.left_s.var() == pytest.approx(law.variance, rel=0.03)  # type: ignore[attr-defined]


def test_a_route_to_nowhere_and_shares_above_one_are_refused_by_name() -> None:
    lane = Station(name="lane", servers=1, work=work(30))
    for goes in ({"lane": {"yard": 1.0}}, {"lane": {"lane": 1.2}}):
        with pytest.raises(InvalidValue, match=r"kinds\.lorry"):
            simulate(Network(stations=(lane,), kinds=(Kind("lorry", "lane", goes),)), merged([np.zeros(1)]), 1)
