"""Somebody on the hub's wire who speaks in its name: what is forged, misdirected, out of date or from the future.

He hears every bulletin and has a key of his own. Once in a while he has the hub's as well: that stands for a hub whose
clock was set ahead. A port must act on nothing of it (I13).
"""

import asyncio
import enum
from collections import Counter
from collections.abc import Sequence
from random import Random

from msgspec.structs import replace

from kouan.adapters.inbox import reading
from kouan.adapters.memory.keys import MemoryKey
from kouan.network.bulletins import MAX_AHEAD_US
from kouan.protocols.jws import PrivateKeySigner
from kouan.protocols.network.codec import BULLETINS, hub_key
from kouan.protocols.network.messages import Bulletin
from kouan.proving.region.world import REGION, SimulatedRegion
from kouan.vocabulary.errors import Unavailable

EVERY_S = (20.0, 240.0)
"""Least and most time between two of his messages. Our choice: a run of two hours sees each trick at each port."""

BEYOND = 1_000
"""How much higher than the genuine version his own is, so that the version alone would let it pass."""


class Trick(enum.StrEnum):
    """What he sends."""

    FORGED = "forged"
    UNSIGNED = "unsigned"
    MISDIRECTED = "misdirected"
    OLD = "old"
    AHEAD = "ahead"


class Impostor:
    """Sends bulletins to the ports of a region that none may act on; ``begin`` once the region runs."""

    def __init__(self, region: SimulatedRegion, chance: Random) -> None:
        self.sent: Counter[Trick] = Counter()
        self._region = region
        self._chance = chance
        self._forger = PrivateKeySigner(hub_key(REGION), MemoryKey(chance.randbytes(32)))
        self._own: set[bytes] = set()
        self._heard: dict[str, list[bytes]] = {port: [] for port in region.ports}
        self._link = region.broker.device_link("impostor", subscriptions=("kouan/+/hub/bulletin",))
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        """Listen, and speak now and then."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._listen()), loop.create_task(self._speak())]

    def stop(self) -> None:
        """Say nothing more."""
        for task in self._tasks:
            task.cancel()

    async def _listen(self) -> None:
        async with reading(self._link) as messages:
            async for received in messages:
                port = received.topic.split("/")[1]
                bulletin = self._genuine(received.payload)
                if bulletin is not None and bulletin.port == port:
                    self._heard[port].append(received.payload)

    def _genuine(self, compact: bytes) -> Bulletin | None:
        """Return a bulletin of the hub, None for what he sent himself."""
        if compact in self._own:
            return None
        genuine: Bulletin = BULLETINS.verify({self._region.identity.key_id: self._region.identity.key}, compact)
        return genuine

    async def _speak(self) -> None:
        tricks = [(port, trick) for port in self._region.ports for trick in Trick]
        self._chance.shuffle(tricks)
        place = 0
        while True:
            await asyncio.sleep(self._chance.uniform(*EVERY_S))
            port, trick = tricks[place % len(tricks)]
            compact = self._made(trick, port)
            if compact is None:
                continue
            place += 1
            self._own.add(compact)
            try:
                await self._link.send(f"kouan/{port}/hub/bulletin", compact)
            except Unavailable:
                continue
            self.sent[trick] += 1

    def _made(self, trick: Trick, port: str) -> bytes | None:
        """Return what he sends to a port, None where he has not heard enough for this trick yet."""
        others = [compact for other in self._region.ports if other != port for compact in self._heard[other]]
        heard = others if trick is Trick.MISDIRECTED else self._heard[port]
        if len(heard) < 20:
            return None
        compact = self._pick(heard)
        genuine = self._genuine(compact)
        if genuine is None:
            return None
        return self._spoiled(trick, compact, genuine)

    def _pick(self, heard: Sequence[bytes]) -> bytes:
        return heard[self._chance.randrange(len(heard))]

    def _spoiled(self, trick: Trick, compact: bytes, genuine: Bulletin) -> bytes:
        now = self._region.clock.now()
        if trick in (Trick.MISDIRECTED, Trick.OLD):
            return compact
        at = now + 2 * MAX_AHEAD_US if trick is Trick.AHEAD else now
        emptied = replace(genuine, version=genuine.version + BEYOND, issued_at=at, items=())
        if trick is Trick.AHEAD:
            return BULLETINS.sign(self._region.hub.signer, emptied)
        signed = BULLETINS.sign(self._forger, emptied)
        return signed if trick is Trick.FORGED else signed.rpartition(b".")[0] + b"."
