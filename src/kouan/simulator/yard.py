"""The yard's people in the demonstration: drivers, clerks, its duty officer, consignees and their domestic lorries."""

import contextlib
from collections.abc import Callable, Sequence
from random import Random

from msgspec.structs import replace

from kouan.simulator.devices.yard import YardGate, YardScale
from kouan.simulator.devices.yard_exit import YardExit
from kouan.simulator.identities import chinese_plate
from kouan.simulator.people import make_person
from kouan.simulator.roles import Document, LotsDesk, PapersOffice, Sleep, Spawn, YardDesk
from kouan.simulator.scenario import Span, YardLife
from kouan.simulator.surroundings import Left
from kouan.simulator.traders import declaration
from kouan.simulator.wire import Voice
from kouan.simulator.yard_board import LOOKS_EVERY_S, Board
from kouan.simulator.yard_port import FieldYard
from kouan.simulator.yard_visitors import Visitor, Ways
from kouan.vocabulary.clock import SECOND, Clock
from kouan.vocabulary.errors import KouanError

FETCHES_EVERY_S = 15.0
"""How often consignees look what they may fetch, in seconds of the wall clock. Our choice."""

ZERO_EVERY_S = 1_800.0
"""How often the empty scales are shown, in seconds of the wall clock. Our choice: a zero counts for a day (I9)."""

DOMESTIC_KG, DOMESTIC_TARE_KG, LEAST_KG, DIVISION_KG = 32_000, 16_000, 1_000, 20
"""What a domestic lorry takes and weighs (six axles, 49 t in all, GB 1589-2016), and the least that one comes for."""

ORDER_US = 24 * 3600 * SECOND
SHORT_PM = 3
"""By how much, per mille, a load may fall short of its declaration before it is amended, as the port tolerates."""

TYPICAL_KG, TYPICAL_TARE_PM = 110_000, 350
"""What a vehicle weighs that was in the yard before this field began, and its tare per mille of that. Our choice."""

MARGIN_KG = 100
"""What is left of a lot where a lorry takes the last of it, in kilograms: scales differ. Our choice."""

LOADED_TOO_MUCH = ("yard.out_of_tolerance", "yard.more_than_released", "yard.stack_short")
"""Why a lorry is held that loaded more than it may take."""

RELEASED = ("conditionally_released", "passed", "free")


