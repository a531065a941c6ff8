"""What queueing theory says exactly, to check the flow model against. Rates are a second, spans are seconds."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kouan.vocabulary.errors import InvalidValue


def erlang_b(load: float, servers: int) -> float:
    """Return the share of vehicles that find all servers busy and turn away (Erlang 1917), for a load in Erlangs."""
    lost = 1.0
    for busy in range(1, servers + 1):
        lost = load * lost / (busy + load * lost)
    return lost


def erlang_c(load: float, servers: int) -> float:
    """Return the share of vehicles that have to wait in M/M/c; raise InvalidValue where the line grows for ever."""
    if load >= servers:
        raise InvalidValue("load", "exact.stable", "must be below the number of servers")
    lost = erlang_b(load, servers)
    return lost / (1 - load / servers * (1 - lost))


def mmc_wait_s(rate: float, mean_s: float, servers: int) -> float:
    """Return the mean seconds in line of M/M/c."""
    load = rate * mean_s
    return erlang_c(load, servers) * mean_s / (servers - load)


def mmck_lost(rate: float, mean_s: float, servers: int, space: int) -> float:
    """Return the share of vehicles that find M/M/c/K full: ``space`` vehicles in all, served ones among them."""
    load, weight = rate * mean_s, 1.0
    weights = [weight]
    for inside in range(1, space + 1):
        weight *= load / min(inside, servers)
        weights.append(weight)
    return weights[-1] / sum(weights)


def mg1_wait_s(rate: float, mean_s: float, variance: float) -> float:
    """Return the mean seconds in line of M/G/1 (Pollaczek 1930, Khinchine 1932)."""
    if rate * mean_s >= 1:
        raise InvalidValue("rate", "exact.stable", "must be below one vehicle a service")
    return rate * (variance + mean_s**2) / (2 * (1 - rate * mean_s))


def jackson_rates(outside: Sequence[float], goes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each station's throughput: the arrivals from outside and those from other stations, ``goes[i, j]``."""
    return np.asarray(np.linalg.solve(np.eye(len(outside)) - goes.T, np.asarray(outside, dtype=np.float64)), np.float64)


def jackson_stay_s(
    outside: Sequence[float], means_s: Sequence[float], servers: Sequence[int], goes: NDArray[np.float64]
) -> float:
    """Return the mean seconds that a vehicle is in an open Jackson network (1957), by Little's law."""
    inside = 0.0
    for rate, mean_s, count in zip(jackson_rates(outside, goes), means_s, servers, strict=True):
        inside += rate * (mmc_wait_s(float(rate), mean_s, count) + mean_s)
    return inside / sum(outside)


def parallel_exponentials(means_s: Sequence[float]) -> tuple[float, float]:
    """Return mean and variance of the longest of independent exponential checks, by inclusion and exclusion."""
    first = second = 0.0
    for chosen in range(1, 1 << len(means_s)):
        rate = sum(1 / mean for place, mean in enumerate(means_s) if chosen >> place & 1)
        sign = 1 if chosen.bit_count() % 2 else -1
        first += sign / rate
        second += sign * 2 / rate**2
    return first, second - first**2
