"""The load in its own process: ``python -m kouan.proving.bench_gate.load_process SETTING``; prints what it measured.

An open loop: when each passage begins, and when its last verdict is due, is fixed before the first message is sent. A
passage whose lane is still taken, or whose case file comes late, keeps the instant that was fixed for it, and all that
it waits is part of its latency.
"""

import asyncio
import gc
import math
import sys
from collections import deque
from pathlib import Path
from random import Random

import msgspec

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.broker_users import Identity, Kind
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.device_identities import Own
from kouan.gate.procedures import Authority
from kouan.protocols.lane_order.codec import verify_order
from kouan.proving.bench_gate.answers import Answer, Answers
from kouan.proving.bench_gate.children import say
from kouan.proving.bench_gate.platform_process import PlatformSetting
from kouan.proving.bench_gate.script import COMPLETE_US, LaneWriter, Script
from kouan.proving.bench_gate.wires import Take, Wire
from kouan.proving.bench_gate.world import PORT, make_lorries, make_port, make_signers
from kouan.simulator.vehicles import Lorry
from kouan.vocabulary.clock import SECOND
from kouan.wiring import identities, links
from kouan.wiring.loops import run_on_loop

THINK_S = 0.3
"""From a passage's last device message to its last verdict. Our choice: the case file is sent in between."""

VERDICTS_BEFORE_S = {"site": 0.1, "border_inspection": 0.05, "customs": 0.0}
"""How long before the last verdict each authority gives its own."""

LAST_AFTER_S = COMPLETE_US / SECOND + THINK_S
"""From a passage's first message to its last verdict."""

GATEWAYS = 8
"""Connections that the lanes' devices share. Our choice: an edge gateway for every forty lanes."""

PATIENCE_S = 10.0
"""How long the last orders are waited for; a passage without one by then is a miss."""

ZERO_S = 0.9
HEAD_S = 0.5
LEAVES_S = 0.1
"""From the order to the loop being free, and from there to the next vehicle."""


def gateway_name(number: int) -> str:
    """Return the name of a gateway's certificate."""
    return f"gateway-{number}"


def load_identities(lanes: int) -> tuple[Own, ...]:
    """Return the participants of a load: gateways that share so many lanes (``GATEWAYS`` or more), and the agencies."""
    names = [lane.name for lane in make_port(lanes).lanes]
    gateways = [
        identities.simulated(gateway_name(number), Identity(Kind.LANE, PORT, tuple(names[number::GATEWAYS])))
        for number in range(GATEWAYS)
    ]
    agencies = identities.simulated_field(PORT, ())
    return (*gateways, *agencies)


class LoadSetting(msgspec.Struct, frozen=True):
    """Which platform is loaded, and with how many passages a second for how many seconds, one rate after the other."""

    platform: PlatformSetting
    rates: tuple[float, ...]
    seconds: float

    def counts(self) -> tuple[int, ...]:
        """Return the passages of each rate."""
        return tuple(max(3, round(rate * self.seconds)) for rate in self.rates)


class RateResult(msgspec.Struct, frozen=True):
    """Latencies of one rate in milliseconds, from the last verdict's due instant to the order's arrival.

    ``misses`` are passages without an order, ``achieved_per_s`` is how many orders came a second, ``lag_p99_ms`` how
    late the load itself sent what was due.
    """

    rate: float
    passages: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    misses: int
    achieved_per_s: float
    lag_p99_ms: float


def _ignore(topic: str, payload: bytes) -> None:
    """Take nothing: devices get no commands here."""


class _Passage:
    """One passage: its script, and when its last verdict is due on the loop's clock."""

    __slots__ = ("begun", "due", "ordered_at", "script")

    def __init__(self, script: Script, due: float) -> None:
        self.script = script
        self.due = due
        self.begun = 0.0
        self.ordered_at = 0.0