class Yard:
    """Everybody in the yard; what is refused is looked at again."""

    def __init__(
        self, desk: YardDesk, lots: LotsDesk, papers: PapersOffice, yard: FieldYard, life: YardLife,
        scales: Sequence[YardScale], gates: Sequence[YardGate], clock: Clock, sleep: Sleep, spawn: Spawn,
        random: Random, speed: float, home: Callable[[Left], None], exits: Sequence[YardExit] = (),
    ) -> None:  # fmt: skip
        """``home`` is told of each lorry that leaves the yard; ``speed`` field seconds pass in one of the wall."""
        self.fetched = 0
        self.mended = 0
        self._scales = scales
        self._gates = gates
        self.board = Board(desk, clock, sleep, speed)
        self.exits = {each.name: each for each in exits}
        self._ways = Ways(desk, self.board, yard, life, scales, gates, sleep, random, exits)
        self._desk = desk
        self._lots = lots
        self._papers = papers
        self._yard = yard
        self._life = life
        self._clock = clock
        self._sleep = sleep
        self._spawn = spawn
        self._random = random
        self._speed = speed
        self._home = home
        self._here: dict[str, Visitor] = {}
        self._mending: set[str] = set()
        self._fetching: set[str] = set()
        self._orders = 0

    @property
    def voices(self) -> Sequence[Voice]:
        """The voices of all devices of the yard."""
        scales, gates = [each.voices for each in self._scales], [each.voices for each in self._gates]
        exits = [each.voices for each in self.exits.values()]
        return [voice for voices in (*scales, *gates, *exits) for voice in voices]

    def expect(self, left: Left) -> None:
        """Take in a lorry that the gate let through with goods."""
        lorry = left.lorry
        one = Visitor(
            plate=lorry.rig.plate, driver=lorry.papers.driver if lorry.impostor else lorry.driver,
            occupants=lorry.occupants, empty_kg=lorry.tare_kg, load_kg=lorry.cargo_kg, mass_kg=lorry.gross_kg,
            lorry=lorry, stranger=self._random.random() < self._life.strangers,
        )  # fmt: skip
        self._spawn(self._deliver(one, left))

    async def run(self) -> None:
        """Work for ever."""
        for each in self.exits.values():
            each.boot()
        for work in (self._zeroes(), self._references(), self._consignees()):
            self._spawn(work)
        first = True
        while True:
            try:
                await self.board.look()
                if first:
                    self._adopt()
                    first = False
                self._look_after()
            except KouanError:
                pass  # the office cannot be reached: look again
            await self._sleep(LOOKS_EVERY_S * self._speed)

    async def _deliver(self, one: Visitor, left: Left) -> None:
        self._here[one.plate] = one
        expected = await self._led(one)
        if expected and one.net_kg is not None and one.net_kg * 1000 < left.lorry.papers.cargo_kg * (1000 - SHORT_PM):
            await self._amend(one)
        self._here.pop(one.plate, None)
        self._home(left)

    async def _led(self, one: Visitor) -> bool:
        """Lead a visitor through; what the office cannot do now is done again."""
        while True:
            try:
                return await self._ways.lead(one)
            except KouanError:
                await self._sleep(LOOKS_EVERY_S * self._speed)

    def _adopt(self) -> None:
        """Drive those through who were in the yard before this field began; whoever drove them came to it since."""
        for view in self.board.visits:
            plate = str(view["plate"])
            if plate not in self._here:
                mass_kg, fetches = int(view["first_kg"] or TYPICAL_KG), view["purpose"] == "pick_up"
                empty_kg = mass_kg if fetches else mass_kg * TYPICAL_TARE_PM // 1000
                driver = make_person(self._random, "CHN", self._clock.now())
                one = Visitor(
                    plate=plate, driver=driver, occupants=int(view["occupants"] or 1), empty_kg=empty_kg,
                    load_kg=DOMESTIC_KG, mass_kg=empty_kg if view["state"] == "handled" else mass_kg, fetches=fetches,
                )  # fmt: skip
                self._here[plate] = one
                self._spawn(self._through(one))

    async def _through(self, one: Visitor) -> None:
        await self._led(one)
        self._here.pop(one.plate, None)

    def _look_after(self) -> None:
        """Come to every vehicle that is held, and to every scale that is out of use, once."""
        for view in self.board.visits:
            waits = view["state"] == "held" or view["waits_for"] == "yard.waits_person"
            if waits and view["visit"] not in self._mending:
                self._mending.add(str(view["visit"]))
                self._spawn(self._mend(view))
        for scale in self.board.scales:
            if not scale["in_use"] and scale["scale"] not in self._mending:
                self._mending.add(str(scale["scale"]))
                self._spawn(self._adjust(str(scale["scale"])))

    async def _mend(self, view: Document) -> None:
        """Deal with what holds a vehicle; whose papers fall short has them amended by its broker."""
        visit, code = str(view["visit"]), str(view["reasons"][0]["code"]) if view["reasons"] else ""
        await self._pause(self._life.mends_s)
        one = self._here.get(str(view["plate"]))
        try:
            if code == "need.person_must_look" or code.startswith("people."):
                self.mended += await self._desk.excuse(visit, "Identified by hand: a second driver")
            elif view["state"] == "exiting":
                gone = one is None or one.out
                seen = "Looked: it is out" if gone else "Looked: it stands here"
                self.mended += await self._desk.mend(visit, "seen_gone" if gone else "still_here", seen)
            elif code in LOADED_TOO_MUCH:
                if one is not None and code == "yard.stack_short":
                    one.load_kg -= MARGIN_KG
                self.mended += await self._desk.mend(visit, "handle_again", "Some is loaded back")
            elif code.startswith("release."):
                if one is not None:
                    one.mass_kg = one.empty_kg
                self.mended += await self._desk.mend(visit, "turn_away", "The goods may not leave")
            else:
                if one is not None and one.lorry is not None:
                    one.net_kg = abs(int(view["first_kg"] or 0) - int(view["second_kg"] or 0)) or one.net_kg
                    await self._amend(one)
                self.mended += await self._desk.mend(visit, "weigh_again", "Looked at: weigh once more")
        except KouanError:
            pass  # the office cannot be reached: the next look comes again
        finally:
            await self._sleep(LOOKS_EVERY_S * self._speed * 3)
            self._mending.discard(visit)

    async def _amend(self, one: Visitor) -> None:
        """Have a broker amend a declaration to what was weighed."""
        if one.lorry is None or not one.net_kg or one.lorry.papers.declaration is None:
            return
        papers = replace(one.lorry.papers, cargo_kg=one.net_kg)
        amended = {**declaration(replace(one.lorry, papers=papers)), "version": 2 + one.amended}
        with contextlib.suppress(KouanError):  # the next hold, if any, has it amended again
            one.amended += await self._papers.submit("declaration", amended)

    async def _adjust(self, name: str) -> None:
        """Have a scale adjusted that was put out of use."""
        await self._pause(self._life.adjusts_s)
        for scale in self._scales:
            if scale.name == name:
                scale.adjust()
        try:
            await self._desk.adjusted(name, "Adjusted and sealed anew")
        except KouanError:
            pass  # the next look comes again
        finally:
            self._mending.discard(name)

    async def _zeroes(self) -> None:
        while True:
            for scale in self._scales:
                self._spawn(scale.prove_zero())
            await self._sleep(ZERO_EVERY_S * self._speed)

    async def _references(self) -> None:
        """Drive the reference vehicles over every scale now and then."""
        while True:
            await self._sleep(self._life.references_s)
            for known in self._yard.references:
                for scale in self._scales:
                    await scale.weigh(known.plate, known.mass_kg)

    async def _consignees(self) -> None:
        """Fetch what was released, a lot at a time each, with as many lorries at once as there are."""
        while True:
            await self._sleep(FETCHES_EVERY_S * self._speed)
            try:
                for lot in await self._to_fetch():
                    await self._fetch(lot)
            except KouanError:
                continue  # the office cannot be reached: look again

    async def _to_fetch(self) -> list[Document]:
        """Return the accounts of lots of which something lies there that may leave."""
        lie = [each for each in self.board.stock.get("lots", ()) if each["lot"] not in self._fetching]
        if not lie or len(self._fetching) >= self._life.fetching:
            return []
        released: set[str] = set()
        for state in RELEASED:
            released |= {str(each["number"]) for each in await self._lots.lots(state)}
        free = [each for each in lie if each["lot"] in released and _left_kg(each, int(each["in_kg"])) >= LEAST_KG]
        return free[: self._life.fetching - len(self._fetching)]

    async def _fetch(self, account: Document) -> None:
        """Order a pick-up, and send a lorry for it."""
        lot = str(account["lot"])
        sheet, stack = await self._lots.lot(lot), self.board.stack_of(lot)
        if sheet is None or stack is None or not sheet["may_leave"]:
            return
        lies_kg = sum(int(each["wet_kg"]) for each in self.board.stock["stacks"] if each["place"] == stack)
        most_kg = (
            min(_left_kg(account, int(sheet["released_kg"])), _left_kg(account, int(account["in_kg"])), lies_kg)
            - MARGIN_KG
        )
        load_kg = min(DOMESTIC_KG, most_kg) // DIVISION_KG * DIVISION_KG
        if load_kg < LEAST_KG:
            return
        self._orders += 1
        now, random = self._clock.now(), self._random
        order, plate = f"PU{now // SECOND}-{self._orders}", chinese_plate(random)
        until = now + ORDER_US if sheet["deadline"] is None else min(now + ORDER_US, int(sheet["deadline"]))
        wanted = {
            "order": order, "lot": lot, "plate": plate, "carrier": "CARRIER-DOMESTIC", "quantity_kg": load_kg,
            "valid_from": now, "valid_until": until, "slip": f"SLIP-{order}",
        }  # fmt: skip
        if await self._desk.order(wanted):
            self._fetching.add(lot)
            one = Visitor(
                plate=plate, driver=make_person(random, "CHN", now), occupants=1, empty_kg=DOMESTIC_TARE_KG,
                load_kg=load_kg, mass_kg=DOMESTIC_TARE_KG, fetches=True,
                overloads=random.random() < self._life.overloads, stranger=random.random() < self._life.strangers,
            )  # fmt: skip
            self._spawn(self._picked_up(one, lot, str(account["site"])))

    async def _picked_up(self, one: Visitor, lot: str, site: str) -> None:
        self._here[one.plate] = one
        await self._pause(self._life.moves_s)
        await self._ways.enter(one, site)
        self.fetched += await self._led(one)
        self._here.pop(one.plate, None)
        self._fetching.discard(lot)

    async def _pause(self, span_s: Span) -> None:
        await self._sleep(self._random.uniform(*span_s))


def _left_kg(account: Document, of_kg: int) -> int:
    """Return how much of so many kilograms of a lot nobody took or ordered."""
    return of_kg - int(account["taken_kg"]) - int(account["reserved_kg"])
