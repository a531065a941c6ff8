"""The yard run: each lorry weighed, unloaded, tallied and weighed again; domestic lorries fetch what was released."""

import asyncio

import msgspec

from kouan.proving.month.brokers import Brokers
from kouan.proving.month.port import MonthPort
from kouan.proving.month.trips import Strategy, Trip
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.verdict import Refused
from kouan.yard.facts import Mend
from kouan.yard.pickups import Wanted
from kouan.yard.states import Held, Ready, VisitState, decode_state
from kouan.yard.tickets import Ticket

TALLY = "tally-1"
DOMESTIC_KG = 32_000
"""What a domestic lorry takes, in kilograms: six axles and 49 t in all (GB 1589-2016)."""

DOMESTIC_TARE_KG = 16_000
DOMESTIC_CARRIER = "CARRIER-DOMESTIC"
DIVISION_KG = 20
MOVES_S, UNLOADS_S, LOADS_S = (180.0, 900.0), (900.0, 2100.0), (900.0, 2700.0)
"""Ways within the yard, unloading and loading, in seconds. Our choice."""

MOISTURE_BP = {"2701": 850, "26": 700}
FROZEN_DC = -200
ORDER_US = 24 * 3600 * SECOND
TRIES = 3
"""How often papers are mended at the second weighing before the lorry is left to the yard's people. Our choice."""