class _Lane:
    """One lane: the passage that stands there, and those that wait because it still does."""

    __slots__ = ("now", "waiting", "wire", "writer")

    def __init__(self, wire: Wire, writer: LaneWriter) -> None:
        self.wire = wire
        self.writer = writer
        self.now: _Passage | None = None
        self.waiting: deque[_Passage] = deque()


class _Load:
    """All lanes, agencies and the lane controller of the measured port."""

    def __init__(self, setting: LoadSetting) -> None:
        self._setting = setting
        self._signers = make_signers(setting.platform.seed)
        self._answers = Answers(self._signers)
        self._clock = SystemClock()
        self._loop = asyncio.get_running_loop()
        self._lanes: dict[str, _Lane] = {}
        self._orders: list[bytes] = []
        self._lags: list[float] = []
        self._left = 0
        self._done = asyncio.Event()
        self.agencies = {
            each.value: self._wire(identities.agency(each), (f"kouan/{PORT}/agency/{each.value}/case",), self._case)
            for each in Authority
        }
        self.controller = self._wire(identities.CONTROLLER, (f"kouan/{PORT}/+/order/open",), self._ordered)
        self.gateways = [self._wire(gateway_name(number), (), _ignore) for number in range(GATEWAYS)]

    @property
    def _wires(self) -> tuple[Wire, ...]:
        return (*self.agencies.values(), self.controller, *self.gateways)

    def _wire(self, name: str, topics: tuple[str, ...], take: Take) -> Wire:
        platform = self._setting.platform
        address = links.mqtt_address(DataFolder(Path(platform.data)), platform.broker, name)
        return Wire(address, f"bench-{name}", topics, take)

    async def run(self) -> list[RateResult]:
        """Run all rates, one after the other."""
        platform = self._setting.platform
        for wire in self._wires:
            await wire.open()
        chance = Random(f"bench-devices/{platform.seed}")
        for number, lane in enumerate(make_port(platform.lanes).lanes):
            self._lanes[lane.name] = _Lane(self.gateways[number % GATEWAYS], LaneWriter(lane.name, chance))
        for _ in range(2):
            for each in self._lanes.values():
                message = each.writer.empty_bridge()
                each.wire.send(message.topic, message.payload, quality=0)
            await asyncio.sleep(ZERO_S)
        lorries = make_lorries(platform.seed, platform.lorries, platform.at)
        results: list[RateResult] = []
        for rate, count in zip(self._setting.rates, self._setting.counts(), strict=True):
            chosen, lorries = lorries[:count], lorries[count:]
            results.append(await self._run_rate(rate, chosen))
        for wire in self._wires:
            wire.close()
        return results

    async def _run_rate(self, rate: float, lorries: list[Lorry]) -> RateResult:
        """Send these lorries at one rate; return how fast their orders came."""
        names, now = list(self._lanes), self._clock.now()
        lanes = [names[place % len(names)] for place in range(len(lorries))]
        scripts = [self._lanes[lane].writer.passage(lorry, now) for lane, lorry in zip(lanes, lorries, strict=True)]
        first = self._loop.time() + HEAD_S + LAST_AFTER_S
        passages = [_Passage(script, first + place / rate) for place, script in enumerate(scripts)]
        self._orders, self._lags, self._left = [], [], len(passages)
        self._done.clear()
        gc.collect()
        gc.freeze()
        for passage in passages:
            self._loop.call_at(passage.due - LAST_AFTER_S, self._come, passage)
        try:
            async with asyncio.timeout(passages[-1].due - self._loop.time() + PATIENCE_S):
                await self._done.wait()
        except TimeoutError:
            pass
        for lane in self._lanes.values():
            lane.now = None
            lane.waiting.clear()
        self._verify()
        await asyncio.sleep(HEAD_S)
        return _result(rate, passages, self._lags)

    def _come(self, passage: _Passage) -> None:
        lane = self._lanes[passage.script.lane]
        if lane.now is not None:
            lane.waiting.append(passage)
            return
        lane.now = passage
        passage.begun = max(self._loop.time(), passage.due - LAST_AFTER_S)
        self._play(lane, passage, 0)

    def _play(self, lane: _Lane, passage: _Passage, place: int) -> None:
        """Send the messages that are due, and come back for the next one."""
        messages, now = passage.script.messages, self._loop.time()
        while place < len(messages):
            message = messages[place]
            due = passage.begun + message.after_us / SECOND
            if due > now:
                self._loop.call_at(due, self._play, lane, passage, place)
                return
            self._lags.append(now - due)
            lane.wire.send(message.topic, message.payload, quality=0 if message.topic.endswith("/frames") else 1)
            place += 1

    def _case(self, _: str, payload: bytes) -> None:
        """Sign a verdict on a case file, and give it when it is due, or at once if that is past."""
        answer = self._answers.verdict(payload, self._clock.now())
        passage = self._lanes[answer.lane].now
        if passage is None:
            return
        due = passage.begun + LAST_AFTER_S - VERDICTS_BEFORE_S[answer.authority]
        self._loop.call_at(max(due, self._loop.time()), self._give, answer)

    def _give(self, answer: Answer) -> None:
        self.agencies[answer.authority].send(answer.topic, answer.payload)

    def _ordered(self, topic: str, compact: bytes) -> None:
        """Take note of an order, report it and let the vehicle leave."""
        now = self._loop.time()
        lane = self._lanes[topic.split("/")[2]]
        passage = lane.now
        order_id = self._answers.order_id(compact)
        if passage is None or passage.ordered_at or not order_id.startswith(f"{PORT}-{passage.script.lane}-"):
            return
        passage.ordered_at = now
        self._orders.append(compact)
        at = self._clock.now()
        self.controller.send(*self._answers.report(passage.script.lane, order_id, at))
        self._loop.call_later(LEAVES_S, self._leave, lane, passage, order_id)

    def _leave(self, lane: _Lane, passage: _Passage, order_id: str) -> None:
        for message in lane.writer.departure(passage.script.track, order_id, self._clock.now()):
            lane.wire.send(message.topic, message.payload)
        self._loop.call_later(LEAVES_S, self._free, lane)

    def _free(self, lane: _Lane) -> None:
        lane.now = None
        self._left -= 1
        if not self._left:
            self._done.set()
        if lane.waiting:
            self._come(lane.waiting.popleft())

    def _verify(self) -> None:
        """Verify the signature of every order that came; raise InvalidValue for one that is not the platform's."""
        platform = self._signers.platform
        for compact in self._orders:
            verify_order({platform.key_id: platform.public_key}, compact)


