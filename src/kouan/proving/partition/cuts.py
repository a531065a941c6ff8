"""What befalls the network and its hosts in one run of the experiment: drawn by a seed, as data."""

import enum
from random import Random

import msgspec

from kouan.proving.partition.network import Way


class Kind(enum.StrEnum):
    """What befalls a host."""

    CUT = "cut"
    FLAP = "flap"
    KILL = "kill"


class Trouble(msgspec.Struct, frozen=True):
    """One trouble of one host: from ``at_s`` after the start for ``span_s`` seconds; ``turns`` are a flapping's."""

    kind: Kind
    host: str
    at_s: float
    span_s: float
    way: Way = Way.BOTH
    turns: tuple[tuple[float, Way | None], ...] = ()


def draw(edges: tuple[str, ...], seed: int, cut_s: float, flap_s: float) -> tuple[Trouble, ...]:
    """Return the troubles of one run, by when they begin.

    First each edge is cut in another way, all at once; then each flaps, the hub dies under it, and one edge dies.
    """
    chance = Random(f"partition/{seed}")
    ways = list(Way)
    chance.shuffle(ways)
    cuts = [
        Trouble(Kind.CUT, edge, chance.uniform(0, 3), cut_s, ways[number % len(ways)])
        for number, edge in enumerate(edges)
    ]
    begin = cut_s + 15
    flaps = [Trouble(Kind.FLAP, edge, begin, flap_s, turns=_turns(chance, flap_s)) for edge in edges]
    kills = [
        Trouble(Kind.KILL, "hub", begin + chance.uniform(0.2, 0.5) * flap_s, 3.0),
        Trouble(Kind.KILL, chance.choice(edges), begin + chance.uniform(0.6, 0.9) * flap_s, 2.0),
    ]
    return tuple(sorted((*cuts, *flaps, *kills), key=lambda trouble: trouble.at_s))


def _turns(chance: Random, span_s: float) -> tuple[tuple[float, Way | None], ...]:
    """Return when a flapping link changes, from its beginning on, and to what: None is whole."""
    turns: list[tuple[float, Way | None]] = []
    at = 0.0
    while at < span_s:
        turns.append((at, chance.choice((*Way, None, None))))
        at += chance.uniform(0.3, 2.5)
    return tuple(turns)
