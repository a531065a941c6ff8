"""What happens in the yard as ledger units: a visit's facts with the mass, the orders and the papers that they move.

Each use case is pure: it is given what stands and returns the unit that the ledger should record, or a refusal. Where
the ledger refuses a guard because somebody else was faster, whoever called reads again what stands and asks once more.
"""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from kouan.ledger.roles import Statement, Unit
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Refused, refuse
from kouan.yard.book import Line, MovementKind, Posting, bring_in, empty_stack, lay_back, take_out
from kouan.yard.events import Event, ExitOrdered, ExitVoided, FactTaken, GateOut, NetKnown, VehicleLeft
from kouan.yard.facts import (
    Arrived,
    ExceptionSigned,
    Fact,
    Leave,
    Purpose,
    ReleaseWithdrawn,
    SampleTaken,
    SeenLeaving,
    TicketTaken,
)
from kouan.yard.moisture import Moist
from kouan.yard.pickups import allowance_kg, end_pickup, leave_of, reserve_net
from kouan.yard.records import LotRecord, MovementRecord, PickupRecord, StackRecord, VisitRecord, params_of
from kouan.yard.roles import Released, WrittenOff
from kouan.yard.settings import Place, SiteKind, YardSettings
from kouan.yard.states import Handled, Ready, Stay, VisitState, decode_state
from kouan.yard.tickets import Ticket, Weighing
from kouan.yard.units import add_net, cover, drafts_of, keep_ticket, posting_guards, put, put_visit, ticket_record
from kouan.yard.visit import Step, open_visit, step

YARD = "yard"
"""Who moves mass where a visit does: nobody by hand."""


class Books(msgspec.Struct, frozen=True):
    """What stands beside a visit: its lot's account, the stack at its place, its order, and what others answer.

    ``released`` is inspection's word on the lot, ``write_off`` what writes the net off the papers (or why it may not
    be), ``out`` the movement by which a vehicle's goods left the book; all are None where nothing asks for them.
    """

    lot: LotRecord
    stack: StackRecord | None = None
    pickup: PickupRecord | None = None
    released: Released | Refused | None = None
    write_off: Unit | Refused | None = None
    out: MovementRecord | None = None


class Taken(msgspec.Struct, frozen=True):
    """A fact was taken in: where the visit stands, and the unit that records it (None where nothing is recorded)."""

    step: Step
    unit: Unit | None


def arrive(
    arrived: Arrived, lot: LotRecord, pickup: PickupRecord | None, salt: bytes, settings: YardSettings, *, new_lot: bool
) -> Taken | Refused:
    """Open the visit of a vehicle: a new lot gets its account, a pick-up order its vehicle."""
    settings.site(arrived.site)
    if lot.site != arrived.site:
        return refuse("yard.other_site", field="site", mend=f"lot {lot.lot} lies at {lot.site}")
    if (arrived.purpose is Purpose.PICK_UP) != (pickup is not None and arrived.terms is not None):
        return refuse("yard.no_order", field="order", mend="a lorry that fetches goods needs a pick-up order")
    opened = open_visit(arrived, settings)
    guards = [put_visit(None, opened.state, arrived.at, salt)]
    if new_lot:
        guards.append(put("lot", lot))
    if pickup is not None:
        guards.append(put("pickup", pickup))
    if arrived.gate is not None:
        gate = ticket_record(arrived.gate, Weighing.GROSS, arrived.visit)
        guards.append(Statement("yard.add_ticket", params_of(gate)))
    return Taken(opened, Unit(drafts_of(opened.state, opened.events), tuple(guards)))


def take(record: VisitRecord, fact: Fact, now: Instant, books: Books, settings: YardSettings) -> Taken | Refused:
    """Take a fact in, with all that it moves: either everything is recorded or nothing.

    A lorry at the exit whose goods may not leave after all (recalled since, or gone from the book) is held instead.
    """
    before = decode_state(record.document)
    fact = told(before, fact, now, books, settings)
    taken = step(before, fact, now, settings)
    if not taken.events:
        return Taken(taken, None)
    unit = _moved(record, taken, fact, now, books, settings)
    if isinstance(unit, Refused) and isinstance(fact, SeenLeaving | ExceptionSigned):
        withdrawn = ReleaseWithdrawn(now, unit.reasons[0])
        taken = step(before, withdrawn, now, settings)
        unit = _moved(record, taken, withdrawn, now, books, settings)
    return unit if isinstance(unit, Refused) else Taken(taken, unit)


