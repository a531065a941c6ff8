"""Packs a network and its arrivals into the arrays that the event loop runs on."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kouan.planning.model import records
from kouan.planning.model.chance import key_of
from kouan.planning.model.laws import Law, constant
from kouan.planning.model.network import Combined, Network, Work, check

NOTHING = Work(constant(0.0))
"""What a stop takes that takes nothing."""

ENTITIES_EACH = np.uint64(1 << 40)
"""Numbers that each kind of vehicle has for itself, so that more of one kind change nothing for another."""

ALL_TIME_S = 1e300
"""Width of the one bin of time of a run that asks for none."""


class Coming(NamedTuple):
    """Vehicles that come: when (in seconds from the start, sorted), of which kind, and each one's number.

    The kind is its place in the network's ``kinds``.
    """

    when_s: NDArray[np.float64]
    kind: NDArray[np.int32]
    entity: NDArray[np.uint64]


def merged(streams: Sequence[NDArray[np.float64]]) -> Coming:
    """Return the arrivals of all kinds in order of time, from each kind's own arrivals in the network's order."""
    when = np.concatenate([np.asarray(stream, dtype=np.float64) for stream in streams])
    kind = np.concatenate([np.full(len(stream), place, dtype=np.int32) for place, stream in enumerate(streams)])
    numbers = [
        np.uint64(kind) * ENTITIES_EACH + np.arange(len(each), dtype=np.uint64) for kind, each in enumerate(streams)
    ]
    order = np.argsort(when, kind="stable")
    return Coming(when[order], kind[order], np.concatenate(numbers)[order])


class _Laws:
    """Laws in the order in which they are first met, by identity: comparing tables would take longer than a run."""

    def __init__(self) -> None:
        self._places: dict[int, tuple[int, Law]] = {}

    def place(self, law: Law) -> int:
        """Return a law's place in the list."""
        return self._places.setdefault(id(law), (len(self._places), law))[0]

    def arrays(self) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """Return the laws, and all their tables one after the other."""
        rows, tables = [], [0.0]
        for _, law in self._places.values():
            rows.append((law.shape, law.a, law.b, len(tables), len(law.table) - 1))
            tables.extend(law.table)
        return np.array(rows, dtype=records.LAW), np.array(tables)


def pack(
    network: Network,
    coming: Coming,
    seed: int,
    *,
    bins: int = 1,
    bin_s: float = math.inf,
    counted_from: int = 0,
    traced: bool = False,
) -> records.Model:
    """Return an empty model, ready to run; raise InvalidValue where the network does not hang together."""
    check(network)
    places = {station.name: place for place, station in enumerate(network.stations)}
    laws = _Laws()
    works, checks = _works(network, laws, seed)
    packed_laws, tables = laws.arrays()
    shape = (len(coming.when_s), len(network.stations)) if traced else (0, 0)
    totals = (0, -1, 0, 0, counted_from, 0, bin_s if math.isfinite(bin_s) else ALL_TIME_S)
    return records.Model(
        stations=_stations(network, seed),
        rooms=np.array([(room.space, room.lost, 0, -1, -1, -1, 0) for room in network.rooms], dtype=records.ROOM),
        enters=np.array([places[kind.enters] for kind in network.kinds], dtype=np.int64),
        works=works,
        routes=_routes(network, places),
        checks=checks,
        laws=packed_laws,
        tables=tables,
        changes=_changes(network, places),
        vehicles=_vehicles(coming),
        heap=np.zeros(len(coming.when_s) + 1, dtype=records.END),
        area=np.zeros((len(network.stations), bins)),
        traces=np.full(shape, np.nan, dtype=records.TRACE),
        totals=np.array([totals], dtype=records.TOTALS),
    )


def _stations(network: Network, seed: int) -> NDArray[Any]:
    rooms = {room.name: place for place, room in enumerate(network.rooms)}
    packed = np.zeros(len(network.stations), dtype=records.STATION)
    packed["head"] = packed["tail"] = -1
    packed["pace"] = 1.0
    for row, station in zip(packed, network.stations, strict=True):
        stream = station.stream or station.name
        row["room"] = -1 if station.room is None else rooms[station.room]
        row["open"] = station.servers
        row["base_key"], row["route_key"] = key_of(seed, stream), key_of(seed, f"{stream}/goes")
    return packed


def _vehicles(coming: Coming) -> NDArray[Any]:
    packed = np.zeros(len(coming.when_s), dtype=records.VEHICLE)
    packed["when"], packed["kind"], packed["entity"] = coming.when_s, coming.kind, coming.entity
    packed["at"] = packed["link"] = -1
    packed["left"] = np.nan
    return packed


def _routes(network: Network, places: dict[str, int]) -> NDArray[Any]:
    branches = max([1, *(len(row) for kind in network.kinds for row in kind.goes.values())])
    packed = np.zeros((len(network.kinds), len(places), branches), dtype=records.ROUTE)
    packed["share"] = -1.0
    for row, kind in zip(packed, network.kinds, strict=True):
        for name, goes in kind.goes.items():
            reached = 0.0
            for branch, (target, share) in enumerate(goes.items()):
                reached += share
                row[places[name], branch] = (places[target], 1.0 if reached > 1 - 1e-9 else reached)
    return packed


def _works(network: Network, laws: _Laws, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    packed = np.zeros((len(network.kinds), len(network.stations)), dtype=records.WORK)
    checks: list[tuple[int, np.uint64]] = []
    for row, kind in zip(packed, network.kinds, strict=True):
        for place, station in enumerate(network.stations):
            work = station.work.get(kind.name, station.work.get("", NOTHING))
            parallel = work.combined is Combined.PARALLEL
            row[place] = (laws.place(work.base), len(checks), len(work.checks), parallel)
            stream = station.stream or station.name
            checks += [(laws.place(law), key_of(seed, f"{stream}/{nth}")) for nth, law in enumerate(work.checks)]
    return packed, np.array(checks, dtype=records.CHECK)


def _changes(network: Network, places: dict[str, int]) -> NDArray[Any]:
    rows = [
        (each.at_s, places[each.station], each.servers, math.nan if each.pace is None else each.pace)
        for each in sorted(network.calendar, key=lambda each: each.at_s)
    ]
    return np.array(rows, dtype=records.CHANGE)
