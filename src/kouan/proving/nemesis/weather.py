"""Faults on the ways between clients and broker: several at once on each, and a count of what they did."""

import random

import msgspec

from kouan.adapters.memory.link import MemoryLink
from kouan.adapters.memory.transit import Faults
from kouan.wiring.twin.watched import WatchedBroker

USUAL_S = {"lane-controller": (0.008, 0.008)}
"""The delay of a network on a good day, in seconds, by the client whose both ways have it. Our choice: milliseconds at
the lanes, so that there is a time between decision and opening; always the same, as one connection keeps the order."""


class Count(msgspec.Struct):
    """What happened to messages on one way of one link."""

    met: int = 0
    lost: int = 0
    doubled: int = 0
    reordered: int = 0


class _Way(Faults):
    """The faults on one way, counting."""

    count: Count = msgspec.field(default_factory=Count)

    def loses(self, chance: random.Random) -> bool:
        lost = super().loses(chance)
        self.count.lost += lost
        return lost

    def copies(self, chance: random.Random) -> int:
        copies = super().copies(chance)
        self.count.doubled += copies == 2
        return copies

    def delay(self, chance: random.Random, *, reorder: bool) -> float:
        self.count.met += 1
        delay_s = super().delay(chance, reorder=reorder)
        self.count.reordered += bool(self.reorder_pm) and delay_s > self.delay_s[1]
        return delay_s


class Front(msgspec.Struct, frozen=True, eq=False):
    """One fault on a client's link, up to the broker, down from it, or both."""

    name: str
    up: bool
    down: bool
    faults: Faults


class Weather:
    """The faults of all links of a broker, which outlive the links themselves."""

    def __init__(self, broker: WatchedBroker) -> None:
        self._broker = broker
        self._fronts: list[Front] = []
        self._counts: dict[tuple[str, str], Count] = {}
        broker.joined.append(self._apply)

    def names(self) -> tuple[str, ...]:
        """Return the clients that are connected now."""
        return tuple(self._broker.links)

    def count(self, name: str, *ways: str) -> Count:
        """Return what has happened so far on a client's ways (``up``, ``down``), together."""
        counts = [self._count(name, way) for way in ways]
        return Count(*(sum(getattr(each, field) for each in counts) for field in Count.__struct_fields__))

    def begin(self, front: Front) -> None:
        """Let a fault begin."""
        self._fronts.append(front)
        self._renew(front.name)

    def end(self, front: Front) -> None:
        """Let a fault end; what it held back goes on."""
        if front in self._fronts:
            self._fronts.remove(front)
        self._renew(front.name)

    def clear(self) -> None:
        """Let all faults end."""
        self._fronts.clear()
        for name in self.names():
            self._renew(name)

    def _renew(self, name: str) -> None:
        link = self._broker.links.get(name)
        if link is not None:
            self._apply(link)

    def _apply(self, link: MemoryLink) -> None:
        up = [front.faults for front in self._fronts if front.name == link.name and front.up]
        down = [front.faults for front in self._fronts if front.name == link.name and front.down]
        usual = Faults(delay_s=USUAL_S.get(link.name, (0.0, 0.0)))
        link.up = _together([usual, *up], self._count(link.name, "up"))
        link.down = _together([usual, *down], self._count(link.name, "down"))
        link.cut(up=link.up.cut, down=link.down.cut)

    def _count(self, name: str, way: str) -> Count:
        return self._counts.setdefault((name, way), Count())


def _together(faults: list[Faults], count: Count) -> _Way:
    """Return the worst of all faults together."""
    return _Way(
        lose_pm=max(each.lose_pm for each in faults),
        duplicate_pm=max(each.duplicate_pm for each in faults),
        reorder_pm=max(each.reorder_pm for each in faults),
        delay_s=max((each.delay_s for each in faults), key=lambda span: span[1]),
        cut=any(each.cut for each in faults),
        count=count,
    )
