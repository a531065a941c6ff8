"""A way through what others leave free: shortest in time over places and their free windows (SIPP).

Safe interval path planning after Phillips and Likhachev (ICRA 2011): a place and one of its free windows are one state,
of which only the earliest arrival matters. What others hold is taken from the timetable.
"""

import bisect
import heapq
import itertools
import math
from collections.abc import Mapping, Sequence

import msgspec

from kouan.fleet.motion import passing_s
from kouan.fleet.road.places import Link, PlaceGraph
from kouan.fleet.traffic.courses import Courses, Goal, Step
from kouan.fleet.traffic.timetable import NEVER_ENDS, Timetable

Window = tuple[float, float]
State = tuple[int, int]
"""A place, and which of its free windows."""


class Start(msgspec.Struct, frozen=True):
    """Where a vehicle is or will be, and when it may go on from there, in the timetable's seconds."""

    place: int
    ready_s: float


class Windows:
    """What is free when, with everybody's visits taken off but those of one vehicle that are only planned."""

    def __init__(self, courses: Courses, times: Timetable, vehicle: str) -> None:
        self._busy: dict[int, list[Window]] = {}
        for name, course in courses.by_vehicle.items():
            if name == vehicle:
                continue
            for number in range(course.first, course.end):
                visit, span = course.visit(number), times.spans.get((name, number), NEVER_ENDS)
                begins = 0.0 if visit.granted else span.begins_s  # what is granted is held from now on
                for each in courses.held_at(visit):
                    self._busy.setdefault(each, []).append((begins, span.clears_s))
                for each in courses.held_on_the_way(visit):
                    self._busy.setdefault(each, []).append((begins, span.arrives_s))
        for spans in self._busy.values():
            spans.sort()

    def free(self, resources: Sequence[int]) -> list[Window]:
        """Return when all of these are free, in order."""
        taken = sorted(span for each in resources for span in self._busy.get(each, ()))
        found, at = [], 0.0
        for begins, ends in taken:
            if begins > at:
                found.append((at, begins))
            at = max(at, ends)
        return [*found, (at, math.inf)] if at < math.inf else found

    def first_free(self, resources: Sequence[int], earliest_s: float, for_s: float) -> float:
        """Return the earliest time from which all of these are free for so long; infinite where there is none."""
        at = earliest_s
        for begins, ends in sorted(span for each in resources for span in self._busy.get(each, ())):
            if begins >= at + for_s:
                break
            at = max(at, ends)
        return at


def least_times(graph: PlaceGraph, goal: int, blocked: frozenset[int] = frozenset()) -> list[float]:
    """Return the least seconds of driving from each place to a goal, with nobody on the road but in blocked places."""
    into: list[list[Link]] = [[] for _ in graph.places]
    for link in graph.links:
        into[link.end].append(link)
    least = [math.inf] * len(graph.places)
    least[goal] = 0.0
    heap = [(0.0, goal)]
    while heap:
        spent, place = heapq.heappop(heap)
        if spent > least[place]:
            continue
        for link in into[place]:
            more = spent + passing_s(link.length_m, link.speed_mps)
            if link.start not in blocked and more < least[link.start]:
                least[link.start] = more
                heapq.heappush(heap, (more, link.start))
    return least


def way_through(graph: PlaceGraph, windows: Windows, start: Start, goal: Goal, least: Sequence[float]) -> list[Step]:
    """Return the visits that bring a vehicle soonest to a goal, in which it may then stand for ever.

    ``least`` are the seconds from each place, as ``least_times`` returns them. Where there is no way, the visits bring
    it as near as it may wait in a row, if that is nearer; else there are none.
    """
    return _Search(graph, windows, goal, least).run(start)


class _Search:
    def __init__(self, graph: PlaceGraph, windows: Windows, goal: Goal, least: Sequence[float]) -> None:
        self._graph = graph
        self._windows = windows
        self._goal = goal
        self._least = least
        self._free: dict[int, list[Window]] = {}
        self._numbers = itertools.count()

    def run(self, start: Start) -> list[Step]:
        windows = self._free_at(start.place)
        at = bisect.bisect_right(windows, (start.ready_s, math.inf)) - 1
        if at < 0 or windows[at][1] < start.ready_s:
            return []
        first = (start.place, at)
        best = {first: start.ready_s}
        came: dict[State, tuple[State, Step]] = {}
        heap = [(start.ready_s + self._least[start.place], next(self._numbers), start.ready_s, first)]
        while heap:
            _, _, now, state = heapq.heappop(heap)
            if now > best[state]:
                continue
            if state[0] == self._goal.place and self._for_ever(state):
                steps = _unwind(state, first, came)
                return [*steps[:-1], *(msgspec.structs.replace(each, goal=self._goal) for each in steps[-1:])]
            for arrives, step, following in self._onward(state, now):
                if arrives < best.get(following, math.inf):
                    best[following] = arrives
                    came[following] = (state, step)
                    ahead = arrives + self._least[following[0]]
                    heapq.heappush(heap, (ahead, next(self._numbers), arrives, following))
        ends = [state for state in came if self._graph.places[state[0]].row and self._for_ever(state)]
        nearest = min(ends, key=lambda state: (self._least[state[0]], state), default=first)
        return _unwind(nearest, first, came) if self._least[nearest[0]] < self._least[first[0]] else []

    def _for_ever(self, state: State) -> bool:
        return self._free_at(state[0])[state[1]][1] == math.inf

    def _onward(self, state: State, now: float) -> list[tuple[float, Step, State]]:
        place, window = state
        until = self._free_at(place)[window][1]
        found = []
        for number in self._graph.out[place]:
            link = self._graph.links[number]
            if self._least[link.end] == math.inf:
                continue
            drives, clears = passing_s(link.length_m, link.speed_mps), passing_s(link.clear_m, link.speed_mps)
            zones = [len(self._graph.places) + zone for zone in link.zones]
            for at, (opens, closes) in enumerate(self._free_at(link.end)):
                begins = self._windows.first_free(zones, max(now, opens), drives)
                if opens + clears > until or begins + clears > until:
                    break
                if begins + drives <= closes:
                    found.append((begins + drives, Step(link.end, number, begins), (link.end, at)))
        return found

    def _free_at(self, place: int) -> list[Window]:
        if place not in self._free:
            zones = (len(self._graph.places) + zone for zone in self._graph.places[place].zones)
            self._free[place] = self._windows.free((place, *zones))
        return self._free[place]


def _unwind(state: State, first: State, came: Mapping[State, tuple[State, Step]]) -> list[Step]:
    steps: list[Step] = []
    while state != first:
        state, step = came[state]
        steps.append(step)
    return steps[::-1]
