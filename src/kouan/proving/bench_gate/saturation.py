"""Passages a second at saturation: a closed loop of lanes at the ingest boundary, on a real ledger.

Messages enter ``PortIntake.take`` as device bytes, just as a link hands them over; what the driver sends goes back to
the lanes, which run in a process of their own.
"""

import asyncio
import contextlib
import gc
import statistics
import sys
import time
from collections.abc import AsyncIterator
from typing import cast

import msgspec

from kouan.adapters.clock import SystemClock
from kouan.adapters.driver.lane_driver import LaneDriver
from kouan.adapters.driver.setting import Watcher
from kouan.gate.states import Cleared, Final
from kouan.protocols.link import Received
from kouan.proving.bench_gate.children import say
from kouan.proving.bench_gate.closed_loop import BEGIN, ENDED, EXHAUSTED, ClosedLoopSetting
from kouan.proving.bench_gate.gate import Gate, open_gate
from kouan.proving.bench_gate.pipes import Batches, BatchReader, Parcel
from kouan.proving.bench_gate.world import make_lorries, make_port, make_signers
from kouan.vocabulary.errors import KouanError, Unavailable
from kouan.wiring.loops import run_on_loop

WARM_WITHIN_S = 20.0
"""Counting begins when as many passages have cleared as there are lanes, or after this long."""

READY_WITHIN_S = 90.0
"""How long the load may take to write its scripts. Our choice."""

PARTS = 5
"""Into how many parts the counted span is cut; the median of their rates is the figure."""


class SaturationSetting(msgspec.Struct, frozen=True):
    """How to measure: how many lanes at once, at most how many lorries, for how long."""

    dsn: str
    seed: int = 7
    lanes: int = 160
    lorries: int = 4000
    seconds: float = 10.0


class Saturation(msgspec.Struct, frozen=True):
    """What was measured.

    ``per_s`` is the median of ``rates``: passages durably cleared a second, in each part of the counted span. ``first``
    and ``last`` are the ledger's size at its begin and end. ``cpu_ms_a_passage`` is the processor time of the
    platform's own process, ``cpu_share`` how much of one core it had. ``lost`` are passages that ended without release,
    because something was not there in time and their vehicles backed out.
    """

    per_s: float
    rates: tuple[float, ...]
    passages: int
    lost: int
    first: int
    last: int
    cpu_share: float
    cpu_ms_a_passage: float


class _Boundary(asyncio.SubprocessProtocol):
    """The load's process as the driver's link."""

    def __init__(self, warm_at: int) -> None:
        self.gate: Gate | None = None
        self.cleared = 0
        self.lost = 0
        self.warm_at = warm_at
        self.warm = asyncio.Event()
        self.exhausted = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._out: Batches | None = None
        self._reader = BatchReader()
        self._messages = 0

    def speak(self, transport: asyncio.SubprocessTransport) -> None:
        """Begin to write to the load."""
        pipe = cast("asyncio.WriteTransport", transport.get_pipe_transport(0))  # uvloop's does not derive from it
        self._out = Batches(pipe.write)

    def count(self, lane: str, *, cleared: bool) -> None:
        """Count a passage that durably ended, and tell its lane."""
        self.cleared += cleared
        self.lost += not cleared
        self.put(ENDED, lane.encode())
        if self.cleared >= self.warm_at:
            self.warm.set()

    def put(self, topic: str, payload: bytes) -> None:
        """Send the load a message."""
        if self._out is not None:
            self._out.put(Parcel(topic, payload))

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Hand what the lanes say to the driver (asyncio calls this)."""
        if fd == 1:
            for parcel in self._reader.feed(data):
                self._take(parcel)

    def process_exited(self) -> None:
        """Take note that the load is gone (asyncio calls this)."""
        self.exhausted = True
        if not self.ready.done():
            self.ready.set_exception(Unavailable("the load ended before it began"))

    def _take(self, parcel: Parcel) -> None:
        if self.gate is not None and "/" in parcel.topic:
            self._messages += 1
            key = "" if parcel.telemetry else f"b:{self._messages}"
            self.gate.driver.intake.take(Received(parcel.topic, parcel.payload, key))
        elif parcel.topic == EXHAUSTED:
            self.exhausted = True
        elif parcel.topic == BEGIN and not self.ready.done():
            self.ready.set_result(None)

    async def send(self, topic: str, payload: bytes, *, retain: bool = False) -> None:  # noqa: ARG002
        """Take what the driver sends."""
        self.put(topic, payload)

    def receive(self) -> AsyncIterator[Received]:
        """Refuse: messages are handed to the driver as they come."""
        raise KouanError("this link is not read")

    async def settle(self, received: Received) -> None:
        """Do nothing: nothing is delivered again."""


class _Watcher(Watcher):
    """Counts passages that are durably cleared, and tells their lanes."""

    def __init__(self, boundary: _Boundary) -> None:
        self._boundary = boundary
        self._last: dict[str, str] = {}

    def lane_changed(self, lane: LaneDriver) -> None:
        """Look whether a passage has ended."""
        state = lane.recorded
        if isinstance(state, Final) and self._last.get(lane.name) != state.dossier.passage:
            self._last[lane.name] = state.dossier.passage
            self._boundary.count(lane.name, cleared=isinstance(state, Cleared))


async def measure(setting: SaturationSetting) -> Saturation:
    """Run the closed loop and return what it cleared."""
    at = SystemClock().now()
    boundary = _Boundary(setting.lanes)
    lorries = make_lorries(setting.seed, setting.lorries, at)
    gate = open_gate(
        setting.dsn, make_port(setting.lanes), boundary, make_signers(setting.seed), lorries, _Watcher(boundary)
    )
    load = ClosedLoopSetting(setting.seed, setting.lanes, setting.lorries, at)
    arguments = ("-m", f"{__package__}.closed_loop", msgspec.json.encode(load).decode())
    async with gate as boundary.gate:
        lorries.clear()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.subprocess_exec(lambda: boundary, sys.executable, *arguments, stderr=None)
        try:
            boundary.speak(transport)
            async with asyncio.timeout(READY_WITHIN_S):
                await boundary.ready
            gc.collect()
            gc.freeze()
            boundary.put(BEGIN, b"")
            return await _count(setting, boundary, boundary.gate)
        finally:
            transport.kill()
            transport.close()


async def _count(setting: SaturationSetting, boundary: _Boundary, gate: Gate) -> Saturation:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(WARM_WITHIN_S):
            await boundary.warm.wait()
    first, before = await gate.ledger.size(), boundary.cleared
    began, cpu = time.perf_counter(), time.process_time()
    rates: list[float] = []
    while len(rates) < PARTS and not boundary.exhausted:
        since, cleared = time.perf_counter(), boundary.cleared
        await asyncio.sleep(setting.seconds / PARTS)
        if gate.driver.failure is not None:
            raise gate.driver.failure
        rates.append((boundary.cleared - cleared) / (time.perf_counter() - since))
    span_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    counted = rates[:-1] if boundary.exhausted and len(rates) > 1 else rates
    return Saturation(
        per_s=statistics.median(counted) if counted else 0.0,
        rates=tuple(round(rate, 1) for rate in counted),
        passages=boundary.cleared - before,
        lost=boundary.lost,
        first=first,
        last=await gate.ledger.size(),
        cpu_share=cpu_s / span_s,
        cpu_ms_a_passage=1000 * cpu_s / max(1, boundary.cleared - before),
    )


if __name__ == "__main__":
    say(run_on_loop(measure(msgspec.json.decode(sys.argv[1], type=SaturationSetting))))
