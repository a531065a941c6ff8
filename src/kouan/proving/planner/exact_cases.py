"""Twenty models whose answer is known exactly, and what the flow model says of each."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np

from kouan.planning.model import exact
from kouan.planning.model.arrivals import poisson
from kouan.planning.model.intervals import Interval, Spread, interval, one_by_one
from kouan.planning.model.laws import Law, constant, exponential, lognormal, sampled, uniform
from kouan.planning.model.network import ENDLESS, Combined, Kind, Network, Room, Station, Work
from kouan.planning.model.pack import Coming, merged
from kouan.planning.model.run import Outcome, simulate

WARM_UP = 10
"""The first tenth of the vehicles warm a model up and count for nothing. Our choice: many times what a line needs to
forget that it was empty, at the loads used here."""

SAMPLE = (8.0, 11.0, 11.5, 12.0, 14.0, 15.0, 21.0, 34.0, 90.0)
"""Seconds of service such as a file might hold: most short, one long. Made up; only its mean and variance matter."""

PILOT = 20_000
"""Vehicles of each kind in a replication of the pilot."""

PILOT_SEED = 500_000
AIM = 0.75
"""Share of the width asked for at which the check aims: a width is estimated with an error of its own."""

Answer = Callable[[Outcome], float]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A model, what is asked of it, and the exact answer. ``rates`` are arrivals a second of each kind of vehicle."""

    name: str
    network: Network
    rates: tuple[float, ...]
    answer: Answer
    exact: float


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a case."""

    name: str
    exact: float
    found: Interval
    events: int

    @property
    def held(self) -> bool:
        """Whether the exact value lies in the 95 % interval."""
        return self.found.holds(self.exact)

    @property
    def half_width(self) -> float:
        """Half the interval's width as a share of the exact value."""
        return self.found.half / self.exact


def check(case: Case, vehicles: int, replications: int, seed: int, spread: Spread = one_by_one) -> Checked:
    """Run a case so many times with so many vehicles of each kind, and compare with the exact value."""

    def once(replication: int) -> tuple[float, int]:
        outcome = run(case, vehicles, seed * 1000 + replication)
        return case.answer(outcome), outcome.events

    found = spread(once, range(replications))
    values = [value for value, _ in found]
    return Checked(name=case.name, exact=case.exact, found=interval(values), events=sum(count for _, count in found))


def check_closely(case: Case, half_width: float, replications: int, seed: int, spread: Spread = one_by_one) -> Checked:
    """Check a case with so many vehicles that the interval becomes as narrow as asked, as a share of the exact value.

    How many that takes is told by a pilot under another seed, so that the check itself is not chosen by its result.
    """
    pilot = check(case, PILOT, replications, seed + PILOT_SEED, spread)
    vehicles = math.ceil(PILOT * max(1.0, (pilot.half_width / (AIM * half_width)) ** 2))
    return check(case, vehicles, replications, seed, spread)


