"""Traffic: nobody meets anybody, nobody waits for ever, and who is lost keeps its road."""

import itertools
from random import Random

import pytest
from tests.unit.fleet.bodies import touching

from kouan.fleet.road.places import PlaceGraph, lay_out
from kouan.fleet.road.road_map import Vehicle
from kouan.fleet.traffic.courses import Goal
from kouan.fleet.traffic.joint import joint_moves
from kouan.fleet.traffic.timetable import timetable
from kouan.fleet.traffic.traffic import Traffic
from kouan.proving.bench_fleet.drive import Road
from kouan.proving.bench_fleet.layouts import corridor, grid, roundabout, sections, tandem
from kouan.proving.bench_fleet.locking import Scene, play, scenes

SQUARE = lay_out(grid(4))


def goal(graph: PlaceGraph, name: str, stay_s: float = 0.0) -> Goal:
    return Goal(graph.place(name).index, stay_s)


def traffic_of(graph: PlaceGraph, stands: dict[str, str], jobs: dict[str, tuple[str, ...]]) -> Traffic:
    traffic = Traffic(graph, Random(1))
    for vehicle, name in stands.items():
        traffic.enter(vehicle, graph.place(name).index)
        traffic.send(vehicle, [goal(graph, job, 3.0) for job in jobs.get(vehicle, ())])
    return traffic


@pytest.mark.parametrize("scene", scenes(1), ids=lambda scene: scene.name)
def test_every_job_of_a_layout_that_locks_is_done(scene: Scene) -> None:
    done = play(scene)
    assert done.done == done.total > 0


@pytest.mark.parametrize("scene", scenes(2)[:9], ids=lambda scene: scene.name)
def test_no_two_vehicles_ever_touch_and_the_order_never_locks(scene: Scene) -> None:
    traffic = traffic_of(scene.graph, dict(scene.stands), dict(scene.jobs))
    road = Road(traffic, lambda _, __: None)
    while len(road.served) < scene.total:
        road.run(road.now_s + 1.0)
        assert touching(road, [road.body(vehicle) for vehicle in scene.stands]) == []
        assert timetable(traffic.courses).stuck == ()
        assert traffic.refused == []


def test_vehicles_in_a_row_move_up_behind_each_other_and_never_touch() -> None:
    graph = lay_out(tandem(15, Vehicle()))
    names = ("A>S1.8", "A>S1.7", "A>S1.6", "A>S1.5")
    traffic = traffic_of(graph, dict(zip("abcd", names, strict=True)), dict.fromkeys("abcd", ("S1", "S2", "B>C.5")))
    road = Road(traffic, lambda _, __: None)
    followed = False
    while len(road.served) < 8:
        road.run(road.now_s + 0.5)
        bodies = [road.body(vehicle) for vehicle in "abcd"]
        assert touching(road, bodies) == []
        followed |= any(grant.follows for body in bodies for grant in body.grants)
    assert followed


@pytest.mark.parametrize("seed", range(12))
def test_whatever_takes_however_long_the_order_keeps_all_apart_and_lets_all_come_to_an_end(seed: int) -> None:
    """Links and stays take times that nobody planned; a place or zone is never held by two at once."""
    chance = Random(seed)
    names = [place.name for place in SQUARE.places]
    vehicles = [f"v{n}" for n in range(chance.randint(2, 7))]
    traffic = Traffic(SQUARE, Random(seed))
    for vehicle, name in zip(vehicles, chance.sample(names, len(vehicles)), strict=True):
        traffic.enter(vehicle, SQUARE.place(name).index)
        here = name
        for _ in range(4):
            here = chance.choice([each for each in names if each != here])
            traffic.send(vehicle, [goal(SQUARE, here)])
    for turn in range(20_000):
        traffic.plan(float(turn))
        traffic.grants()
        _held_once(traffic)
        acts = [act for vehicle in vehicles for act in _acts(traffic, vehicle)]
        if not acts:
            break
        vehicle, act, number = chance.choice(acts)
        if act == "served":
            traffic.served(vehicle)
        elif act == "arrive":
            traffic.clear(vehicle, number - 1)
            traffic.arrive(vehicle, number)
    assert [len(traffic.mission(vehicle)) for vehicle in vehicles] == [0] * len(vehicles)


def _acts(traffic: Traffic, vehicle: str) -> list[tuple[str, str, int]]:
    course = traffic.courses.by_vehicle[vehicle]
    if traffic.serving(vehicle) is not None:
        return [(vehicle, "served", 0)]
    ahead = (number for number in range(course.first, course.granted_end) if not course.visit(number).arrived)
    number = next(ahead, None)
    if number is None:
        return []
    visit = course.visit(number)
    waits = traffic.courses.uses(visit.place)[0] != (vehicle, number)  # it follows one that has not left yet
    return [] if waits else [(vehicle, "arrive", number)]