def told(before: VisitState, fact: Fact, now: Instant, books: Books, settings: YardSettings) -> Fact:
    """Return a second weighing together with what the books say of it; every other fact as it is.

    The answer becomes part of the fact, so that the ledger shows on what a vehicle was let go or held.
    """
    if not isinstance(fact, TicketTaken) or not isinstance(before, Handled) or before.stay.turned is not None:
        return fact
    net_kg = abs((before.stay.first or fact.ticket).mass_kg - fact.ticket.mass_kg)
    if before.stay.purpose is Purpose.PICK_UP:
        return replace(fact, leave=_may_take(net_kg, now, books))
    problem = _cannot_bring(before.stay, net_kg, now, books, settings)
    return fact if problem is None else replace(fact, leave=Leave(0, reasons=problem.reasons))


def _may_take(net_kg: int, now: Instant, books: Books) -> Leave:
    """Return what a lorry may take by release, orders and stack; nothing where any of them says nothing."""
    if books.pickup is None or books.released is None:
        return Leave(0, reasons=refuse("yard.not_released", lot=books.lot.lot).reasons)
    found = leave_of(books.pickup, books.lot, books.released)
    line = Line("", YARD, now)
    stack = books.stack
    short = refuse("yard.no_stack") if stack is None else take_out(books.lot, stack, max(net_kg, 1), line)
    return replace(found, reasons=(*found.reasons, *short.reasons)) if isinstance(short, Refused) else found


def _cannot_bring(stay: Stay, net_kg: int, now: Instant, books: Books, settings: YardSettings) -> Refused | None:
    """Return why a delivery cannot be taken in: its papers do not cover it, or its stack does not hold it."""
    if isinstance(books.write_off, Refused):
        return books.write_off
    if books.stack is None or stay.tally is None:
        return refuse("yard.no_stack")
    posted = _bring(stay, net_kg, now, books.lot, books.stack, settings)
    return posted if isinstance(posted, Refused) else None


def _moved(
    record: VisitRecord, taken: Step, fact: Fact, now: Instant, books: Books, settings: YardSettings
) -> Unit | Refused:
    """Return the unit of a step: its entries, the visit's next version, and everything that its events move."""
    state = taken.state
    guards = [put_visit(record, state, now)]
    drafts = list(drafts_of(state, taken.events))
    if isinstance(fact, TicketTaken):
        guards.extend(keep_ticket(record, fact, taken))
    for event in taken.events:
        unit = _follow(event, state, now, books, settings)
        if isinstance(unit, Refused):
            return unit
        drafts.extend(unit.drafts)
        guards.extend(unit.guards)
    used = isinstance(taken.events[0], FactTaken) and taken.events[0].unused is None
    if used and isinstance(fact, SampleTaken) and isinstance(state, Ready) and books.stack is not None:
        posted = _sampled(books.lot, books.stack, (fact,), state.stay, now)
        if isinstance(posted, Refused):
            return posted
        guards.extend(posting_guards(posted))
    return Unit(tuple(drafts), tuple(guards))


def _follow(event: Event, state: VisitState, now: Instant, books: Books, settings: YardSettings) -> Unit | Refused:
    match event:
        case NetKnown():
            return _net_brought(event, state.stay, now, books, settings)
        case GateOut() if books.pickup is not None:
            kept = reserve_net(books.pickup, books.lot, event.mass_kg, now)
            stands = released_still(books)
            return Unit((), (put("pickup", kept.pickup), put("lot", kept.lot), *stands))
        case ExitOrdered(net_kg=net_kg) if state.stay.purpose is Purpose.PICK_UP and net_kg > 0:
            posted = _taken_out(net_kg, out_number(event.order.order_id), state.stay, now, books)
            return posted if isinstance(posted, Refused) else _let_out(posted, posted.lot, state.stay, books, settings)
        case ExitVoided(net_kg=net_kg) if state.stay.purpose is Purpose.PICK_UP and net_kg > 0:
            return _laid_back(event, state.stay, now, books)
        case VehicleLeft() if state.stay.purpose is Purpose.PICK_UP:
            return _gone(event, state.stay, now, books, settings)
        case _:
            return Unit(())


def _net_brought(event: NetKnown, stay: Stay, now: Instant, books: Books, settings: YardSettings) -> Unit | Refused:
    """Lay the net on its stack, take out what was sampled meanwhile, and write the net off the papers."""
    if books.stack is None or not isinstance(books.write_off, Unit):
        return refuse("yard.no_stack") if books.write_off is None else refuse("yard.not_written_off", lot=stay.lot)
    posted = _bring(stay, event.net_kg, now, books.lot, books.stack, settings)
    if isinstance(posted, Refused):
        return posted
    guards = [add_net(stay, event.net_kg, now), *posting_guards(posted)]
    if stay.samples:
        less = _sampled(posted.lot, posted.stacks[0], stay.samples, stay, now)
        if isinstance(less, Refused):
            return less
        guards.extend(posting_guards(less))
    return Unit(books.write_off.drafts, (*guards, *books.write_off.guards), books.write_off.effects)


