"""What the gate is told of the region: permits, sightings at other ports, watched documents, the hub's age."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.gate.passage_kit import GOOD, NOON

from kouan.adapters.memory.bulletins import MemoryBulletins
from kouan.gate.evidence import NEVER_HEARD_US, DriverIdentified, PapersMatched
from kouan.gate.procedures import Procedure
from kouan.gate.roles import PapersQuery
from kouan.journeys.region_at_gate import RegionAtGate
from kouan.network.travel import Distances, travel_us
from kouan.network.views import PortFacts
from kouan.protocols.network.documents import document_commitment
from kouan.protocols.network.messages import (
    Holds,
    PreAuthorised,
    PreAuthorisedItem,
    SightingItem,
    Sightings,
    WatchItem,
    WatchList,
)
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.identifiers import TravelDocument
from kouan.vocabulary.places import Direction

T = TypeVar("T")
PLATE, TRAILER = "1234УБА", "5678УБА"
HOUR = 3600 * SECOND
HEAD: dict[str, Any] = {
    "region": "inner-mongolia", "port": "ganqimaodu", "issued_at": NOON - SECOND, "valid_until": NOON + 72 * HOUR,
}  # fmt: skip
DOCUMENT = TravelDocument.parse(
    ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
)
"""The specimen of ICAO Doc 9303, part 4."""


class Clock:
    def __init__(self) -> None:
        self.wall, self.steady = NOON, 0

    def now(self) -> int:
        return self.wall

    def monotonic(self) -> int:
        return self.steady


class Papers:
    """A desk that found these papers, or none."""

    def __init__(self, found: PapersMatched | None) -> None:
        self.found = found

    async def find_papers(self, query: PapersQuery) -> PapersMatched | None:
        return self.found


FOUND = GOOD[Procedure.PAPERS]
assert isinstance(FOUND, PapersMatched)


def place(port: str, latitude: float, longitude: float) -> PortFacts:
    return PortFacts(port, {}, "road", round(latitude * 1e6), round(longitude * 1e6), "")


DISTANCES = Distances(
    {"ganqimaodu": place("ganqimaodu", 42.4, 107.57), "erenhot-road": place("erenhot-road", 43.67, 111.97)}
)


class Gate:
    """The region at the gate of Ganqimaodu, with a clock in the hand."""

    def __init__(self, found: PapersMatched | None = FOUND) -> None:
        self.clock = Clock()
        self.bulletins = MemoryBulletins(self.clock)
        self.region = RegionAtGate("ganqimaodu", Papers(found), self.bulletins, DISTANCES, self.clock)

    def ask(self, plate: str | None = PLATE, trailer: str | None = TRAILER) -> PapersMatched | None:
        query = PapersQuery("p-1", "I3", Direction.IN, NOON, plate, trailer)
        return run(self.region.find_papers(query))

    def hear(self, at: int = NOON - SECOND) -> None:
        """Hear of holds and watch list; both are empty."""
        head = HEAD | {"issued_at": at}
        self.bulletins.hear(Holds(**head, version=1, items=()))
        self.bulletins.hear(WatchList(**head, version=1, items=()))

    def permit(self, *items: PreAuthorisedItem, version: int = 4) -> PapersMatched:
        self.bulletins.hear(PreAuthorised(**HEAD, version=version, items=items))
        found = self.ask()
        assert found is not None
        return found


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def permit(plate: str = PLATE, trailer: str | None = None, **more: Any) -> PreAuthorisedItem:
    given_: dict[str, Any] = {"carrier": "c-1", "not_before": NOON - HOUR, "expires_at": NOON + HOUR, "low_risk": True}
    return PreAuthorisedItem(plate=plate, trailer=trailer, **given_ | more)


# -- permits


def test_a_permit_is_told_with_its_item_and_the_version_of_its_bulletin():
    papers = Gate().permit(permit("9999УБА"), permit())
    assert (papers.pre_authorised, papers.low_risk) == (True, True)
    assert (papers.permit, papers.permit_from, papers.permit_until) == (
        "pre_authorised@4/2", NOON - HOUR, NOON + HOUR,
    )  # fmt: skip


def test_the_rest_of_the_papers_is_as_the_desk_found_it():
    papers = Gate().permit(permit())
    same = replace(
        papers, at=NOON, hub_age_us=None, pre_authorised=False, low_risk=False, permit=None, permit_from=None,
        permit_until=None,
    )  # fmt: skip
    assert same == FOUND


@pytest.mark.parametrize(
    ("item", "named"),
    [
        (permit("1234 уба"), True),
        (permit("1234УБВ"), False),
        (permit(trailer=TRAILER), True),
        (permit(trailer="5678 УБА"), True),
        (permit(trailer="5679УБА"), False),
    ],
)
def test_a_permit_is_for_the_plate_and_the_trailer_that_it_names(item: PreAuthorisedItem, named: bool):
    assert Gate().permit(item).pre_authorised == named


def test_a_permit_for_a_trailer_is_none_for_a_tractor_alone():
    gate = Gate()
    gate.permit(permit(trailer=TRAILER))
    found = gate.ask(trailer=None)
    assert found is not None
    assert not found.pre_authorised


def test_the_best_of_several_permits_is_told():
    over, risky, good = permit(expires_at=NOON), permit(low_risk=False, expires_at=NOON + 9 * HOUR), permit()
    assert Gate().permit(over, risky, good).permit == "pre_authorised@4/3"


def test_a_permit_ends_with_its_bulletin_at_the_latest():
    assert Gate().permit(permit(expires_at=NOON + 900 * HOUR)).permit_until == NOON + 72 * HOUR


def test_without_a_plate_nobody_has_a_permit():
    gate = Gate()
    gate.permit(permit())
    found = gate.ask(plate=None)
    assert found is not None
    assert not found.pre_authorised


# -- the hub's age


def test_the_age_of_the_hubs_word_stands_with_the_papers_at_the_instant_at_which_they_were_found():
    gate = Gate()
    gate.hear()
    gate.clock.wall += 40 * SECOND
    papers = gate.ask()
    assert papers is not None
    assert (papers.at, papers.hub_age_us) == (NOON + 40 * SECOND, 41 * SECOND)


def test_a_hub_that_was_never_heard_is_told_apart():
    papers = Gate().ask()
    assert papers is not None
    assert papers.hub_age_us == NEVER_HEARD_US


def test_the_word_is_as_old_as_the_oldest_list_that_withholds():
    gate = Gate()
    gate.permit(permit())
    gate.bulletins.hear(Holds(**HEAD, version=1, items=()))
    assert gate.region.age_us() == NEVER_HEARD_US
    gate.bulletins.hear(WatchList(**HEAD | {"issued_at": NOON - HOUR}, version=1, items=()))
    assert gate.region.age_us() == HOUR
    gate.hear()
    assert gate.region.age_us() == SECOND


@given(jumps=st.lists(st.tuples(st.integers(0, 600), st.integers(-900, 900)), max_size=8))
def test_whatever_the_wall_clock_does_the_word_is_never_taken_for_younger_than_the_time_that_passed(
    jumps: list[tuple[int, int]],
):
    gate = Gate()
    gate.hear()
    assert gate.region.age_us() == SECOND
    for passed_s, jump_s in jumps:
        gate.clock.steady += passed_s * SECOND
        gate.clock.wall += (passed_s + jump_s) * SECOND
    assert gate.region.age_us() >= gate.clock.steady


# -- cloned plates


def sighting(before_us: int, **more: Any) -> SightingItem:
    given_: dict[str, Any] = {"plate": PLATE, "port": "erenhot-road", "lane": "O1", "direction": Direction.OUT}
    return SightingItem(at=NOON - before_us, **given_ | more)


def see(gate: Gate, *items: SightingItem) -> PapersMatched | None:
    gate.bulletins.hear(Sightings(**HEAD, version=1, items=items))
    return gate.ask()


LEAST_US = travel_us(DISTANCES.metres("erenhot-road", "ganqimaodu"))


@pytest.mark.parametrize(
    ("item", "impossible"),
    [
        (sighting(0), True),
        (sighting(LEAST_US - 1), True),
        (sighting(LEAST_US), False),
        (sighting(-30 * SECOND), True),
        (sighting(0, plate="9999УБА"), False),
        (sighting(0, port="ganqimaodu"), False),
        (sighting(0, port="nowhere"), False),
    ],
)
def test_a_plate_that_stood_at_another_port_too_lately_is_told(item: SightingItem, impossible: bool):
    papers = see(Gate(), item)
    assert papers is not None
    assert (papers.seen_elsewhere is not None) == impossible


def test_how_lately_and_how_far_away_is_told():
    papers = see(Gate(), sighting(20 * 60 * SECOND))
    assert papers is not None
    assert papers.seen_elsewhere == "erenhot-road O1"
    assert papers.seen_before_us == 20 * 60 * SECOND
    assert 370_000 < (papers.seen_distance_m or 0) < 400_000


def test_a_vehicle_without_papers_is_told_as_well_and_none_that_can_be_here():
    papers = see(Gate(found=None), sighting(0))
    assert papers is not None
    assert (papers.confirmation, papers.seen_elsewhere) == (None, "erenhot-road O1")
    assert see(Gate(found=None), sighting(LEAST_US)) is None


def test_what_this_port_saw_itself_goes_before_what_the_hub_told():
    papers = see(Gate(replace(FOUND, seen_elsewhere="ganqimaodu I4")), sighting(0))
    assert papers is not None
    assert (papers.seen_elsewhere, papers.seen_before_us) == ("ganqimaodu I4", None)


# -- watched documents


DRIVER = GOOD[Procedure.DRIVER]
assert isinstance(DRIVER, DriverIdentified)


def test_a_document_on_the_watch_list_is_told_without_saying_whose_it_is():
    gate = Gate()
    commitment = document_commitment("inner-mongolia", DOCUMENT.issuer, DOCUMENT.number)
    items = (
        WatchItem(plate=PLATE, reason="another matter", authority="customs"),
        WatchItem(document_commitment=commitment, reason="wanted", authority="border_inspection"),
    )
    gate.bulletins.hear(WatchList(**HEAD, version=3, items=items))
    watched = gate.region.watched(DOCUMENT, DRIVER)
    assert watched.watched == ("border_inspection:watch:watch-3-2",)
    assert watched.hold_reasons == {"watch-3-2": "wanted"}
    assert gate.region.watched(None, DRIVER) == DRIVER


def test_another_document_and_another_region_are_not_watched_for():
    gate = Gate()
    elsewhere = document_commitment("xinjiang", DOCUMENT.issuer, DOCUMENT.number)
    another = document_commitment("inner-mongolia", DOCUMENT.issuer, "X0000000")
    items = tuple(
        WatchItem(document_commitment=each, reason="wanted", authority="customs") for each in (elsewhere, another)
    )
    gate.bulletins.hear(WatchList(**HEAD, version=1, items=items))
    assert gate.region.watched(DOCUMENT, DRIVER) == DRIVER
