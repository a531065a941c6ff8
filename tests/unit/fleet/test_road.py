"""A fleet's road: what is refused, with field and rule, and what traffic is made of."""

import msgspec
import pytest

from kouan.fleet.road.places import lay_out
from kouan.fleet.road.road_map import Node, Road, RoadMap, Station, StationKind, Vehicle
from kouan.proving.bench_fleet.layouts import SMALL, corridor, grid, roundabout, sections, tandem
from kouan.vocabulary.errors import InvalidValue

PAIR = RoadMap((Node("a", 0, 0), Node("b", 100, 0)), (Road("a", "b", both=True),))


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"nodes": ()}, "nodes", "fleet.nodes"),
        ({"nodes": (Node("a", 0, 0), Node("a", 9, 9))}, "nodes[1].name", "fleet.name_twice"),
        ({"nodes": (Node("a b", 0, 0), Node("b", 9, 9))}, "nodes[0].name", "fleet.name"),
        ({"nodes": (Node("a", 0, 0), Node("b", float("nan"), 0))}, "nodes[1]", "fleet.finite"),
        ({"nodes": (Node("a", 0, 0), Node("b", 12, 0))}, "nodes", "fleet.places_near"),
        ({"roads": (Road("a", "c"),)}, "roads[0].to", "fleet.node_unknown"),
        ({"roads": (Road("a", "a"),)}, "roads[0].to", "fleet.loop"),
        ({"roads": (Road("a", "b", both=True), Road("b", "a"))}, "roads[1]", "fleet.road_twice"),
        ({"roads": (Road("a", "b"),)}, "roads", "fleet.dead_end"),
        ({"roads": (Road("a", "b", both=True, places_m=20),)}, "roads[0].places_m", "fleet.places_both"),
        ({"roads": (Road("a", "b", places_m=5), Road("b", "a"))}, "roads[0].places_m", "fleet.places_near"),
        ({"roads": (Road("a", "b", both=True, speed_mps=0),)}, "roads[0].speed_mps", "fleet.speed"),
        ({"roads": (Road("a", "b", both=True, via=((0, 0),)),)}, "roads[0].via", "fleet.via"),
        ({"stations": (Station("s", "c", StationKind.SCAN),)}, "stations[0].node", "fleet.station_place"),
        ({"stations": (Station("s", "a", StationKind.SCAN, -1),)}, "stations[0].service_s", "fleet.service"),
        ({"vehicle": Vehicle(length_m=0)}, "vehicle.length_m", "fleet.vehicle"),
        ({"vehicle": Vehicle(brakes_mps2=0.1)}, "vehicle.brakes_mps2", "fleet.brakes"),
        ({"vehicle": Vehicle(near_m=9)}, "vehicle.near_m", "fleet.near"),
    ],
)
def test_a_map_that_is_unsound_is_refused_with_field_and_rule(change: dict[str, object], field: str, rule: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        lay_out(msgspec.structs.replace(PAIR, **change))
    assert (refused.value.field, refused.value.rule) == (field, rule)


def test_places_at_which_vehicles_would_touch_are_refused() -> None:
    nodes = (*PAIR.nodes, Node("c", 0, 3), Node("d", 100, 40))
    with pytest.raises(InvalidValue, match="a and c must lie further apart"):
        lay_out(RoadMap(nodes, (*PAIR.roads, Road("c", "d", both=True), Road("d", "b", both=True))))


def test_a_one_way_road_is_divided_into_places_to_wait_in_a_row() -> None:
    graph = lay_out(tandem(15, Vehicle()))
    between = [place for place in graph.places if place.name.startswith("A>S1")]
    assert [place.x for place in between] == pytest.approx([20.0 * n for n in range(1, 10)])
    assert all(place.row for place in between)
    assert not graph.place("S1").row
    assert {round(link.length_m, 6) for link in graph.links} == {20.0}


def test_ways_that_cross_share_a_zone_and_those_apart_do_not() -> None:
    nodes = (
        Node("w", -60, 0), Node("e", 60, 0), Node("s", 0, -60), Node("n", 0, 60),
        Node("x", -60, 60), Node("y", 60, -60),
    )  # fmt: skip
    roads = (
        Road("w", "e", both=True), Road("s", "n", both=True), Road("w", "x", both=True), Road("x", "n", both=True),
        Road("s", "y", both=True), Road("y", "e", both=True),
    )  # fmt: skip
    graph = lay_out(RoadMap(nodes, roads))
    ways = {(graph.places[link.start].name, graph.places[link.end].name): set(link.zones) for link in graph.links}
    assert ways["w", "e"] & ways["s", "n"]
    assert ways["e", "w"] & ways["n", "s"]
    assert not ways["w", "x"] & ways["y", "e"]


def test_where_two_ways_part_slowly_the_place_is_clear_only_once_they_have() -> None:
    graph = lay_out(sections())
    start = graph.place("p1").index
    assert max(graph.links[number].clear_m for number in graph.out[start]) > SMALL.pitch_m


def test_nobody_stands_where_a_node_says_so_and_ways_go_through() -> None:
    graph = lay_out(sections())
    assert {place.name for place in graph.places} == {"w1", "w2", "a", "p1", "p2", "d", "e1", "e2"}
    ways = {(graph.places[link.start].name, graph.places[link.end].name) for link in graph.links}
    assert {("a", "p1"), ("a", "p2"), ("p1", "d"), ("p1", "p2")} <= ways | {("p1", "p2")}


@pytest.mark.parametrize("road", [corridor(), roundabout(), grid(3)], ids=["corridor", "roundabout", "grid"])
def test_every_link_is_long_enough_for_a_vehicle_at_each_end(road: RoadMap) -> None:
    graph = lay_out(road)
    assert all(link.length_m >= graph.vehicle.pitch_m and link.clear_m <= link.length_m for link in graph.links)
