"""What everybody in the yard reads: who is there and what each waits for, what lies where, and which scales work."""

from collections.abc import Callable, Mapping, Sequence

from kouan.simulator.roles import Document, Sleep, YardDesk
from kouan.vocabulary.clock import SECOND, Clock

LOOKS_EVERY_S = 2.0
"""How often the board is looked at, in seconds of the wall clock. Our choice, as at the bays."""

STOCK_EVERY = 8
"""Every how many looks stacks and scales are read anew. Our choice."""

NAMED_FOR = 50
"""For how many looks a stack that was named to somebody is named to nobody else. Our choice: he is there by then."""


class Board:
    """The yard as its console shows it, read once for all; plates are compared without blanks."""

    def __init__(self, desk: YardDesk, clock: Clock, sleep: Sleep, speed: float) -> None:
        self.looks = 0
        self.stock: Document = {}
        self._desk = desk
        self._clock = clock
        self._sleep = sleep
        self._speed = speed
        self._visits: Mapping[str, Document] = {}
        self._scales: Mapping[str, Document] = {}
        self._named: dict[str, int] = {}

    @property
    def visits(self) -> Sequence[Document]:
        """The visits under way, oldest first."""
        return list(self._visits.values())

    @property
    def scales(self) -> Sequence[Document]:
        """The scales."""
        return list(self._scales.values())

    async def look(self) -> None:
        """Read the board anew; raises Unavailable."""
        self._visits = {_bare(str(each["plate"])): each for each in await self._desk.visits()}
        if self.looks % STOCK_EVERY == 0:
            self.stock = await self._desk.stock()
            self._scales = {str(each["scale"]): each for each in await self._desk.scales()}
        self.looks += 1

    def find(self, plate: str) -> Document | None:
        """Return the visit of a plate that is under way."""
        return self._visits.get(_bare(plate))

    async def appears(self, plate: str, within_s: float) -> Document | None:
        """Wait until a plate has a visit; None where it has none in time."""
        await self._until(lambda: self.find(plate) is not None, within_s)
        return self.find(plate)

    async def changes(self, view: Document, within_s: float) -> None:
        """Wait until a visit stands otherwise than it did, or for so many of the field's seconds."""
        plate, stood = str(view["plate"]), _standing(view)
        await self._until(lambda: _standing(self.find(plate) or {}) != stood, within_s)

    def scale_in_use(self, name: str) -> bool:
        """Say whether a scale is in use."""
        return bool(self._scales.get(name, {}).get("in_use", True))

    def stack_of(self, lot: str) -> str | None:
        """Return where most of a lot lies; None where none of it does."""
        found = [each for each in self.stock.get("stacks", ()) if each["lot"] == lot]
        return str(max(found, key=lambda each: int(each["wet_kg"]))["place"]) if found else None

    def free_stack(self, stacks: Sequence[str]) -> str | None:
        """Return the first stack that is bare, and that was not named to anybody of late."""
        taken = {str(each["place"]) for each in self.stock.get("stacks", ())}
        named = {str(each["place"]) for each in self._visits.values() if each["place"] is not None}
        for stack in stacks:
            lately = self.looks - self._named.get(stack, -NAMED_FOR) < NAMED_FOR
            if stack not in taken and stack not in named and not lately:
                self._named[stack] = self.looks
                return stack
        return None

    async def _until(self, met: Callable[[], bool], within_s: float) -> None:
        until = self._clock.now() + round(within_s * SECOND / self._speed)
        while not met() and self._clock.now() < until:
            await self._sleep(LOOKS_EVERY_S * self._speed)


def _standing(view: Document) -> tuple[object, ...]:
    return view.get("state"), view.get("first_kg"), view.get("second_kg")


def _bare(plate: str) -> str:
    return plate.replace(" ", "")
