"""A plate in two places is found whichever was heard of first, and no genuine lorry is ever accused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kouan.network.reading import PassageChange
from kouan.network.travel import Distances, Presence, great_circle_m, impossible, presence_of, travel_us
from kouan.wiring.region_file import load_region
from kouan.wiring.region_gate import distances_of

SECOND = 1_000_000
HOUR = 3600 * SECOND
NOON = 1_788_242_400_000_000
DISTANCES = distances_of(load_region())
PORTS = [port.name for port in load_region().ports]
LEAST = DISTANCES.least_us("ganqimaodu", "ceke")


def at(port: str, since: int, until: int | None = None, plate: str = "A") -> Presence:
    return Presence(plate, port, "I1", "in", f"{port}-{since}", since, since + 60 * SECOND if until is None else until)


@pytest.mark.parametrize(
    ("one", "other", "metres"),
    [
        ((0.0, 0.0), (0.0, 90.0), 10_007_557),  # a quarter of the equator of a sphere of the mean radius
        ((90.0, 0.0), (-90.0, 0.0), 20_015_114),
        ((42.0, 107.0), (42.0, 107.0), 0),
    ],
)
def test_distances_are_those_of_a_sphere(one, other, metres):
    assert abs(great_circle_m(one, other) - metres) <= 2
    assert great_circle_m(other, one) == great_circle_m(one, other)


def test_a_hundred_and_twenty_kilometres_take_an_hour():
    assert travel_us(120_000) == HOUR


def test_a_lorry_that_had_the_time_is_not_accused():
    first = at("ganqimaodu", NOON)
    assert impossible(first, at("ceke", first.until + LEAST), DISTANCES) is None
    found = impossible(first, at("ceke", first.until + LEAST - 1), DISTANCES)
    assert found is not None
    assert (found.gap_us, found.least_us) == (LEAST - 1, LEAST)


def test_a_plate_that_is_open_at_two_ports_at_once_is_impossible_however_near_they_are():
    nowhere = Distances({})
    held_for_hours = at("ganqimaodu", NOON, NOON + 9 * HOUR)
    found = impossible(held_for_hours, at("ceke", NOON + 8 * HOUR), nowhere)
    assert found is not None
    assert found.gap_us < 0
    assert impossible(at("ganqimaodu", NOON), at("ceke", NOON + HOUR), nowhere) is None


def test_other_plates_and_the_same_port_are_no_contradiction():
    assert impossible(at("ceke", NOON), at("ganqimaodu", NOON, plate="B"), DISTANCES) is None
    assert impossible(at("ceke", NOON), at("ceke", NOON + 1), DISTANCES) is None


presences = st.builds(
    lambda port, since, stays: at(port, NOON + since, NOON + since + stays),
    st.sampled_from(PORTS),
    st.integers(0, 40 * HOUR),
    st.integers(0, 5 * HOUR),
)


@given(presences, presences)
def test_the_order_in_which_two_are_heard_of_makes_no_difference(one, other):
    found, again = impossible(one, other, DISTANCES), impossible(other, one, DISTANCES)
    assert (found is None) == (again is None)
    if found is not None and again is not None:
        assert found.number == again.number


@given(presences, presences)
def test_nothing_older_than_the_longest_way_contradicts(one, other):
    if abs(one.since - other.until) > DISTANCES.longest_us() and one.since > other.until:
        assert impossible(one, other, DISTANCES) is None


def test_a_passage_without_a_plate_is_nowhere_and_an_open_one_lasts_until_now():
    opened = PassageChange("p", "I1", "in", NOON)
    assert presence_of("ceke", opened, NOON + 5) is None
    assert presence_of("ceke", replace(opened, plate="A", opened_at=None), NOON) is None
    seen = presence_of("ceke", replace(opened, plate="A"), NOON + 5)
    assert seen is not None
    assert (seen.since, seen.until) == (NOON, NOON + 5)
    closed = presence_of("ceke", replace(opened, plate="A", closed_at=NOON + 3), NOON + 5)
    assert closed is not None
    assert closed.until == NOON + 3
