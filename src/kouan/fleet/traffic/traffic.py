"""Traffic on a road: who is to go where, planned, and granted place by place.

A vehicle is planned alone through what others leave free. Where that fails, all that may move are planned at once. A
grant follows the order that plans have fixed, and nothing else: a delay delays, and never lets two meet.
"""

from collections.abc import Sequence
from random import Random

import msgspec

from kouan.fleet.road.places import PlaceGraph
from kouan.fleet.traffic.admission import Admission
from kouan.fleet.traffic.courses import Course, Courses, Goal, Use, Visit
from kouan.fleet.traffic.missions import Missions
from kouan.fleet.traffic.planner import Planner
from kouan.fleet.traffic.timetable import timetable
from kouan.vocabulary.verdict import Refused

ANSWER_S = 2.0
"""Seconds from a vehicle's report until its next grant reaches it, at most: so early it is granted more than it needs
to stop. Our choice: states come once a second."""


class Grant(msgspec.Struct, frozen=True):
    """A vehicle may come to stand in the place of this visit.

    Where it ``follows``, another one that came by the same link is just leaving that place: it may come as near to that
    one's tail as vehicles come at any time, and nearer to the place as that one goes.
    """

    vehicle: str
    number: int
    place: int
    link: int
    follows: Use | None = None


class Traffic:
    """All vehicles on one road. Deterministic: chance is the given one's, and nothing depends on a set's order.

    Without ``follow``, nobody is granted a place before it is wholly free, as with exclusive cells.
    """

    def __init__(self, graph: PlaceGraph, chance: Random, *, follow: bool = True) -> None:
        self.courses = Courses(graph)
        self._missions = Missions(self.courses)
        self._planner = Planner(self.courses, self._missions, chance)
        self._admission = Admission(graph)
        self._accepted = 0
        self.refused: list[Refused] = []
        self._follow = follow
        vehicle = graph.vehicle
        self._look_m = vehicle.speed_mps**2 / (2 * vehicle.slows_mps2) + vehicle.speed_mps * ANSWER_S

    @property
    def graph(self) -> PlaceGraph:
        """The road."""
        return self.courses.graph

    def enter(self, vehicle: str, place: int) -> None:
        """Let a vehicle stand in a place; raise ValueError where somebody has it or is to have it."""
        self.courses.enter(vehicle, place)
        self._admission.enter((vehicle, 0), place)
        self._missions.enter(vehicle)

    def leave(self, vehicle: str) -> None:
        """Take a vehicle off the road, with all that it has."""
        course = self.courses.by_vehicle[vehicle]
        for number in range(course.first, course.granted_end):
            self._admission.clear((vehicle, number), course.visit(number))
        self.courses.leave(vehicle)
        self._missions.leave(vehicle)
        self._planner.forget(vehicle)

    def mission(self, vehicle: str) -> Sequence[Goal]:
        """Return the goals that a vehicle has still to reach or to be served at, in order."""
        return self._missions.of(vehicle)

    def send(self, vehicle: str, goals: Sequence[Goal]) -> None:
        """Give a vehicle more goals; it is planned for with the next ``plan``.

        Raises ValueError where two goals in a row are one place.
        """
        self._missions.add(vehicle, goals)

    def plan(self, now_s: float) -> bool:
        """Plan for all that have a goal and no way to it, now; return whether each of them has one.

        What admission refuses is not planned; the last ten stand in ``refused``: planning failed, somebody must look.
        """
        planned = self._planner.plan(now_s)
        return self._accept() and planned

    def _accept(self) -> bool:
        if self.courses.planned == self._accepted:
            return True
        verdict = self._admission.accept(self.courses)
        if isinstance(verdict, Refused):
            self.refused = [*self.refused[-9:], verdict]
            for name in self.courses.by_vehicle:
                self.courses.drop(name)
            self._admission.accept(self.courses)
        self._accepted = self.courses.planned
        return not isinstance(verdict, Refused)

    def arrive(self, vehicle: str, number: int) -> None:
        """Note that a vehicle has come to a place that it was granted."""
        for each, visit in self._visits(vehicle, number):
            self._admission.arrive((vehicle, each), visit)
        self.courses.arrive(vehicle, number)

    def clear(self, vehicle: str, number: int) -> None:
        """Note that a vehicle has wholly left a place."""
        for each, visit in self._visits(vehicle, number):
            self._admission.clear((vehicle, each), visit)
        self.courses.clear(vehicle, number)

    def _visits(self, vehicle: str, number: int) -> list[tuple[int, Visit]]:
        course = self.courses.by_vehicle[vehicle]
        return [(each, course.visit(each)) for each in range(course.first, number + 1)]

    def served(self, vehicle: str) -> None:
        """Note that what a vehicle stands for at its goal is done; raise ValueError where it stands at none."""
        if self.serving(vehicle) is None:
            raise ValueError(f"{vehicle} stands at no goal")
        self.courses.by_vehicle[vehicle].last_granted.served = True
        self._missions.done(vehicle)

    def serving(self, vehicle: str) -> Goal | None:
        """Return the goal at which a vehicle stands and is not done yet."""
        visit = self.courses.by_vehicle[vehicle].last_granted
        return visit.goal if visit.arrived and not visit.served else None

    def lose(self, vehicle: str) -> None:
        """Note that a vehicle is not heard: it keeps all that it was granted, and who would wait for it goes round."""
        self.courses.by_vehicle[vehicle].lost = True
        self.courses.drop(vehicle)
        for name, _ in timetable(self.courses).stuck:
            self.courses.drop(name)
        self._accept()

    def find(self, vehicle: str) -> None:
        """Note that a lost vehicle is heard again."""
        self.courses.by_vehicle[vehicle].lost = False

    def grants(self) -> list[Grant]:
        """Grant what may be granted now, each the next visit of a vehicle."""
        found: list[Grant] = []
        again = True
        while again:
            fresh = [grant for course in self.courses.by_vehicle.values() if (grant := self._grant(course)) is not None]
            found += fresh
            again = bool(fresh)
        return found

    def _grant(self, course: Course) -> Grant | None:
        number = course.granted_end
        if number == course.end or course.lost or not course.may_go_on or self._ahead_m(course) > self._look_m:
            return None
        visit, use = course.visit(number), (course.vehicle, number)
        follows = None
        if not self.courses.first_on_all(use, visit):
            follows = self.courses.ahead_on_the_same_link(use, visit) if self._follow else None
            if follows is None:
                return None
        verdict = self._admission.admit(use, visit, follows)
        if isinstance(verdict, Refused):
            self.refused = [*self.refused[-9:], verdict]
            return None
        self.courses.grant(course.vehicle)
        return Grant(course.vehicle, number, visit.place, visit.link or 0, follows)

    def _ahead_m(self, course: Course) -> float:
        """Return how many metres of links a vehicle was granted from where it last arrived."""
        ahead = [each for each in course.visits if each.granted and not each.arrived]
        return sum(self.graph.links[each.link].length_m for each in ahead if each.link is not None)
