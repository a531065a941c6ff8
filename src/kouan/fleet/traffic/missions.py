"""What each vehicle is to do next: its goals in order, and which of them have a way."""

import itertools
from collections.abc import Iterator, Sequence

from kouan.fleet.traffic.courses import Courses, Goal, Visit


class Missions:
    """The goals of all vehicles on a road; those to which visits are planned come first."""

    def __init__(self, courses: Courses) -> None:
        self._courses = courses
        self._goals: dict[str, list[Goal]] = {}
        self._since: dict[str, int] = {}
        self._turns = itertools.count()

    def __iter__(self) -> Iterator[str]:
        return iter(self._goals)

    def enter(self, vehicle: str) -> None:
        """Begin with a vehicle that has no goals."""
        self._goals[vehicle] = []
        self._since[vehicle] = next(self._turns)

    def leave(self, vehicle: str) -> None:
        """Forget a vehicle."""
        del self._goals[vehicle], self._since[vehicle]

    def add(self, vehicle: str, goals: Sequence[Goal]) -> None:
        """Add goals; raise ValueError where two in a row are one place."""
        mission = self._goals[vehicle]
        if not mission:
            self._since[vehicle] = next(self._turns)
        for goal in goals:
            if mission and mission[-1].place == goal.place:
                raise ValueError(f"{vehicle} would be sent from {goal.place} to where it is")
            mission.append(goal)

    def done(self, vehicle: str) -> None:
        """Take off the first goal."""
        del self._goals[vehicle][0]
        self._since[vehicle] = next(self._turns)

    def of(self, vehicle: str) -> Sequence[Goal]:
        """Return the goals that a vehicle has still to reach or to be served at, in order."""
        return self._goals[vehicle]

    def without_way(self, vehicle: str) -> list[Goal]:
        """Return the goals to which no visit is planned."""
        return self._goals[vehicle][_open(self._courses.by_vehicle[vehicle].visits) :]

    def next_not_granted(self, vehicle: str) -> Goal | None:
        """Return the first goal to which nothing is granted."""
        granted = [each for each in self._courses.by_vehicle[vehicle].visits if each.granted]
        return next(iter(self._goals[vehicle][_open(granted) :]), None)

    def by_waiting(self) -> list[str]:
        """Return all vehicles, whoever goes to its present goal for longest first."""
        return sorted(self._goals, key=lambda name: self._since[name])


def _open(visits: Sequence[Visit]) -> int:
    return sum(each.goal is not None and not each.served for each in visits)
