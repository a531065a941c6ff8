"""The event loop of the flow model, in machine code: arithmetic over records in arrays, ten lines a rule.

An event is an arrival, the end of a stop, or a change of the calendar. Vehicles are numbers in order of arrival; a line
of waiting vehicles is a chain of such numbers, so that nothing is allocated while the model runs. Ends of stops wait in
a binary heap; arrivals and the calendar are sorted before, and cost nothing.

This file is longer than others and cannot be parted soundly: numba keeps the compiled loop for as long as the file of
its entry is unchanged, so what it inlines, constants among it, must stand in that very file.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kouan.planning.model.compiled import compiled, entry
from kouan.planning.model.records import Model

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""Odd integer nearest to 2**64 divided by the golden ratio: the step of SplitMix64."""

ROUNDS = np.uint64(4096)
"""Draws that one vehicle can have of one stream; one more than that and it would meet the next vehicle's."""

MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
S30, S27, S31, S12 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(12)
UNIT = 2.0**-52
"""Multipliers and shifts of SplitMix64 (Steele, Lea and Flood 2014), and the step of 52 bits below 1."""

OUTSIDE = -1
GONE = -2
"""Where a vehicle is that has not come in yet, or has left."""


@compiled
def draw(key: np.uint64, entity: np.uint64, turn: np.uint64) -> float:
    """Return the uniform draw, above 0 and below 1, of an entity's ``turn``-th visit in the stream ``key``."""
    z = key + (entity * ROUNDS + turn) * GOLDEN
    z = (z ^ (z >> S30)) * MIX_1
    z = (z ^ (z >> S27)) * MIX_2
    z = z ^ (z >> S31)
    return (float(z >> S12) + 0.5) * UNIT


@compiled
def span(law: Any, tables: NDArray[np.float64], uniform_draw: float) -> float:
    """Return the span that a draw gives under a law, a record of ``LAW``."""
    if law.shape == 0:
        return law.a  # type: ignore[no-any-return]
    if law.shape == 1:
        return -law.a * math.log(1.0 - uniform_draw)  # type: ignore[no-any-return]
    if law.shape == 2:
        return law.a + (law.b - law.a) * uniform_draw  # type: ignore[no-any-return]
    at = uniform_draw * law.steps
    below = int(at)
    low = tables[law.first + below]
    return low + (tables[law.first + below + 1] - low) * (at - below)  # type: ignore[no-any-return]


@compiled
def _push(heap: Any, place: int, at: float, who: int) -> None:
    """Put an end of a stop into a heap of ``place`` others."""
    while place > 0:
        above = (place - 1) >> 1
        if heap[above].at <= at:
            break
        heap[place].at, heap[place].who = heap[above].at, heap[above].who
        place = above
    heap[place].at, heap[place].who = at, who


@compiled
def _pop(heap: Any, size: int) -> None:
    """Take the soonest out of a heap of ``size`` and the last one, which takes its place."""
    at, who = heap[size].at, heap[size].who
    place = 0
    while True:
        below = 2 * place + 1
        if below >= size:
            break
        if below + 1 < size and heap[below + 1].at < heap[below].at:
            below += 1
        if heap[below].at >= at:
            break
        heap[place].at, heap[place].who = heap[below].at, heap[below].who
        place = below
    heap[place].at, heap[place].who = at, who


@compiled
def _lengthen(station: Any, area: Any, bin_s: float, by: int, now: float) -> None:
    """Change a line's length, and add what was waited in it until now to the bins of time."""
    begins = station.since
    if station.length > 0:
        last = area.shape[0] - 1
        place = min(last, int(begins / bin_s))
        while place < last and (place + 1) * bin_s < now:
            area[place] += station.length * ((place + 1) * bin_s - begins)
            place += 1
            begins = place * bin_s
        area[place] += station.length * (now - begins)
    station.length += by
    station.since = now


@compiled
def _time(work: Any, key: Any, checks: Any, laws: Any, tables: Any, entity: Any, turn: Any) -> float:
    """Return how long a stop takes: what every stop takes, and its checks in turn or side by side."""
    base = laws[work.base]
    total = base.a if base.shape == 0 else span(base, tables, draw(key, entity, turn))
    longest, summed = 0.0, 0.0
    for place in range(work.first, work.first + work.count):
        check = checks[place]
        one = span(laws[check.law], tables, draw(check.key, entity, turn))
        summed += one
        longest = max(longest, one)
    return total + (longest if work.parallel else summed)


@compiled
def _start(model: Model, who: int, place: int, now: float) -> None:
    """Begin a stop."""
    station, vehicle, totals = model.stations[place], model.vehicles[who], model.totals[0]
    station.busy += 1
    took = station.pace * _time(
        model.works[vehicle.kind, place], station.base_key, model.checks, model.laws, model.tables, vehicle.entity,
        np.uint64(vehicle.turn),
    )  # fmt: skip
    waited = now - vehicle.joined
    if who >= totals.counted_from:
        station.served += 1
        station.waited += waited
        station.worked += took
    if model.traces.shape[0] > 0:
        model.traces[who, place].entered = vehicle.joined
        model.traces[who, place].waited = waited
    _push(model.heap, totals.heap, now + took, who)
    totals.heap += 1


@compiled
def _stand(vehicles: Any, line: Any, who: int) -> None:
    """Put a vehicle at the end of a line, a station's or one before a room."""
    vehicles[who].link = OUTSIDE
    if line.head < 0:
        line.head = who
    else:
        vehicles[line.tail].link = who
    line.tail = who


