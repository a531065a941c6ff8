"""Bays and officers minute by minute, with what is taken of them: whole numbers as bit sets, a bit a minute.

A bit set answers whether a span is free by one shift, so that placing 200 vehicles takes milliseconds.
"""

from collections.abc import Sequence

from kouan.inspection.examination.bays import Bay, Job, Need, Officer, Placed, Span, serves


class _Free:
    """When something is free; ``starts`` are the minutes at which it is free for so long from then on."""

    def __init__(self, free: int) -> None:
        self._free = free
        self._starts: dict[int, int] = {}

    def take(self, span: Span) -> None:
        """Note that it is taken."""
        self._free &= ~_bits(span)
        self._starts.clear()

    def starts(self, minutes: int) -> int:
        """Return the bit set of minutes from which on it is free for so many minutes."""
        if minutes not in self._starts:
            found, have = self._free, 1
            while have < minutes:
                step = min(have, minutes - have)
                found &= found >> step
                have += step
            self._starts[minutes] = found
        return self._starts[minutes]

    def free(self, span: Span) -> bool:
        """Say whether it is free for a whole span."""
        return span.start >= 0 and bool(self.starts(span.end - span.start) >> span.start & 1)


class Yard:
    """What is taken of bays and officers so far; nothing starts after the horizon."""

    def __init__(self, bays: Sequence[Bay], officers: Sequence[Officer], horizon: int) -> None:
        self._horizon = _bits(Span(0, horizon + 1))
        always = (1 << (2 * horizon + 1024)) - 1
        plain_first = sorted(bays, key=lambda bay: (len(bay.features), bay.name))
        self._bays = [(bay, _less(always, bay.taken)) for bay in plain_first]
        there = [(each, _less(_union(each.shifts), each.taken)) for each in officers]
        self._officers = sorted(there, key=lambda pair: (len(pair[0].skills), pair[0].name))
        self._able: dict[tuple[str, str], list[tuple[Officer, _Free]]] = {}

    def earliest(self, job: Job, start: int) -> Placed | None:
        """Return the earliest place for a job from a minute on; None within the horizon.

        Of the bays that will do, the one with the fewest features; of the officers, those with the fewest skills.
        """
        bays = [(bay, free.starts(job.minutes)) for bay, free in self._bays if set(job.features) <= set(bay.features)]
        possible = 0
        for _, starts in bays:
            possible |= starts
        for need in job.needs:
            met = 0
            for _, free in self._who(need):
                met |= free.starts(need.end - need.start) >> need.start
            possible &= met
        possible = (possible & self._horizon) >> max(start, 0) << max(start, 0)
        while possible:
            minute = (possible & -possible).bit_length() - 1
            people = self._people(job.needs, minute, ())
            if people is not None:
                bay = next(bay for bay, starts in bays if starts >> minute & 1)
                return Placed(job.number, bay.name, minute, people)
            possible &= possible - 1
        return None

    def take(self, job: Job, placed: Placed) -> None:
        """Note that a job is done there and then."""
        for bay, free in self._bays:
            if bay.name == placed.bay:
                free.take(Span(placed.start, placed.start + job.minutes))
        people = {officer.name: free for officer, free in self._officers}
        for need, name in zip(job.needs, placed.officers, strict=True):
            people[name].take(Span(placed.start + need.start, placed.start + need.end))

    def _who(self, need: Need) -> list[tuple[Officer, _Free]]:
        key = (need.agency.value, need.skill.value)
        if key not in self._able:
            self._able[key] = [pair for pair in self._officers if serves(pair[0], need)]
        return self._able[key]

    def _people(
        self, needs: Sequence[Need], minute: int, chosen: tuple[tuple[str, Span], ...]
    ) -> tuple[str, ...] | None:
        """Return an officer for each need, nobody at two things at once; None where that cannot be."""
        if len(chosen) == len(needs):
            return tuple(name for name, _ in chosen)
        need = needs[len(chosen)]
        busy = Span(minute + need.start, minute + need.end)
        for officer, free in self._who(need):
            elsewhere = any(
                name == officer.name and busy.start < span.end and span.start < busy.end for name, span in chosen
            )
            if not elsewhere and free.free(busy):
                found = self._people(needs, minute, (*chosen, (officer.name, busy)))
                if found is not None:
                    return found
        return None


def _bits(span: Span) -> int:
    start, end = max(span.start, 0), max(span.end, 0)
    return ((1 << (end - start)) - 1) << start if end > start else 0


def _union(spans: Sequence[Span]) -> int:
    found = 0
    for span in spans:
        found |= _bits(span)
    return found


def _less(free: int, taken: Sequence[Span]) -> _Free:
    return _Free(free & ~_union(taken))
