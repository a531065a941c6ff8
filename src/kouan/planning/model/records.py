"""The records in arrays that the event loop runs on. Whole numbers are places in other arrays; times are seconds."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

STATION = np.dtype([
    ("room", "i8"), ("open", "i8"), ("busy", "i8"), ("head", "i8"), ("tail", "i8"), ("length", "i8"), ("served", "i8"),
    ("pace", "f8"), ("since", "f8"), ("waited", "f8"), ("worked", "f8"), ("stood", "f8"),
    ("base_key", "u8"), ("route_key", "u8"),
])  # fmt: skip
"""``open`` servers, of which ``busy``; the line from ``head`` to ``tail``, unchanged ``since``; ``served`` and the sums
count the vehicles that count."""

ROOM = np.dtype([
    ("space", "i8"), ("lost", "i8"), ("inside", "i8"), ("head", "i8"), ("tail", "i8"), ("next", "i8"), ("noted", "i8"),
])  # fmt: skip
"""``head`` to ``tail`` stand before it; ``noted`` rooms, chained by ``next``, may have space again."""

VEHICLE = np.dtype([
    ("when", "f8"), ("entity", "u8"), ("kind", "i8"), ("at", "i8"), ("goal", "i8"), ("turn", "i8"), ("link", "i8"),
    ("joined", "f8"), ("left", "f8"),
])  # fmt: skip
"""``joined`` is when it came into its line, or stood still; ``turn`` how often it went back; ``left`` NaN before."""

WORK = np.dtype([("base", "i8"), ("first", "i8"), ("count", "i8"), ("parallel", "i8")])
CHECK = np.dtype([("law", "i8"), ("key", "u8")])
"""A stop has ``count`` checks from ``first`` on, each with its law and the key of its chance."""

ROUTE = np.dtype([("to", "i8"), ("share", "f8")])
"""``share`` is the probability of this branch or one before it, -1 for no branch."""

CHANGE = np.dtype([("at", "f8"), ("station", "i8"), ("servers", "i8"), ("pace", "f8")])
END = np.dtype([("at", "f8"), ("who", "i8")])
TRACE = np.dtype([("entered", "f8"), ("waited", "f8")])
"""A change of the calendar, the end of a stop, and when a traced vehicle entered a station and how long it waited."""

TOTALS = np.dtype([
    ("heap", "i8"), ("noted", "i8"), ("events", "i8"), ("lost", "i8"), ("counted_from", "i8"), ("inside", "i8"),
    ("bin_s", "f8"),
])  # fmt: skip
"""What the whole run has of: ends waiting in the heap, rooms noted, events, vehicles lost, inside; its bins' width."""

LAW = np.dtype([("shape", "i8"), ("a", "f8"), ("b", "f8"), ("first", "i8"), ("steps", "i8")])
"""A law as the event loop has it: where its table begins among all tables, and how many steps that has."""


class Model(NamedTuple):
    """What the loop runs on: S stations, K kinds of vehicles, N vehicles."""

    stations: NDArray[Any]
    rooms: NDArray[Any]
    enters: NDArray[np.int64]
    works: NDArray[Any]
    """(K, S)."""
    routes: NDArray[Any]
    """(K, S, branches)."""
    checks: NDArray[Any]
    laws: NDArray[Any]
    tables: NDArray[np.float64]
    changes: NDArray[Any]
    vehicles: NDArray[Any]
    heap: NDArray[Any]
    area: NDArray[np.float64]
    """(S, bins): vehicle seconds waited in line in each bin of time."""
    traces: NDArray[Any]
    """(N, S), or (0, 0) where nobody asks."""
    totals: NDArray[Any]
    """One record."""
