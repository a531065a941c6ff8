"""Placing and lifting holds: durable, then at every lane, then answered (I4)."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from kouan.access.people import Agency, Principal
from kouan.adapters.driver.lane_driver import LaneDriver
from kouan.adapters.driver.port_driver import PortDriver
from kouan.gate.facts import HoldLifted, HoldPlaced
from kouan.gate.procedures import Authority
from kouan.gate.roles import GateRecords, HoldRecord, record_params
from kouan.inspection.control_orders import ControlKind, ControlOrder, lift_order, place_order
from kouan.inspection.roles import PapersRecords
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Statement, Unit, UnitRefused
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.errors import Conflict, InvalidValue, NotFound
from kouan.vocabulary.identifiers import ContainerNumber, PlateNumber
from kouan.vocabulary.verdict import GRANTED, Granted, Refused, refuse

NOTICE = "hold.changed"
"""What a lane is told: that a hold came or went. Whose it is, is none of its business."""

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
        order = ControlOrder(_kind(kind), reason, plate=hold.plate, container=hold.container)
        ordered = place_order(order, hold.number, by.agency, by.username, hold.placed_at)
        if isinstance(ordered, Refused):
            return ordered
        async with self._turn:
            if await self._records.find_hold(hold.number) is not None:
                return hold.number
            await self._record(ordered, _placed(hold), lambda lane, epoch: _tell_placed(lane, hold, epoch))
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
            now = self._clock.now()
            ordered = lift_order(await self._papers.find_order(number), by.agency, by.username, reason, now)
            if isinstance(ordered, Refused):
                return ordered
            await self._record(
                ordered, _lifted(hold, by, reason, now), lambda lane, epoch: _tell_lifted(lane, hold, now, epoch)
            )
        return GRANTED

    async def _record(self, ordered: Unit, made: Unit, tell: _Tell) -> None:
        """Record a hold and the lanes' new epochs, and tell the lanes, also those that a vehicle entered meanwhile."""
        raised: dict[str, int] = {}
        drafts, guards = (*ordered.drafts, *made.drafts), (*ordered.guards, *made.guards)
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


def _placed(hold: HoldRecord) -> Unit:
    return _unit("gate.hold/1", hold.number, "placed", hold, (Statement("gate.place_hold", record_params(hold)),))


def _lifted(hold: HoldRecord, by: Principal, reason: str, now: Instant) -> Unit:
    body = {"at": now, "authority": hold.authority, "by": by.username, "number": hold.number, "reason": reason}
    params = {"number": hold.number, "lifted_at": now, "lifted_by": by.username}
    return _unit("gate.hold_lifted/1", hold.number, "lifted", body, (Statement("gate.lift_hold", params),))


def _unit(kind: str, number: str, what: str, body: Any, guards: Sequence[Statement]) -> Unit:
    return Unit((Draft(kind, number, f"hold:{number}:{what}", canonical(body)),), guards=tuple(guards))


def _tell_placed(lane: LaneDriver, hold: HoldRecord, epoch: int) -> None:
    fact = HoldPlaced(
        hold.placed_at, hold.number, Authority(hold.authority), hold.kind, epoch, hold.plate, hold.container
    )
    lane.runner.feed(fact)


def _tell_lifted(lane: LaneDriver, hold: HoldRecord, at: Instant, epoch: int) -> None:
    lane.runner.feed(HoldLifted(at, hold.number, epoch))
