"""A port's weeks as they truly were: every visit, its queues and its weights."""

import datetime as dt
import heapq
import random
from collections.abc import Callable, Sequence

import msgspec
import polars as pl

from kouan.simulator.identities import chinese_plate, mongolian_plate

FIRST_DAY = dt.date(2026, 3, 2)
"""A Monday."""

OPENS_S, CLOSES_S, DAY_S = 8 * 3600, 20 * 3600, 86_400
"""The gate's hours: Ganqimaodu opens at 08:00 [calibration]; closing twelve hours later is our choice."""

VISITS_A_DAY = 900
"""Visits of an ordinary day; Ganqimaodu had 1,000 and more trucks in early 2023 [calibration]."""

SURGE = 0.25
"""Share of a day's vehicles that stand before the gate when it opens. Our choice."""

SHORT_CARRIER, SHORT_KG = 3, 700
"""A carrier that declares too little, by so many kilograms."""

DRIFTING_SCALE, DRIFT_KG_A_DAY = 2, 4.0
"""A scale that shows more each day."""

LOST = 0.004
"""Share of exits and of tickets that nobody wrote down. Our choice."""


class Sample(msgspec.Struct, frozen=True):
    """How large a sample is, from which seed, and what the port has."""

    rows: int
    seed: int = 1
    lanes_in: int = 12
    lanes_out: int = 7
    scales: int = 4
    bays: int = 60
    carriers: int = 24


def visits_of(sample: Sample) -> pl.DataFrame:
    """Return the visits as they truly were, in the order of arrival; about a third as many as rows are asked for.

    Times are seconds since midnight of the first day; ``exit_lost`` and ``ticket_lost`` say what was not written down.
    """
    chance = random.Random(sample.seed)
    count = max(sample.rows // 3, 10)
    queued = _arrivals(count, chance)
    stop_in = [round(chance.lognormvariate(3.1, 0.35)) + 5 for _ in range(count)]
    in_at, lane_in = _served(queued, stop_in, sample.lanes_in, _open)
    in_left = [at + stop for at, stop in zip(in_at, stop_in, strict=True)]
    at_scales = [at + round(chance.uniform(240, 600)) for at in in_left]
    gross_at, scale_in = _served(at_scales, [75] * count, sample.scales, None)
    at_bay = [at + 75 + round(chance.uniform(120, 300)) for at in gross_at]
    unloading = [round(chance.lognormvariate(7.6, 0.35)) for _ in range(count)]
    bay_at, _ = _served(at_bay, unloading, sample.bays, None)
    emptied = [at + span + round(chance.uniform(60, 240)) for at, span in zip(bay_at, unloading, strict=True)]
    tare_at, scale_out = _served(emptied, [60] * count, sample.scales, None)
    out_queued = [at + 60 + round(chance.uniform(240, 600)) for at in tare_at]
    stop_out = [round(chance.lognormvariate(2.8, 0.3)) + 4 for _ in range(count)]
    out_at, lane_out = _served(out_queued, stop_out, sample.lanes_out, _open)
    vehicles = _vehicles(count, sample, chance)
    weights = [
        _weights(vehicles[place], gross_at[place], scale_in[place], scale_out[place], chance) for place in range(count)
    ]
    return pl.DataFrame(
        {
            "plate": [vehicle.plate for vehicle in vehicles],
            "carrier": [vehicle.carrier for vehicle in vehicles],
            "queued_at": queued, "in_at": in_at, "in_left_at": in_left, "lane_in": lane_in,
            "gross_at": gross_at, "scale_in": scale_in, "tare_at": tare_at, "scale_out": scale_out,
            "out_queued_at": out_queued, "out_at": out_at,
            "out_left_at": [at + stop for at, stop in zip(out_at, stop_out, strict=True)], "lane_out": lane_out,
            "gross_kg": [gross for gross, _, _ in weights], "tare_kg": [tare for _, tare, _ in weights],
            "declared_kg": [declared for _, _, declared in weights],
            "exit_lost": [chance.random() < LOST for _ in range(count)],
            "ticket_lost": [chance.random() < LOST for _ in range(count)],
        }
    )  # fmt: skip


class _Vehicle(msgspec.Struct, frozen=True):
    plate: str
    carrier: int
    tare_kg: int


def _arrivals(count: int, chance: random.Random) -> list[int]:
    """Return when vehicles join the queue: some before opening, the rest over the day, fewer on Sundays."""
    found: list[int] = []
    day = 0
    while len(found) < count:
        usual = VISITS_A_DAY * (0.6 if day % 7 == 6 else chance.uniform(0.85, 1.15))
        today = min(round(usual), count - len(found)) if count > VISITS_A_DAY else -(-count // 7)
        for _ in range(min(today, count - len(found))):
            early = chance.random() < SURGE
            second = (
                chance.triangular(4 * 3600, OPENS_S, 7 * 3600)
                if early
                else chance.triangular(OPENS_S, 18 * 3600, 10 * 3600)
            )
            found.append(day * DAY_S + round(second))
        day += 1
    return sorted(found)


def _served(
    arrived: Sequence[int], spans: Sequence[int], servers: int, opened: Callable[[int], int] | None
) -> tuple[list[int], list[int]]:
    """Return when each begins to be served, first come first served, and by which of the servers (from 1)."""
    order = sorted(range(len(arrived)), key=arrived.__getitem__)
    free = [(0, server) for server in range(1, servers + 1)]
    begins, by = [0] * len(arrived), [0] * len(arrived)
    for place in order:
        at, server = heapq.heappop(free)
        begin = max(arrived[place], at)
        begin = opened(begin) if opened else begin
        begins[place], by[place] = begin, server
        heapq.heappush(free, (begin + spans[place] + 10, server))
    return begins, by


def _open(at: int) -> int:
    """Return the first moment at or after this one at which the gate serves."""
    day, second = divmod(at, DAY_S)
    if second < OPENS_S:
        return day * DAY_S + OPENS_S
    return at if second < CLOSES_S else (day + 1) * DAY_S + OPENS_S


def _vehicles(count: int, sample: Sample, chance: random.Random) -> list[_Vehicle]:
    """Return who comes: a fleet that goes round in three days, so that nobody is at the port twice at once."""
    fleet: dict[str, _Vehicle] = {}
    wanted = min(VISITS_A_DAY * 3, max(count // 2, 1))
    while len(fleet) < wanted:
        plate = chinese_plate(chance) if chance.random() < 0.35 else mongolian_plate(chance)
        fleet[plate] = _Vehicle(plate, chance.randrange(sample.carriers), chance.randrange(17_000, 24_000, 20))
    vehicles = list(fleet.values())
    chance.shuffle(vehicles)
    return [vehicles[place % wanted] for place in range(count)]


def _weights(vehicle: _Vehicle, at: int, scale_in: int, scale_out: int, chance: random.Random) -> tuple[int, int, int]:
    """Return gross and tare as the scales show them, and what was declared."""
    net = chance.randrange(38_000, 52_000)
    declared = net - (SHORT_KG if vehicle.carrier == SHORT_CARRIER else 0) + round(chance.gauss(0, 60))
    day = at / DAY_S
    shown = [
        mass + chance.gauss(0, 25) + (DRIFT_KG_A_DAY * day if scale == DRIFTING_SCALE else 0.0)
        for mass, scale in ((vehicle.tare_kg + net, scale_in), (vehicle.tare_kg, scale_out))
    ]
    return round(shown[0] / 20) * 20, round(shown[1] / 20) * 20, round(declared / 10) * 10
