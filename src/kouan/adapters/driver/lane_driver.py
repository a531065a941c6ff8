"""One lane of the port: its passage, its devices, its mode."""

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from kouan.adapters.driver.lane_intake import LaneIntake
from kouan.adapters.driver.lane_state import LaneKeeper
from kouan.adapters.driver.passage_runner import FINAL, Cause, PassageRunner
from kouan.adapters.driver.projection import project
from kouan.adapters.driver.setting import LaneSetting
from kouan.adapters.policies import policy_by
from kouan.gate.assembly import Reading
from kouan.gate.commands import Command, FindPapers, IssueOrder, RaiseAlarm, SendCase, SendOrder, Show, StopLane
from kouan.gate.dossier import evidence_of
from kouan.gate.events import Event, PassageClosed, PassageOpened
from kouan.gate.evidence import Failed, PapersMatched
from kouan.gate.facts import EvidenceFound, OrderSigned, VehicleArrived
from kouan.gate.lanes import (
    BarrierSeen,
    DeviceCameBack,
    DeviceFailed,
    Lane,
    LaneEmptied,
    LaneStopped,
    LightShown,
    VehicleEntered,
    decode_lane,
    show_mode,
)
from kouan.gate.papers_search import papers_query
from kouan.gate.policy import LanePolicy
from kouan.gate.procedures import Procedure
from kouan.gate.recovery import fold, resume
from kouan.gate.roles import PapersQuery
from kouan.gate.rulebook import Rulebook
from kouan.gate.states import Cleared, Ordered, PassageState
from kouan.protocols.barrier.messages import Barrier, BarrierChanged
from kouan.protocols.driver_terminal.messages import DriverRead
from kouan.protocols.lane_order.codec import sign_order
from kouan.protocols.lane_order.messages import OpenOrder, OrderedVehicle
from kouan.protocols.plc.messages import CrossingSeen, LoopChanged, PlcFault
from kouan.protocols.status.messages import DeviceStatus
from kouan.protocols.stream import Chunk
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import Corrupt, KouanError, Unavailable
from kouan.vocabulary.verdict import Reason

if TYPE_CHECKING:
    from kouan.adapters.driver.port_driver import PortDriver

_log = logging.getLogger(__name__)


