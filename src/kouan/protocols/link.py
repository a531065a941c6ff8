"""The Link role: bytes on topics, in and out, whatever carries them."""

from collections.abc import AsyncIterator
from typing import Protocol

import msgspec


class Received(msgspec.Struct, frozen=True):
    """One message as it came in.

    ``key`` is unique to this message and the same when the broker delivers it again, so that a fact recorded from
    it is recorded once; it is empty for telemetry, which is never recorded as such.
    """

    topic: str
    payload: bytes
    key: str = ""


class Link(Protocol):
    """Sends and receives bytes on topics (MQTT topic syntax: ``kouan/<port>/<lane>/<device>/<channel>``)."""

    async def send(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send one message; raise Unavailable if the carrier does not take it."""
        ...

    def receive(self) -> AsyncIterator[Received]:
        """Yield messages in the order of each topic; ends only when the link is closed."""
        ...

    async def settle(self, received: Received) -> None:
        """Tell the carrier that this message, and all before it, need not be delivered again."""
        ...
