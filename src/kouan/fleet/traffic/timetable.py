"""When each visit will begin and end if nothing goes wrong: the order that stands, run in time from now on."""

import math
from collections.abc import Sequence

import msgspec

from kouan.fleet.motion import passing_s
from kouan.fleet.traffic.courses import Course, Courses, Step, Use, Visit


class Span(msgspec.Struct, frozen=True):
    """Seconds from now: a visit is granted and its link begun, the place is reached, left, and clear for another."""

    begins_s: float
    arrives_s: float
    leaves_s: float
    clears_s: float


NEVER_ENDS = Span(0.0, math.inf, math.inf, math.inf)
"""What a visit counts as that never comes to its end as the order stands."""


class Timetable(msgspec.Struct):
    """Spans of all visits, and the visits that never come to be as the order stands: none, or it is a deadlock."""

    spans: dict[Use, Span]
    stuck: tuple[Use, ...] = ()

    def begins(self, courses: Courses) -> dict[Use, float]:
        """Return when planned visits begin; granted ones are left out, they have begun."""
        return {
            (name, number): self.spans[name, number].begins_s
            for name, course in courses.by_vehicle.items()
            for number in range(course.granted_end, course.end)
        }

    def extend(self, courses: Courses, vehicle: str, steps: Sequence[Step]) -> None:
        """Add the visits that were just planned at the end of a vehicle's course, which disturb nobody's."""
        number = courses.by_vehicle[vehicle].end - len(steps)
        for step in steps:
            link = courses.graph.links[step.link]
            leaves, clears = step.begins_s, step.begins_s + passing_s(link.clear_m, link.speed_mps)
            before = self.spans[vehicle, number - 1]
            self.spans[vehicle, number - 1] = msgspec.structs.replace(before, leaves_s=leaves, clears_s=clears)
            arrives = step.begins_s + passing_s(link.length_m, link.speed_mps)
            stays = 0.0 if step.goal is None else step.goal.stay_s
            self.spans[vehicle, number] = Span(step.begins_s, arrives, arrives + stays, math.inf)
            number += 1


def timetable(courses: Courses) -> Timetable:
    """Run the order that stands. Who is on its way counts as at the beginning of its link; who is lost never moves."""
    return _Run(courses).run()


class _Run:
    def __init__(self, courses: Courses) -> None:
        self._courses = courses
        self._spans: dict[Use, Span] = {}
        self._next: dict[str, int] = {name: course.first for name, course in courses.by_vehicle.items()}
        self._free: dict[int, float] = {}  # when a place or zone was last left
        self._left: dict[int, int] = {}  # how many of its users have left it

    def run(self) -> Timetable:
        waiting = list(self._next)
        while waiting:
            again = [name for name in waiting if self._advance(self._courses.by_vehicle[name])]
            if not again:
                break
            waiting = [name for name in waiting if self._next[name] < self._courses.by_vehicle[name].end]
        stuck = [
            (name, number)
            for name, course in self._courses.by_vehicle.items()
            for number in range(self._next[name], course.end)
        ]
        return Timetable(self._spans, tuple(stuck))

    def _advance(self, course: Course) -> bool:
        """Let a vehicle come as far as others leave room; say whether it came any further."""
        moved = False
        while self._next[course.vehicle] < course.end and self._step(course):
            moved = True
        return moved

    def _step(self, course: Course) -> bool:
        name, number = course.vehicle, self._next[course.vehicle]
        use, visit = (name, number), course.visit(number)
        if course.lost:
            self._spans[use] = NEVER_ENDS
        elif all(self._is_next(each, use) for each in self._courses.holds(visit)):
            self._visit(course, use, visit)
        else:
            return False
        self._next[name] = number + 1
        return True

    def _visit(self, course: Course, use: Use, visit: Visit) -> None:
        begins, arrives = 0.0, 0.0
        if not visit.arrived:
            ready = self._spans[use[0], use[1] - 1].leaves_s if use[1] > course.first else 0.0
            begins = max([ready, *(self._free.get(each, 0.0) for each in self._courses.holds(visit))])
            arrives = begins + self._drive_s(visit)
        if use[1] > course.first:
            self._leave((course.vehicle, use[1] - 1), course.visit(use[1] - 1), visit, begins)
        for each in self._courses.held_on_the_way(visit):
            self._pass_on(each, use, arrives)
        self._spans[use] = Span(begins, arrives, arrives + visit.stay_s, math.inf)

    def _leave(self, use: Use, visit: Visit, following: Visit, begins: float) -> None:
        """Let a visit end as the next one begins; its place is clear for others when the link is driven far enough."""
        link = self._courses.graph.links[following.link or 0]
        clears = begins + passing_s(link.clear_m, link.speed_mps)
        self._spans[use] = msgspec.structs.replace(self._spans[use], leaves_s=begins, clears_s=clears)
        for each in self._courses.held_at(visit):
            self._pass_on(each, use, clears)

    def _drive_s(self, visit: Visit) -> float:
        if visit.link is None:
            return 0.0
        link = self._courses.graph.links[visit.link]
        return passing_s(link.length_m, link.speed_mps)

    def _is_next(self, resource: int, use: Use) -> bool:
        order = self._courses.uses(resource)
        at = self._left.get(resource, 0)
        return at < len(order) and order[at] == use

    def _pass_on(self, resource: int, use: Use, at_s: float) -> None:
        order, left = self._courses.uses(resource), self._left.get(resource, 0)
        if left < len(order) and order[left] == use:
            self._left[resource] = left + 1
            self._free[resource] = max(at_s, self._free.get(resource, 0.0))
