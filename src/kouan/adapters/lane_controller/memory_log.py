"""The nonce log in memory, on a medium that can lose, tear and fail: for virtual time and for tests."""

from collections.abc import Sequence
from random import Random

from kouan.adapters.lane_controller import frames
from kouan.gate.lane_controller.records import Record, Uses, compacted
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import Conflict, Unavailable


class Medium:
    """Bytes that survive a crash, and those written since the last synchronisation, which may not.

    ``lies`` makes it a medium that says it has synchronised and has not: a control, whose losses a check must notice.
    """

    def __init__(self, *, lies: bool = False) -> None:
        self._durable = bytearray()
        self.pending = b""
        self.failing = False
        self.lies = lies

    @property
    def durable(self) -> bytes:
        """What survives a crash."""
        return bytes(self._durable)

    @durable.setter
    def durable(self, data: bytes) -> None:
        self._durable = bytearray(data)

    def __len__(self) -> int:
        """How many bytes were written."""
        return len(self._durable) + len(self.pending)

    def write(self, data: bytes) -> None:
        """Take bytes that are not durable yet."""
        self.pending += data

    def synchronise(self) -> None:
        """Make what was written durable; raise Unavailable where the medium fails."""
        if self.failing:
            raise Unavailable("the medium cannot be written")
        if not self.lies:
            self._durable += self.pending
            self.pending = b""

    def replace(self, data: bytes) -> None:
        """Put other contents in the place of all there is, at once."""
        if self.failing:
            raise Unavailable("the medium cannot be written")
        self.durable, self.pending = data, b""

    def cut_power(self, chance: Random) -> None:
        """Lose what was not durable, but for a first part of any length: a torn tail."""
        kept = chance.randint(0, len(self.pending))
        self._durable += self.pending[:kept]
        self.pending = b""


class MemoryNonceLog:
    """A NonceLog on a Medium. Raises Corrupt when made on one whose contents are damaged before their end."""

    def __init__(self, medium: Medium) -> None:
        self._medium = medium
        self._broken = False
        self._records, sound = frames.decode(medium.durable)
        medium.replace(medium.durable[:sound] or frames.MAGIC)
        self._uses = Uses(self._records)

    @property
    def size_bytes(self) -> int:
        """How long the log is."""
        return len(self._medium)

    @property
    def records(self) -> tuple[Record, ...]:
        """All records in the order of their writing."""
        return tuple(self._records)

    async def read(self) -> Sequence[Record]:
        """Return all records in the order of their writing."""
        return self.records

    async def append(self, records: Sequence[Record]) -> None:
        """Write the records as one frame; raise Conflict on a second use, Unavailable when the medium fails."""
        self.append_now(records)

    def append_now(self, records: Sequence[Record]) -> None:
        """Write the records as ``append`` does, without a loop."""
        self._check()
        if any(self._uses.has(record) for record in records):
            raise Conflict("an order id or a nonce in these records was used before")
        try:
            self._medium.write(frames.encode(records))
            self._medium.synchronise()
        except Unavailable:
            self._broken = True
            raise
        for record in records:
            self._uses.add(record)
        self._records.extend(records)

    async def compact(self, before: Instant) -> None:
        """Forget the orders that expired before this instant."""
        self._check()
        kept = compacted(self._records, before)
        self._medium.replace(frames.MAGIC + (frames.encode(kept) if kept else b""))
        self._records, self._uses = kept, Uses(kept)

    def _check(self) -> None:
        if self._broken:
            raise Unavailable("the medium failed before: what it holds is not known")
