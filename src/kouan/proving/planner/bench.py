"""Events a second of the flow model, beside SimPy and Ciw on the same lanes in the same run.

An event is an arrival or the end of a service, in all three: what a simulator does inside for one is its own affair.
Rates are by processor time, so that what else runs on the machine matters little; the rate of all cores is by the wall.
"""

import os
import time
from collections.abc import Callable, Generator, Mapping
from random import Random
from typing import Any

import msgspec

from kouan.planning.model.engine import run_events
from kouan.planning.model.exact import mmc_wait_s
from kouan.planning.model.intervals import Spread
from kouan.planning.model.laws import exponential
from kouan.planning.model.network import Kind, Network, Station, Work
from kouan.planning.model.pack import pack
from kouan.planning.model.run import is_prepared, prepare, simulate
from kouan.proving.planner.exact_cases import coming_of
from kouan.vocabulary.clock import SECOND, Clock

LANES, SERVICE_S, LOAD = 12, 30.0, 0.8
"""Ganqimaodu's inbound lanes at the 30 s published for it, four fifths busy."""

RATE = LANES * LOAD / SERVICE_S
"""Arrivals a second."""

GOAL = 1_000_000
"""Events a second on one core that the flow model must reach."""

SIMPY_SHARE, CIW_SHARE = 20, 100
"""Of how many of the vehicles SimPy and Ciw get one: enough for seconds of work each."""

REPLICATIONS = 8
"""Runs over which all cores are measured. Our choice: some for each core of a desk's machine."""


class BenchSetting(msgspec.Struct, frozen=True):
    """How much is measured."""

    vehicles: int = 2_000_000
    seed: int = 1


def measure(setting: BenchSetting, spread: Spread, clock: Clock, tell: Callable[[str], None]) -> Mapping[str, Any]:
    """Return the figures by name; ``tell`` hears of each stage."""
    known = is_prepared()
    tell("The event loop: " + ("taken from this machine's cache" if known else "compiled, once on this machine"))
    began_s = time.process_time()
    prepare()
    prepared_s = time.process_time() - began_s
    tell("The flow model")
    own = _own(setting)
    tell("Replications on all cores")
    replicated = _on_all_cores(setting, spread, clock)
    tell("SimPy")
    simpy = _rate(setting.vehicles // SIMPY_SHARE, lambda count: _simpy(count, setting.seed))
    tell("Ciw")
    ciw = _rate(setting.vehicles // CIW_SHARE, lambda count: _ciw(count, setting.seed))
    best = own["events_a_second"]
    return {
        **own,
        "goal": GOAL,
        "reached": best >= GOAL,
        "all_cores_events_a_second": replicated,
        "cores": os.cpu_count(),
        "was_compiled_before": known,
        "prepare_s": prepared_s,
        "exact_wait_s": mmc_wait_s(RATE, SERVICE_S, LANES),
        "times_simpy": best / simpy["events_a_second"],
        "times_ciw": best / ciw["events_a_second"],
        "peers": {"SimPy": simpy, "Ciw": ciw},
    }


def _lanes() -> Network:
    lanes = Station(name="lanes", servers=LANES, work={"": Work(exponential(SERVICE_S))})
    return Network(stations=(lanes,), kinds=(Kind("lorry", "lanes", {}),))


def _own(setting: BenchSetting) -> dict[str, Any]:
    """Return the rate of the event loop alone, and of a whole run from drawing arrivals to the outcome."""
    network, end_s = _lanes(), setting.vehicles / RATE
    began_s = time.process_time()
    outcome = simulate(network, coming_of([RATE], end_s, setting.seed), setting.seed)
    whole_s = time.process_time() - began_s
    model = pack(network, outcome.coming, setting.seed)
    began_s = time.process_time()
    run_events(model, float("inf"))
    loop_s = time.process_time() - began_s
    return {
        "events": outcome.events,
        "events_a_second": outcome.events / loop_s,
        "whole_run_events_a_second": outcome.events / whole_s,
        "wait_s": outcome.mean_wait_s("lanes"),
    }


def _on_all_cores(setting: BenchSetting, spread: Spread, clock: Clock) -> float:
    network, each = _lanes(), setting.vehicles // REPLICATIONS

    def once(seed: int) -> int:
        return simulate(network, coming_of([RATE], each / RATE, seed), seed).events

    began = clock.monotonic()
    events = sum(spread(once, range(setting.seed, setting.seed + REPLICATIONS)))
    return events * SECOND / (clock.monotonic() - began)


def _rate(vehicles: int, run: Callable[[int], float]) -> dict[str, Any]:
    began_s = time.process_time()
    wait_s = run(vehicles)
    spent_s = time.process_time() - began_s
    return {"events": 2 * vehicles, "events_a_second": 2 * vehicles / spent_s, "wait_s": wait_s}


def _simpy(vehicles: int, seed: int) -> float:
    """Run the lanes in SimPy, as its own manual writes a bank; return the mean seconds in line."""
    import simpy

    chance, waited = Random(seed), [0.0]
    world = simpy.Environment()
    lanes = simpy.Resource(world, capacity=LANES)

    def lorry() -> Generator[Any, Any, None]:
        came = world.now
        with lanes.request() as lane:
            yield lane
            waited[0] += world.now - came
            yield world.timeout(chance.expovariate(1 / SERVICE_S))

    def road() -> Generator[Any, Any, None]:
        for _ in range(vehicles):
            yield world.timeout(chance.expovariate(RATE))
            world.process(lorry())

    world.process(road())
    world.run()
    return waited[0] / vehicles


def _ciw(vehicles: int, seed: int) -> float:
    """Run the lanes in Ciw; return the mean seconds in line."""
    import ciw

    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(RATE)],
        service_distributions=[ciw.dists.Exponential(1 / SERVICE_S)],
        number_of_servers=[LANES],
    )
    ciw.seed(seed)
    world = ciw.Simulation(network)
    world.simulate_until_max_customers(vehicles, method="Finish")
    waits = [record.waiting_time for record in world.get_all_records()]
    return float(sum(waits) / len(waits))
