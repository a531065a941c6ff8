"""The flow model against the whole platform in virtual time: the same lorries at the same instants, the same means.

The model knows of the platform only how long a lane is taken, from another day under another seed. Waits, lines and
stays on the day that is compared are its own.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from kouan.planning.model.intervals import LEAST_REPLICATIONS
from kouan.planning.model.laws import Law, sampled
from kouan.planning.model.network import Kind, Network, Station, Work
from kouan.planning.model.pack import merged
from kouan.planning.model.run import simulate
from kouan.proving.port_day import DaySetting, vehicles_of_day
from kouan.simulator.truth import VehicleTruth
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.places import Direction

WITHIN = 0.05
"""How far a mean of the model may be from the platform's, as a share."""

REPLICATIONS = LEAST_REPLICATIONS
"""Runs of the model behind each mean."""

Found = Mapping[str, float]


def measure(days: float, seeds: tuple[int, int], tell: Callable[[str], None]) -> Mapping[str, Any]:
    """Simulate two days on the platform, fit lanes to the first, and compare the second; lanes as in Ganqimaodu."""
    lives = []
    for seed in seeds:
        tell(f"The whole platform, {days:g} days, seed {seed}")
        lives.append(vehicles_of_day(DaySetting(days=days, seed=seed, checked=False)))
    return against(lives[0], lives[1])


def against(known: Sequence[VehicleTruth], lived: Sequence[VehicleTruth]) -> Mapping[str, Any]:
    """Return the means of a day that was lived, what a model fitted to another day says, and how far they are apart."""
    rows: list[dict[str, Any]] = []
    for direction in Direction:
        theirs, ours = of_platform(lived, direction), of_model(known, lived, direction)
        rows += [
            {"direction": direction.value, "measure": name, "platform": theirs[name], "model": ours[name],
             "error": ours[name] / theirs[name] - 1}
            for name in theirs
        ]  # fmt: skip
    return {"rows": rows, "within": WITHIN, "reached": all(abs(row["error"]) <= WITHIN for row in rows)}


def of_platform(lived: Sequence[VehicleTruth], direction: Direction) -> Found:
    """Return what lorries of a direction waited before the stop line, and their whole stay, in mean seconds."""
    gone = [each for each in lived if each.direction == direction.value and each.left_at is not None]
    waits = [(each.at_stop_at - each.arrived_at) / SECOND for each in gone]
    stays = [((each.left_at or 0) - each.arrived_at) / SECOND for each in gone]
    return {"wait_s": float(np.mean(waits)), "stay_s": float(np.mean(stays))}


def of_model(known: Sequence[VehicleTruth], lived: Sequence[VehicleTruth], direction: Direction) -> Found:
    """Return the same by the flow model, for the arrivals that were lived and the lanes as they were known."""
    gone = [each for each in lived if each.direction == direction.value and each.left_at is not None]
    start = min(each.arrived_at for each in lived)
    arrivals = np.sort(np.array([(each.arrived_at - start) / SECOND for each in gone]))
    lanes = len({each.lane for each in (*known, *lived) if each.direction == direction.value})
    taken, drive_in_s, drive_off_s = taken_s(known, direction)
    station = Station(name="lanes", servers=lanes, work={"": Work(taken)})
    network = Network(stations=(station,), kinds=(Kind("lorry", "lanes", {}),))
    waits = [simulate(network, merged([arrivals]), seed).mean_wait_s("lanes") for seed in range(REPLICATIONS)]
    wait_s = float(np.mean(waits)) + drive_in_s
    return {"wait_s": wait_s, "stay_s": wait_s + drive_off_s}


def taken_s(known: Sequence[VehicleTruth], direction: Direction) -> tuple[Law, float, float]:
    """Return how long a lane is taken, mean seconds of driving in, and mean seconds from the stop to having left.

    A lane is taken from one stop to the next where the next lorry was in line already when this one left: the moving up
    is in it. Driving in is told by those who found their lane free; who stood in line has it behind him meanwhile.
    """
    lanes: dict[str, list[VehicleTruth]] = {}
    for each in known:
        if each.direction == direction.value and each.left_at is not None:
            lanes.setdefault(each.lane, []).append(each)
    pairs = [pair for lane in lanes.values() for pair in itertools.pairwise(lane)]
    taken = [(other.at_stop_at - one.at_stop_at) / SECOND for one, other in pairs if _in_line(one, other)]
    free = [lane[0] for lane in lanes.values()] + [other for one, other in pairs if not _in_line(one, other)]
    drive_in_s = float(np.mean([(each.at_stop_at - each.arrived_at) / SECOND for each in free]))
    stops = [((each.left_at or 0) - each.at_stop_at) / SECOND for lane in lanes.values() for each in lane]
    return sampled(taken), drive_in_s, float(np.mean(stops))


def _in_line(one: VehicleTruth, other: VehicleTruth) -> bool:
    """Say whether the next lorry of a lane stood in line when the one before it left."""
    return other.arrived_at <= (one.left_at or 0)
