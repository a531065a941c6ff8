"""One day of the yard, minute by minute, under one way of deciding who comes next.

Every way knows the same: who waits, what was planned for whom, and which bays and people are taken, by their planned
minutes. Nobody knows how long the work will really take. Who can begin now without delaying one before him begins.
"""

from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from kouan.inspection.examination.bays import Bay, BayProblem, Job, Need, Officer, Placed, Span
from kouan.inspection.examination.first_come import in_turn

Order = Callable[[BayProblem], Sequence[str]]
"""A way of deciding: the numbers of the waiting jobs, who comes next first."""

PLAN_EVERY_MIN = 10
"""How often the order is decided anew at most, where somebody came. Our choice: as a control room looks."""

AHEAD = 40
"""How many of those who wait are looked at to find who can begin now. Our choice: three times the bays."""

MOVE_MIN = 5
"""Minutes that a vehicle takes from one bay to another where it is examined in several. Our choice."""

OVERRUN_MIN = 3
"""How long work that took longer than planned is thought to take still. Our choice."""


class Visit(msgspec.Struct, frozen=True):
    """One job of the day: when it is ready at the earliest, after which other, and how its work strays.

    Who was examined before is ready for the next once he has driven over to another bay.
    """

    job: Job
    at: int
    stray: float
    after: str | None = None


class Done(msgspec.Struct, frozen=True):
    """One job as it was done: minutes of the day."""

    number: str
    ready: int
    start: int
    end: int


class _Running(msgspec.Struct, eq=False):
    """A vehicle at its bay: how many minutes it stood waiting for people, which parts are to come, and when it is done.

    ``parts`` are its needs with their officers, in their order; ``last`` is when the last part that was begun ends.
    """

    visit: Visit
    placed: Placed
    start: int
    parts: list[tuple[Need, str]]
    late: int = 0
    last: int = 0

    @property
    def end(self) -> int | None:
        """When the bay is cleared; None while parts are to come."""
        job = self.visit.job
        clearing = job.minutes - max((need.end for need in job.needs), default=0)
        return None if self.parts else max(self.last, self.start) + max(1, clearing)


def run_day(bays: Sequence[Bay], officers: Sequence[Officer], visits: Sequence[Visit], decide: Order) -> list[Done]:
    """Return how every visit of a day was done; it goes on until the last one is."""
    yard = _Yard(bays, officers, visits, decide)
    while yard.goes_on:
        yard.step()
    return yard.done


class _Yard:
    def __init__(
        self, bays: Sequence[Bay], officers: Sequence[Officer], visits: Sequence[Visit], decide: Order
    ) -> None:
        self.done: list[Done] = []
        self._bays = bays
        self._officers = officers
        self._coming = sorted(visits, key=lambda visit: (visit.at, visit.job.number))
        self._decide = decide
        self._waiting: dict[str, tuple[Visit, int]] = {}
        self._running: list[_Running] = []
        self._free_at: dict[str, int] = {}
        self._order: list[str] = []
        self._stale = False
        self._decided = -PLAN_EVERY_MIN
        self._minute = 0

    @property
    def goes_on(self) -> bool:
        """Whether somebody comes, waits or is being examined."""
        return bool(self._coming or self._waiting or self._running)

    def step(self) -> None:
        """Live one minute."""
        minute = self._minute
        for each in self._running:
            self._work(each)
        ended = [each for each in self._running if each.end is not None and each.end <= minute]
        self._running = [each for each in self._running if each.end is None or each.end > minute]
        self.done += [
            Done(each.visit.job.number, self._waiting.pop(each.visit.job.number)[1], each.start, minute)
            for each in ended
        ]
        came = self._come()
        self._stale = self._stale or came
        if self._waiting and len(self._running) < len(self._bays) and (ended or came or minute % PLAN_EVERY_MIN == 0):
            self._begin()
        self._minute += 1

    def _come(self) -> bool:
        drive_since = self._minute - MOVE_MIN
        there = {None, *(each.number for each in self.done if each.end <= drive_since)}
        came = [each for each in self._coming if each.at <= self._minute and each.after in there]
        for visit in came:
            self._coming.remove(visit)
            self._waiting[visit.job.number] = (visit, self._minute)
            self._order.append(visit.job.number)
        return bool(came)

    def _queue(self) -> list[Visit]:
        running = {each.visit.job.number for each in self._running}
        return [visit for number, (visit, _) in self._waiting.items() if number not in running]

    def _begin(self) -> None:
        problem = self._problem()
        if self._stale and self._minute >= self._decided + PLAN_EVERY_MIN:
            self._order, self._stale, self._decided = list(self._decide(problem)), False, self._minute
        jobs = {job.number: job for job in problem.jobs}
        turns = [jobs[number] for number in self._order if number in jobs]
        placed, _ = in_turn(problem, turns[:AHEAD])
        for each in placed:
            if each.start == 0:
                self._start(each)

    def _problem(self) -> BayProblem:
        """Return what is known at this minute."""
        now = self._minute
        stays = [(each, self._expected(each)) for each in self._running]
        bays = tuple(
            replace(bay, taken=tuple(Span(0, end - now) for each, end in stays if each.placed.bay == bay.name))
            for bay in self._bays
        )
        people = tuple(
            replace(
                officer,
                shifts=(Span(0, 10_000),),
                taken=tuple(span for each, end in stays for span in self._busy(each, end, officer.name)),
            )
            for officer in self._officers
        )
        jobs = tuple(
            replace(visit.job, ready=0, due=visit.job.due - (now - self._waiting[visit.job.number][1]))
            for visit in self._queue()
        )
        return BayProblem(bays, people, jobs, 960)

    def _expected(self, running: _Running) -> int:
        return max(running.start + running.visit.job.minutes + running.late, self._minute + OVERRUN_MIN)

    def _busy(self, running: _Running, end: int, officer: str) -> list[Span]:
        late = end - (running.start + running.visit.job.minutes)
        spans = []
        for need, name in zip(running.visit.job.needs, running.placed.officers, strict=True):
            until = running.start + need.end + late - self._minute
            if name == officer and until > 0:
                spans.append(Span(max(0, running.start + need.start - self._minute), until))
        return spans

    def _start(self, placed: Placed) -> None:
        visit, _ = self._waiting[placed.job]
        parts = sorted(zip(visit.job.needs, placed.officers, strict=True), key=lambda pair: pair[0].start)
        running = _Running(visit, placed, self._minute, parts)
        self._running.append(running)
        self._work(running)

    def _work(self, running: _Running) -> None:
        """Begin the parts that are due and whose officer is free; the others hold up all that comes after them."""
        waited = False
        for need, officer in list(running.parts):
            due = running.start + running.late + round(need.start * running.visit.stray)
            if due > self._minute:
                break
            if self._free_at.get(officer, 0) > self._minute:
                waited = True
                continue
            ends = self._minute + max(1, round((need.end - need.start) * running.visit.stray))
            self._free_at[officer] = ends
            running.last = max(running.last, ends)
            running.parts.remove((need, officer))
        running.late += waited