class LaneDriver:
    """Drives one lane; made by the port's driver, which it asks for everything that lanes share."""

    def __init__(self, port: "PortDriver", setting: LaneSetting) -> None:
        self._port = port
        self.name = setting.name
        self.setting = setting
        self.entries: list[int] = []
        self._recorded: PassageState | None = None
        self._ordered: str | None = None
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._count = 0
        roles = port.roles
        fresh = Lane(setting.name, setting.direction, setting.tidal)
        self.keeper = LaneKeeper(fresh, roles.ledger, roles.clock, port.settlement, self._lane_changed, port.fail)
        self.runner = PassageRunner(
            policy_at=port.policy_at,
            ledger=roles.ledger,
            clock=roles.clock,
            settlement=port.settlement,
            sign=self._sign,
            act=self._act,
            changed=self._changed,
            project=project,
            failed=port.fail,
        )
        self.intake = LaneIntake(
            runner=self.runner,
            settlement=port.settlement,
            clock=roles.clock,
            zone=port.setting.zone,
            subjects=roles.subjects,
            chance=roles.chance,
            arrive=self._arrive,
            procedures=port.setting.devices,
            calibrated_until=port.setting.calibrated_until,
            watched=None if roles.region is None else roles.region.watched,
        )

    @property
    def lane(self) -> Lane:
        """The lane as it stands."""
        return self.keeper.lane

    @property
    def recorded(self) -> PassageState | None:
        """The passage as it is in the ledger: what may be shown."""
        return self._recorded

    @property
    def rulebook(self) -> Rulebook:
        """The rulebook under which the lane's passage began."""
        return self.runner.policy.rulebook

    def restore(self, document: bytes | None) -> None:
        """Take up what an earlier process kept of this lane; what it knew of devices is asked of them anew."""
        if document is not None:
            kept = decode_lane(document)
            self.keeper.lane = replace(kept, tidal=self.setting.tidal, occupied=False, barriers=self.lane.barriers)

    async def recover(self, passage: str) -> Sequence[str]:
        """Take up a passage that an earlier process left open; return the keys of its entries."""
        state, policy, keys = await self._folded(passage)
        self._recorded = state
        dossier = state.dossier
        self.intake.resume(dossier)
        self._claim(papers_query(dossier))
        papers = evidence_of(dossier, Procedure.PAPERS)
        if isinstance(papers, PapersMatched) and papers.confirmation is not None:
            self._spawn(self._announce_again(papers.confirmation))
        self.keeper.feed(VehicleEntered(dossier.opened_at))
        self.runner.resume(state, policy, resume(state, self._port.roles.clock.now()))
        return keys

    async def remember(self, passage: str) -> Sequence[str]:
        """Know the lane's last passage, which has ended: what comes of it late is its own; return its entries' keys."""
        state, policy, keys = await self._folded(passage)
        self.runner.resume(state, policy, resume(state, self._port.roles.clock.now()))
        return keys

    async def _folded(self, passage: str) -> tuple[PassageState, LanePolicy, Sequence[str]]:
        """Return a passage of an earlier process as the ledger has it, its policy and its entries' keys."""
        entries = await self._port.roles.ledger.read(stream=passage, limit=10_000)
        if not entries:
            raise Corrupt(f"passage {passage} has no entries")
        opened = msgspec.json.decode(entries[0].body, type=PassageOpened)
        policy = self._port.policy
        if opened.policy != policy.digest:
            policy = await policy_by(self._port.roles.ledger, opened.policy)
        state = fold(entries, policy)
        if state is None:
            raise Corrupt(f"passage {passage} has no beginning")
        self.entries = [entry.seq for entry in entries]
        return state, policy, [entry.key for entry in entries]

    def close(self) -> None:
        """Stop timers and tasks."""
        self.runner.close()
        self.intake.close()
        self.keeper.close()
        for task in list(self._tasks.values()):
            task.cancel()

    def device(self, device: str, message: Any, cause: Cause) -> None:
        """Take in a message of one of the lane's devices."""
        match message:
            case Chunk():
                self.stream(device, message, cause)
            case LoopChanged():
                self.intake.loop(message, cause)
            case CrossingSeen():
                self.intake.crossing(message, cause)
            case BarrierChanged():
                self._barrier(message, cause)
            case DriverRead():
                self.intake.identify(message, cause)
            case DeviceStatus():
                self.status(device, message, cause)
            case PlcFault():
                self._fault("plc", message.code if message.active else "", message.at, cause)
            case _ if isinstance(message, Reading):
                self.intake.read(message, cause)
            case _:
                pass  # of no use here: a light curtain's beam, for one, is the lane controller's business

    def status(self, device: str, message: DeviceStatus, cause: Cause) -> None:
        """A device of this lane came, went or told of its faults."""
        code = "offline" if not message.online else next(iter(message.faults), "")
        self._fault(device, code, message.at, cause)
        if device == "plc" and message.online and self._differs_from_file():
            self._port.messenger.show(show_mode(self.lane))  # a display that lost its power shows nothing of it
        self._port.watcher.lane_changed(self)

    def reset_done(self, reset_id: str) -> None:
        """The lane controller ended its latch."""
        _log.info("lane %s was reset by %s", self.name, reset_id)

    def still_latched(self) -> None:
        """The lane controller opens for nobody: take the lane out of service, so that a person looks at it again."""
        if self.lane.stopped is None:
            reason = Reason("lane.latched", {})
            self.keeper.feed(LaneStopped(self._port.roles.clock.now(), reason))
            self._port.watcher.alarm(self.name, "", 2, reason)

    def stream(self, device: str, chunk: Chunk, cause: Cause, *, known: bool = False) -> None:
        """Take in a piece of a device's byte stream; ``known`` ones are recorded, and only bring the reader along."""
        if device == "weighbridge":
            self.intake.frames(chunk, device)
        else:
            self.intake.lines(chunk, device, cause, known=known)

    def _barrier(self, message: BarrierChanged, cause: Cause) -> None:
        self.keeper.feed(BarrierSeen(message.at, message.barrier.value, message.position.value))
        self.intake.barrier(message, cause)
        self._port.watcher.lane_changed(self)

    def _fault(self, device: str, code: str, at: Instant, cause: Cause) -> None:
        """Note that a device is out of service, or is back (no code); what is known already changes nothing."""
        known = next((out for out in self.lane.out if out.device == device), None)
        if (known is None and not code) or (known is not None and known.cause == code):
            return
        procedures = self._port.setting.devices.get(device, ())
        self.keeper.feed(DeviceFailed(at, device, code, procedures) if code else DeviceCameBack(at, device), cause)
        self.intake.fault(device, code or "ok", bool(code), at, Cause(tickets=cause.tickets))

    def _arrive(self, track: int, at: Instant) -> VehicleArrived:
        now = self._port.roles.clock.now()
        self.entries = []
        self.keeper.feed(VehicleEntered(at))
        return VehicleArrived(
            at=at,
            passage=self._port.passage_name(self.name, track, now),
            port=self._port.setting.port,
            lane=self.name,
            direction=self.lane.direction,
            track=track,
            epoch=self._port.epochs.get(self.name, 0),
            lacking=self.lane.lacking,
        )

    def _sign(self, command: IssueOrder) -> OrderSigned:
        vehicle = command.vehicle
        order = OpenOrder(
            order_id=command.order_id,
            port=command.port,
            lane=command.lane,
            passage=command.passage,
            barrier=Barrier(command.barrier),
            outcome=command.outcome.value,
            vehicle=OrderedVehicle(
                plate=vehicle.plate,
                trailer=vehicle.trailer,
                seal=vehicle.seal,
                axles=vehicle.axles,
                track=vehicle.track,
            ),
            epoch=command.epoch,
            issued_at=command.issued_at,
            expires_at=command.expires_at,
            nonce=self._port.nonce(),
        )
        compact = sign_order(self._port.roles.signer, order).decode("ascii")
        return OrderSigned(command.issued_at, command.order_id, order.nonce, compact)

    def _act(self, command: Command) -> None:
        messenger = self._port.messenger
        match command:
            case SendOrder():
                self._ordered = command.order_id
                messenger.order(command)
                self._port.watcher.ordered(self.runner.last_span_us)
            case SendCase():
                messenger.case(command)
            case Show():
                if command.colour is not None:
                    self.keeper.feed(LightShown(self._port.roles.clock.now(), command.colour))
                messenger.show(command)
            case FindPapers():
                self._spawn(self._find_papers(command))
            case RaiseAlarm():
                self._port.watcher.alarm(command.lane, command.passage, command.priority, command.reason)
            case StopLane():
                self.keeper.feed(LaneStopped(self._port.roles.clock.now(), command.reason))
                self._port.watcher.alarm(command.lane, "", 2, command.reason)
            case _:
                pass

    async def _find_papers(self, command: FindPapers) -> None:
        query, roles = command.query, self._port.roles
        twin = self._claim(query)
        try:
            papers = await roles.papers.find_papers(query)
            announced = None if papers is None or papers.confirmation is None else papers.confirmation
            who = None if announced is None else await roles.drivers.announced(announced)
        except Unavailable as error:
            _log.warning("papers of %s cannot be looked up: %s", query.passage, error)
            return  # the procedure's deadline passes, and a person looks
        except KouanError as error:
            self._port.fail(error)
            return
        self.intake.announce(who)
        now = roles.clock.now()
        if twin is not None:
            papers = replace(papers or PapersMatched(source="papers", at=now, confirmation=None), seen_elsewhere=twin)
        found: PapersMatched | Failed = papers or Failed(
            source="papers", at=now, procedure=Procedure.PAPERS, cause="none"
        )
        state = self.runner.state
        if state is not None and state.dossier.passage == query.passage:
            self.runner.feed(EvidenceFound(now, found))

    async def _announce_again(self, confirmation: str) -> None:
        """Say who was announced, where an earlier process found the papers: the driver may not have been compared."""
        try:
            self.intake.announce(await self._port.roles.drivers.announced(confirmation))
        except Unavailable as error:
            _log.warning("the driver announced in %s cannot be looked up: %s", confirmation, error)
        except KouanError as error:
            self._port.fail(error)

    def _claim(self, query: PapersQuery) -> str | None:
        """Note that a plate stands in this lane; return the other lane in which it stands as well, if it does (I6)."""
        if query.plate is None:
            return None
        lane, passage = self._port.standing.setdefault(query.plate, (self.name, query.passage))
        return f"{self._port.setting.port} {lane}" if passage != query.passage else None

    def _unclaim(self, passage: str) -> None:
        for plate in [plate for plate, (_, holder) in self._port.standing.items() if holder == passage]:
            del self._port.standing[plate]

    def _differs_from_file(self) -> bool:
        return self.lane.mode in ("closed", "draining") or self.lane.direction is not self.setting.direction

    def _lane_changed(self, before: Lane, after: Lane) -> None:
        if (before.direction, before.mode) != (after.direction, after.mode):
            self._port.messenger.show(show_mode(after))
        self._port.watcher.lane_changed(self)

    def _changed(self, state: PassageState, events: Sequence[Event], sequences: Sequence[int]) -> None:
        self._recorded = state
        self.entries.extend(sequences)
        if isinstance(state, Cleared) and any(isinstance(event, PassageClosed) for event in events):
            self._spawn(self._follow_up(state))
        if isinstance(state, FINAL):
            self._unclaim(state.dossier.passage)
        if self.runner.open is None:
            self.keeper.feed(LaneEmptied(self._port.roles.clock.now()))
        if self._ordered is not None and not isinstance(state, Ordered):
            self._port.messenger.order_answered(self._ordered)
            self._ordered = None
        self._port.watcher.lane_changed(self)

    async def _follow_up(self, state: Cleared) -> None:
        try:
            refused = await self._port.roles.crossings.cleared(state)
        except Unavailable as error:
            _log.warning("release of %s is followed up at the next start: %s", state.dossier.passage, error)
            return
        except KouanError as error:
            self._port.fail(error)
            return
        if refused is not None:
            reason = Reason("papers.write_off_refused", {"guard": refused})
            self._port.watcher.alarm(self.name, state.dossier.passage, 2, reason)

    def _spawn(self, coroutine: Any) -> None:
        self._count += 1
        number = self._count
        task = asyncio.get_running_loop().create_task(coroutine, name=f"{self.name}-{number}")
        self._tasks[number] = task
        task.add_done_callback(lambda _: self._tasks.pop(number, None))
