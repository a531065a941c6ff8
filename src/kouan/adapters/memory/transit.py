"""What may happen to messages on their way, and the way itself: delays that keep the order of each queue."""

import functools
import random
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

_T = TypeVar("_T")


class Faults(msgspec.Struct):
    """Faults in one direction of a link; change them at any time.

    ``lose_pm``, ``duplicate_pm`` and ``reorder_pm`` are per mille of messages. What is lost at QoS 1 is sent again
    later. ``delay_s`` is the least and the most delay; a reordered message is delayed by twice the most, so that other
    topics overtake it. ``cut`` lets nothing through.
    """

    lose_pm: int = 0
    duplicate_pm: int = 0
    reorder_pm: int = 0
    delay_s: tuple[float, float] = (0.0, 0.0)
    cut: bool = False

    @property
    def calm(self) -> bool:
        """Whether everything goes through as if there were no faults."""
        return not (self.cut or self.lose_pm or self.duplicate_pm or self.reorder_pm or self.delay_s[1] > 0)

    def loses(self, chance: random.Random) -> bool:
        """Decide whether one message is lost."""
        return bool(self.lose_pm) and chance.randrange(1000) < self.lose_pm

    def copies(self, chance: random.Random) -> int:
        """Decide how often one message arrives: not at all, once or twice."""
        if self.loses(chance):
            return 0
        return 2 if self.duplicate_pm and chance.randrange(1000) < self.duplicate_pm else 1

    def delay(self, chance: random.Random, *, reorder: bool) -> float:
        """Decide the delay of one message, in seconds."""
        least, most = self.delay_s
        delay_s = chance.uniform(least, most) if most > 0 else 0.0
        if reorder and self.reorder_pm and chance.randrange(1000) < self.reorder_pm:
            delay_s += 2 * most
        return delay_s


Later = Callable[[float, Callable[[], None]], object]
"""Calls back after a number of seconds, of whatever time the caller lives in."""


class Transit(Generic[_T]):
    """Carries items with delays; those of one queue arrive in the order in which they entered it."""

    def __init__(self, later: Later, arrive: Callable[[_T], None]) -> None:
        self._later = later
        self._arrive = arrive
        self._queues: dict[str, deque[_T]] = {}

    @property
    def empty(self) -> bool:
        """Whether nothing is on its way."""
        return not self._queues

    def enter(self, queue: str, item: _T, delay_s: float) -> None:
        """Put an item on its way; without a delay, and with nothing before it, it arrives at once."""
        waiting = self._queues.get(queue)
        if delay_s <= 0 and not waiting:
            self._arrive(item)
            return
        if waiting is None:
            waiting = self._queues[queue] = deque()
        waiting.append(item)
        self._later(delay_s, functools.partial(self._carry, queue))

    def _carry(self, queue: str) -> None:
        """Let the first item arrive, whichever timer fired: equal times fire in any order, and the order must hold."""
        waiting = self._queues[queue]
        item = waiting.popleft()
        if not waiting:
            del self._queues[queue]
        self._arrive(item)
