"""A client's connection to the broker that can be dropped and made anew, as a client library does by itself."""

import asyncio
from collections.abc import AsyncIterator, Callable

from kouan.adapters.memory.link import MemoryLink
from kouan.protocols.link import Received


class Cable:
    """The Link role over one connection after the other."""

    def __init__(self, connect: Callable[[], MemoryLink]) -> None:
        self._connect = connect
        self._link = connect()
        self._whole: asyncio.Future[None] | None = None

    @property
    def link(self) -> MemoryLink:
        """The connection there is now, or the last one."""
        return self._link

    async def send(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send one message; raise Unavailable where it is not surely taken."""
        await self._link.send(topic, payload, retain=retain)

    async def receive(self) -> AsyncIterator[Received]:
        """Yield messages for ever, whatever becomes of single connections."""
        while True:
            async for received in self._link.receive():
                yield received
            if self._whole is None:
                return
            await self._whole

    async def settle(self, received: Received) -> None:
        """Tell the broker that a message need not come again."""
        await self._link.settle(received)

    async def close(self) -> None:
        """Take leave of the broker."""
        await self._link.close()

    def drop(self) -> bool:
        """End the connection without taking leave; say whether there was one."""
        if self._whole is not None and not self._whole.done():
            return False
        self._whole = asyncio.get_running_loop().create_future()
        self._link.crash()
        return True

    def mend(self) -> None:
        """Connect again, where the connection was dropped."""
        if self._whole is not None and not self._whole.done():
            self._link = self._connect()
            self._whole.set_result(None)
