"""Vehicles in the yard: what is told of them is recorded together with the mass, orders and papers that it moves."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from kouan.ledger.roles import Ledger, Unit, UnitRefused
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.errors import Conflict, InvalidValue, NotFound
from kouan.vocabulary.verdict import Reason, Refused, refuse
from kouan.yard.events import Command, Event
from kouan.yard.facts import (
    Arrived,
    CarrierTicket,
    DeadlinePassed,
    ExceptionSigned,
    Fact,
    HandlingBegan,
    HoldMended,
    Mend,
    Purpose,
    ReleaseWithdrawn,
    SampleTaken,
    SeenLeaving,
    Tallied,
    TicketTaken,
)
from kouan.yard.people import SALT_BYTES, aboard, difference_digest
from kouan.yard.pickups import admit_lorry, terms_of
from kouan.yard.records import LotRecord, VisitRecord
from kouan.yard.roles import GoodsReleased, WriteOffs, YardRecords
from kouan.yard.settings import Place, YardSettings, green_until, may_lie
from kouan.yard.states import Handled, Held, VisitState, decode_state
from kouan.yard.tickets import Ticket
from kouan.yard.units import is_conflict, refusal_of
from kouan.yard.use_cases import Books, Taken, arrive, bare_stack, take, written_off

TRIES = 5
"""How often something is tried again where another was faster. Our choice: as many lorries as leave one lot at once."""


Follow = Callable[[VisitState, tuple[Event, ...]], Awaitable[None]]
"""Is told where a visit stands and what was recorded of it."""


class Delivery(msgspec.Struct, frozen=True):
    """A vehicle that the gate let in with goods of one lot: what the yard must know of it.

    ``subjects`` are the ledger's names of the people aboard who were identified, ``occupants`` how many were counted.
    """

    passage: str
    site: str
    plate: str
    carrier: str
    lot: str
    hs_code: str
    goods: str
    declared_kg: int
    occupants: int
    subjects: tuple[str, ...] = ()
    grade: str = ""
    gate: Ticket | None = None
    loaded: CarrierTicket | None = None


class Done(msgspec.Struct, frozen=True):
    """What was told is recorded: where the visit stands, who is called, and whether the exit is to open."""

    state: VisitState
    commands: tuple[Command, ...] = ()


class YardVisits:
    """Takes in what happens to vehicles; each method returns where the visit stands then, or why nothing was done.

    ``tell`` is given who is to be called and which exit is to open, ``follow`` what else happened, once everything that
    it rests on is durable.
    """

    def __init__(
        self,
        settings: YardSettings,
        records: YardRecords,
        ledger: Ledger,
        goods: GoodsReleased,
        write_offs: WriteOffs,
        clock: Clock,
        chance: Callable[[int], bytes],
        tell: Callable[[Command], None] = lambda _: None,
        follow: Follow | None = None,
    ) -> None:
        self._settings = settings
        self._records = records
        self._ledger = ledger
        self._goods = goods
        self._write_offs = write_offs
        self._clock = clock
        self._chance = chance
        self._tell = tell
        self._follow = follow

    async def deliver(self, delivery: Delivery) -> Done | Refused:
        """Report a vehicle's arrival (``YARD_IN``, 运抵); reporting the same passage again changes nothing."""
        for _ in range(TRIES - 1):
            done = await self._deliver(delivery)
            if done != refusal_of(""):
                return done
        return await self._deliver(delivery)

    async def _deliver(self, delivery: Delivery) -> Done | Refused:
        visit, now = f"yard-{delivery.passage}", self._clock.now()
        lot = await self._records.find_lot(delivery.lot)
        standing = await self._records.find_visit(visit)
        if standing is not None:
            return Done(decode_state(standing.document))
        account = lot or LotRecord(
            delivery.lot, 1, delivery.site, delivery.hs_code, delivery.goods, delivery.grade, delivery.declared_kg,
            changed_at=now,
        )  # fmt: skip
        salt = self._chance(SALT_BYTES)
        arrived = Arrived(
            at=now, visit=visit, site=delivery.site, plate=delivery.plate, carrier=delivery.carrier,
            purpose=Purpose.DELIVERY, lot=delivery.lot, hs_code=account.hs_code,
            aboard=aboard(salt, visit, delivery.plate, delivery.occupants, delivery.subjects),
            passage=delivery.passage, gate=delivery.gate, loaded=delivery.loaded,
            green_until=green_until(self._settings, account.hs_code, now),
        )  # fmt: skip
        taken = arrive(arrived, account, None, salt, self._settings, new_lot=lot is None)
        return await self._append(taken)

    async def admit(
        self, order: str, plate: str, carrier: str, occupants: int, subjects: Sequence[str]
    ) -> Done | Refused:
        """Let a domestic lorry in on its pick-up order: this plate, this carrier, in time."""
        now = self._clock.now()
        pickup = await self._records.find_pickup(order)
        lot = None if pickup is None else await self._records.find_lot(pickup.lot)
        if pickup is None or lot is None:
            raise NotFound(f"there is no pick-up order {order}")
        visit, salt = f"yard-{order}", self._chance(SALT_BYTES)
        admitted = admit_lorry(pickup, visit, plate, carrier, now)
        if isinstance(admitted, Refused):
            return admitted
        arrived = Arrived(
            at=now, visit=visit, site=lot.site, plate=plate, carrier=carrier, purpose=Purpose.PICK_UP, lot=lot.lot,
            hs_code=lot.hs_code, aboard=aboard(salt, visit, plate, occupants, subjects), terms=terms_of(pickup),
            green_until=green_until(self._settings, lot.hs_code, now),
        )  # fmt: skip
        return await self._append(arrive(arrived, lot, admitted, salt, self._settings, new_lot=False))

    async def weigh(self, visit: str, ticket: Ticket) -> Done | Refused:
        """Take a weighing ticket of a vehicle."""
        return await self._take(visit, lambda _, __: TicketTaken(ticket.at, ticket))

    async def begin_handling(
        self, visit: str, place: str, by: str, temperature_dc: int | None = None
    ) -> Done | Refused:
        """Begin to unload or load at a place, if these goods may lie there, or lie there."""
        where = Place.parse(place)

        async def fits(state: VisitState) -> Refused | None:
            stay = state.stay
            if where.site != stay.site:
                return refuse("yard.other_site", field="place", mend=f"the vehicle is at {stay.site}")
            stack = await self._records.find_stack(str(where))
            if stay.purpose is Purpose.PICK_UP:
                lies = stack is not None and stack.lot == stay.lot and stack.dry_dg > 0
                return None if lies else refuse("yard.no_stack", field="place", mend=f"no {stay.lot} lies there")
            if stack is not None and stack.lot != stay.lot and stack.dry_dg > 0:
                return refuse("yard.another_lot", field="place", mend=f"{stack.lot} lies there")
            verdict = may_lie(self._settings, where, stay.hs_code, temperature_dc)
            return verdict if isinstance(verdict, Refused) else None

        return await self._take(visit, lambda _, now: HandlingBegan(now, str(where), by), fits)

    async def tally(
        self, visit: str, by: str, moisture_bp: int = 0, pieces: int | None = None, *, sound: bool = True
    ) -> Done | Refused:
        """End handling with the tally (理货)."""
        return await self._take(visit, lambda _, now: Tallied(now, by, moisture_bp, pieces, sound))

    async def sample(self, visit: str, sample: str, mass_kg: int, seal: str, by: str) -> Done | Refused:
        """Take and seal a sample of what a vehicle brought."""
        if mass_kg <= 0:
            raise InvalidValue("mass_kg", "mass.range", "must be more than 0")
        return await self._take(visit, lambda _, now: SampleTaken(now, sample, mass_kg, seal, by))

    async def leave(self, visit: str, occupants: int, subjects: Sequence[str]) -> Done | Refused:
        """Take in who is aboard at the exit, as border inspection's terminal found."""

        def seen(record: VisitRecord, now: Instant) -> Fact:
            return SeenLeaving(now, aboard(record.salt, visit, record.plate, occupants, subjects))

        return await self._take(visit, seen)

    async def excuse(self, visit: str, by: str, reason: str) -> Done | Refused:
        """Sign border inspection's exception for the difference in people that holds a vehicle now."""

        def signed(record: VisitRecord, now: Instant) -> Fact:
            state = decode_state(record.document)
            leaving = state.leaving if isinstance(state, Held) else None
            digest = "" if leaving is None else difference_digest(state.stay.aboard, leaving)
            return ExceptionSigned(now, by, reason, digest)

        return await self._take(visit, signed)

    async def mend(self, visit: str, how: Mend, by: str, reason: str) -> Done | Refused:
        """Say how a held vehicle goes on."""
        return await self._take(visit, lambda _, now: HoldMended(now, how, by, reason))

    async def withdraw(self, lot: str, reason: Reason) -> tuple[Done, ...]:
        """Hold every lorry that is fetching goods of a lot: recalled, or under control."""
        found = [
            each
            for each in await self._records.visits_of_lot(lot)
            if each.closed_at is None and each.purpose == Purpose.PICK_UP
        ]
        held = [await self._take(each.visit, lambda _, now: ReleaseWithdrawn(now, reason)) for each in found]
        return tuple(each for each in held if isinstance(each, Done))

    async def look_again(self, visit: str) -> Done | Refused:
        """Look at a visit whose deadline passed: people are called."""
        return await self._take(visit, lambda _, now: DeadlinePassed(now))

    async def _take(
        self,
        visit: str,
        tell: Callable[[VisitRecord, Instant], Fact],
        allows: Callable[[VisitState], Awaitable[Refused | None]] | None = None,
    ) -> Done | Refused:
        """Tell a visit something; where somebody else was faster, look again at what stands."""
        answer: Done | Refused = refusal_of("")
        for _ in range(TRIES):
            record = await self._records.find_visit(visit)
            if record is None:
                raise NotFound(f"there is no visit {visit}")
            state, now = decode_state(record.document), self._clock.now()
            wrong = None if allows is None else await allows(state)
            if wrong is not None:
                return wrong
            fact = tell(record, now)
            answer = await self._told(record, fact, now, await self._books(state, fact, now))
            if answer != refusal_of(""):
                break
        return answer

    async def _told(self, record: VisitRecord, fact: Fact, now: Instant, books: Books) -> Done | Refused:
        """Take a fact in; papers that refuse its net in the commit hold the vehicle, as where they refused before."""
        taken = take(record, fact, now, books, self._settings)
        if isinstance(taken, Refused):
            return taken
        guard = await self._refused_at(taken)
        uncovered = None if guard is None else self._write_offs.refusal(guard)
        if uncovered is None:
            return await self._answered(taken, guard)
        books = msgspec.structs.replace(books, write_off=uncovered)
        return await self._append(take(record, fact, now, books, self._settings))

    async def _append(self, taken: Taken | Refused) -> Done | Refused:
        return taken if isinstance(taken, Refused) else await self._answered(taken, await self._refused_at(taken))

    async def _refused_at(self, taken: Taken) -> str | None:
        """Record what was taken in; return the guard that refused it, empty where another fact took its place.

        Its entries' keys name the visit's next version: where somebody else's fact has them, this one is not recorded.
        """
        if taken.unit is None:
            return None
        try:
            answer = await self._ledger.append(taken.unit)
        except Conflict:  # some of the keys are another fact's, which had fewer entries
            return ""
        if isinstance(answer, UnitRefused):
            return answer.guard
        return "" if answer.repeated else None

    async def _answered(self, taken: Taken, guard: str | None) -> Done | Refused:
        """Tell whom it concerns of what stands, or return what the ledger's refusal means."""
        if guard is not None:
            return refusal_of("" if is_conflict(guard) else guard)
        for command in taken.step.commands:
            self._tell(command)
        if self._follow is not None:
            await self._follow(taken.step.state, taken.step.events)
        return Done(taken.step.state, taken.step.commands)

    async def _books(self, state: VisitState, fact: Fact, now: Instant) -> Books:
        """Read what a fact may move, and ask what others say of it."""
        stay = state.stay
        lot = await self._records.find_lot(stay.lot)
        if lot is None:
            raise NotFound(f"there is no lot {stay.lot} in the yard")
        fetches, moves = stay.purpose is Purpose.PICK_UP, isinstance(fact, TicketTaken | SeenLeaving | ExceptionSigned)
        stack = None
        if stay.place is not None and (moves or isinstance(fact, SampleTaken)):
            stack = await self._records.find_stack(stay.place) or bare_stack(stay)
        pickup = None if stay.terms is None or not moves else await self._records.find_pickup(stay.terms.order)
        released = await self._goods.of(stay.lot) if fetches and moves else None
        write_off: Unit | Refused | None = None
        if not fetches and isinstance(fact, TicketTaken) and isinstance(state, Handled) and stay.turned is None:
            net = written_off(stay, fact.ticket, now)
            write_off = await self._write_offs.net(net) if net.net_kg > 0 else None
        return Books(lot, stack, pickup, released, write_off)
