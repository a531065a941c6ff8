"""Placing and lifting holds: durable, then at every lane, then answered (I4)."""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kouan.access.people import Agency, Principal
from kouan.adapters.driver.lane_driver import LaneDriver
from kouan.adapters.driver.port_driver import PortDriver
from kouan.gate.facts import HoldLifted, HoldPlaced
from kouan.gate.procedures import Authority
from kouan.gate.roles import GateRecords, HoldRecord, record_params
from kouan.inspection.control_orders import HUB, ControlKind, ControlOrder, lift_order, place_order
from kouan.inspection.roles import PapersRecords
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Statement, Unit, UnitRefused
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.errors import Conflict, InvalidValue, NotFound
from kouan.vocabulary.identifiers import ContainerNumber, PlateNumber
from kouan.vocabulary.verdict import GRANTED, Granted, Refused, refuse

NOTICE = "hold.changed"
"""What a lane is told: that a hold came or went. Whose it is, is none of its business."""

AT_ONCE = 100
"""Holds that are placed or lifted in one unit. Our choice: it fits any store, and a lane's epoch rises once for all."""

_Tell = Callable[[LaneDriver, int], None]


class HoldDesk:
    """Places and lifts holds, one at a time: each raises the epoch of every lane in which a vehicle stands.

    A hold stands in the papers as a control order as well, so that vehicles that come later meet it with their papers.
    """

    def __init__(
        self,
        port: PortDriver,
        records: GateRecords,
        papers: PapersRecords,
        clock: Clock,
        secret: Callable[[], str],
    ) -> None:
        self._port = port
        self._records = records
        self._papers = papers
        self._clock = clock
        self._secret = secret
        self._turn = asyncio.Lock()

    async def place(
        self, by: Principal, kind: str, reason: str, plate: str | None, container: str | None, number: str | None
    ) -> str | Refused:
        """Hold a vehicle or container, and return the hold's number; raise InvalidValue for a plate that is none."""
        if by.agency is Agency.TRADE:
            return refuse("hold.authority", field="", mend="only those who decide at the gate place holds")
        hold = HoldRecord(
            number=number or f"H-{hashlib.sha256(self._secret().encode()).hexdigest()[:20]}",
            authority=by.agency.value,
            kind=_kind(kind).value,
            plate=None if plate is None else str(PlateNumber.parse(plate)),
            container=None if container is None else str(ContainerNumber.parse(container)),
            reason=reason,
            placed_by=by.username,
            placed_at=self._clock.now(),
        )
        placing = _placing(hold)
        if isinstance(placing, Refused):
            return placing
        async with self._turn:
            if await self._records.find_hold(hold.number) is not None:
                return hold.number
            await self._record(placing, lambda lane, epoch: _tell_placed(lane, hold, epoch))
        return hold.number

    async def lift(self, number: str, by: Principal, reason: str) -> Granted | Refused:
        """Lift a hold; only the authority that placed it may. Raises NotFound."""
        async with self._turn:
            hold = await self._records.find_hold(number)
            if hold is None:
                raise NotFound(f"there is no hold {number}")
            if hold.lifted_at is not None:
                return refuse("hold.not_in_force", field="number", mend="must be a hold in force")
            if hold.authority != by.agency.value:
                return refuse("hold.not_yours", field="number", mend=f"only {hold.authority} may lift it")
            if hold.placed_by.startswith(HUB):
                return refuse("hold.hubs", field="number", mend="only the hub may lift what it placed")
            now = self._clock.now()
            lifting = await self._lifting(hold, by.username, reason, now)
            if isinstance(lifting, Refused):
                return lifting
            await self._record(lifting, lambda lane, epoch: _tell_lifted(lane, hold, now, epoch))
        return GRANTED

    async def follow(self, source: str, prefix: str, wanted: Sequence[HoldRecord]) -> None:
        """Make the holds of a source whose numbers begin with ``prefix`` those that are wanted, and no others.

        A wanted hold that stands already under another number's end (``<name>-<version>``) is left as it is. What is
        new is placed before anything goes. Raises InvalidValue for a hold that nobody could place.
        """
        async with self._turn:
            standing = [
                hold
                for hold in await self._records.holds_in_force()
                if hold.placed_by == source and hold.number.startswith(prefix)
            ]
            known, asked = {_essence(hold) for hold in standing}, {_essence(hold) for hold in wanted}
            for some in _batches([hold for hold in wanted if _essence(hold) not in known]):
                await self._place_all(some)
            for some in _batches([hold for hold in standing if _essence(hold) not in asked]):
                await self._lift_all(some, source)

    async def _place_all(self, holds: Sequence[HoldRecord]) -> None:
        units = [_placing(hold) for hold in holds]
        for unit in units:
            if isinstance(unit, Refused):
                raise InvalidValue("authority", unit.reasons[0].code, str(unit.reasons[0].params.get("mend", "")))

        def tell(lane: LaneDriver, epoch: int) -> None:
            for hold in holds:
                _tell_placed(lane, hold, epoch)

        await self._record(_joined(unit for unit in units if isinstance(unit, Unit)), tell)

    async def _lift_all(self, holds: Sequence[HoldRecord], by: str) -> None:
        now, reason, units = self._clock.now(), "no longer in the hub's bulletin", list[Unit]()
        for hold in holds:
            lifting = await self._lifting(hold, by, reason, now)
            units.append(lifting if isinstance(lifting, Unit) else _lifted(hold, by, reason, now))

        def tell(lane: LaneDriver, epoch: int) -> None:
            for hold in holds:
                _tell_lifted(lane, hold, now, epoch)

        await self._record(_joined(units), tell)

    async def _lifting(self, hold: HoldRecord, by: str, reason: str, now: Instant) -> Unit | Refused:
        order = await self._papers.find_order(hold.number)
        ordered = lift_order(order, Agency(hold.authority), by, reason, now)
        return ordered if isinstance(ordered, Refused) else _joined((ordered, _lifted(hold, by, reason, now)))

    async def _record(self, made: Unit, tell: _Tell) -> None:
        """Record holds and the lanes' new epochs, and tell the lanes, also those that a vehicle entered meanwhile."""
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
                raise Conflict(f"the hold could not be recorded: {recorded.guard}")
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


