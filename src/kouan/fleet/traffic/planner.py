"""Plans: each vehicle through what others leave free, and all at once where nobody would make way."""

from collections.abc import Sequence
from random import Random

from kouan.fleet.motion import passing_s
from kouan.fleet.traffic.courses import Courses, Step, Use
from kouan.fleet.traffic.free_windows import Start, Windows, least_times, way_through
from kouan.fleet.traffic.joint import Move, joint_moves
from kouan.fleet.traffic.missions import Missions
from kouan.fleet.traffic.timetable import Timetable, timetable

PATIENCE_S = 30.0
"""Seconds for which a vehicle without a way waits for others to go on before all are planned anew. Our choice: about
what is done at a station; who plans anew at every stop lets nobody come to an end."""

HORIZON_S = 120.0
"""How far ahead a vehicle's course is planned on, in seconds of driving. Our choice: a station's service and more; what
is planned much earlier than it is driven is planned in vain."""


class Planner:
    """Plans courses for missions. A plan goes on from where a course ends, so that nobody's way is taken away."""

    def __init__(self, courses: Courses, missions: Missions, chance: Random) -> None:
        self._courses = courses
        self._missions = missions
        self._chance = chance
        self._times: Timetable | None = None
        self._far: dict[int, list[float]] = {}
        self._left: dict[str, float] = {}  # since when a vehicle has no way
        self._tried: dict[str, object] = {}  # what stood in its way when a vehicle was last planned
        self._later: dict[str, tuple[int, float]] = {}  # until when a course that ends so is long enough
        self._common: dict[str, int] = {}  # where the courses end that were planned together
        self._in_vain: list[object] = []  # the last questions to which there was no way

    def forget(self, vehicle: str) -> None:
        """Forget a vehicle that left the road."""
        for each in (self._common, self._tried, self._later):
            each.pop(vehicle, None)

    def plan(self, now_s: float) -> bool:
        """Plan for all whose course ends soon and who have a goal beyond; return whether each of them has a way."""
        self._times = None
        left = [name for name in self._missions if self._wants(name) and not self._plan_alone(name, now_s)]
        self._left = {name: self._left.get(name, now_s) for name in left}
        if left and self._is_time(now_s) and self._plan_together(left):
            self._left, self._tried, self._times = {}, {}, None
            left = [name for name in left if self._wants(name) and not self._plan_alone(name, now_s)]
        return not left

    def _wants(self, vehicle: str) -> bool:
        return not self._courses.by_vehicle[vehicle].lost and bool(self._missions.without_way(vehicle))

    def _is_time(self, now_s: float) -> bool:
        """Say whether all are to be planned anew: nobody makes way by itself, or in time."""
        if all(each.lost or each.rests for each in self._courses.by_vehicle.values()):
            return True
        common = any(self._courses.by_vehicle[name].granted_end < end for name, end in self._common.items())
        return not common and now_s - min(self._left.values()) >= PATIENCE_S

    def _plan_alone(self, vehicle: str, now_s: float) -> bool:
        """Plan on to the next goal that has no way, or else as near to it as may be; say whether a way lies ahead."""
        course = self._courses.by_vehicle[vehicle]
        goal, end = self._missions.without_way(vehicle)[0], course.visit(course.end - 1)
        if end.goal is None and end.place == goal.place:
            end.goal = goal
            return True
        ends, later_s = self._later.get(vehicle, (0, 0.0))
        if ends == course.end and now_s < later_s:
            return True
        in_the_way = (course.end, goal, self._rests_before(end.place, goal.place, vehicle) or self._courses.planned)
        if self._tried.get(vehicle) == in_the_way:
            return False
        if self._times is None:
            self._times = timetable(self._courses)
        span = self._times.spans.get((vehicle, course.end - 1))
        if span is None:
            return False
        if span.arrives_s > HORIZON_S:
            self._later[vehicle] = (course.end, now_s + span.arrives_s - HORIZON_S)
            return True
        start = Start(end.place, span.arrives_s + end.stay_s)
        windows = Windows(self._courses, self._times, vehicle)
        steps = way_through(self._courses.graph, windows, start, goal, self.far(goal.place))
        self._courses.append(vehicle, steps, self._times.begins(self._courses))
        self._times.extend(self._courses, vehicle, steps)
        self._tried[vehicle] = in_the_way
        return bool(steps) and steps[-1].goal is not None

    def _rests_before(self, place: int, goal: int, vehicle: str) -> Use | None:
        """Return the first visit on the fastest way to a goal with which another's course ends: it is in the way."""
        graph, far = self._courses.graph, self.far(goal)
        while place != goal:
            links = (graph.links[number] for number in graph.out[place])
            place = min((far[link.end] + passing_s(link.length_m, link.speed_mps), link.end) for link in links)[1]
            last = next(iter(self._courses.uses(place)[-1:]), None)
            if last is not None and last[0] != vehicle and self._courses.by_vehicle[last[0]].end == last[1] + 1:
                return last
        return None

    def _plan_together(self, left: Sequence[str]) -> bool:
        """Plan the next goal of all at once, else of who has waited longest; say whether there is a way.

        It begins where grants end. Who is lost, or stands at its goal until it is served, stays where it is.
        """
        courses = self._courses.by_vehicle
        fixed = [each for each in courses.values() if each.lost or not each.may_go_on]
        blocked = frozenset(visit.place for each in fixed for visit in each.visits if visit.granted)
        stands = {each.vehicle: each.last_granted.place for each in courses.values() if each not in fixed}
        first: dict[int, str] = {}
        for name in self._missions.by_waiting():
            goal = self._missions.next_not_granted(name)
            if name in stands and goal is not None and goal.place not in blocked:
                first.setdefault(goal.place, name)
        wanted = {name: place for place, name in first.items()}
        longest = {name: wanted[name] for name in list(wanted)[:1] if name in left}
        for tried in (wanted, longest):
            asked = (tuple(stands.items()), tuple(tried.items()), blocked)
            moves = None
            if tried and asked not in self._in_vain:
                moves = joint_moves(self._courses.graph, stands, tried, blocked, self._chance)
            if moves is not None:
                self._take(moves, tried)
                return True
            self._in_vain = [*self._in_vain[-1:], asked]
        return False

    def _take(self, moves: Sequence[Move], wanted: dict[str, int]) -> None:
        """Put these moves in the place of all that is planned and not granted."""
        for name in self._courses.by_vehicle:
            self._courses.drop(name)
        last = {move.vehicle: n for n, move in enumerate(moves)}
        begins: dict[Use, float] = {}
        for n, move in enumerate(moves):
            place = self._courses.graph.links[move.link].end
            reached = last[move.vehicle] == n and wanted.get(move.vehicle) == place
            goal = self._missions.next_not_granted(move.vehicle) if reached else None
            self._courses.append(move.vehicle, [Step(place, move.link, float(move.step), goal)], begins)
        self._common = {name: each.end for name, each in self._courses.by_vehicle.items()}

    def far(self, place: int) -> list[float]:
        """Return the least seconds of driving to a place from each, on the empty road."""
        if place not in self._far:
            self._far[place] = least_times(self._courses.graph, place)
        return self._far[place]