class YardRun:
    """Drives lorries through the yard, through the desks that its devices and people use."""

    def __init__(self, port: MonthPort, brokers: Brokers) -> None:
        self.held = 0
        self.refused: dict[str, int] = {}
        self._port = port
        self._desk = port.yard.desk
        self._brokers = brokers
        self._stacks = 0
        self._places: dict[str, str] = {}
        self._orders = 0

    async def zero_checks(self) -> None:
        """Show every scale empty twice a day, so that its weights count (I9)."""
        while True:
            for scale in self._port.file.yard.scales:
                await self._desk.scales.zero_checked(scale.name, self._port.clock.now())
            await asyncio.sleep(12 * 3600.0)

    async def expects(self, passage: str) -> bool:
        """Say whether the yard expects the vehicle of a passage."""
        return await self._state(f"yard-{passage}") is not None

    async def unload(self, trip: Trip, passage: str) -> bool:
        """Take a lorry's goods in; say whether its net was written off and it left empty."""
        visit = f"yard-{passage}"
        state = await self._state(visit)
        if state is None:
            return False
        site = state.stay.site
        await self._weigh(trip, visit, site, trip.tare_kg + trip.true_kg)
        await self._moves(trip, UNLOADS_S)
        place = self._places[trip.lot] = self._place(site, state.stay.hs_code)
        begun = await self._desk.visits.begin_handling(visit, place, TALLY, FROZEN_DC)
        if isinstance(begun, Refused):
            return self._refused(begun)
        await self._moves(trip)
        moisture = next((bp for hs, bp in MOISTURE_BP.items() if state.stay.hs_code.startswith(hs)), 0)
        await self._desk.visits.tally(visit, TALLY, moisture)
        if not await self._weighed_empty(trip, visit, site):
            return False
        await self._moves(trip)
        await self._desk.visits.leave(visit, 1, ())
        net_kg, short_pm = _net_kg(trip), self._port.file.yard.tolerances.ticket_pm
        if net_kg * 1000 < trip.declared_kg * (1000 - short_pm):
            await self._brokers.correct_mass(trip, net_kg)  # else the lot would count as not unloaded for ever
        return True

    async def _weighed_empty(self, trip: Trip, visit: str, site: str) -> bool:
        """Weigh a lorry empty, and have its papers mended until its net can be written off."""
        for _ in range(TRIES):
            await self._moves(trip)
            await self._weigh(trip, visit, site, trip.tare_kg)
            state = await self._state(visit)
            if isinstance(state, Ready):
                return True
            self.held += 1
            await self._mended(trip)
            if isinstance(await self._state(visit), Held):
                await self._desk.visits.mend(visit, Mend.WEIGH_AGAIN, "yard-1", "papers mended")
        return False

    async def _mended(self, trip: Trip) -> None:
        """Find out what is wrong with a net that is not written off: more than declared, or a permit."""
        net_kg = _net_kg(trip)
        if net_kg > trip.declared_kg:
            if trip.strategy in (Strategy.UNDER_WEIGHT, Strategy.IMITATION):
                trip.found("yard scale")
            await self._brokers.correct_mass(trip, net_kg)
            return
        if trip.strategy is Strategy.REPEATED_PERMIT:
            trip.found("write-off")
        await self._brokers.renew_licence(trip)

    async def fetch(self, trip: Trip) -> bool:
        """Have domestic lorries fetch a lot; say whether any did."""
        fetched = False
        while True:
            lot = await self._port.records.yard.find_lot(trip.lot)
            place = self._places.get(trip.lot)
            if lot is None or place is None:
                return fetched
            record = await self._port.records.release.find_lot(trip.lot)
            limit_kg = 0 if record is None else min(record.mass_kg, lot.in_kg) - lot.taken_kg
            load_kg = min(DOMESTIC_KG, limit_kg) // DIVISION_KG * DIVISION_KG
            if load_kg <= 0 or not await self._picked_up(trip, place, load_kg):
                return fetched
            fetched = True

    async def try_early(self, trip: Trip) -> bool:
        """Ask for goods before anybody said that they may leave; say whether that was allowed."""
        lot = await self._port.records.yard.find_lot(trip.lot)
        if lot is None:
            return False
        return not isinstance(await self._order(trip, 10_000), Refused)

    async def _order(self, trip: Trip, load_kg: int) -> tuple[str, str] | Refused:
        self._orders += 1
        now, number = self._port.clock.now(), f"PU{self._orders:07d}"
        plate = f"蒙L{self._orders % 100_000:05d}"
        wanted = Wanted(number, trip.lot, plate, DOMESTIC_CARRIER, load_kg, now, now + ORDER_US, f"SLIP{number}")
        lot = await self._port.records.release.find_lot(trip.lot)
        if lot is not None and lot.deadline is not None:
            wanted = msgspec.structs.replace(wanted, valid_until=min(wanted.valid_until, lot.deadline))
        placed = await self._desk.goods.order(wanted, trip.importer)
        return placed if isinstance(placed, Refused) else (number, plate)

    async def _picked_up(self, trip: Trip, place: str, load_kg: int) -> bool:
        """Let one domestic lorry fetch some of a lot; say whether it left with it."""
        ordered = await self._order(trip, load_kg)
        if isinstance(ordered, Refused):
            return self._refused(ordered)
        number, plate = ordered
        visits, visit = self._desk.visits, f"yard-{number}"
        await self._moves(trip)
        admitted = await visits.admit(number, plate, DOMESTIC_CARRIER, 1, ())
        if isinstance(admitted, Refused):
            return self._refused(admitted)
        site = place.split("/", 1)[0]
        await self._weigh(trip, visit, site, DOMESTIC_TARE_KG, plate)
        begun = await visits.begin_handling(visit, place, TALLY)
        if isinstance(begun, Refused):
            self._refused(begun)
            return await self._turned_away(trip, visit, site, plate)
        await self._moves(trip, LOADS_S)
        await visits.tally(visit, TALLY)
        await self._weigh(trip, visit, site, DOMESTIC_TARE_KG + load_kg, plate)
        if not isinstance(await self._state(visit), Ready):
            return await self._turned_away(trip, visit, site, plate)
        await self._moves(trip)
        await visits.leave(visit, 1, ())
        await self._port.release.hand_over(trip.lot, trip.lot, "consignee's works", trip.importer, None, "yard")
        return True

    async def _turned_away(self, trip: Trip, visit: str, site: str, plate: str) -> bool:
        """Send a lorry away as it came: what it had loaded is laid back."""
        self.held += 1
        await self._desk.visits.mend(visit, Mend.TURN_AWAY, "yard-1", "goods may not leave")
        await self._weigh(trip, visit, site, DOMESTIC_TARE_KG, plate)
        await self._desk.visits.leave(visit, 1, ())
        return False

    async def _weigh(self, trip: Trip, visit: str, site: str, mass_kg: int, plate: str | None = None) -> None:
        scales = [each.name for each in self._port.file.yard.scales if each.site == site]
        await self._moves(trip)
        at, shown = self._port.clock.now(), _shown(mass_kg)
        if scales:
            await self._desk.scales.weighed(trip.chance.choice(scales), plate or trip.plate, shown, at)
            return
        # A site without a scale of its own has its vehicles weighed at another's.
        ticket = Ticket(f"{visit}-{at}", "W5", plate or trip.plate, shown, at)
        await self._desk.visits.weigh(visit, ticket)

    async def _state(self, visit: str) -> VisitState | None:
        record = await self._port.records.yard.find_visit(visit)
        return None if record is None else decode_state(record.document)

    async def _moves(self, trip: Trip, span_s: tuple[float, float] = MOVES_S) -> None:
        await asyncio.sleep(trip.chance.uniform(*span_s))

    def _place(self, site: str, hs_code: str) -> str:
        """Return a free stack of the first block of a site that takes these goods."""
        blocks = [each for each in self._port.file.yard.blocks if each.site == site]
        block = next((each for each in blocks if hs_code.startswith(each.goods)), blocks[0])
        self._stacks += 1
        return f"{site}/{block.name}/1/{self._stacks}"

    def _refused(self, refused: Refused) -> bool:
        code = refused.reasons[0].code
        self.refused[code] = self.refused.get(code, 0) + 1
        return False


def _net_kg(trip: Trip) -> int:
    """Return what the yard's weighbridges make of a lorry's goods."""
    return _shown(trip.tare_kg + trip.true_kg) - _shown(trip.tare_kg)


def _shown(mass_kg: int) -> int:
    """Return what a weighbridge shows, in steps of its division."""
    return round(mass_kg / DIVISION_KG) * DIVISION_KG
