"""Control orders of a port without lanes: recorded as at the gate, and met with the papers of who comes then."""

from kouan.access.people import Agency
from kouan.inspection.control_orders import ControlOrder, lift_order, order_record, place_order
from kouan.inspection.roles import PapersRecords
from kouan.inspection.use_cases import refusal_of
from kouan.ledger.roles import Ledger, UnitRefused
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import GRANTED, Granted, Refused


class ControlCounter:
    """Plays the ``ControlDesk`` role of ``inspection`` where no lane has to be told."""

    def __init__(self, papers: PapersRecords, ledger: Ledger, clock: Clock) -> None:
        self._papers = papers
        self._ledger = ledger
        self._clock = clock
        self._placed = 0

    async def place(self, order: ControlOrder, authority: Agency, by: str, number: str | None = None) -> str | Refused:
        """Place an order and return its number; under a number that exists nothing is done again."""
        self._placed += 1
        number = number or f"H-{self._placed:08d}"
        placing = place_order(order_record(order, number, authority, by, self._clock.now()))
        if isinstance(placing, Refused):
            return placing
        if await self._papers.find_order(number) is None:
            await self._ledger.append(placing)
        return number

    async def lift(self, number: str, authority: Agency, by: str, reason: str) -> Granted | Refused:
        """Lift an order; only the authority that placed it may. Raises NotFound."""
        order = await self._papers.find_order(number)
        if order is None:
            raise NotFound(f"there is no control order {number}")
        lifting = lift_order(order, authority, by, reason, self._clock.now())
        if isinstance(lifting, Refused):
            return lifting
        answer = await self._ledger.append(lifting)
        return refusal_of(answer.guard) if isinstance(answer, UnitRefused) else GRANTED
