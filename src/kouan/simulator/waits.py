"""What the people of the field wait for: each thing a span that is drawn once, however often they look."""

from random import Random

from kouan.simulator.scenario import Span
from kouan.vocabulary.clock import SECOND, Clock, Instant

KEPT_S = 86_400.0
"""How long what is over is remembered, in the field's seconds. Our choice: nothing is looked at again a day later."""


class Waits:
    """Remembers until when each thing is waited for, and forgets it some time after that."""

    def __init__(self, clock: Clock, random: Random, speed: float) -> None:
        """``speed`` is how many of the field's seconds pass in one of the wall clock."""
        self._clock = clock
        self._random = random
        self._speed = speed
        self._until: dict[str, Instant] = {}

    def __len__(self) -> int:
        return len(self._until)

    def over(self, what: str, since: Instant, span_s: Span) -> bool:
        """Say whether a span drawn once for this, of the field's seconds, has passed since an instant."""
        now = self._clock.now()
        if what not in self._until:
            old = now - self._us(KEPT_S)
            self._until = {name: until for name, until in self._until.items() if until > old}
            self._until[what] = since + self._us(self._random.uniform(*span_s))
        return now >= self._until[what]

    def _us(self, span_s: float) -> int:
        return round(span_s * SECOND / self._speed)
