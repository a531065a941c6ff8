"""Power cuts of the broker alone: nats-server on the losing disk, a device that sends, a platform that comes and goes.

A cut costs a second here and not ten, so there are many more an hour than with a whole port, and the broker is cut at
moments that a port's start hides: while a platform makes its consumer, or is not there yet. The device and the platform
are outside, as in the physical world.
"""

import asyncio
import contextlib
import logging
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random

import msgspec

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.child import ChildProcess
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.nats import EmbeddedNats
from kouan.adapters.engines.supervisor import Supervisor
from kouan.adapters.mqtt.link import DeviceLink
from kouan.adapters.nats.link import PlatformLink
from kouan.proving.durability.device_witness import DeviceWitness, serial_in
from kouan.proving.durability.disk import Damage, total
from kouan.proving.durability.edge import INSIDE, PORT, witness_links
from kouan.proving.durability.file_data import ALL_LOST
from kouan.proving.durability.kills import ROUGH
from kouan.proving.durability.mounted_disk import MountedDisk
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import Unavailable
from kouan.wiring import identities
from kouan.wiring.brokers import broker_of
from kouan.wiring.links import platform_link
from kouan.wiring.port_file import load
from kouan.wiring.settings import BrokerSettings

_log = logging.getLogger(__name__)

EVERY_S = 0.02
"""Pause between two messages of the device. Our choice: at every cut some wait for the broker's word."""

COMES_WITHIN_S = 1.0
"""Longest time without a platform after a start. Our choice: a port's platform is back a second after its broker."""

SHORT_S, LONG_S = (0.0, 0.4), (0.2, 2.5)
"""Between which times a cut comes after the broker started. Our choice: half of them before the platform is settled."""

CHECK_EVERY = 10
"""Cuts between two checks that everything acknowledged has come. Our choice."""

COMES_OUT_WITHIN_S = 30.0
"""Seconds in which what was acknowledged must come to the platform. Our choice: thousands come in one."""


class BrokerTally(msgspec.Struct):
    """What happened so far: cuts, what they did to the disk, messages acknowledged, and which of them never came.

    ``restarts_s`` is how long each start of the broker took, ``failure`` why there are no more cuts, in words.
    """

    kills: int = 0
    damage: Damage = Damage()
    acknowledged: int = 0
    lost: list[int] = []
    went_back: int = 0
    withheld: int = 0
    restarts_s: list[float] = []
    failure: str = ""


class _Unwatched(Supervisor):
    """Starts a child, and does not start it again: the power is off."""

    child_started: ChildProcess

    async def start(self, child: ChildProcess) -> None:
        """Start a child and wait until it is ready; raise Unavailable if it fails."""
        await child.start()
        self.child_started = child