def _held_once(traffic: Traffic) -> None:
    held: dict[int, str] = {}
    for vehicle, course in traffic.courses.by_vehicle.items():
        for number in range(course.first, course.granted_end):
            visit = course.visit(number)
            if traffic.courses.uses(visit.place)[0] == (vehicle, number):
                assert held.setdefault(visit.place, vehicle) == vehicle


def test_a_lost_vehicle_keeps_its_road_and_stops_only_who_is_behind_it() -> None:
    traffic = traffic_of(SQUARE, {"lost": "0.0", "other": "3.3"}, {"lost": ("0.3",), "other": ("3.0", "2.3")})
    road = Road(traffic, lambda _, __: None)
    road.run(4.0)
    traffic.lose("lost")
    kept = {visit.place for visit in traffic.courses.by_vehicle["lost"].visits if visit.granted}
    stopped = road.body("lost")
    stopped.grants.clear()
    traffic.send("other", [goal(SQUARE, "1.2")])
    for _ in range(400):
        road.run(road.now_s + 1.0)
        others = {visit.place for visit in traffic.courses.by_vehicle["other"].visits if visit.granted}
        assert not kept & others
    assert [place for _, vehicle, place in road.served if vehicle == "other"] == [
        SQUARE.place(name).index for name in ("3.0", "2.3", "1.2")
    ]
    assert {visit.place for visit in traffic.courses.by_vehicle["lost"].visits if visit.granted} == kept


def test_who_is_behind_a_lost_vehicle_on_a_single_track_waits_and_goes_on_when_it_is_found() -> None:
    graph = lay_out(corridor())
    traffic = traffic_of(graph, {"lost": "c2", "behind": "c0"}, {"behind": ("c5",)})
    traffic.lose("lost")
    road = Road(traffic, lambda _, __: None)
    road.run(120.0)
    assert road.served == []
    traffic.find("lost")
    road.run(400.0)
    assert [vehicle for _, vehicle, _ in road.served] == ["behind"]


def test_a_goal_that_nobody_can_leave_free_is_said_to_have_no_way() -> None:
    graph = lay_out(corridor())
    traffic = traffic_of(graph, {"lost": "c5", "other": "c0"}, {"other": ("c5",)})
    traffic.lose("lost")
    assert traffic.plan(0.0) is False
    assert traffic.grants() == []


def test_a_vehicle_that_leaves_the_road_is_in_nobodys_way() -> None:
    graph = lay_out(corridor())
    traffic = traffic_of(graph, {"gone": "c5", "other": "c0"}, {"other": ("c5",)})
    traffic.leave("gone")
    assert traffic.plan(0.0) is True
    with pytest.raises(ValueError, match="cannot stand in c0"):
        traffic.enter("third", graph.place("c0").index)


def test_a_stay_at_a_goal_ends_when_it_is_told_and_not_before() -> None:
    graph = lay_out(roundabout())
    traffic = traffic_of(graph, {"a": "a0"}, {"a": ("a0", "a4")})
    traffic.plan(0.0)
    assert traffic.serving("a") == goal(graph, "a0", 3.0)
    assert traffic.grants() == []
    traffic.served("a")
    with pytest.raises(ValueError, match="stands at no goal"):
        traffic.served("a")
    traffic.plan(3.0)
    assert traffic.grants()
    with pytest.raises(ValueError, match="where it is"):
        traffic.send("a", [goal(graph, "a4")])


@pytest.mark.parametrize(("count", "seed"), [*itertools.product((3, 8, 12), range(4))])
def test_a_common_plan_brings_all_to_their_goals_step_by_step_into_free_places_only(count: int, seed: int) -> None:
    chance = Random(seed)
    places = [place.index for place in SQUARE.places]
    stands = {f"v{n}": place for n, place in enumerate(chance.sample(places, count))}
    goals = dict(zip(stands, chance.sample(places, count), strict=True))
    moves = joint_moves(SQUARE, stands, goals, frozenset(), Random(seed), moves=3_000)
    assert moves is not None
    at = dict(stands)
    for _, group in itertools.groupby(moves, key=lambda move: move.step):
        before = set(at.values())
        for move in group:
            link = SQUARE.links[move.link]
            assert at[move.vehicle] == link.start
            assert link.end not in before
            at[move.vehicle] = link.end
        assert len(set(at.values())) == count
    assert at == goals


def test_two_trains_of_thought_of_the_same_seed_are_one() -> None:
    scene = scenes(1)[-1]
    assert play(scene) == play(scene)


def test_a_passing_place_is_used_by_those_who_come_from_both_ends() -> None:
    graph = lay_out(sections())
    traffic = traffic_of(graph, {"a": "w1", "c": "e1"}, {"a": ("e2",), "c": ("w2",)})
    road = Road(traffic, lambda _, __: None)
    while len(road.served) < 2:
        road.run(road.now_s + 1.0)
        assert touching(road, [road.body("a"), road.body("c")]) == []
