"""The load of the saturation in its own process: ``python -m kouan.proving.bench_gate.closed_loop SETTING``.

A closed loop: each lane always has a vehicle, and the next one comes as soon as the platform says that the last one
is durably cleared. Standard output goes to the platform, standard input comes from it.
"""

import asyncio
import gc
import sys
from collections.abc import Sequence
from random import Random

import msgspec

from kouan.adapters.clock import SystemClock
from kouan.proving.bench_gate.answers import Answers
from kouan.proving.bench_gate.pipes import Batches, BatchReader, Parcel
from kouan.proving.bench_gate.script import LaneWriter, Message, Script
from kouan.proving.bench_gate.world import PORT, make_lorries, make_port, make_signers
from kouan.vocabulary.clock import SECOND, Instant
from kouan.wiring.loops import run_on_loop

FRAMES = "/weighbridge/frames"

ZERO_S = 0.9
"""How long an empty bridge is shown before the first lorry, so that its zero is believed."""

SPREAD_S = 1.0
"""Over what time the first vehicles come; were it all at once, all lanes would go in step for ever."""

BEGIN = "begin"
"""Topic of the platform's leave to begin."""

ENDED = "ended"
"""Topic on which the platform names a lane whose passage has durably ended."""

PATIENCE_S = 8.0
"""How long a vehicle waits for its order before it backs out of the lane. Our choice: with so many lanes on so few
cores a passage takes up to two seconds, so something has gone wrong with one that waits for so long."""

EXHAUSTED = "exhausted"
"""Topic on which the load says that it has no more lorries for a lane."""


class ClosedLoopSetting(msgspec.Struct, frozen=True):
    """How many lanes at once, and at most how many lorries."""

    seed: int
    lanes: int
    lorries: int
    at: Instant


class _Load:
    """All lanes, and the pipes to the platform."""

    def __init__(self, setting: ClosedLoopSetting, out: Batches) -> None:
        signers, chance = make_signers(setting.seed), Random(f"bench-devices/{setting.seed}")
        self.answers = Answers(signers)
        self.clock = SystemClock()
        self.out = out
        self.lanes: dict[str, _Lane] = {}
        lorries = make_lorries(setting.seed, setting.lorries, setting.at)
        for place, lane in enumerate(make_port(setting.lanes).lanes):
            writer = LaneWriter(lane.name, chance)
            scripts = [writer.passage(lorry, setting.at) for lorry in lorries[place :: setting.lanes]]
            self.lanes[lane.name] = _Lane(self, writer, scripts)

    def take(self, parcel: Parcel) -> None:
        """Take what the platform sends."""
        if parcel.topic == ENDED:
            self.lanes[parcel.payload.decode()].begin()
        elif parcel.topic == BEGIN:
            self._begin()
        elif parcel.topic.endswith("/case"):
            answer = self.answers.verdict(parcel.payload, self.clock.now())
            self.out.put(Parcel(answer.topic, answer.payload))
        elif parcel.topic.endswith("/order/open"):
            self.lanes[parcel.topic.split("/")[2]].ordered(parcel.payload)

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        for lane in self.lanes.values():
            lane.show_zero()
            loop.call_later(ZERO_S, lane.show_zero)
        for place, lane in enumerate(self.lanes.values()):
            loop.call_later(ZERO_S + SPREAD_S * place / len(self.lanes), lane.begin)


class _Lane:
    """One lane: plays one script after the other."""

    def __init__(self, load: _Load, writer: LaneWriter, scripts: Sequence[Script]) -> None:
        self._load = load
        self._writer = writer
        self._scripts = list(reversed(scripts))
        self._script: Script | None = None
        self._place = 0
        self._began = 0.0
        self._loop = asyncio.get_running_loop()

    def show_zero(self) -> None:
        """Send frames of the empty bridge."""
        self._put(self._writer.empty_bridge())

    def begin(self) -> None:
        """Let the next vehicle come."""
        if not self._scripts:
            self._load.out.put(Parcel(EXHAUSTED, b""))
            return
        self._script = self._scripts.pop()
        self._place, self._began = 0, self._loop.time()
        self._loop.call_later(PATIENCE_S, self._back_out, self._script)
        self._play()

    def _back_out(self, script: Script) -> None:
        if self._script is script:
            self._script = None
            free, _ = self._writer.departure(script.track, "none", self._load.clock.now())
            self._put(free)

    def _play(self) -> None:
        script = self._script
        while script is not None and self._place < len(script.messages):
            message = script.messages[self._place]
            late_s = self._loop.time() - self._began - message.after_us / SECOND
            if late_s < 0:
                self._loop.call_at(self._began + message.after_us / SECOND, self._play)
                return
            self._place += 1
            self._put(message)

    def _put(self, message: Message) -> None:
        self._load.out.put(Parcel(message.topic, message.payload, message.topic.endswith(FRAMES)))

    def ordered(self, compact: bytes) -> None:
        """Take the signed order: report it, and drive out."""
        script, self._script = self._script, None
        if script is None:
            return
        order_id, now = self._load.answers.order_id(compact), self._load.clock.now()
        report = self._load.answers.report(script.lane, order_id, now)
        self._load.out.put(Parcel(*report))
        for message in self._writer.departure(script.track, order_id, now):
            self._put(message)


class _Input(asyncio.Protocol):
    """Reads standard input, and ends the load with it."""

    def __init__(self, load: _Load, ended: "asyncio.Future[None]") -> None:
        self._load = load
        self._ended = ended
        self._reader = BatchReader()

    def data_received(self, data: bytes) -> None:
        """Take what has come (asyncio calls this)."""
        for parcel in self._reader.feed(data):
            self._load.take(parcel)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """End (asyncio calls this)."""
        self._ended.set_result(None)


async def _main(setting: ClosedLoopSetting) -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, sys.stdout)
    load = _Load(setting, Batches(transport.write))
    gc.collect()
    gc.freeze()
    ended: asyncio.Future[None] = loop.create_future()
    await loop.connect_read_pipe(lambda: _Input(load, ended), sys.stdin)
    load.out.put(Parcel(BEGIN, PORT.encode()))  # ready to begin
    await ended
    transport.abort()


if __name__ == "__main__":
    run_on_loop(_main(msgspec.json.decode(sys.argv[1], type=ClosedLoopSetting)))
