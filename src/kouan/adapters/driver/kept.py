"""Messages that stay unsettled because what they say is not evidence yet: after a crash they must come again."""

from kouan.adapters.driver.settlement import Settlement, Ticket
from kouan.vocabulary.clock import Instant, seconds

KEPT_US = seconds(10)
"""How long a message stays unsettled because its other half is missing. Our choice: longer than any wait for one."""


class Kept:
    """The messages of one kind that one lane keeps; they are let go together."""

    def __init__(self, settlement: Settlement) -> None:
        self._settlement = settlement
        self._tickets: list[Ticket] = []
        self._until: Instant = 0

    @property
    def tickets(self) -> tuple[Ticket, ...]:
        """What is kept."""
        return tuple(self._tickets)

    @property
    def until(self) -> Instant | None:
        """When it is to be let go in any case, None where nothing is kept."""
        return self._until if self._tickets else None

    def keep(self, tickets: tuple[Ticket, ...], now: Instant) -> None:
        """Leave messages unsettled until ``let_go``."""
        for ticket in tickets:
            self._settlement.hold(ticket)
            self._tickets.append(ticket)
        if tickets:
            self._until = now + KEPT_US

    def let_go(self, but_last: int = 0) -> None:
        """Keep nothing more, but for so many of the latest messages."""
        kept = max(0, len(self._tickets) - but_last)
        tickets, self._tickets = self._tickets[:kept], self._tickets[kept:]
        for ticket in tickets:
            self._settlement.release(ticket)

    def let_go_late(self, now: Instant) -> None:
        """Keep nothing more if it is time."""
        if self._tickets and now >= self._until:
            self.let_go()
