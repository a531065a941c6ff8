"""What a lane's devices say, turned into facts for its passage."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo

from kouan.adapters.driver.kept import Kept
from kouan.adapters.driver.passage_runner import Cause, PassageRunner
from kouan.adapters.driver.settlement import Settlement
from kouan.gate.assembly import Assembly, Reading, Scale
from kouan.gate.dossier import evidence_of
from kouan.gate.driver_identity import Announced, identified, identity_of, personal_of, read_document
from kouan.gate.evidence import DriverIdentified, Evidence, RadiationMeasured, Weighed
from kouan.gate.facts import BarrierMoved, EvidenceFound, IdentityBroken, LaneFault, VehicleArrived, VehicleLeft
from kouan.gate.procedures import Procedure
from kouan.gate.states import Dossier, Opened
from kouan.ledger.roles import Subjects
from kouan.protocols.barrier.messages import BarrierChanged
from kouan.protocols.driver_terminal.messages import DriverRead
from kouan.protocols.plc.messages import CrossingSeen, Loop, LoopChanged
from kouan.protocols.radiation_portal.codec import LineReader
from kouan.protocols.radiation_portal.messages import CountLine
from kouan.protocols.radiation_portal.occupancy import OccupancyReader
from kouan.protocols.stream import Chunk
from kouan.protocols.weighbridge.codec import FrameReader
from kouan.protocols.weighbridge.stability import StableRun
from kouan.vocabulary.clock import SECOND, Clock, Instant
from kouan.vocabulary.errors import Unavailable
from kouan.vocabulary.identifiers import TravelDocument

ANNOUNCED_WAIT_S = 3.0
"""Seconds for which a driver's reading waits for the papers. Our choice: they are asked for at the first plate."""

ZERO_KG = 40
"""Reading in kilograms up to which an empty weighbridge stands at zero. Our choice: two divisions of 20 kg."""

Arrive = Callable[[int, Instant], VehicleArrived]
Watched = Callable[[TravelDocument | None, DriverIdentified], DriverIdentified]