def _bring(
    stay: Stay, net_kg: int, now: Instant, lot: LotRecord, stack: StackRecord, settings: YardSettings
) -> Posting | Refused:
    place = Place.parse(stack.lies_at)
    moisture_bp = 0 if stay.tally is None else stay.tally.moisture_bp
    line = Line(f"{stay.visit}:in", YARD, now, stay.visit)
    return bring_in(lot, stack, Moist(net_kg, moisture_bp), settings.block(place.site, place.block).stack_kg, line)


def _sampled(
    lot: LotRecord, stack: StackRecord, samples: Sequence[SampleTaken], stay: Stay, now: Instant
) -> Posting | Refused:
    """Take samples out of a stack, one line each."""
    posted = Posting(lot, (stack,), ())
    for one in samples:
        line = Line(f"{stay.visit}:sample:{one.sample}", one.by, now, stay.visit)
        less = take_out(posted.lot, posted.stacks[0], one.mass_kg, line, MovementKind.SAMPLE)
        if isinstance(less, Refused):
            return less
        posted = Posting(
            replace(less.lot, version=lot.version + 1), (replace(less.stacks[0], version=stack.version + 1),),
            (*posted.movements, *less.movements),
        )  # fmt: skip
    return posted


def _gone(event: VehicleLeft, stay: Stay, now: Instant, books: Books, settings: YardSettings) -> Unit | Refused:
    """End the order of a lorry that is out; what no exit's order took out of the book leaves it now."""
    if books.pickup is None:
        return refuse("yard.no_order")
    net = (add_net(stay, event.net_kg, now),) if event.net_kg else ()
    if event.net_kg == 0 or event.order_id is not None:
        ended = end_pickup(books.pickup, books.lot, event.net_kg, now)
        return Unit((), (*net, put("pickup", ended.pickup), put("lot", ended.lot)))
    posted = _taken_out(event.net_kg, f"{stay.visit}:out", stay, now, books)
    if isinstance(posted, Refused):
        return posted
    ended = end_pickup(books.pickup, posted.lot, event.net_kg, now)
    out = _let_out(posted, replace(ended.lot, version=books.lot.version + 1), stay, books, settings)
    return Unit((), (*net, put("pickup", ended.pickup), *out.guards))


def out_number(order_id: str) -> str:
    """Return the number of the movement by which goods leave the book with an exit's order."""
    return f"{order_id}:out"


def _taken_out(net_kg: int, number: str, stay: Stay, now: Instant, books: Books) -> Posting | Refused:
    """Take what a lorry carries out of its stack, as far as it is released, and not others' by order."""
    if books.pickup is None:
        return refuse("yard.no_order")
    if books.stack is None or not isinstance(books.released, Released):
        return books.released if isinstance(books.released, Refused) else refuse("yard.no_stack")
    left_kg = allowance_kg(books.lot, books.released, books.pickup.reserved_kg)
    if net_kg > left_kg:
        return refuse("yard.more_than_released", net_kg=net_kg, left_kg=left_kg)
    return take_out(books.lot, books.stack, net_kg, Line(number, YARD, now, stay.visit))


def _let_out(posted: Posting, account: LotRecord, stay: Stay, books: Books, settings: YardSettings) -> Unit:
    """Return the guards that let goods out: their posting, every warrant covered, and the release as it stands."""
    warehouse = settings.site(stay.site).kind is SiteKind.DELIVERY_WAREHOUSE
    covered = (cover(account),) if warehouse else ()
    return Unit((), (*posting_guards(replace(posted, lot=account)), *covered, *released_still(books)))


def _laid_back(event: ExitVoided, stay: Stay, now: Instant, books: Books) -> Unit | Refused:
    """Put into the book again what left it with an order that opened nothing."""
    if books.stack is None or books.out is None:
        return refuse("yard.no_stack")
    posted = lay_back(books.lot, books.stack, books.out, Line(f"{event.order_id}:back", YARD, now, stay.visit))
    return posted if isinstance(posted, Refused) else Unit((), posting_guards(posted))


def released_still(books: Books) -> tuple[Statement, ...]:
    """Return the guard that holds as long as the release stands, where inspection gave one."""
    released = books.released
    return () if not isinstance(released, Released) or released.guard is None else (released.guard,)


def bare_stack(stay: Stay) -> StackRecord:
    """Return the stack of a visit's place where nothing was ever laid."""
    return empty_stack(stay.place or "", stay.site, stay.lot)


def written_off(stay: Stay, ticket: Ticket, now: Instant) -> WrittenOff:
    """Return what a delivery's second weighing writes off the papers."""
    first = stay.first or ticket
    net_kg = first.mass_kg - ticket.mass_kg
    return WrittenOff(stay.lot, stay.visit, stay.passage, net_kg, first.number, ticket.number, now)
