"""Drives the lanes of one controller: messages in, pure steps, effects out, in an order that the log makes safe."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.adapters.lane_controller.inputs import input_of, subscriptions
from kouan.adapters.lane_controller.tasks import until_first_ends
from kouan.gate.lane_controller import step
from kouan.gate.lane_controller.notices import read_answer
from kouan.gate.lane_controller.records import KEPT_US, NonceLog
from kouan.gate.lane_controller.restart import restart
from kouan.gate.lane_controller.rules import COMMANDED_WITHIN_US
from kouan.gate.lane_controller.state import (
    Actuate,
    AnswerCame,
    Commanded,
    Effect,
    Input,
    LaneSetting,
    LaneState,
    PollSent,
    Report,
    ReportTaken,
    Step,
    Write,
)
from kouan.protocols import topics
from kouan.protocols.barrier.messages import OpenBarrier
from kouan.protocols.jws import Signer
from kouan.protocols.lane_order import codec
from kouan.protocols.lane_order.messages import ControllerReport, Poll
from kouan.protocols.link import Link, Received
from kouan.protocols.status import codec as status
from kouan.protocols.status.messages import DeviceStatus
from kouan.protocols.topics import DeviceTopic
from kouan.vocabulary.clock import SECOND, Clock
from kouan.vocabulary.errors import Conflict, InvalidValue, Unavailable

_log = logging.getLogger(__name__)

POLL_EVERY_S = 1.0
"""Seconds between two polls of a lane in use. Our choice: a hold that was missed is in force a second later (I4)."""

QUIET_POLLS = 4
"""Lanes that are not in use are asked for at every fourth poll only, all together, or until they were answered. Our
choice: no order can come there before a vehicle has stopped, and every answer is signed, checked and taken by each."""

MOST_HEARD = 256
"""Own statuses remembered. Our choice: several times as many as a port has lanes."""

COMPACT_ABOVE_BYTES = 1024 * 1024
"""Length from which the log is compacted. Our choice: a start reads it in a few milliseconds."""

__all__ = ["LaneControllerProcess", "run_lane_controller", "subscriptions"]


class _Lane:
    """One lane: its state, and what is to be done for it, in order; reports wait apart, so that they delay nothing."""

    def __init__(self, state: LaneState) -> None:
        self.state = state
        self.work: deque[Effect | Received] = deque()
        self.reports: dict[str, ControllerReport] = {}
        self.work_came = asyncio.Event()
        self.report_came = asyncio.Event()

    @property
    def in_need(self) -> bool:
        """Whether the next poll asks for this lane, whether or not it asks for all."""
        return self.state.in_use or bool(self.state.challenges) or self.state.heard_at is None


class LaneControllerProcess:
    """The controller of several lanes of one port, over one link and one nonce log."""

    def __init__(
        self,
        link: Link,
        nonce_log: NonceLog,
        clock: Clock,
        signer: Signer,
        platform_keys: Mapping[str, Ed25519PublicKey],
        port: str,
        lanes: Sequence[str],
        *,
        chance: Random,
        name: str = "lane-controller",
    ) -> None:
        self._link = link
        self._nonce_log = nonce_log
        self._clock = clock
        self._signer = signer
        self._keys = dict(platform_keys)
        self._port = str(port)
        self._names = tuple(map(str, lanes))
        self._chance = chance
        self._name = name
        self._lanes: dict[str, _Lane] = {}
        self._told = 0
        self._polls = 0
        self._heard: dict[tuple[int, int], None] = {}
        self._untold: dict[str, None] = dict.fromkeys(self._names)
        self._compact_above = COMPACT_ABOVE_BYTES
        self.unreadable = 0

    def state_of(self, lane: str) -> LaneState:
        """Return what is known of one lane."""
        return self._lanes[lane].state

    async def run(self) -> None:
        """Recover from the log, then serve the lanes until the link is closed.

        Raises Unavailable when the log's medium fails: nothing may be opened then, and a new process reads the log
        anew. Raises Corrupt when the log is damaged.
        """
        records = await self._nonce_log.read()
        for name in self._names:
            setting = LaneSetting(self._port, name, self._name, self._keys)
            recovered = restart(setting, records, self._clock.monotonic())
            self._lanes[name] = _Lane(recovered.state)
            self._queue(self._lanes[name], recovered.effects)
        await until_first_ends(
            [
                self._receive(),
                self._poll(),
                *(self._work(lane) for lane in self._lanes.values()),
                *(self._report(lane) for lane in self._lanes.values()),
            ]
        )

    # Messages in ------------------------------------------------------------------------------------------------------

    async def _receive(self) -> None:
        async for received in self._link.receive():
            self._take(received)

    def _take(self, received: Received) -> None:
        """Step the lane that a message is for; what cannot be read is counted and changes nothing."""
        try:
            topic = topics.parse(received.topic)
            if isinstance(topic, DeviceTopic) and topic.port == self._port and topic.lane in self._lanes:
                self._take_at(self._lanes[topic.lane], topic, received)
        except InvalidValue as error:
            self.unreadable += 1
            _log.debug("unreadable message on %s: %s", received.topic, error)

    def _take_at(self, lane: _Lane, topic: DeviceTopic, received: Received) -> None:
        came = input_of(topic, received.payload)
        if isinstance(came, AnswerCame):
            self._take_answer(lane, came)
        elif came is not None:
            self._queue(lane, self._step(lane, came))
        elif (topic.device, topic.channel) == ("controller", "status"):
            self._hear_own_status(received.payload)
        if received.key:
            lane.work.append(received)
            lane.work_came.set()

    def _take_answer(self, lane: _Lane, came: AnswerCame) -> None:
        """Step the lanes that asked; what answers none of them is counted where it came.

        A platform that answers for the first time may have come after the lanes were told of: they are told of again.
        """
        read = read_answer(self._keys, self._port, came)
        nonce = None if read.answer is None else read.answer.nonce
        asked = [each for each in self._lanes.values() if nonce and each.state.asked_at(nonce) is not None]
        for each in asked or [lane]:
            was_heard = each.state.heard_at is not None
            self._queue(each, self._step(each, read))
            if not was_heard and each.state.heard_at is not None:
                self._untold[each.state.setting.lane] = None

    def _step(self, lane: _Lane, came: Input) -> tuple[Effect, ...]:
        stepped: Step = step(lane.state, came, self._clock.monotonic())
        lane.state = stepped.state
        return stepped.effects

    def _queue(self, lane: _Lane, effects: Sequence[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Report):
                lane.reports[effect.report.order_id] = effect.report
                lane.report_came.set()
            else:
                lane.work.append(effect)
                lane.work_came.set()

    # Effects out ------------------------------------------------------------------------------------------------------

    async def _work(self, lane: _Lane) -> None:
        while True:
            while lane.work:
                item = lane.work.popleft()
                if isinstance(item, Received):
                    with contextlib.suppress(Unavailable):
                        await self._link.settle(item)
                else:
                    await self._perform(lane, item)
            lane.work_came.clear()
            await lane.work_came.wait()

    async def _perform(self, lane: _Lane, effect: Effect) -> None:
        """Do one thing, step with its acknowledgement, and do at once what follows: nothing comes in between."""
        follow: Input | None = None
        match effect:
            case Write():
                try:
                    await self._nonce_log.append(effect.records)
                    follow = effect.then
                except Conflict:
                    follow = effect.refused
            case Actuate():
                sure = await self._command(lane.state.setting.lane, effect.command)
                follow = Commanded(effect.command.order_id, sure)
            case Report():
                self._queue(lane, (effect,))
        if follow is not None:
            for then in self._step(lane, follow):
                await self._perform(lane, then)

    async def _command(self, lane: str, command: OpenBarrier) -> bool:
        """Hand the command to the carrier, once; say whether it surely took it."""
        topic = f"kouan/{self._port}/{lane}/barrier/command"
        try:
            async with asyncio.timeout(COMMANDED_WITHIN_US / SECOND):
                await self._link.send(topic, topics.encode(topic, command))
        except (Unavailable, TimeoutError) as error:
            _log.warning("barrier command %s on %s is uncertain: %s", command.order_id, lane, error)
            return False
        return True

    async def _report(self, lane: _Lane) -> None:
        name = lane.state.setting.lane
        while True:
            while lane.reports:
                order_id = next(iter(lane.reports))
                report = lane.reports.pop(order_id)
                signed = codec.sign_report(self._signer, report)
                with contextlib.suppress(Unavailable):
                    await self._link.send(f"kouan/{self._port}/{name}/controller/report", signed)
                    self._queue(lane, self._step(lane, ReportTaken(order_id)))
            lane.report_came.clear()
            await lane.report_came.wait()

    # Polls ------------------------------------------------------------------------------------------------------------

    async def _poll(self) -> None:
        while True:
            await self._tell_online()
            await self._ask()
            await self._compact()
            await asyncio.sleep(POLL_EVERY_S)

    async def _ask(self) -> None:
        of_all = self._polls % QUIET_POLLS == 0
        self._polls += 1
        asking = {name: lane for name, lane in self._lanes.items() if of_all or lane.in_need}
        if not asking:
            return
        poll = Poll(controller=self._name, nonce=f"{self._chance.getrandbits(128):032x}", lanes=tuple(asking))
        for lane in asking.values():
            self._queue(lane, self._step(lane, PollSent(poll.nonce)))
        with contextlib.suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(POLL_EVERY_S):
                await self._link.send(f"kouan/{self._port}/{self._names[0]}/controller/poll", codec.encode_poll(poll))

    async def _compact(self) -> None:
        clock = self._lanes[self._names[0]].state.clock
        if clock is None or self._nonce_log.size_bytes < self._compact_above:
            return
        now = self._clock.monotonic()
        await self._nonce_log.compact(clock.platform_time(now) - clock.uncertainty_us(now) - KEPT_US)
        self._compact_above = max(COMPACT_ABOVE_BYTES, 2 * self._nonce_log.size_bytes)

    # Presence ---------------------------------------------------------------------------------------------------------

    async def _tell_online(self) -> None:
        """Tell of each lane where it is not known that its controller is there; the broker keeps that for others."""
        if not self._untold:
            return
        with contextlib.suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(POLL_EVERY_S):
                for lane in tuple(self._untold):
                    self._told += 1
                    message = DeviceStatus(device=self._name, seq=self._told, at=self._clock.now(), online=True)
                    topic = f"kouan/{self._port}/{lane}/controller/status"
                    await self._link.send(topic, status.CODEC.encode(message), retain=True)
                    self._untold.pop(lane, None)

    def _hear_own_status(self, payload: bytes) -> None:
        """Tell all lanes anew that this controller is there, where the connection was lost in between.

        Then the broker published the will, or, if it died itself, brings the same status for a second time. Devices
        answer with what stands at their lane, so that nothing that was missed stays missed.
        """
        heard = status.CODEC.decode(payload)
        name = (heard.seq, heard.at)
        if not heard.online or name in self._heard:
            self._heard.clear()
            self._untold = dict.fromkeys(self._names)
        elif len(self._heard) < MOST_HEARD:
            self._heard[name] = None


async def run_lane_controller(
    link: Link,
    nonce_log: NonceLog,
    clock: Clock,
    signer: Signer,
    platform_keys: Mapping[str, Ed25519PublicKey],
    port: str,
    lanes: Sequence[str],
    *,
    chance: Random,
    name: str = "lane-controller",
) -> None:
    """Serve the lanes until the link is closed; see ``LaneControllerProcess.run``."""
    process = LaneControllerProcess(
        link, nonce_log, clock, signer, platform_keys, port, lanes, chance=chance, name=name
    )
    await process.run()
