"""The life of a lorry and of its lot: announced, judged at the gate, examined or let in, unloaded, released, sold."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from kouan.gate.states import Cleared, Diverted
from kouan.inspection.papers import PaperState
from kouan.inspection.release.facts import Arrived
from kouan.inspection.release.lot import FINAL, LotState
from kouan.inspection.release.permits import may_leave, may_sell
from kouan.inspection.release.records import rule_of, standing_of, state_of
from kouan.inspection.supporting import PaperKind
from kouan.proving.month.brokers import Brokers
from kouan.proving.month.gate import MonthGate
from kouan.proving.month.lots import Lots
from kouan.proving.month.officers import Officers
from kouan.proving.month.port import MonthPort
from kouan.proving.month.setting import MonthSetting
from kouan.proving.month.traders import Traders, day_text
from kouan.proving.month.trips import Strategy, Trip
from kouan.proving.month.yard import YardRun
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.verdict import Granted
from kouan.wiring.twin.watched import Tell

LEAD_H = (0.5, 8.0)
"""How long before a lorry its papers are handed in, in hours. Our choice."""

NEVER_COMES_PM = 8
"""Lorries in per mille that are declared and never come. Our choice."""

GREEDY_PM = 150
"""Consignees in per mille who ask for their goods, or sell them, as soon as anybody lets them. Our choice."""

LOOK_S, LOOKS = 60.0, 240
"""How often, and how many times, it is looked whether an examined lorry has crossed, in seconds. Our choice."""

GATE_TRIES = 3
LEFT_OUT = "papers never came"


class Lorries:
    """Lives the lorries of the month, each as a task of its own."""

    def __init__(self, setting: MonthSetting, port: MonthPort, traders: Traders, tell: Tell) -> None:
        self.trips: list[Trip] = []
        self.early_asked = self.early_refused = 0
        self.calls: dict[str, int] = {}
        self._setting = setting
        self._port = port
        self._traders = traders
        self._tell = tell
        self.lots = Lots(port)
        self.brokers = Brokers(port)
        self.officers = Officers(port, self.lots, self.spawn)
        self.yard = YardRun(port, self.brokers)
        self._gate = MonthGate(port)
        self._by_lot: dict[str, Trip] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.failed: BaseException | None = None

    def begin(self, trips: list[Trip]) -> None:
        """Let the lorries of a day set out."""
        for trip in trips:
            self.trips.append(trip)
            self._by_lot[trip.lot] = trip
            self.spawn(self._live(trip))

    def spawn(self, life: Coroutine[Any, Any, None]) -> None:
        """Run something beside all else; what fails there fails the month."""

        async def guarded() -> None:
            try:
                await life
            except asyncio.CancelledError:
                raise
            except BaseException as error:  # noqa: BLE001 - told to whoever waits for the month's end
                self.failed = self.failed or error

        task = asyncio.create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def called(self, reason: str, params: Mapping[str, Any]) -> None:
        """Somebody is called: about a lot, a duty officer looks after it."""
        self.calls[reason] = self.calls.get(reason, 0) + 1
        trip = self._by_lot.get(str(params.get("lot", "")))
        if reason == "release.calls" and trip is not None:
            self.spawn(self.lots.never_came(trip) if trip.arrived_at is None else self.lots.called(trip))

    async def _live(self, trip: Trip) -> None:
        lead = trip.chance.uniform(*LEAD_H) * 3600
        await self._until(trip.arrives_at - round(lead * SECOND))
        await self.officers.order_own(trip)
        await self.brokers.announce(trip)
        await self.brokers.ask(trip)
        self.spawn(self.brokers.complete(trip))
        if trip.chance.randrange(1000) < NEVER_COMES_PM:
            trip.end = "never came"
            return
        await self._until(trip.arrives_at)
        trip.arrived_at = self._port.clock.now()
        passage = await self._through_the_gate(trip)
        self._traders.seen(trip, looked=trip.examined)
        if passage is not None:
            await self._inside(trip, passage)
        if trip.left_at is None:
            trip.left_at = self._port.clock.now()
        if trip.found_by is not None:
            self._traders.caught(trip)

    async def _through_the_gate(self, trip: Trip) -> str | None:
        """Return the passage under which a lorry was let in, at once or after its examination; None if it was not."""
        state: Cleared | Diverted | None = None
        for _ in range(GATE_TRIES):
            state = await self._gate.judge(trip)
            if state is not None:
                break
            await self.brokers.mend_papers(trip)
        if state is None:
            trip.end = LEFT_OUT
            return None
        passage = state.dossier.passage
        if isinstance(state, Cleared):
            await self._port.crossings.cleared(state)
            return passage
        trip.diverted = True
        ended = await self.officers.examined(trip, passage)
        trip.examined = ended.arrived_at is not None
        return passage if ended.outcome == "may_leave" and await self._crossed(trip) else None

    async def _crossed(self, trip: Trip) -> bool:
        """Wait until the platform has let an examined lorry cross."""
        for _ in range(LOOKS):
            record = await self._port.records.papers.find_confirmation(f"CF{trip.number}")
            if record is not None and record.state == PaperState.USED:
                return True
            await asyncio.sleep(LOOK_S)
        return False

    async def _inside(self, trip: Trip, passage: str) -> None:
        in_yard = await self.yard.expects(passage)
        if not in_yard:
            await self.lots.tell(trip, Arrived(), "gate", f"{passage}:arrived")
        if self._setting.inspect_first:
            await self._inspected(trip)
            if in_yard:
                unloaded = trip.released_at is not None and await self.yard.unload(trip, passage)
                trip.end = "unloaded" if unloaded else "not released"
        elif in_yard:
            trip.end = "unloaded" if await self.yard.unload(trip, passage) else "held in the yard"
        if in_yard and (not self._setting.inspect_first or trip.released_at is not None):
            trip.left_at = self._port.clock.now()
        if not self._setting.inspect_first:
            await self._inspected(trip, direct=not in_yard)
        if not in_yard:
            await self._leaves_with_goods(trip)
        await self._goods_end(trip, in_yard=in_yard)

    async def _inspected(self, trip: Trip, *, direct: bool = False) -> None:
        """Inspect a lot on site; where nothing leaves before its result, or a lorry waits for it, test it as well."""
        await self.lots.on_site(trip)
        await self._tricks(trip)
        await self._note_release(trip)
        if trip.released_at is None and (self._setting.inspect_first or direct):
            await self.lots.tested(trip)
            await self._note_release(trip)

    async def _tricks(self, trip: Trip) -> None:
        """Let a fraud hand in another lot's certificate, and the greedy ask for goods that nobody released."""
        if trip.strategy is Strategy.SWAPPED_CERTIFICATE:
            await self._swapped(trip)
        if trip.chance.randrange(1000) >= GREEDY_PM:
            return
        record = await self.lots.found(trip)
        if record is None:
            return
        released = isinstance(may_leave(standing_of(record), rule_of(record), self._port.clock.now()), Granted)
        if not released:
            self.early_asked += 1
            self.early_refused += not await self.yard.try_early(trip)

    async def _swapped(self, trip: Trip) -> None:
        record = await self.lots.found(trip)
        if record is None or state_of(record) in FINAL:
            trip.strategy = None  # there is nothing left that a certificate would be needed for
            return
        kind = rule_of(record).certificate_kind.value
        document = {
            "number": f"CX{trip.number}", "certificate": kind, "issuer": "customs",
            "covers": [{"lot": trip.lot, "mass_kg": record.mass_kg}], "valid_from": day_text(self._port.clock.now()),
        }  # fmt: skip
        before = record.version
        await self._port.counter.supporting(PaperKind.CERTIFICATE, document)
        after = await self.lots.found(trip)
        if after is not None and after.version == before:
            trip.found("release desk")

    async def _note_release(self, trip: Trip) -> None:
        """Note the instant at which a lot may leave, and whether that is on condition."""
        record = await self.lots.found(trip)
        if record is None or trip.released_at is not None:
            return
        now = self._port.clock.now()
        if isinstance(may_leave(standing_of(record), rule_of(record), now), Granted):
            trip.released_at = now
            trip.on_condition = state_of(record) is LotState.CONDITIONALLY_RELEASED

    async def _leaves_with_goods(self, trip: Trip) -> None:
        """Let a lorry whose goods no yard takes drive on with them, once they may leave."""
        if trip.released_at is None:
            trip.end = "goods stay"
            return
        await self._port.release.hand_over(trip.lot, trip.lot, "consignee's works", trip.importer, None, "gate")
        self._tell("month", "truth", {"event": "handed_out", "lot": trip.lot})
        trip.end, trip.left_at = "left with its goods", self._port.clock.now()

    async def _goods_end(self, trip: Trip, *, in_yard: bool) -> None:
        """Follow a lot to its end: fetched once released, tested, sold or disposed of."""
        await self._fetched(trip, in_yard=in_yard)
        await self._sold(trip)
        await self.lots.at_destination(trip)
        await self.lots.tested(trip)
        await self._note_release(trip)
        await self._fetched(trip, in_yard=in_yard)
        await self.lots.certify(trip)
        await self.lots.dispose(trip)
        await self._sold(trip)

    async def _fetched(self, trip: Trip, *, in_yard: bool) -> None:
        if in_yard and trip.released_at is not None:
            await self.yard.fetch(trip)

    async def _sold(self, trip: Trip) -> None:
        """Sell goods that are with their consignee, where the platform says that they may be sold."""
        record = await self.lots.found(trip)
        custody = await self._port.records.release.custody_of(trip.lot)
        if record is None or trip.sold_at is not None or not any(link.holder == trip.importer for link in custody):
            return
        if isinstance(may_sell(standing_of(record), rule_of(record)), Granted):
            trip.sold_at = self._port.clock.now()
            self._tell("month", "truth", {"event": "sold", "lot": trip.lot})

    async def _until(self, at: Instant) -> None:
        await asyncio.sleep(max(0.0, (at - self._port.clock.now()) / SECOND))
