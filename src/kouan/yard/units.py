"""The statements and entries of the yard's units, and what it means where the ledger refuses one."""

from collections.abc import Sequence

import msgspec

from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Statement
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import KouanError
from kouan.vocabulary.verdict import Refused, refuse
from kouan.yard.book import Posting
from kouan.yard.events import Event, kind_of
from kouan.yard.facts import Purpose, TicketTaken
from kouan.yard.records import LotRecord, NetRecord, TicketRecord, VisitRecord, params_of
from kouan.yard.states import Left, Stay, VisitState, encode_state, state_name
from kouan.yard.tickets import Ticket, Weighing
from kouan.yard.visit import Step, deadline_of


def put(kind: str, record: msgspec.Struct) -> Statement:
    """Return the guard that writes the next version of a record."""
    return Statement(f"yard.put_{kind}", params_of(record))


def cover(lot: LotRecord) -> Statement:
    """Return the guard that holds while the warrants of a lot's grade are covered by what lies at its site."""
    return Statement("yard.cover_warrants", {"site": lot.site, "grade": lot.grade})


def posting_guards(posted: Posting) -> tuple[Statement, ...]:
    """Return the guards that write a posting: the account, the stacks, the journal."""
    stacks = tuple(put("stack", stack) for stack in posted.stacks)
    journal = tuple(Statement("yard.add_movement", params_of(line)) for line in posted.movements)
    return (put("lot", posted.lot), *stacks, *journal)


def put_visit(before: VisitRecord | None, state: VisitState, now: Instant, salt: bytes = b"") -> Statement:
    """Return the guard that writes a visit's next version; its salt is forgotten once it is over."""
    stay, over = state.stay, isinstance(state, Left)
    record = VisitRecord(
        visit=stay.visit, version=stay.version, site=stay.site, plate=stay.plate, carrier=stay.carrier,
        purpose=stay.purpose.value, lot=stay.lot, state=state_name(state), document=encode_state(state),
        salt=b"" if over else salt if before is None else before.salt, opened_at=stay.opened_at, updated_at=now,
        due_at=deadline_of(state), closed_at=state.closed_at if isinstance(state, Left) else None,
    )  # fmt: skip
    return put("visit", record)


def add_net(stay: Stay, net_kg: int, now: Instant) -> Statement:
    """Return the guard that keeps the net of a visit: one a visit, each ticket once."""
    net = stay.net
    if net is None or net.mass_kg != net_kg:
        raise KouanError(f"visit {stay.visit} has no net of {net_kg} kg")
    record = NetRecord(
        visit=stay.visit, purpose=stay.purpose.value, site=stay.site, lot=stay.lot, plate=stay.plate,
        carrier=stay.carrier, gross_ticket=net.gross.number, tare_ticket=net.tare.number, gross_scale=net.gross.scale,
        tare_scale=net.tare.scale, net_kg=net_kg, ticket=stay.loaded.number if stay.loaded else None,
        ticket_kg=stay.loaded.net_kg if stay.loaded else None, at=now,
    )  # fmt: skip
    return Statement("yard.add_net", params_of(record))


def ticket_record(
    ticket: Ticket, kind: Weighing, visit: str | None = None, known_kg: int | None = None
) -> TicketRecord:
    """Return the row of a ticket."""
    return TicketRecord(
        ticket.number, ticket.scale, kind.value, ticket.plate, ticket.mass_kg, ticket.at, visit, known_kg, ticket.cause
    )


def keep_ticket(record: VisitRecord, fact: TicketTaken, taken: Step) -> tuple[Statement, ...]:
    """Return the guard that keeps a visit's ticket; one that is known already is not kept again."""
    unused = next((getattr(event, "unused", None) for event in taken.events), None)
    if unused == "ticket_twice":
        return ()
    loaded = (record.purpose == Purpose.DELIVERY) == (record.state == "arrived")
    kind = Weighing.GROSS if loaded else Weighing.TARE
    named = fact.ticket.plate == record.plate
    kept = ticket_record(fact.ticket, kind if named else Weighing.OTHER, record.visit if named else None)
    return (Statement("yard.add_ticket", params_of(kept)),)


def draft(kind: str, stream: str, key: str, body: object) -> Draft:
    """Return an entry of the yard's."""
    return Draft(f"yard.{kind}/1", stream, f"yard:{key}", canonical(body))


def drafts_of(state: VisitState, events: Sequence[Event]) -> tuple[Draft, ...]:
    """Return a step's entries in the visit's stream; the visit's version makes each append one."""
    stay = state.stay
    return tuple(
        Draft(kind_of(event), stay.visit, f"yard:visit:{stay.visit}:{stay.version}:{place}", canonical(event))
        for place, event in enumerate(events)
    )


_REFUSALS = {
    "yard.add_ticket": ("yard.ticket_twice", "ticket", "must be a ticket that was not taken before"),
    "yard.add_net": ("yard.ticket_twice", "ticket", "each ticket counts for one net, and each visit has one"),
    "yard.cover_warrants": ("warrant.uncovered", "dry_kg", "warrants must stay covered by what lies there"),
}


def refusal_of(guard: str) -> Refused:
    """Return what it means that the ledger refused a unit at this guard."""
    rule, field, mend = _REFUSALS.get(guard, ("yard.conflict", "version", "was changed at the same time: look again"))
    return refuse(rule, field=field, mend=mend)


def is_conflict(guard: str) -> bool:
    """Say whether somebody else was faster, so that it is worth to look again and ask once more."""
    return guard not in _REFUSALS
