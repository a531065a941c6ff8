"""The check before each grant, apart from planning: what others hold, and that all can still come to an end.

It keeps its own record of who holds what, from grants and reports alone, and believes no plan: a plan is taken up only
once an order was found here in which every visit of it can begin, and no grant leaves that order.
"""

import collections
import heapq
from collections.abc import Iterable

from kouan.fleet.road.places import PlaceGraph
from kouan.fleet.traffic.courses import Courses, Use, Visit
from kouan.vocabulary.verdict import GRANTED, Refused, Verdict, refuse

LOCKED = "fleet.locked"
"""A plan in which some visits can never begin, whatever the order."""

HELD = "fleet.held"
"""A grant of what another vehicle holds."""

OUT_OF_TURN = "fleet.out_of_turn"
"""A grant that comes before its turn, or of a visit that no accepted plan has."""


class Admission:
    """Who holds each place and zone, and in which turn every planned visit is granted."""

    def __init__(self, graph: PlaceGraph) -> None:
        self._graph = graph
        self._holders: dict[int, list[Use]] = {}
        self._turns: dict[int, list[tuple[int, Use]]] = {}
        self._turn: dict[Use, int] = {}

    def accept(self, courses: Courses) -> Verdict:
        """Take up what is planned now, or refuse it and keep to what was taken up before."""
        turns = _turns(courses)
        if isinstance(turns, Refused):
            return turns
        self._turn = turns
        self._turns = {}
        for use, turn in turns.items():
            for each in self._uses(courses.by_vehicle[use[0]].visit(use[1])):
                heapq.heappush(self._turns.setdefault(each, []), (turn, use))
        return GRANTED

    def admit(self, use: Use, visit: Visit, follows: Use | None) -> Verdict:
        """Say whether a visit may be granted; what it uses is its own from then on."""
        if use not in self._turn:
            return refuse(OUT_OF_TURN, vehicle=use[0], place=self._name(visit))
        for each in self._uses(visit):
            if self._turns[each][0][1] != use:
                return refuse(OUT_OF_TURN, vehicle=use[0], place=self._name(visit))
            if any(holder != follows and holder[0] != use[0] for holder in self._holders.get(each, ())):
                return refuse(HELD, vehicle=use[0], place=self._name(visit))
        for each in self._uses(visit):
            heapq.heappop(self._turns[each])
            self._holders.setdefault(each, []).append(use)
        del self._turn[use]
        return GRANTED

    def enter(self, use: Use, place: int) -> None:
        """Note that a vehicle stands in a place from the beginning."""
        for each in self._uses(Visit(place, None)):
            self._holders.setdefault(each, []).append(use)

    def arrive(self, use: Use, visit: Visit) -> None:
        """Note that a vehicle has come to a place: the zones of the link are free."""
        self._free(use, self._on_the_way(visit))

    def clear(self, use: Use, visit: Visit) -> None:
        """Note that a vehicle has left a place: it is free, with its zones."""
        self._free(use, self._uses(visit))

    def _uses(self, visit: Visit) -> list[int]:
        count = len(self._graph.places)
        at = [visit.place, *(count + zone for zone in self._graph.places[visit.place].zones)]
        return [*at, *self._on_the_way(visit)]

    def _on_the_way(self, visit: Visit) -> list[int]:
        zones = () if visit.link is None else self._graph.links[visit.link].zones
        return [len(self._graph.places) + zone for zone in zones]

    def _free(self, use: Use, resources: Iterable[int]) -> None:
        for each in resources:
            holders = self._holders.get(each, [])
            if use in holders:
                holders.remove(use)

    def _name(self, visit: Visit) -> str:
        return self._graph.places[visit.place].name


def _turns(courses: Courses) -> dict[Use, int] | Refused:
    """Return in which turn each planned visit can be granted; refuse where some never can be.

    A visit comes after the one before it on its course, and after whoever uses its place or zones just before it has
    gone on: from a place to the next visit, from a link's zones to its own place.
    """
    after: dict[Use, list[Use]] = {}
    waits: collections.Counter[Use] = collections.Counter()
    planned = {
        (name, number): course
        for name, course in courses.by_vehicle.items()
        for number in range(course.granted_end, course.end)
    }
    for use, course in planned.items():
        before = {(use[0], use[1] - 1)} & planned.keys()
        for each in courses.holds(course.visit(use[1])):
            order = courses.uses(each)
            at = order.index(use)
            if at == 0:
                continue
            name, number = order[at - 1]
            other = courses.by_vehicle[name]
            goes_on = each in courses.held_at(other.visit(number))
            gone = (name, number + 1) if goes_on else (name, number)
            if other.lost or gone[1] >= other.end:
                return _locked(courses, [use])
            before |= {gone} & planned.keys()
        for one in sorted(before):
            after.setdefault(one, []).append(use)
            waits[use] += 1
    ready = [use for use in planned if not waits[use]]
    turns: dict[Use, int] = {}
    while ready:
        use = ready.pop()
        turns[use] = len(turns)
        for following in after.get(use, ()):
            waits[following] -= 1
            if not waits[following]:
                ready.append(following)
    return turns if len(turns) == len(planned) else _locked(courses, [use for use in planned if use not in turns])


def _locked(courses: Courses, uses: list[Use]) -> Refused:
    vehicle, number = min(uses)
    place = courses.graph.places[courses.by_vehicle[vehicle].visit(number).place].name
    return refuse(LOCKED, vehicle=vehicle, place=place)
