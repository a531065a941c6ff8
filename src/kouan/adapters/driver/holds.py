"""Placing and lifting control orders: durable, then at every lane, then answered (I4)."""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence

from kouan.access.people import Agency
from kouan.adapters.driver.lane_driver import LaneDriver
from kouan.adapters.driver.port_driver import PortDriver
from kouan.gate.facts import HoldLifted, HoldPlaced
from kouan.gate.procedures import Authority
from kouan.inspection.control_orders import ControlKind, ControlOrder, in_force, lift_order, order_record, place_order
from kouan.inspection.records import ControlOrderRecord
from kouan.inspection.roles import PapersRecords
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Statement, Unit, UnitRefused
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.errors import Conflict, InvalidValue, NotFound
from kouan.vocabulary.verdict import GRANTED, Granted, Refused

NOTICE = "hold.changed"
"""What a lane is told: that a hold came or went. Whose it is, is none of its business."""

AT_ONCE = 100
"""Orders placed or lifted in one unit. Our choice: it fits any store, and a lane's epoch rises once for all."""

_Tell = Callable[[LaneDriver, int], None]


class HoldDesk:
    """Places and lifts control orders, one at a time: each raises the epoch of every lane in which a vehicle stands.

    Vehicles that come later meet an order with their papers. Plays the ``ControlDesk`` role of ``inspection``.
    """

    def __init__(self, port: PortDriver, papers: PapersRecords, clock: Clock, secret: Callable[[], str]) -> None:
        self._port = port
        self._papers = papers
        self._clock = clock
        self._secret = secret
        self._turn = asyncio.Lock()

    async def place(self, order: ControlOrder, authority: Agency, by: str, number: str | None = None) -> str | Refused:
        """Place an order and return its number; under a number that exists nothing is done again."""
        number = number or f"H-{hashlib.sha256(self._secret().encode()).hexdigest()[:20]}"
        async with self._turn:
            record = order_record(order, number, authority, by, self._clock.now())
            placing = place_order(record)
            if isinstance(placing, Refused):
                return placing
            if await self._papers.find_order(number) is None:
                await self._record(placing, lambda lane, epoch: _tell_placed(lane, record, epoch))
        return number

    async def lift(self, number: str, authority: Agency, by: str, reason: str) -> Granted | Refused:
        """Lift an order; only the authority that placed it may. Raises NotFound."""
        async with self._turn:
            order = await self._papers.find_order(number)
            if order is None:
                raise NotFound(f"there is no control order {number}")
            now = self._clock.now()
            lifting = lift_order(order, authority, by, reason, now)
            if isinstance(lifting, Refused):
                return lifting
            await self._record(lifting, lambda lane, epoch: _tell_lifted(lane, number, now, epoch))
        return GRANTED

    async def follow(self, source: str, prefix: str, wanted: Sequence[ControlOrderRecord]) -> None:
        """Make the orders of a source whose numbers begin with ``prefix`` those that are wanted, and no others.

        A wanted order that stands already under another number's end (``<name>-<version>``) is left as it is. What is
        new is placed before anything goes. Raises InvalidValue for an order that nobody could place.
        """
        async with self._turn:
            standing = [
                order
                for order in await self._papers.orders_in_force(self._clock.now())
                if order.placed_by == source and order.number.startswith(prefix)
            ]
            known, asked = {_essence(order) for order in standing}, {_essence(order) for order in wanted}
            for some in _batches([order for order in wanted if _essence(order) not in known]):
                await self._place_all(some)
            for some in _batches([order for order in standing if _essence(order) not in asked]):
                await self._lift_all(some, source)

    async def _place_all(self, orders: Sequence[ControlOrderRecord]) -> None:
        def tell(lane: LaneDriver, epoch: int) -> None:
            for order in orders:
                _tell_placed(lane, order, epoch)

        await self._record(_joined(place_order(order) for order in orders), tell)

    async def _lift_all(self, orders: Sequence[ControlOrderRecord], by: str) -> None:
        now, reason = self._clock.now(), "no longer in the hub's bulletin"

        def tell(lane: LaneDriver, epoch: int) -> None:
            for order in orders:
                _tell_lifted(lane, order.number, now, epoch)

        await self._record(_joined(lift_order(each, Agency(each.authority), by, reason, now) for each in orders), tell)

    async def _record(self, made: Unit, tell: _Tell) -> None:
        """Record orders and the lanes' new epochs, and tell the lanes, also those that a vehicle entered meanwhile."""
        raised: dict[str, int] = {}
        drafts, guards = made.drafts, made.guards
        while True:
            epochs = self._next_epochs(raised)
            if not epochs and not drafts:
                return
            raising = tuple(
                Statement("gate.raise_epoch", {"lane": lane, "epoch": epoch}) for lane, epoch in epochs.items()
            )
            unit = Unit(drafts or self._raised_drafts(epochs), guards=(*guards, *raising))
            recorded = await self._port.roles.ledger.append(unit)
            if isinstance(recorded, UnitRefused):
                raise Conflict(f"the control order could not be recorded: {recorded.guard}")
            self._tell(epochs, tell)
            raised |= epochs
            drafts, guards = (), ()

    def _next_epochs(self, raised: dict[str, int]) -> dict[str, int]:
        """Return the next epoch of every lane in which a vehicle stands, and whose epoch was not raised yet."""
        return {
            name: self._port.epochs.get(name, 0) + 1
            for name, lane in self._port.lanes.items()
            if lane.runner.open is not None and name not in raised
        }

    def _raised_drafts(self, epochs: dict[str, int]) -> tuple[Draft, ...]:
        now = self._clock.now()
        return tuple(
            Draft("gate.epoch_raised/1", lane, f"epoch:{lane}:{epoch}", canonical({"at": now, "epoch": epoch}))
            for lane, epoch in epochs.items()
        )

    def _tell(self, epochs: dict[str, int], tell: _Tell) -> None:
        for name, epoch in epochs.items():
            self._port.epochs[name] = epoch
            self._port.messenger.hold(name, epoch, NOTICE)
            tell(self._port.lanes[name], epoch)


