"""A device that remembers which of its messages the broker acknowledged, so that the ledger can be held to them.

It says what no device would: messages with a field that does not exist, which the platform keeps, each as one entry
(``gate.unparsed/1``) that names the field. The name is different in every message.
"""

import asyncio
import contextlib
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from kouan.adapters.clock import SystemClock
from kouan.adapters.mqtt.link import DeviceLink
from kouan.protocols.status import codec as status
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import InvalidValue, Unavailable

EVERY_S = 0.1
"""Pause between two messages. Our choice: at every cut a few are on their way."""

MARK = "witness"


def serials(entries: Iterable[Mapping[str, Any]]) -> set[int]:
    """Return the numbers of the witness's messages that these ledger entries keep."""
    bodies = (entry["body"] or {} for entry in entries if entry["kind"] == "gate.unparsed/1")
    fields = (str(body.get("field", "")) for body in bodies)
    return {int(field.removeprefix(MARK)) for field in fields if field.startswith(MARK)}


def serial_in(payload: bytes) -> int | None:
    """Return the number of the witness's message as it came over the wire; None if it is somebody else's."""
    found = re.search(rb'"%s(\d+)"' % MARK.encode("ascii"), payload)
    return int(found[1]) if found else None


class DeviceWitness:
    """Sends all the while, in a thread of its own; ``acknowledged`` are the numbers that the broker has taken.

    ``links`` opens two links: one that may publish on ``topic``, and one that hears whether a lane's controller is
    there. ``controller_at`` is when the controller said so last, by its own word. ``every_s`` is the pause between two
    messages in seconds.
    """

    def __init__(
        self, links: Callable[[], tuple[DeviceLink, DeviceLink]], topic: str, every_s: float = EVERY_S
    ) -> None:
        self.acknowledged: list[int] = []
        self.controller_at: Instant = 0
        self._links = links
        self._topic = topic
        self._every_s = every_s
        self._clock = SystemClock()
        self._sent = 0
        self._anew = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="device-witness")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(60)

    def connect_anew(self) -> None:
        """Ask for the links again: the broker is at another address now."""
        self._anew.set()

    async def _run(self) -> None:
        while not self._ended.is_set():
            self._anew.clear()
            sending, hearing = self._links()
            async with sending, hearing:
                listening = asyncio.create_task(self._hear(hearing), name="hear")
                await self._send(sending)
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    async def _send(self, link: DeviceLink) -> None:
        under_way: dict[asyncio.Task[None], None] = {}
        while not self._ended.is_set() and not self._anew.is_set():
            self._sent += 1
            task = asyncio.create_task(self._send_one(link, self._sent), name=f"witness {self._sent}")
            under_way[task] = None
            task.add_done_callback(lambda done: under_way.pop(done, None))
            await asyncio.sleep(self._every_s)
        waiting = tuple(under_way)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    async def _send_one(self, link: DeviceLink, number: int) -> None:
        text = f'{{"device":"witness","seq":{number},"at":{self._clock.now()},"{MARK}{number}":0}}'
        with contextlib.suppress(Unavailable):
            await link.send(self._topic, text.encode("ascii"))
            self.acknowledged.append(number)

    async def _hear(self, link: DeviceLink) -> None:
        async for received in link.receive():
            with contextlib.suppress(InvalidValue):
                heard = status.CODEC.decode(received.payload)
                if heard.online:
                    self.controller_at = max(self.controller_at, heard.at)
