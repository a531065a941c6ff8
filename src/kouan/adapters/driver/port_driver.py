"""Drives a port: every message and every person's act to the lane that it concerns."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from kouan.adapters.driver.courier import Courier
from kouan.adapters.driver.lane_driver import LaneDriver
from kouan.adapters.driver.messenger import Messenger
from kouan.adapters.driver.passage_runner import Cause
from kouan.adapters.driver.rules import Dated, Rules
from kouan.adapters.driver.setting import Roles, Setting, Watcher
from kouan.adapters.driver.settlement import Settlement, Ticket
from kouan.adapters.driver.unparsed import Unparsed
from kouan.gate.decision import AgencyVerdict
from kouan.gate.facts import ControllerReported, VerdictReceived
from kouan.gate.policy import LanePolicy
from kouan.gate.procedures import Authority
from kouan.gate.states import Cleared, decode_state
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Unit
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

_log = logging.getLogger(__name__)


STILL_LATCHED = ("lane.latched", "reset.before_latch", "reset.latched_again")
"""Rules by which a lane controller says that its latch stands, though a person took the lane into service (I5)."""


class PortDriver:
    """The one driver of a port; ``run`` reads the link until it is closed or the ledger fails."""

    def __init__(self, setting: Setting, policy: LanePolicy, roles: Roles, watcher: Watcher) -> None:
        self.setting = setting
        self.rules = Rules(policy)
        self.roles = roles
        self.watcher = watcher
        self.settlement = Settlement(roles.link)
        self.courier = Courier(roles.link, roles.clock)
        self.messenger = Messenger(setting.port, self.courier, roles.clock, roles.signer, roles.render)
        self.failure: KouanError | None = None
        self.epochs: dict[str, int] = {}
        self.standing: dict[str, tuple[str, str]] = {}  # by plate: the lane and passage in which it stands now
        self._failed: asyncio.Future[None] | None = None
        self._unparsed = Unparsed(setting.port, roles.ledger, roles.chance)
        self._seen: frozenset[str] = frozenset()
        self.lanes: dict[str, LaneDriver] = {lane.name: LaneDriver(self, lane) for lane in setting.lanes}

    async def start(self) -> None:
        """Record the policy, and take up every passage that an earlier process left open, and each lane's last one."""
        self._failed = asyncio.get_running_loop().create_future()
        await self._record_policy(self.policy)
        self.epochs = dict(await self.roles.records.lane_epochs())
        kept = {record.lane: record.document for record in await self.roles.records.lanes()}
        seen: set[str] = set()
        for name, lane in self.lanes.items():
            lane.restore(kept.get(name))
        last: dict[str, str] = {}
        for record in reversed(await self.roles.records.list_passages(limit=STOPS_KNOWN)):
            if record.lane in self.lanes:
                self.lanes[record.lane].intake.remember(decode_state(record.document).dossier)
                last[record.lane] = record.passage
        for record in await self.roles.records.open_passages():
            if record.lane in self.lanes:
                seen.update(await self.lanes[record.lane].recover(record.passage))
                last.pop(record.lane, None)
        for name, passage in last.items():
            seen.update(await self.lanes[name].remember(passage))
        self._seen = frozenset(seen | await self._recent_keys())
        for record in await self.roles.records.list_passages(state="cleared", limit=RELEASES_AGAIN):
            state = decode_state(record.document)
            if isinstance(state, Cleared):
                await self.roles.crossings.cleared(state)

    @property
    def policy(self) -> LanePolicy:
        """The policy under which a passage begins now."""
        return self.policy_at(self.roles.clock.now())

    def policy_at(self, at: Instant) -> LanePolicy:
        """Return the policy under which a passage begins at an instant."""
        return self.rules.in_force(at).policy

    async def follow_rules(self, coming: Sequence[Dated]) -> None:
        """Let passages that begin from now on begin under these policies, each from its instant on, once recorded."""
        for dated in coming:
            await self._record_policy(dated.policy)
        self.rules.take(coming)

    async def _record_policy(self, policy: LanePolicy) -> None:
        draft = Draft("gate.policy/1", policy.digest, f"policy:{policy.digest}", canonical(policy))
        await self.roles.ledger.append(Unit((draft,)))

    async def _recent_keys(self) -> set[str]:
        """Return the keys of the latest entries, by which a message that is delivered again is known again."""
        ledger, keys = self.roles.ledger, set[str]()
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

    async def run(self) -> None:
        """Take in messages; raise what made the ledger fail, if it did."""
        if self._failed is None:
            raise KouanError("start the driver before it runs")
        reading = asyncio.get_running_loop().create_task(self._read(), name="driver-intake")
        reading.add_done_callback(lambda _: self._stop_waiting())
        try:
            await self._failed
        finally:
            reading.cancel()
            self.close()
        if self.failure is not None:
            raise self.failure
        if reading.done() and not reading.cancelled() and reading.exception() is not None:
            raise KouanError(f"the intake failed: {reading.exception()!r}") from reading.exception()

    def close(self) -> None:
        """Stop every timer, sending and waiting."""
        for lane in self.lanes.values():
            lane.close()
        self.courier.close()

    def fail(self, error: KouanError) -> None:
        """Stop: a unit could not be recorded, so nothing in memory may be believed any more."""
        if self.failure is None:
            self.failure = error
            _log.error("the driver stops: %s", error)
        self._stop_waiting()

    def lane(self, name: str) -> LaneDriver:
        """Return a lane's driver; raise NotFound."""
        found = self.lanes.get(name)
        if found is None:
            raise NotFound(f"port {self.setting.port} has no lane {name}")
        return found

    def lane_of(self, passage: str) -> LaneDriver:
        """Return the lane in which a passage is open; raise NotFound."""
        named = self.lanes.get(passage.removeprefix(f"{self.setting.port}-").rsplit("-", 2)[0])
        for lane in self.lanes.values() if named is None else (named,):
            state = lane.runner.open
            if state is not None and state.dossier.passage == passage:
                return lane
        raise NotFound(f"no open passage {passage}")

    def passage_name(self, lane: str, track: int, at: Instant) -> str:
        """Return the id of a passage: its lane, when it began (UTC) and its track."""
        began = datetime.fromtimestamp(at / SECOND, UTC).strftime("%Y%m%dT%H%M%S")
        return f"{self.setting.port}-{lane}-{began}-{track}"

    def nonce(self) -> str:
        """Return 128 fresh random bits in hex."""
        return self.roles.chance(16).hex()

    def take(self, received: Received) -> None:
        """Take one message in. Whatever it holds, it stops nothing."""
        if received.key and _entry_key(received) in self._seen:
            self._pass_over(received)
            return
        ticket = self.settlement.begin(received)
        try:
            topic = parse(received.topic)
            self._dispatch(topic, decode(received.topic, received.payload), received, ticket)
        except InvalidValue as error:
            self._keep_unparsed(received, error, ticket)
        finally:
            if ticket is not None:
                self.settlement.release(ticket)

    def _pass_over(self, received: Received) -> None:
        """Take a message that is recorded already for no fact; a byte stream's reader still has to read it."""
        ticket = self.settlement.begin(received)
        try:
            topic, message = parse(received.topic), decode(received.topic, received.payload)
            if isinstance(topic, DeviceTopic) and isinstance(message, Chunk) and topic.lane in self.lanes:
                self.lanes[topic.lane].stream(topic.device, message, Cause(), known=True)
        except InvalidValue:
            pass  # it is kept as what could not be read
        finally:
            if ticket is not None:
                self.settlement.release(ticket)

    def _dispatch(self, topic: Any, message: Any, received: Received, ticket: Ticket | None) -> None:
        cause = Cause(_entry_key(received) if received.key else "", () if ticket is None else (ticket,))
        if topic.port != self.setting.port:
            raise InvalidValue("topic.port", "topic.other_port", f"must be {self.setting.port}")
        match topic:
            case AgencyTopic():
                self._verdict(topic, message, cause)
            case ApproachTopic():
                self._approach(topic, message)
            case DeviceTopic(lane=lane, device="controller") if lane in self._yard_places:
                self._controller(lane, message, cause)
            case DeviceTopic(lane=lane) if self.roles.yard is not None and lane in self._yard_places:
                self.roles.yard.device(lane, message, cause, self._held)
            case DeviceTopic(lane=lane, device=device):
                if lane not in self.lanes:
                    raise InvalidValue("topic.lane", "topic.unknown_lane", f"{lane} is no lane of this port")
                self._device(lane, device, message, cause)

    @property
    def _yard_places(self) -> Sequence[str]:
        return () if self.roles.yard is None else self.roles.yard.places

    def _held(self, cause: Cause) -> Callable[[], None]:
        """Keep the messages of a cause unsettled until what is returned is called."""
        for ticket in cause.tickets:
            self.settlement.hold(ticket)

        def release() -> None:
            for ticket in cause.tickets:
                self.settlement.release(ticket)

        return release

    def _device(self, lane: str, device: str, message: Any, cause: Cause) -> None:
        if isinstance(message, DeviceStatus):
            self.watcher.source(lane, device, message.online)
        if device == "controller":
            self._controller(lane, message, cause)
        else:
            self.lanes[lane].device(device, message, cause)

    def _controller(self, lane: str, message: Any, cause: Cause) -> None:
        if isinstance(message, Poll):
            exits = {} if self.roles.yard is None else self.roles.yard.epochs
            known = {**exits, **{name: self.epochs.get(name, 0) for name in self.lanes}}
            epochs = {name: known[name] for name in message.lanes if name in known}
            self.messenger.poll_answer(
                lane, PollAnswer(nonce=message.nonce, time=self.roles.clock.now(), epochs=epochs)
            )
        elif isinstance(message, DeviceStatus):
            if lane in self.lanes:
                self.lanes[lane].status("controller", message, cause)
        elif isinstance(message, Unverified):
            report = verify_report(self.roles.keys, message.compact)
            if report.lane != lane or report.port != self.setting.port:
                raise InvalidValue("lane", "report.other_lane", f"must be {lane}")
            if self.roles.yard is not None and lane in self._yard_places:
                self.roles.yard.reported(lane, report, cause, self._held)
                return
            self.messenger.order_answered(report.order_id)
            if report.outcome is ActuationOutcome.RESET:
                self.lanes[lane].reset_done(report.order_id)
                return
            if report.outcome is ActuationOutcome.REFUSED and report.rule in STILL_LATCHED:
                self.lanes[lane].still_latched()
            fact = ControllerReported(
                report.at, report.order_id, report.outcome.value, report.rule, report.uncertainty_us
            )
            self.lanes[lane].runner.feed(fact, cause)

    def _verdict(self, topic: AgencyTopic, message: Any, cause: Cause) -> None:
        if not isinstance(message, Unverified):
            return
        verdict = verify_verdict(self.roles.keys, message.compact)
        if verdict.authority != topic.authority or verdict.port != self.setting.port:
            raise InvalidValue("authority", "verdict.other_authority", f"must be {topic.authority}")
        try:
            lane = self.lane_of(verdict.case)
            authority = Authority(verdict.authority)
        except (NotFound, ValueError):
            return  # of a passage that has ended, or of nobody who decides here
        self.messenger.case_answered(verdict.case, verdict.authority)
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
            self.watcher.queue(message.direction, message.waiting)
        elif isinstance(message, DeviceStatus):
            self.watcher.source("approach", topic.device, message.online)

    def _keep_unparsed(self, received: Received, error: InvalidValue, ticket: Ticket | None) -> None:
        self.watcher.unparsed(received.topic, error.rule)
        if not received.key:
            return
        if ticket is not None:
            self.settlement.hold(ticket)
        task = self._unparsed.keep(received, error, self.roles.clock.now())
        keeping = asyncio.get_running_loop().create_task(task, name="keep-unparsed")

        def kept(done: "asyncio.Task[KouanError | None]") -> None:
            if not done.cancelled() and done.result() is not None:
                self.fail(done.result() or KouanError("unparsed"))
            elif ticket is not None:
                self.settlement.release(ticket)

        keeping.add_done_callback(kept)

    async def _read(self) -> None:
        async for received in self.roles.link.receive():
            self.take(received)

    def _stop_waiting(self) -> None:
        if self._failed is not None and not self._failed.done():
            self._failed.set_result(None)


def _entry_key(received: Received) -> str:
    """Return the idempotency key of the first entry that a message causes."""
    return f"m:{received.key}"


RELEASES_AGAIN = 50
"""Releases that are followed up again at a start. Our choice: more than a port's lanes can have had under way."""

STOPS_KNOWN = 500
"""Passages among which the last stop of each lane is looked for at a start. Our choice: a busy port's half hour."""

PAGE = 5000
"""Entries that are read at once at a start. Our choice."""

RECENT_US = 60 * SECOND
"""How far before the newest entry keys are remembered at a start. Our choice: a message stays unsettled for 10 s, and
what came after it with it; and the consumer holds no more than 4,096."""

MOST_RECENT = 200_000
"""Keys remembered at a start, at most. Our choice: a minute at 3,000 entries/s, some 30 MiB."""
