"""Courses of vehicles over places, and in which order each place and zone is used: the precedence graph.

A vehicle's course is a row of visits. Each visit holds its place and the zones there from when it is granted until the
vehicle has cleared the place, and the zones of the link that leads there until it has arrived. Who uses what after whom
is fixed when a course is planned; how long anything takes is not, so any delay keeps the order and no two ever meet.
"""

import bisect
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from kouan.fleet.road.places import PlaceGraph


class Goal(msgspec.Struct, frozen=True):
    """Where a vehicle is to go and how many seconds it stays there."""

    place: int
    stay_s: float = 0.0


class Step(msgspec.Struct, frozen=True):
    """A planned visit: the place, the link to it, when it begins by the plan's own clock (s), and the goal it is."""

    place: int
    link: int
    begins_s: float
    goal: Goal | None = None


class Visit(msgspec.Struct):
    """One stay of a vehicle in a place; ``link`` leads there, None where the vehicle stood from the beginning.

    ``goal`` is what it stays for, until ``served``.
    """

    place: int
    link: int | None
    goal: Goal | None = None
    granted: bool = False
    arrived: bool = False
    served: bool = False
    cleared: bool = False

    @property
    def stay_s(self) -> float:
        """How many seconds the vehicle has still to stay."""
        return 0.0 if self.goal is None or self.served else self.goal.stay_s


class Course(msgspec.Struct):
    """What is left of one vehicle's course, the visits numbered from ``first`` on; ``lost`` where it is not heard."""

    vehicle: str
    visits: list[Visit]
    first: int = 0
    lost: bool = False

    @property
    def end(self) -> int:
        """The number after the last visit's."""
        return self.first + len(self.visits)

    def visit(self, number: int) -> Visit:
        """Return a visit by its number; raise IndexError where it is over or not planned."""
        if not self.first <= number < self.end:
            raise IndexError(number)
        return self.visits[number - self.first]

    @property
    def granted_end(self) -> int:
        """The number after the last granted visit's; all granted ones come before all others."""
        for number in range(self.end, self.first, -1):
            if self.visits[number - 1 - self.first].granted:
                return number
        return self.first

    @property
    def last_granted(self) -> Visit:
        """The visit with which what is granted ends: there the vehicle will come to stand."""
        return self.visit(self.granted_end - 1)

    @property
    def may_go_on(self) -> bool:
        """Whether nothing granted ends at a goal that is not served: what is done there takes as long as it takes."""
        return self.last_granted.goal is None or self.last_granted.served

    @property
    def rests(self) -> bool:
        """Whether the vehicle neither drives, nor has anything planned, nor is served."""
        return self.last_granted.arrived and self.granted_end == self.end and self.may_go_on


Use = tuple[str, int]
"""One visit: vehicle and number."""