def _result(rate: float, passages: list[_Passage], lags: list[float]) -> RateResult:
    ordered = [passage for passage in passages if passage.ordered_at]
    spans = sorted((passage.ordered_at - passage.due) * 1000 for passage in ordered)
    lags.sort()
    span_s = max((p.ordered_at for p in ordered), default=0.0) - passages[0].due + 1 / rate
    return RateResult(
        rate=rate,
        passages=len(passages),
        p50_ms=round(quantile(spans, 0.5), 2),
        p99_ms=round(quantile(spans, 0.99), 2),
        max_ms=round(spans[-1], 2) if spans else float("inf"),
        misses=len(passages) - len(ordered),
        achieved_per_s=round(len(ordered) / span_s, 2) if ordered else 0.0,
        lag_p99_ms=round(quantile(lags, 0.99) * 1000, 2),
    )


def quantile(values: list[float], share: float) -> float:
    """Return the smallest of sorted values at or below which lies ``share`` of them; infinity for none."""
    return values[max(0, math.ceil(share * len(values)) - 1)] if values else float("inf")


async def _main(setting: LoadSetting) -> None:
    results = await _Load(setting).run()
    say(results)


if __name__ == "__main__":
    run_on_loop(_main(msgspec.json.decode(sys.argv[1], type=LoadSetting)))