@compiled
def _enter(model: Model, who: int, place: int, now: float) -> None:
    """Join a station's line, or be served at once."""
    station = model.stations[place]
    model.vehicles[who].at = place
    if station.busy < station.open and station.head < 0:
        _start(model, who, place, now)
        return
    _lengthen(station, model.area[place], model.totals[0].bin_s, 1, now)
    _stand(model.vehicles, station, who)


@compiled
def _serve(model: Model, place: int, now: float) -> None:
    """Let those in line begin while servers are free."""
    station = model.stations[place]
    while station.head >= 0 and station.busy < station.open:
        who = station.head
        station.head = model.vehicles[who].link
        _lengthen(station, model.area[place], model.totals[0].bin_s, -1, now)
        _start(model, who, place, now)


@compiled
def _admit(model: Model, who: int, target: int) -> bool:
    """Take a vehicle into the target's room; where that is full, let it stand where it is and say no."""
    vehicle, number = model.vehicles[who], model.stations[target].room
    if number < 0 or (vehicle.at >= 0 and model.stations[vehicle.at].room == number):
        return True
    room = model.rooms[number]
    if room.inside < room.space:
        room.inside += 1
        return True
    vehicle.goal = target
    _stand(model.vehicles, room, who)
    return False


@compiled
def _leave(model: Model, place: int, room: int, now: float) -> None:
    """Free a server whose vehicle goes to a room, and its place in the room that it leaves."""
    station, totals = model.stations[place], model.totals[0]
    station.busy -= 1
    _serve(model, place, now)
    if station.room >= 0 and station.room != room:
        old = model.rooms[station.room]
        old.inside -= 1
        if not old.noted:
            old.noted, old.next = 1, totals.noted
            totals.noted = station.room


@compiled
def _settle(model: Model, now: float) -> None:
    """Let those who stood before a full room go on, and those who stood behind them, until nobody can."""
    totals = model.totals[0]
    while totals.noted >= 0:
        number = totals.noted
        room = model.rooms[number]
        totals.noted, room.noted = room.next, 0
        while room.head >= 0 and room.inside < room.space:
            who = room.head
            vehicle = model.vehicles[who]
            room.head = vehicle.link
            room.inside += 1
            here = vehicle.at
            if here >= 0:
                model.stations[here].stood += now - vehicle.joined
                vehicle.joined = now
                vehicle.turn += vehicle.goal <= here
            _enter(model, who, vehicle.goal, now)
            if here >= 0:
                _leave(model, here, number, now)


@compiled
def _next(model: Model, who: int) -> int:
    """Return the station to which a vehicle goes from where it is."""
    vehicle = model.vehicles[who]
    here = vehicle.at
    share = model.routes[vehicle.kind, here, 0].share
    if share < 0.0:
        return GONE
    chance = 0.0
    if share < 1.0:
        chance = draw(model.stations[here].route_key, vehicle.entity, np.uint64(vehicle.turn))
    for branch in range(model.routes.shape[2]):
        route = model.routes[vehicle.kind, here, branch]
        if chance < route.share:
            return route.to  # type: ignore[no-any-return]
    return GONE


@compiled
def _finish(model: Model, who: int, now: float) -> None:
    """End a stop: go on, stand still before a full room, or leave the model."""
    vehicle = model.vehicles[who]
    here, target = vehicle.at, _next(model, who)
    vehicle.joined = now
    if target == GONE:
        vehicle.left = now
        model.totals[0].inside -= 1
        _leave(model, here, GONE, now)
    elif _admit(model, who, target):
        vehicle.turn += target <= here
        _enter(model, who, target, now)
        _leave(model, here, model.stations[target].room, now)
    _settle(model, now)


@compiled
def _arrive(model: Model, who: int, now: float) -> None:
    """Let a vehicle come from outside."""
    vehicle, totals = model.vehicles[who], model.totals[0]
    target = model.enters[vehicle.kind]
    number = model.stations[target].room
    if number >= 0 and model.rooms[number].lost and model.rooms[number].inside >= model.rooms[number].space:
        totals.lost += who >= totals.counted_from
        return
    vehicle.joined = now
    totals.inside += 1
    if _admit(model, who, target):
        _enter(model, who, target, now)


@compiled
def _change(model: Model, number: int, now: float) -> None:
    """Let the calendar open or close servers, or change a station's pace."""
    change = model.changes[number]
    station = model.stations[change.station]
    station.open += change.servers
    if not math.isnan(change.pace):
        station.pace = change.pace
    _serve(model, change.station, now)


@entry
def run_events(model: Model, until_s: float) -> float:
    """Run until nobody is inside and nobody comes, or until ``until_s``; return the time of the last event."""
    totals, vehicles, changes, heap = model.totals[0], model.vehicles, model.changes, model.heap
    coming, changing, now = 0, 0, 0.0
    while coming < vehicles.shape[0] or totals.inside > 0:
        arrival = vehicles[coming].when if coming < vehicles.shape[0] else np.inf
        change = changes[changing].at if changing < changes.shape[0] else np.inf
        end = heap[0].at if totals.heap > 0 else np.inf
        soonest = min(arrival, change, end)
        if soonest > until_s or soonest == np.inf:
            break
        now = soonest
        totals.events += 1
        if change <= now:
            _change(model, changing, now)
            changing += 1
        elif end <= now:
            who = heap[0].who
            totals.heap -= 1
            _pop(heap, totals.heap)
            _finish(model, who, now)
        else:
            _arrive(model, coming, now)
            coming += 1
    for place in range(model.stations.shape[0]):
        station = model.stations[place]
        _lengthen(station, model.area[place], totals.bin_s, 0, max(now, station.since))
    return now