def run(case: Case, vehicles: int, seed: int) -> Outcome:
    """Run a case once, until the last vehicle that arrives has left."""
    end_s = vehicles / max(case.rates)
    coming = coming_of(case.rates, end_s, seed)
    return simulate(case.network, coming, seed, counted_from=len(coming.when_s) // WARM_UP, bins=10, bin_s=end_s / 10)


def coming_of(rates: Sequence[float], end_s: float, seed: int) -> Coming:
    """Return even Poisson arrivals of each kind until ``end_s``."""
    streams = [poisson(rate, int(rate * end_s), seed, f"arrivals/{kind}") for kind, rate in enumerate(rates)]
    return merged([stream[stream < end_s] for stream in streams])


def _line(name: str, law: Law | Work, servers: int, *, space: int | None = None) -> Network:
    work = law if isinstance(law, Work) else Work(law)
    rooms = () if space is None else (Room("all", space, lost=True),)
    station = Station(name=name, servers=servers, work={"": work}, room=None if space is None else "all")
    return Network(stations=(station,), kinds=(Kind("any", name, {}),), rooms=rooms)


def _waits(outcome: Outcome) -> float:
    return outcome.mean_wait_s(outcome.network.stations[0].name)


def _lost(outcome: Outcome) -> float:
    counted = len(outcome.coming.when_s) - len(outcome.coming.when_s) // WARM_UP
    return outcome.lost / counted


def _stays(outcome: Outcome) -> float:
    stays = outcome.left_s - outcome.coming.when_s
    return float(np.mean(stays[len(stays) // WARM_UP :]))


def _in_line(outcome: Outcome) -> float:
    """Return the mean number in line over time, without the first tenth of it: for Little's law."""
    return float(np.mean(outcome.queue[0, 1:]))


def _mmc(load: float, servers: int) -> Case:
    rate = load * servers / 30.0
    return Case(
        name=f"M/M/{servers}, each busy {load:.0%}: wait", network=_line("lane", exponential(30.0), servers),
        rates=(rate,), answer=_waits, exact=exact.mmc_wait_s(rate, 30.0, servers),
    )  # fmt: skip


def _mg1(name: str, load: float, work: Law | Work, mean_s: float, variance: float) -> Case:
    rate = load / mean_s
    return Case(
        name=f"M/G/1, {name}, busy {load:.0%}: wait", network=_line("lane", work, 1), rates=(rate,), answer=_waits,
        exact=exact.mg1_wait_s(rate, mean_s, variance),
    )  # fmt: skip


def _mg1_law(name: str, load: float, law: Law) -> Case:
    return _mg1(name, load, law, law.mean, law.variance)


def _loss(load: float, servers: int, space: int) -> Case:
    rate = load / 30.0
    known = (
        exact.erlang_b(load, servers) if space == servers else exact.mmck_lost(rate, 30.0, servers, space)
    )  # fmt: skip
    what = "Erlang B" if space == servers else f"M/M/{servers}/{space}"
    return Case(
        name=f"{what}, {servers} bays offered {load:g} Erlangs: turned away",
        network=_line("bay", exponential(30.0), servers, space=space), rates=(rate,), answer=_lost, exact=known,
    )  # fmt: skip


def _little(load: float, servers: int) -> Case:
    rate = load * servers / 30.0
    return Case(
        name=f"Little's law, M/M/{servers}, each busy {load:.0%}: number in line over time",
        network=_line("lane", exponential(30.0), servers), rates=(rate,), answer=_in_line,
        exact=rate * exact.mmc_wait_s(rate, 30.0, servers),
    )  # fmt: skip


CHECKS_S = (20.0, 30.0, 25.0)
"""Means of three exponential checks at one stop, in seconds."""


def _checks(combined: Combined) -> Case:
    mean_s, variance = (
        exact.parallel_exponentials(CHECKS_S)
        if combined is Combined.PARALLEL
        else (sum(CHECKS_S), sum(each**2 for each in CHECKS_S))
    )
    work = Work(constant(10.0), tuple(exponential(each) for each in CHECKS_S), combined)
    return _mg1(f"three checks {combined.name.lower()}", 0.6, work, mean_s + 10.0, variance)


def _jackson(name: str, means_s: Sequence[float], servers: Sequence[int], outside: Sequence[float], goes: Any) -> Case:
    rows = np.asarray(goes, dtype=np.float64)
    names = [f"s{place}" for place in range(len(means_s))]
    routes = {
        names[place]: {names[to]: float(share) for to, share in enumerate(row) if share}
        for place, row in enumerate(rows)
    }
    stations = tuple(
        Station(name=one, servers=count, work={"": Work(exponential(mean_s))})
        for one, count, mean_s in zip(names, servers, means_s, strict=True)
    )
    enters = [(names[place], rate) for place, rate in enumerate(outside) if rate]
    kinds = tuple(Kind(f"from {one}", one, routes) for one, _ in enters)
    return Case(
        name=f"Jackson network, {name}: stay", network=Network(stations=stations, kinds=kinds),
        rates=tuple(rate for _, rate in enters), answer=_stays,
        exact=exact.jackson_stay_s(outside, means_s, servers, rows),
    )  # fmt: skip


def _endless() -> Case:
    return Case(
        name="M/G/∞, driving: stay", network=_line("road", uniform(600.0, 900.0), ENDLESS), rates=(0.5,),
        answer=_stays, exact=750.0,
    )  # fmt: skip


def cases() -> tuple[Case, ...]:
    """Return the twenty cases."""
    long_tail, steady = lognormal(60.0, 1.5), lognormal(60.0, 0.4)
    file = sampled(SAMPLE)
    return (
        _mmc(0.5, 1), _mmc(0.8, 1), _mmc(0.7, 2), _mmc(0.85, 7), _mmc(0.9, 12),
        _mg1_law("constant", 0.7, constant(30.0)), _mg1_law("uniform", 0.8, uniform(20.0, 60.0)),
        _mg1_law("lognormal, steady", 0.75, steady), _mg1_law("lognormal, long tail", 0.6, long_tail),
        _mg1_law("a sample", 0.7, file), _checks(Combined.PARALLEL), _checks(Combined.SERIAL),
        _loss(3.0, 5, 5), _loss(10.0, 12, 12), _loss(2.4, 3, 8),
        _jackson("a chain of three", (20.0, 45.0, 60.0), (1, 2, 3), (0.03, 0.0, 0.0),
                 [[0, 1, 0], [0, 0, 1], [0, 0, 0]]),
        _jackson("a third comes back", (20.0, 30.0), (1, 2), (0.025, 0.0), [[0, 1], [1 / 3, 0]]),
        _jackson("two ways in and a diversion", (20.0, 90.0, 40.0, 15.0), (1, 2, 2, 1), (0.03, 0.0, 0.0, 0.015),
                 [[0, 0.2, 0.8, 0], [0, 0, 1, 0], [0, 0, 0, 0.5], [0, 0, 0, 0]]),
        _little(0.8, 3), _endless(),
    )  # fmt: skip
