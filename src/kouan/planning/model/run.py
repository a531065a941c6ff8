"""Runs a network once, and says what came of it."""

import functools
import math
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from kouan.planning.model import engine
from kouan.planning.model.engine import run_events
from kouan.planning.model.laws import constant
from kouan.planning.model.network import Kind, Network, Station, Work
from kouan.planning.model.pack import Coming, merged, pack


class Outcome(NamedTuple):
    """One run. Arrays by station are in the network's order; spans are in seconds, instants seconds from the start.

    ``served``, ``waited``, ``worked`` and ``stood`` are sums over the vehicles that count: stops begun, seconds in
    line, seconds served, seconds stood still before a full room. ``queue`` (stations, bins) is the mean number in line
    in each bin of ``bin_s``. ``left_s`` is when each vehicle left, NaN if it is still inside or was turned away
    (``lost``, of those that count). ``entered_s`` and ``waits_s`` (vehicles, stations) are empty unless it was traced.
    """

    network: Network
    coming: Coming
    events: int
    ended_s: float
    lost: int
    served: NDArray[np.int64]
    waited: NDArray[np.float64]
    worked: NDArray[np.float64]
    stood: NDArray[np.float64]
    queue: NDArray[np.float64]
    bin_s: float
    left_s: NDArray[np.float64]
    entered_s: NDArray[np.float64]
    waits_s: NDArray[np.float64]

    def place(self, station: str) -> int:
        """Return a station's place in the arrays; raise ValueError for an unknown one."""
        return [each.name for each in self.network.stations].index(station)

    def mean_wait_s(self, station: str) -> float:
        """Return the mean seconds in line of those served at a station; NaN if nobody was."""
        place = self.place(station)
        return float(self.waited[place] / self.served[place]) if self.served[place] else math.nan

    def stays_s(self, kind: str) -> NDArray[np.float64]:
        """Return how long each vehicle of a kind was in the model, in order of arrival, without those still inside."""
        place = [each.name for each in self.network.kinds].index(kind)
        stays = (self.left_s - self.coming.when_s)[self.coming.kind == place]
        return np.asarray(stays[~np.isnan(stays)])


def simulate(
    network: Network,
    coming: Coming,
    seed: int,
    *,
    until_s: float = math.inf,
    bin_s: float = math.inf,
    bins: int = 1,
    counted_from: int = 0,
    traced: bool = False,
) -> Outcome:
    """Run a network until it is empty or until ``until_s``; all chance but the arrivals' follows from ``seed``.

    Vehicles before ``counted_from`` warm the model up: sums by station leave them out.
    """
    model = pack(network, coming, seed, bins=bins, bin_s=bin_s, counted_from=counted_from, traced=traced)
    ended_s = run_events(model, until_s)
    totals, stations = model.totals[0], model.stations
    width_s = bin_s if math.isfinite(bin_s) else max(ended_s, 1e-9)
    return Outcome(
        network, coming, int(totals["events"]), ended_s, int(totals["lost"]), stations["served"], stations["waited"],
        stations["worked"], stations["stood"], model.area / width_s, width_s, model.vehicles["left"],
        model.traces["entered"], model.traces["waited"],
    )  # fmt: skip


def is_prepared() -> bool:
    """Say whether the event loop was compiled on this machine before, so that the next run starts at once."""
    stats = cast("Any", run_events).stats
    if stats.cache_hits or stats.cache_misses:
        return True
    written = Path(engine.__file__).stat().st_mtime
    return any(kept.stat().st_mtime >= written for kept in Path(stats.cache_path).glob("engine.run_events-*.nbi"))


@functools.cache
def prepare() -> None:
    """Compile the event loop now, or take it from the cache; some seconds where it is new on this machine."""
    stop = Station(name="stop", servers=1, work={"": Work(constant(1.0))})
    simulate(Network(stations=(stop,), kinds=(Kind("any", "stop", {}),)), merged([np.zeros(0)]), 0)