def _essence(order: ControlOrderRecord) -> tuple[str | None, ...]:
    """Return what makes two orders of a source the same, whenever they were placed."""
    name = order.number.rpartition("-")[0]
    return (name, order.authority, order.kind, order.plate, order.container, order.reason)


def _batches(orders: Sequence[ControlOrderRecord]) -> list[Sequence[ControlOrderRecord]]:
    return [orders[start : start + AT_ONCE] for start in range(0, len(orders), AT_ONCE)]


def _joined(units: Iterable[Unit | Refused]) -> Unit:
    """Return one unit for what several record; raise InvalidValue where one of them is refused."""
    drafts, guards = list[Draft](), list[Statement]()
    for unit in units:
        if isinstance(unit, Refused):
            params = unit.reasons[0].params
            raise InvalidValue(str(params.get("field", "")), unit.reasons[0].code, str(params.get("mend", "")))
        drafts += unit.drafts
        guards += unit.guards
    return Unit(tuple(drafts), tuple(guards))


def _tell_placed(lane: LaneDriver, order: ControlOrderRecord, epoch: int) -> None:
    """Tell a lane of an order that binds now; one that begins later is met with the papers of who comes then."""
    if not in_force(order, order.placed_at):
        return
    fact = HoldPlaced(
        at=order.placed_at,
        number=order.number,
        authority=Authority(order.authority),
        kind=order.kind,
        epoch=epoch,
        plate=order.plate,
        container=order.container,
        why=order.reason if order.kind == ControlKind.WATCH else "",
        consignment=order.consignment,
        declaration=order.declaration,
    )
    lane.runner.feed(fact)


def _tell_lifted(lane: LaneDriver, number: str, at: Instant, epoch: int) -> None:
    lane.runner.feed(HoldLifted(at, number, epoch))
