"""What stands beside a visit when a fact is taken in: read anew for each, and only what the fact may move."""

from kouan.ledger.roles import Unit
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import Refused, refuse
from kouan.yard.facts import (
    ExceptionSigned,
    ExitCrossed,
    ExitReported,
    Fact,
    HoldMended,
    Purpose,
    SampleTaken,
    SeenLeaving,
    TicketTaken,
)
from kouan.yard.records import MovementRecord
from kouan.yard.roles import GoodsReleased, WriteOffs, YardRecords
from kouan.yard.settings import Place, YardSettings, may_lie
from kouan.yard.states import Handled, Leaving, Stay, VisitState
from kouan.yard.use_cases import Books, bare_stack, out_number, written_off


async def books_of(
    records: YardRecords, goods: GoodsReleased, write_offs: WriteOffs, state: VisitState, fact: Fact, now: Instant
) -> Books:
    """Read what a fact may move, and ask what others say of it; raise NotFound where the lot has no account."""
    stay = state.stay
    lot = await records.find_lot(stay.lot)
    if lot is None:
        raise NotFound(f"there is no lot {stay.lot} in the yard")
    fetches, moves = stay.purpose is Purpose.PICK_UP, isinstance(fact, TicketTaken | SeenLeaving | ExceptionSigned)
    exits = isinstance(state, Leaving) and isinstance(fact, ExitReported | ExitCrossed | HoldMended)
    stack = None
    if stay.place is not None and (moves or exits or isinstance(fact, SampleTaken)):
        stack = await records.find_stack(stay.place) or bare_stack(stay)
    pickup = None
    if stay.terms is not None and (moves or exits):
        pickup = await records.find_pickup(stay.terms.order)
    released = await goods.of(stay.lot) if fetches and moves else None
    write_off: Unit | Refused | None = None
    if not fetches and isinstance(fact, TicketTaken) and isinstance(state, Handled) and stay.turned is None:
        net = written_off(stay, fact.ticket, now)
        write_off = await write_offs.net(net) if net.net_kg > 0 else None
    out = await _out(records, state) if fetches and exits and isinstance(state, Leaving) else None
    return Books(lot, stack, pickup, released, write_off, out)


async def unfit(
    records: YardRecords, settings: YardSettings, stay: Stay, where: Place, temperature_dc: int | None
) -> Refused | None:
    """Return why a vehicle may not unload or load at a place, None where it may: these goods may lie, or lie, there."""
    if where.site != stay.site:
        return refuse("yard.other_site", field="place", mend=f"the vehicle is at {stay.site}")
    stack = await records.find_stack(str(where))
    if stay.purpose is Purpose.PICK_UP:
        lies = stack is not None and stack.lot == stay.lot and stack.dry_dg > 0
        return None if lies else refuse("yard.no_stack", field="place", mend=f"no {stay.lot} lies there")
    if stack is not None and stack.lot != stay.lot and stack.dry_dg > 0:
        return refuse("yard.another_lot", field="place", mend=f"{stack.lot} lies there")
    verdict = may_lie(settings, where, stay.hs_code, temperature_dc)
    return verdict if isinstance(verdict, Refused) else None


async def _out(records: YardRecords, state: Leaving) -> MovementRecord | None:
    """Return the movement by which the goods of a vehicle that is on its way out left the book."""
    number = out_number(state.order.order_id)
    return next((each for each in await records.movements(state.stay.lot) if each.movement == number), None)