class Courses:
    """All courses on a road, and the order of use of every place and zone."""

    def __init__(self, graph: PlaceGraph) -> None:
        self.graph = graph
        self.by_vehicle: dict[str, Course] = {}
        self.planned = 0  # how often what is planned has changed
        self._order: list[list[Use]] = [[] for _ in range(len(graph.places) + graph.zones)]

    def held_at(self, visit: Visit) -> Iterator[int]:
        """Name what a visit holds until it is cleared: its place and the zones there."""
        yield visit.place
        yield from (len(self.graph.places) + zone for zone in self.graph.places[visit.place].zones)

    def held_on_the_way(self, visit: Visit) -> Iterator[int]:
        """Name what a visit holds until it has arrived: the zones of the link to it."""
        if visit.link is not None:
            yield from (len(self.graph.places) + zone for zone in self.graph.links[visit.link].zones)

    def holds(self, visit: Visit) -> tuple[int, ...]:
        """Name all that a visit holds or has still to hold."""
        return (*self.held_at(visit), *(() if visit.arrived else self.held_on_the_way(visit)))

    def uses(self, resource: int) -> Sequence[Use]:
        """Return who uses a place or zone, in order, whoever has it now first."""
        return self._order[resource]

    def enter(self, vehicle: str, place: int) -> None:
        """Let a vehicle stand in a place that nobody has or is to have; raise ValueError otherwise."""
        self.planned += 1
        visit = Visit(place, None, granted=True, arrived=True)
        resources = list(self.held_at(visit))
        if vehicle in self.by_vehicle or any(self._order[each] for each in resources):
            raise ValueError(f"{vehicle} cannot stand in {self.graph.places[place].name}")
        self.by_vehicle[vehicle] = Course(vehicle, [visit])
        for each in resources:
            self._order[each].append((vehicle, 0))

    def leave(self, vehicle: str) -> None:
        """Take a vehicle off the road, with all that it has."""
        self.drop(vehicle)
        course = self.by_vehicle.pop(vehicle)
        for number in range(course.first, course.end):
            self._withdraw((vehicle, number), course.visit(number))

    def drop(self, vehicle: str) -> None:
        """Forget what is planned for a vehicle and not granted."""
        self.planned += 1
        course = self.by_vehicle[vehicle]
        keep = course.granted_end
        for number in range(keep, course.end):
            self._withdraw((vehicle, number), course.visit(number))
        del course.visits[keep - course.first :]

    def append(self, vehicle: str, steps: Sequence[Step], begins: dict[Use, float]) -> None:
        """Add planned visits, each before those that begin later by ``begins``, which is added to."""
        self.planned += 1
        course = self.by_vehicle[vehicle]
        for step in steps:
            use, visit = (vehicle, course.end), Visit(step.place, step.link, step.goal)
            course.visits.append(visit)
            begins[use] = step.begins_s
            for each in self.holds(visit):
                # A granted visit comes before all that are only planned, whenever it began.
                bisect.insort(self._order[each], use, key=lambda known: begins.get(known, float("-inf")))

    def grant(self, vehicle: str) -> Visit:
        """Grant the next visit of a vehicle, and return it."""
        course = self.by_vehicle[vehicle]
        visit = course.visit(course.granted_end)
        visit.granted = True
        return visit

    def arrive(self, vehicle: str, number: int) -> None:
        """Note that a vehicle's middle has come to a granted visit's place, and so to all before it."""
        course = self.by_vehicle[vehicle]
        for each in range(course.first, number + 1):
            visit = course.visit(each)
            if not visit.arrived:
                visit.arrived = True
                self._release((vehicle, each), self.held_on_the_way(visit))

    def clear(self, vehicle: str, number: int) -> None:
        """Note that a vehicle has wholly left a visit's place, and so all before it; those are over."""
        course = self.by_vehicle[vehicle]
        self.arrive(vehicle, number)
        for each in range(course.first, number + 1):
            visit = course.visit(each)
            visit.cleared = True
            self._release((vehicle, each), self.held_at(visit))
        del course.visits[: number + 1 - course.first]
        course.first = number + 1

    def first_on_all(self, use: Use, visit: Visit) -> bool:
        """Say whether nobody comes before a visit on anything that it holds."""
        return all(self._order[each][0] == use for each in self.holds(visit))

    def ahead_on_the_same_link(self, use: Use, visit: Visit) -> Use | None:
        """Return who alone is still before a visit, in its place, came by the same link and goes onward; else None."""
        place = self._order[visit.place]
        if visit.link is None or len(place) < 2 or place[1] != use:
            return None
        others = self.holds(visit)[1:]
        name, number = place[0]
        leader = self.by_vehicle[name]
        if any(self._order[each][0] not in (use, place[0]) or use not in self._order[each][:2] for each in others):
            return None
        ahead = leader.visit(number)
        if number + 1 >= leader.granted_end or not ahead.arrived or leader.lost or ahead.link != visit.link:
            return None
        onward = self.graph.links[leader.visit(number + 1).link or 0].onward
        return place[0] if visit.link in onward else None

    def _withdraw(self, use: Use, visit: Visit) -> None:
        self._release(use, self.held_at(visit))
        self._release(use, self.held_on_the_way(visit))

    def _release(self, use: Use, resources: Iterable[int]) -> None:
        for each in resources:
            if use in self._order[each]:
                self._order[each].remove(use)