def _kind(kind: str) -> ControlKind:
    try:
        return ControlKind(kind)
    except ValueError:
        mend = f"must be one of {', '.join(ControlKind)}"
        raise InvalidValue("kind", "hold.kind", mend) from None


def _essence(hold: HoldRecord) -> tuple[str | None, ...]:
    """Return what makes two holds of a source the same, whenever they were placed."""
    name = hold.number.rpartition("-")[0]
    return (name, hold.authority, hold.kind, hold.plate, hold.container, hold.reason)


def _batches(holds: Sequence[HoldRecord]) -> list[Sequence[HoldRecord]]:
    return [holds[start : start + AT_ONCE] for start in range(0, len(holds), AT_ONCE)]


def _joined(units: Iterable[Unit]) -> Unit:
    """Return one unit for what several record."""
    found = list(units)
    drafts = tuple(draft for unit in found for draft in unit.drafts)
    return Unit(drafts, tuple(guard for unit in found for guard in unit.guards))


def _placing(hold: HoldRecord) -> Unit | Refused:
    """Return what a hold records: itself at the gate, and its control order with the papers."""
    order = ControlOrder(_kind(hold.kind), hold.reason, plate=hold.plate, container=hold.container)
    ordered = place_order(order, hold.number, Agency(hold.authority), hold.placed_by, hold.placed_at)
    return ordered if isinstance(ordered, Refused) else _joined((ordered, _placed(hold)))


def _placed(hold: HoldRecord) -> Unit:
    return _unit("gate.hold/1", hold.number, "placed", hold, (Statement("gate.place_hold", record_params(hold)),))


def _lifted(hold: HoldRecord, by: str, reason: str, now: Instant) -> Unit:
    body = {"at": now, "authority": hold.authority, "by": by, "number": hold.number, "reason": reason}
    params = {"number": hold.number, "lifted_at": now, "lifted_by": by}
    return _unit("gate.hold_lifted/1", hold.number, "lifted", body, (Statement("gate.lift_hold", params),))


def _unit(kind: str, number: str, what: str, body: Any, guards: Sequence[Statement]) -> Unit:
    return Unit((Draft(kind, number, f"hold:{number}:{what}", canonical(body)),), guards=tuple(guards))


def _tell_placed(lane: LaneDriver, hold: HoldRecord, epoch: int) -> None:
    authority, why = Authority(hold.authority), hold.reason if hold.kind == ControlKind.WATCH else ""
    fact = HoldPlaced(hold.placed_at, hold.number, authority, hold.kind, epoch, hold.plate, hold.container, why)
    lane.runner.feed(fact)


def _tell_lifted(lane: LaneDriver, hold: HoldRecord, at: Instant, epoch: int) -> None:
    lane.runner.feed(HoldLifted(at, hold.number, epoch))