class BrokerCuts:
    """A broker on a mounted disk, with its outside world in ``work``; ``lying`` is a control: its syncs are lies."""

    def __init__(self, work: Path, disk: MountedDisk, seed: int, *, lying: bool = False) -> None:
        self.tally = BrokerTally()
        self._disk = disk
        self._outside = DataFolder(work / "outside")
        self._chance = Random(seed)
        self._lying = lying
        self._clock = SystemClock()
        self._broker: BrokerSettings | None = None
        self._lane = load(PORT).lanes[-1].name
        self._device = DeviceWitness(self._links, f"kouan/{PORT}/approach/queue_counter/event", EVERY_S)
        self._recorded: set[int] = set()
        self._came = asyncio.Event()
        self._taken = ""

    async def run(self, cuts: int, tell: Callable[[BrokerTally], None]) -> None:
        """Cut the power so often; ``tell`` hears of each. Raises Unavailable where the broker does not come back."""
        # Whatever nats-py leaves undone of a connection that was cut off, it says on standard error.
        asyncio.get_running_loop().set_exception_handler(lambda _, about: _log.debug("%s", about))
        with contextlib.ExitStack() as stack:
            await self._begin(stack)
            for number in range(1, cuts + 1):
                await self._one(checked=number % CHECK_EVERY == 0 or number == cuts)
                tell(self.tally)

    async def _begin(self, stack: contextlib.ExitStack) -> None:
        """Make the network's identities, give the outside world its copy, and let a platform in before any device."""
        with DataFolder(self._disk.place) as folder:
            field = identities.simulated_field(PORT, (self._lane,))
            identities.prepare(folder, PORT, self._clock.now(), field)
            server = await self._start(folder)
            shutil.copytree(
                self._disk.place, self._outside.path, ignore=shutil.ignore_patterns(*INSIDE), dirs_exist_ok=True
            )
            async with self._platform():
                stack.enter_context(self._device)
                await self._until(lambda: not self._recorded.isdisjoint(self._device.acknowledged))
            await _end(server)
        self._disk.sync()
        if self._lying:
            self._disk.lie(("nats",))

    async def _one(self, *, checked: bool) -> None:
        """Start the broker, let a platform come to it, and cut its power; where ``checked``, all must come first."""
        with DataFolder(self._disk.place) as folder:
            began = self._clock.monotonic()
            server = await self._start(folder)
            self.tally.restarts_s.append((self._clock.monotonic() - began) / SECOND)
            platform = asyncio.create_task(self._take(self._chance.uniform(0, COMES_WITHIN_S)), name="platform")
            try:
                await asyncio.sleep(self._chance.uniform(*self._chance.choice((SHORT_S, LONG_S))))
                if checked:
                    await self._check()
            finally:
                await _end(server)
                platform.cancel()
                await asyncio.gather(platform, return_exceptions=True)
        odds = ALL_LOST if self._lying else self._chance.choice(ROUGH)
        damage = self._disk.cut(self._chance.getrandbits(48), odds)
        self.tally.kills += 1
        self.tally.damage = total(self.tally.damage, damage)
        self.tally.acknowledged = len(self._device.acknowledged)

    async def _start(self, folder: DataFolder) -> ChildProcess:
        supervisor = _Unwatched()
        broker = broker_of(await EmbeddedNats(folder).start(supervisor))
        before, self._broker = self._broker, broker
        if before is not None and before != broker:
            self._device.connect_anew()
        return supervisor.child_started

    async def _take(self, after_s: float) -> None:
        """Be the platform, from so many seconds on, until the broker is gone."""
        await asyncio.sleep(after_s)
        async with self._platform():
            await asyncio.Event().wait()

    @contextlib.asynccontextmanager
    async def _platform(self) -> AsyncIterator[None]:
        """Take and settle messages for the length of a block, then end as a killed process does.

        Once the block begins, the stream keeps what devices say.
        """
        if self._broker is None:
            raise Unavailable("the broker was never there")
        link = platform_link(
            self._outside, self._broker, PORT, taken=self._taken, went_back=self._went_back, withheld=self._withheld
        )
        reading: asyncio.Task[None] | None = None
        try:
            await link.open(COMES_OUT_WITHIN_S)
            reading = asyncio.create_task(self._read(link), name="read")
            yield
        finally:
            if reading is not None:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
            await link.abandon()

    async def _read(self, link: PlatformLink) -> None:
        async for received in link.receive():
            number = serial_in(received.payload)
            if number is not None:
                self._recorded.add(number)
                self._came.set()
                self._taken = received.key
                await link.settle(received)

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds, looked at whenever a message has come; raise TimeoutError where none does."""
        async with asyncio.timeout(COMES_OUT_WITHIN_S):
            while not condition():
                self._came.clear()
                await self._came.wait()

    async def _check(self) -> None:
        """Wait until all that was acknowledged has come; note what has not."""
        known = set(self._device.acknowledged) - set(self.tally.lost)
        with contextlib.suppress(TimeoutError):
            await self._until(lambda: known <= self._recorded)
        self.tally.lost += sorted(known - self._recorded)

    def _links(self) -> tuple[DeviceLink, DeviceLink]:
        if self._broker is None:
            raise Unavailable("the broker was never there")
        return witness_links(self._outside, self._broker, self._lane)

    def _went_back(self, _known: int, _found: int) -> None:
        self.tally.went_back += 1

    def _withheld(self, _first: int, _last: int) -> None:
        self.tally.withheld += 1


async def _end(server: ChildProcess) -> None:
    """End the broker as a power cut does, whatever it is doing."""
    server.signal(signal.SIGKILL)
    await server.wait()
