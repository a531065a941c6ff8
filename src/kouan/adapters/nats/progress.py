"""How far a link has come in its stream, and whether the stream went back behind it. Pure."""

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence

from kouan.adapters.nats.messages import MAX_UNSETTLED, Delivery, StreamInfo, Taken

_log = logging.getLogger(__name__)

REMEMBERED = 2 * MAX_UNSETTLED
"""Messages whose numbers are remembered. Our choice: as many as can be unsettled, and as many again whose settling
may have been lost with a connection; what is older would come again under the same key."""


def log_loss(known: int, found: int) -> None:
    """Say that the broker's stream went back from one number to another."""
    _log.error("the broker lost messages that it had acknowledged: its stream had come to %s, and to %s", known, found)


def log_withheld(first: int, last: int) -> None:
    """Say that the broker has messages that it does not deliver."""
    _log.error("the broker does not deliver messages that it had acknowledged: from %s to %s", first, last)


class Progress:
    """What was taken and settled of one stream; both begin anew in another stream, and in one that went back.

    ``taken`` is the key of the furthest message known from before. ``went_back`` is told the number known and the
    one found where the stream stands behind it, or gives a number again; ``withheld`` the first and the last number of
    messages that the stream has and does not deliver, once each.
    """

    def __init__(
        self,
        taken: str = "",
        went_back: Callable[[int, int], None] = log_loss,
        withheld: Callable[[int, int], None] = log_withheld,
    ) -> None:
        self.stream = ""
        self.settled = 0
        self.anew = False  # the stream went back: nothing is taken until it is read from its beginning
        self._furthest = Taken.parse(taken) or Taken()
        self._stored_ns: dict[int, int] = {}  # when each message was stored that was taken, by its number
        self._went_back = went_back
        self._withheld = withheld
        self._withheld_to = 0

    def follow(self, info: StreamInfo) -> None:
        """Go on in the stream as it stands now."""
        if info.created != self.stream:
            self.stream = info.created
            self._forget()
        if self._furthest.stream != self.stream:
            self._furthest = Taken(self.stream)
        if info.state.last_seq < self._furthest.seq:
            self._go_back(Taken(self.stream, seq=info.state.last_seq))

    @contextlib.contextmanager
    def reading(self) -> Iterator[bool]:
        """Say whether the stream is now read ``anew``; where the block fails, it still is to be."""
        anew, self.anew = self.anew, False
        try:
            yield anew
        except BaseException:
            self.anew = self.anew or anew
            raise

    def take(self, delivery: Delivery) -> str | None:
        """Return the key of a delivered message; None for one that was taken already, or is to be read ``anew``."""
        taken = Taken(self.stream, delivery.stored_ns, delivery.stream_seq)
        known_ns = self._stored_ns.get(taken.seq)
        gone = self._furthest.is_gone_when(taken) if known_ns is None else known_ns != taken.stored_ns
        if gone and not self.anew:
            self._go_back(taken)
        if self.anew or known_ns is not None:
            return None
        self._stored_ns[taken.seq] = taken.stored_ns
        if len(self._stored_ns) > REMEMBERED:
            del self._stored_ns[next(iter(self._stored_ns))]
        if taken.seq >= self._furthest.seq:
            self._furthest = taken
        return taken.key

    def withhold(self, numbers: Sequence[int]) -> None:
        """Take note that the stream has messages of these numbers, in order, and does not deliver them."""
        untold = [number for number in numbers if number > self._withheld_to]
        if untold:
            self._withheld_to = untold[-1]
            self._withheld(untold[0], untold[-1])

    def settle(self, key: str) -> bool:
        """Take note that this message and all before it are done; say whether they are of this stream as it is."""
        taken = Taken.parse(key)
        if taken is None or taken.stream != self.stream or self._stored_ns.get(taken.seq) != taken.stored_ns:
            return False  # its number may be another message's now
        self.settled = max(self.settled, taken.seq)
        return True

    def _go_back(self, found: Taken) -> None:
        known, self._furthest, self.anew = self._furthest.seq, found, True
        self._forget()
        self._went_back(known, found.seq)

    def _forget(self) -> None:
        self.settled = self._withheld_to = 0
        self._stored_ns.clear()
