"""What comes in from the link: each message goes to the lane, yard place or agency case that it concerns, once."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from kouan.adapters.driver.passage_runner import Cause
from kouan.adapters.driver.settlement import Ticket
from kouan.adapters.driver.unparsed import Unparsed
from kouan.gate.decision import AgencyVerdict
from kouan.gate.facts import ControllerReported, VerdictReceived
from kouan.gate.procedures import Authority
from kouan.protocols.agency.codec import verify_verdict
from kouan.protocols.lane_order.codec import verify_report
from kouan.protocols.lane_order.messages import ActuationOutcome, Poll, PollAnswer
from kouan.protocols.link import Received
from kouan.protocols.queue_counter.messages import QueueCounted
from kouan.protocols.signed import Unverified
from kouan.protocols.status.messages import DeviceStatus
from kouan.protocols.stream import Chunk
from kouan.protocols.topics import AgencyTopic, ApproachTopic, DeviceTopic, decode, parse
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.errors import InvalidValue, KouanError, NotFound
from kouan.vocabulary.verdict import Reason

if TYPE_CHECKING:
    from kouan.adapters.driver.port_driver import PortDriver

STILL_LATCHED = ("lane.latched", "reset.before_latch", "reset.latched_again")
"""Rules by which a lane controller says that its latch stands, though a person took the lane into service (I5)."""


class PortIntake:
    """Takes messages in for the port's driver, which it asks for lanes, yard and roles."""

    def __init__(self, port: "PortDriver") -> None:
        self._port = port
        self._unparsed = Unparsed(port.setting.port, port.roles.ledger, port.roles.chance)
        self._seen: frozenset[str] = frozenset()

    async def remember(self, keys: set[str]) -> None:
        """Know these entries again by their keys, and the latest of the ledger, when their messages come once more."""
        self._seen = frozenset(keys | await self._recent_keys())

    def take(self, received: Received) -> None:
        """Take one message in. Whatever it holds, it stops nothing."""
        if received.key and _entry_key(received) in self._seen:
            self._pass_over(received)
            return
        ticket = self._port.settlement.begin(received)
        try:
            topic = parse(received.topic)
            self._dispatch(topic, decode(received.topic, received.payload), received, ticket)
        except InvalidValue as error:
            self._keep_unparsed(received, error, ticket)
        finally:
            if ticket is not None:
                self._port.settlement.release(ticket)

    def _pass_over(self, received: Received) -> None:
        """Take a message that is recorded already for no fact; a byte stream's reader still has to read it."""
        ticket = self._port.settlement.begin(received)
        try:
            topic, message = parse(received.topic), decode(received.topic, received.payload)
            if isinstance(topic, DeviceTopic) and isinstance(message, Chunk) and topic.lane in self._port.lanes:
                self._port.lanes[topic.lane].stream(topic.device, message, Cause(), known=True)
        except InvalidValue:
            pass  # it is kept as what could not be read
        finally:
            if ticket is not None:
                self._port.settlement.release(ticket)

    def _dispatch(self, topic: Any, message: Any, received: Received, ticket: Ticket | None) -> None:
        cause = Cause(_entry_key(received) if received.key else "", () if ticket is None else (ticket,))
        if topic.port != self._port.setting.port:
            raise InvalidValue("topic.port", "topic.other_port", f"must be {self._port.setting.port}")
        match topic:
            case AgencyTopic():
                self._verdict(topic, message, cause)
            case ApproachTopic():
                self._approach(topic, message)
            case DeviceTopic(lane=lane, device="controller") if lane in self._yard_places:
                self._controller(lane, message, cause)
            case DeviceTopic(lane=lane) if self._port.roles.yard is not None and lane in self._yard_places:
                self._port.roles.yard.device(lane, message, cause, self._held)
            case DeviceTopic(lane=lane, device=device):
                if lane not in self._port.lanes:
                    raise InvalidValue("topic.lane", "topic.unknown_lane", f"{lane} is no lane of this port")
                self._device(lane, device, message, cause)

    @property
    def _yard_places(self) -> Sequence[str]:
        return () if self._port.roles.yard is None else self._port.roles.yard.places

    def _held(self, cause: Cause) -> Callable[[], None]:
        """Keep the messages of a cause unsettled until what is returned is called."""
        for ticket in cause.tickets:
            self._port.settlement.hold(ticket)

        def release() -> None:
            for ticket in cause.tickets:
                self._port.settlement.release(ticket)

        return release

    def _device(self, lane: str, device: str, message: Any, cause: Cause) -> None:
        if isinstance(message, DeviceStatus):
            self._port.watcher.source(lane, device, message.online)
        if device == "controller":
            self._controller(lane, message, cause)
        else:
            self._port.lanes[lane].device(device, message, cause)

    def _controller(self, lane: str, message: Any, cause: Cause) -> None:
        if isinstance(message, Poll):
            exits = {} if self._port.roles.yard is None else self._port.roles.yard.epochs
            known = {**exits, **{name: self._port.epochs.get(name, 0) for name in self._port.lanes}}
            epochs = {name: known[name] for name in message.lanes if name in known}
            self._port.messenger.poll_answer(
                lane, PollAnswer(nonce=message.nonce, time=self._port.roles.clock.now(), epochs=epochs)
            )
        elif isinstance(message, DeviceStatus):
            if lane in self._port.lanes:
                self._port.lanes[lane].status("controller", message, cause)
        elif isinstance(message, Unverified):
            report = verify_report(self._port.roles.keys, message.compact)
            if report.lane != lane or report.port != self._port.setting.port:
                raise InvalidValue("lane", "report.other_lane", f"must be {lane}")
            if self._port.roles.yard is not None and lane in self._yard_places:
                self._port.roles.yard.reported(lane, report, cause, self._held)
                return
            self._port.messenger.order_answered(report.order_id)
            if report.outcome is ActuationOutcome.RESET:
                self._port.lanes[lane].reset_done(report.order_id)
                return
            if report.outcome is ActuationOutcome.REFUSED and report.rule in STILL_LATCHED:
                self._port.lanes[lane].still_latched()
            fact = ControllerReported(
                report.at, report.order_id, report.outcome.value, report.rule, report.uncertainty_us
            )
            self._port.lanes[lane].runner.feed(fact, cause)

    def _verdict(self, topic: AgencyTopic, message: Any, cause: Cause) -> None:
        if not isinstance(message, Unverified):
            return
        verdict = verify_verdict(self._port.roles.keys, message.compact)
        if verdict.authority != topic.authority or verdict.port != self._port.setting.port:
            raise InvalidValue("authority", "verdict.other_authority", f"must be {topic.authority}")
        try:
            lane = self._port.lane_of(verdict.case)
            authority = Authority(verdict.authority)
        except (NotFound, ValueError):
            return  # of a passage that has ended, or of nobody who decides here
        self._port.messenger.case_answered(verdict.case, verdict.authority)
        said = AgencyVerdict(
            authority=authority,
            outcome=verdict.outcome.value,
            revision=verdict.revision,
            issued_at=verdict.issued_at,
            expires_at=verdict.expires_at,
            key_id=f"agency:{verdict.authority}:{verdict.port}",
            reasons=tuple(Reason(reason.code, reason.params) for reason in verdict.reasons),
        )
        lane.runner.feed(VerdictReceived(verdict.issued_at, said), cause)

    def _approach(self, topic: ApproachTopic, message: Any) -> None:
        if isinstance(message, QueueCounted):
            self._port.watcher.queue(message.direction, message.waiting)
        elif isinstance(message, DeviceStatus):
            self._port.watcher.source("approach", topic.device, message.online)

    def _keep_unparsed(self, received: Received, error: InvalidValue, ticket: Ticket | None) -> None:
        self._port.watcher.unparsed(received.topic, error.rule)
        if not received.key:
            return
        if ticket is not None:
            self._port.settlement.hold(ticket)
        task = self._unparsed.keep(received, error, self._port.roles.clock.now())
        keeping = asyncio.get_running_loop().create_task(task, name="keep-unparsed")

        def kept(done: "asyncio.Task[KouanError | None]") -> None:
            if not done.cancelled() and done.result() is not None:
                self._port.fail(done.result() or KouanError("unparsed"))
            elif ticket is not None:
                self._port.settlement.release(ticket)

        keeping.add_done_callback(kept)

    async def _recent_keys(self) -> set[str]:
        """Return the keys of the latest entries, by which a message that is delivered again is known again."""
        ledger, keys = self._port.roles.ledger, set[str]()
        size = await ledger.size()
        newest: Instant | None = None
        while size > 0 and len(keys) < MOST_RECENT:
            page = await ledger.read(after=max(0, size - PAGE), limit=min(size, PAGE))
            keys.update(entry.key for entry in page)
            newest = page[-1].at if newest is None else newest
            if not page or page[0].at < newest - RECENT_US:
                break
            size -= len(page)
        return keys


def _entry_key(received: Received) -> str:
    """Return the idempotency key of the first entry that a message causes."""
    return f"m:{received.key}"


PAGE = 5000
"""Entries that are read at once at a start. Our choice."""

RECENT_US = 60 * SECOND
"""How far before the newest entry keys are remembered at a start. Our choice: a message stays unsettled for 10 s, and
what came after it with it; and the consumer holds no more than 4,096."""

MOST_RECENT = 200_000
"""Keys remembered at a start, at most. Our choice: a minute at 3,000 entries/s, some 30 MiB."""