class LaneIntake:
    """Feeds one lane's passage.

    ``arrive`` makes the fact of an arrival from its track and time; ``procedures`` says which procedures a device
    feeds; ``chance`` returns that many random bytes; ``watched`` adds the region's watch list items that name the
    driver's document.
    """

    def __init__(
        self,
        *,
        runner: PassageRunner,
        settlement: Settlement,
        clock: Clock,
        zone: tzinfo,
        subjects: Subjects,
        chance: Callable[[int], bytes],
        arrive: Arrive,
        procedures: Mapping[str, Sequence[Procedure]],
        calibrated_until: Instant,
        watched: Watched | None = None,
    ) -> None:
        self._runner = runner
        self._clock = clock
        self._zone = zone
        self._subjects = subjects
        self._chance = chance
        self._arrive = arrive
        self._procedures = procedures
        self._calibrated_until = calibrated_until
        self._watched = watched
        self._zero_at: Instant = 0
        self._assembly = Assembly()
        self._frames = FrameReader()
        self._run = StableRun()
        self._lines = LineReader()
        self._occupancies = OccupancyReader()
        self._kept = Kept(settlement)
        self._portal_kept = Kept(settlement)
        self._portal_cause = Cause()
        self._portal_waits = False
        self._due: asyncio.TimerHandle | None = None
        self._driver: tuple[DriverRead, Cause] | None = None
        self._announced: asyncio.Future[Announced | None] | None = None
        self._identifying: asyncio.Task[None] | None = None
        self._last_track = -1

    def remember(self, dossier: Dossier) -> None:
        """Know the lane's last stop, so that it is not taken for another, and when its scale was at zero last."""
        self._last_track = dossier.track
        weighed = evidence_of(dossier, Procedure.WEIGHT)
        if isinstance(weighed, Weighed):
            self._zero_at = max(self._zero_at, weighed.zero_checked_at)

    def resume(self, dossier: Dossier) -> None:
        """Go on with a passage that an earlier process left open."""
        self.remember(dossier)
        known = frozenset(procedure for procedure in Procedure if evidence_of(dossier, procedure) is not None)
        self._assembly.resume(dossier.track, self._clock.now(), known)
        self._announced = asyncio.get_running_loop().create_future()

    def close(self) -> None:
        """Stop all timers and waits; what is kept unsettled stays so, and comes again after the next start."""
        self._stop_waiting()

    def announce(self, announced: Announced | None) -> None:
        """Say who was announced for the vehicle at the line, so that its driver can be compared."""
        if self._announced is not None and not self._announced.done():
            self._announced.set_result(announced)

    def loop(self, message: LoopChanged, cause: Cause) -> None:
        """A loop changed; only the stop loop begins and breaks a passage."""
        if message.loop is not Loop.STOP:
            return
        if not message.occupied:
            self._leave(message, cause)
        elif message.track != self._last_track:
            self._stop(message, cause)

    def read(self, message: Reading, cause: Cause) -> None:
        """A device read something of the vehicle."""
        found = self._assembly.take(message, self._clock.now())
        if not found:
            self._kept.keep(cause.tickets, self._clock.now())
        self._find(found, cause)
        self._arm()

    def identify(self, message: DriverRead, cause: Cause) -> None:
        """The driver's terminal read a document; it waits until it is known who was announced."""
        self._kept.keep(cause.tickets, self._clock.now())
        self._driver = (message, cause)
        self._begin_identifying()
        self._arm()

    def crossing(self, message: CrossingSeen, cause: Cause) -> None:
        """Vehicles passed the exit curtain."""
        self._runner.feed(VehicleLeft(message.at, message.track, message.vehicles, message.order_id), cause)

    def barrier(self, message: BarrierChanged, cause: Cause) -> None:
        """A barrier moved."""
        self._runner.feed(
            BarrierMoved(message.at, message.barrier.value, message.position.value, message.order_id), cause
        )

    def frames(self, chunk: Chunk, device: str) -> None:
        """Frames of the weighbridge: only a mass that stands still is evidence, and zero only on an empty bridge."""
        now = self._clock.now()
        for frame in self._frames.feed(chunk.data):
            self._run, stable = self._run.take(frame, now)
            if stable is None:
                continue
            if self._assembly.track is None and abs(stable.mass_kg) <= ZERO_KG:
                self._zero_at = now
            scale = Scale(device, self._calibrated_until, self._zero_at)
            self._find(self._assembly.weigh(stable, scale), Cause())

    def lines(self, chunk: Chunk, device: str, cause: Cause, *, known: bool = False) -> None:
        """Lines of the radiation portal: an occupancy that ended is evidence.

        What came of a ``known`` message is recorded already; it only brings the reader to where the stream goes on.
        """
        now = self._clock.now()
        self._portal_kept.keep(cause.tickets, now)
        for line in self._lines.feed(chunk.data):
            occupancy = self._occupancies.take(line, now)
            self._portal_waits = isinstance(line, CountLine) and not self._occupancies.occupied
            if occupancy is None:
                continue
            if known:
                self._assembly.forget_occupancy()
                continue
            self._portal_cause = Cause(cause.key)
            self._radiate(self._assembly.measure(occupancy, device))
        self._let_go_of_portal()
        self._arm()

    def fault(self, device: str, code: str, active: bool, at: Instant, cause: Cause) -> None:
        """A device that procedures need failed or came back."""
        for number, procedure in enumerate(self._procedures.get(device, ())):
            own = Cause(f"{cause.key}/{procedure}" if cause.key and number else cause.key, cause.tickets)
            self._runner.feed(LaneFault(at, procedure, device, code, active), own)

    def _stop(self, message: LoopChanged, cause: Cause) -> None:
        if self._runner.open is not None:
            self._runner.feed(IdentityBroken(message.at, "track_changed"), Cause(tickets=cause.tickets))
        self._stop_waiting()
        self._last_track = message.track
        self._announced = asyncio.get_running_loop().create_future()
        self._runner.begin(self._arrive(message.track, message.at), cause)
        found = self._assembly.begin(message.track, self._clock.now())
        self._radiate([one for one in found if isinstance(one, RadiationMeasured)])
        self._find([one for one in found if not isinstance(one, RadiationMeasured)], Cause(tickets=cause.tickets))
        self._let_go_of_portal()
        self._begin_identifying()
        self._arm()

    def _leave(self, message: LoopChanged, cause: Cause) -> None:
        if message.track != self._assembly.track:
            return
        if not isinstance(self._runner.open, Opened):
            self._runner.feed(IdentityBroken(message.at, "stop_loop_cleared"), cause)
        self._stop_waiting()
        self._kept.let_go()
        self._driver = None
        self._assembly.end()

    def _find(self, found: Sequence[Evidence], cause: Cause) -> None:
        """Feed evidence; the messages that it was made of are settled once it is recorded."""
        for number, evidence in enumerate(found):
            key = f"{cause.key}/{evidence.source}/{number}" if cause.key and number else cause.key
            self._runner.feed(EvidenceFound(evidence.at, evidence), Cause(key, (*cause.tickets, *self._kept.tickets)))
        if found:
            self._let_go()

    def _radiate(self, found: Sequence[Evidence]) -> None:
        """Feed what the portal measured, under the key of the message that ended the occupancy.

        By that key a restarted platform knows that it was measured, and takes it for no other vehicle.
        """
        self._find(found, Cause(self._portal_cause.key, self._portal_kept.tickets))

    def _let_go(self) -> None:
        """Let go of what was kept, unless something still waits for its other half."""
        identifying = self._identifying is not None and not self._identifying.done()
        if not self._assembly.waiting and self._driver is None and not identifying:
            self._kept.let_go()

    def _let_go_of_portal(self) -> None:
        """Let go of the portal's messages once no vehicle is in it, and none that left it is still to come.

        A background line that came last is kept: with it the next occupancy is known to be whole.
        """
        if not self._occupancies.occupied and not self._lines.pending and not self._assembly.early_occupancy:
            self._portal_kept.let_go(but_last=1 if self._portal_waits else 0)

    def _stop_waiting(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if self._identifying is not None:
            self._identifying.cancel()
            self._identifying = None

    def _arm(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        instants = (self._assembly.next_due, self._kept.until, self._portal_kept.until)
        due = min((instant for instant in instants if instant is not None), default=None)
        if due is None:
            return
        delay_s = max(0, due - self._clock.now()) / SECOND
        self._due = asyncio.get_running_loop().call_later(delay_s, self._overdue, due)

    def _overdue(self, due: Instant) -> None:
        self._due = None
        now = max(due, self._clock.now())
        self._find(self._assembly.due(now), Cause())
        self._kept.let_go_late(now)
        self._portal_kept.let_go_late(now)
        self._arm()

    def _begin_identifying(self) -> None:
        if self._driver is None or self._announced is None or self._driver[0].track != self._assembly.track:
            return
        if self._identifying is None or self._identifying.done():
            read, cause = self._driver
            self._driver = None
            task = self._identify(read, cause, self._announced)
            self._identifying = asyncio.get_running_loop().create_task(task, name=f"identify-{read.track}")

    async def _identify(self, read: DriverRead, cause: Cause, announced: "asyncio.Future[Announced | None]") -> None:
        document = read_document(read)
        try:
            subject = await self._subjects.subject_for(identity_of(document, read.mrz))
        except Unavailable:
            return  # the procedure's deadline passes, and a person looks
        who: Announced | None = None
        try:
            who = await asyncio.wait_for(asyncio.shield(announced), ANNOUNCED_WAIT_S)
        except TimeoutError:
            who = None
        personal = personal_of(read, subject, self._chance(16))
        today = datetime.fromtimestamp(self._clock.now() / SECOND, UTC).astimezone(self._zone).date()
        evidence = identified(read, document, who, personal.commitment, today)
        if self._watched is not None:
            evidence = self._watched(document, evidence)
        self._runner.feed(EvidenceFound(read.at, evidence), Cause(cause.key, cause.tickets, (personal,)))
        self._identifying = None
        self._let_go()
