"""Those who drive through the yard: what each weighs and carries now, and how it goes from scale to stack to exit.

A driver does what the yard's board says of his plate, as the console shows it; what the platform thinks is not his.
"""

from collections.abc import Sequence
from random import Random

import msgspec

from kouan.simulator.devices.yard import YardGate, YardScale
from kouan.simulator.devices.yard_exit import YardExit
from kouan.simulator.people import Person
from kouan.simulator.roles import Document, Sleep, YardDesk
from kouan.simulator.scenario import Span, YardLife
from kouan.simulator.vehicles import Lorry, Rig
from kouan.simulator.yard_board import Board
from kouan.simulator.yard_port import FieldYard

EXPECTED_WITHIN_S = 1_800.0
"""How long a driver waits until the board names him, in the field's seconds, before he drives on. Our choice."""

ASKS_AGAIN_S = 240.0
"""How long he waits until he does again what had no effect, in the field's seconds. Our choice."""

TOO_MUCH_KG = 1_500
"""What an overloaded lorry has too much, in kilograms. Our choice: a shovel's bucket or two."""

MOISTURE_BP = {"2701": 850, "26": 700}
"""Moisture of goods by the beginning of their HS code, in hundredths of a percent. Our choice, as in the month."""

FROZEN_DC = -200

DOMESTIC_AXLES, DOMESTIC_MM = 6, 16_000
"""Axles and length of a lorry that did not come through this field's gate (six axles, GB 1589-2016)."""


class Visitor(msgspec.Struct):
    """One vehicle in the yard: what it weighs now, empty and laden, and who sits in it.

    ``fetches`` says that it comes for goods; ``lorry`` is the one that came through the gate, if this field saw it;
    ``out`` that it drove out by an exit lane.
    """

    plate: str
    driver: Person
    occupants: int
    empty_kg: int
    load_kg: int
    mass_kg: int
    fetches: bool = False
    lorry: Lorry | None = None
    handled: int = 0
    overloads: bool = False
    stranger: bool = False
    net_kg: int | None = None
    amended: int = 0
    out: bool = False

    @property
    def rig(self) -> Rig:
        """The vehicle as an exit's devices see it."""
        if self.lorry is not None:
            return self.lorry.rig
        return Rig(
            identity=self.plate, nationality="CHN", plate=self.plate, trailer=None, axles=DOMESTIC_AXLES,
            length_mm=DOMESTIC_MM, tare_kg=self.empty_kg,
        )  # fmt: skip


class Ways:
    """How a visitor goes through the yard; one at a time on each scale, many at the stacks."""

    def __init__(
        self, desk: YardDesk, board: Board, yard: FieldYard, life: YardLife, scales: Sequence[YardScale],
        gates: Sequence[YardGate], sleep: Sleep, random: Random, exits: Sequence[YardExit] = (),
    ) -> None:  # fmt: skip
        self.handled = 0
        self._desk = desk
        self._board = board
        self._yard = yard
        self._life = life
        self._scales = {each.name: each for each in scales}
        self._gates = {each.name: each for each in gates}
        self._exits = {each.name: each for each in exits}
        self._sleep = sleep
        self._random = random

    async def lead(self, one: Visitor) -> bool:
        """Lead a visitor through the yard until it left; False where nobody expected it."""
        if await self._board.appears(one.plate, EXPECTED_WITHIN_S) is None:
            return False
        while (view := self._board.find(one.plate)) is not None:
            one.net_kg = view["net_kg"] if view["net_kg"] is not None else one.net_kg
            await self._go_on(one, view)
            await self._board.changes(view, ASKS_AGAIN_S)
        return True

    async def enter(self, one: Visitor, site: str) -> None:
        """Show plate and document at a gate of a site."""
        gates = [each.name for each in self._yard.gates if each.site == site]
        await self._gates[self._random.choice(gates)].show(one.plate, one.driver, self._aboard(one))

    def _aboard(self, one: Visitor) -> int:
        """Return how many sit in a vehicle: one more at the exit, where a stranger got in."""
        return one.occupants + (1 if one.stranger and self._board.find(one.plate) is not None else 0)

    async def _leave(self, one: Visitor, site: str) -> None:
        """Drive out at an exit lane of a site, or at a gate where it has none.

        Who is held there waits for whom was called. Where nothing opened for somebody who may leave, the yard's duty
        officer looks at the exit and resets it.
        """
        exits = [each.name for each in self._yard.exits if each.site == site and each.name in self._exits]
        if not exits:
            await self.enter(one, site)
            return
        chosen = self._random.choice(exits)

        def held() -> bool:
            return (self._board.find(one.plate) or {}).get("state") == "held"

        one.out = await self._exits[chosen].leave(one.rig, one.driver, self._aboard(one), held)
        if not one.out and (self._board.find(one.plate) or {}).get("state") == "ready":
            await self._desk.reset_exit(chosen, "Looked at: nothing stands in the way")

    async def _go_on(self, one: Visitor, view: Document) -> None:
        match view["state"]:
            case "arrived" | "handled":
                await self._weigh(one, str(view["site"]))
            case "weighed":
                await self._begin(one, view)
            case "handling":
                await self._handle(one, view)
            case "ready":
                await self._moves()
                await self._leave(one, str(view["site"]))
            case _:
                return  # held, or let out and not seen to leave: the yard's officers come

    async def _weigh(self, one: Visitor, site: str) -> None:
        await self._moves()
        here = [each.name for each in self._yard.scales if each.site == site] or list(self._scales)
        good = [name for name in here if self._board.scale_in_use(name)] or here
        await self._scales[self._random.choice(good)].weigh(one.plate, one.mass_kg)

    async def _begin(self, one: Visitor, view: Document) -> None:
        """Go to a stack that the yard's staff name; where it turns out to be taken, another is named the next time."""
        lot, hs_code, site = str(view["lot"]), str(view["goods"]), str(view["site"])
        stack = self._board.stack_of(lot)
        if stack is None and not one.fetches:
            stack = self._board.free_stack(self._yard.stacks(site, hs_code))
        if stack is not None:
            await self._desk.begin(str(view["visit"]), stack, FROZEN_DC if hs_code.startswith("02") else None)

    async def _handle(self, one: Visitor, view: Document) -> None:
        await self._pause(self._life.loads_s if one.fetches else self._life.unloads_s)
        visit, random = str(view["visit"]), self._random
        one.handled += 1
        if one.fetches:
            too_much = TOO_MUCH_KG if one.overloads and one.handled == 1 else 0
            one.mass_kg = one.empty_kg + one.load_kg + too_much
        else:
            one.mass_kg = one.empty_kg
            if random.random() < self._life.samples:
                await self._desk.sample(
                    visit, f"YS{visit[-40:]}", random.randint(2, 20), f"YL{random.randrange(10**8):08d}"
                )
        goods = str(view["goods"])
        moisture_bp = next((bp for code, bp in MOISTURE_BP.items() if goods.startswith(code)), 0)
        moisture_bp += random.randint(-80, 80) if moisture_bp else 0
        self.handled += await self._desk.tally(visit, moisture_bp, sound=random.random() >= self._life.unsound)

    async def _moves(self) -> None:
        await self._pause(self._life.moves_s)

    async def _pause(self, span_s: Span) -> None:
        await self._sleep(self._random.uniform(*span_s))
