"""Vehicles in the yard: what is told of them is recorded together with the mass, orders and papers that it moves."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from kouan.journeys.yard_books import books_of, unfit
from kouan.journeys.yard_recording import Follow, Sign, VisitRecording, nobody_signs
from kouan.ledger.roles import Ledger
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.errors import InvalidValue, NotFound
from kouan.vocabulary.verdict import Reason, Refused
from kouan.yard.asking import cannot_be
from kouan.yard.events import Command
from kouan.yard.facts import (
    Arrived,
    CarrierTicket,
    DeadlinePassed,
    ExceptionSigned,
    ExitCrossed,
    ExitReported,
    Fact,
    HandlingBegan,
    HoldMended,
    Line,
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
from kouan.yard.settings import Place, YardSettings, green_until
from kouan.yard.states import Held, VisitState, decode_state
from kouan.yard.tickets import Ticket
from kouan.yard.units import refusal_of
from kouan.yard.use_cases import arrive
from kouan.yard.visit import Step

TRIES = 5
"""How often something is tried again where another was faster. Our choice: as many lorries as leave one lot at once."""


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
    it rests on is durable; ``sign`` signs the order to an exit before.
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
        sign: Sign = nobody_signs,
    ) -> None:
        self._settings = settings
        self._records = records
        self._goods = goods
        self._write_offs = write_offs
        self._clock = clock
        self._chance = chance
        self._recording = VisitRecording(settings, ledger, write_offs, tell, follow, sign)

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
        return _done(await self._recording.append(taken))

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
        taken = arrive(arrived, lot, admitted, salt, self._settings, new_lot=False)
        return _done(await self._recording.append(taken))

    async def weigh(self, visit: str, ticket: Ticket) -> Done | Refused:
        """Take a weighing ticket of a vehicle."""
        return await self._take(visit, lambda _, __: TicketTaken(ticket.at, ticket))

    async def begin_handling(
        self, visit: str, place: str, by: str, temperature_dc: int | None = None
    ) -> Done | Refused:
        """Begin to unload or load at a place, if these goods may lie there, or lie there."""
        where = Place.parse(place)

        async def fits(state: VisitState) -> Refused | None:
            return await unfit(self._records, self._settings, state.stay, where, temperature_dc)

        return await self._ask(visit, lambda _, now: HandlingBegan(now, str(where), by), fits)

    async def tally(
        self, visit: str, by: str, moisture_bp: int = 0, pieces: int | None = None, *, sound: bool = True
    ) -> Done | Refused:
        """End handling with the tally (理货)."""
        return await self._ask(visit, lambda _, now: Tallied(now, by, moisture_bp, pieces, sound))

    async def sample(self, visit: str, sample: str, mass_kg: int, seal: str, by: str) -> Done | Refused:
        """Take and seal a sample of what a vehicle brought."""
        if mass_kg <= 0:
            raise InvalidValue("mass_kg", "mass.range", "must be more than 0")
        return await self._ask(visit, lambda _, now: SampleTaken(now, sample, mass_kg, seal, by))

    async def leave(
        self, visit: str, occupants: int, subjects: Sequence[str], line: Line | None = None
    ) -> Done | Refused:
        """Take in who is aboard at the exit, as border inspection's terminal found, and at which line it stands.

        Without a line the exit is opened by a person.
        """

        def seen(record: VisitRecord, now: Instant) -> Fact:
            return SeenLeaving(now, aboard(record.salt, visit, record.plate, occupants, subjects), line)

        return await self._take(visit, seen)

    async def reported(self, visit: str, report: ExitReported) -> Done | Refused:
        """Take in what the lane controller says became of an exit's order."""
        return await self._take(visit, lambda _, __: report)

    async def crossed(self, visit: str, crossing: ExitCrossed) -> Done | Refused:
        """Take in that vehicles passed an exit."""
        return await self._take(visit, lambda _, __: crossing)

    async def excuse(self, visit: str, by: str, reason: str) -> Done | Refused:
        """Sign border inspection's exception for the difference in people that holds a vehicle now."""

        def signed(record: VisitRecord, now: Instant) -> Fact:
            state = decode_state(record.document)
            leaving = state.leaving if isinstance(state, Held) else None
            digest = "" if leaving is None else difference_digest(state.stay.aboard, leaving)
            return ExceptionSigned(now, by, reason, digest)

        return await self._ask(visit, signed)

    async def mend(self, visit: str, how: Mend, by: str, reason: str) -> Done | Refused:
        """Say how a held vehicle goes on."""
        return await self._ask(visit, lambda _, now: HoldMended(now, how, by, reason))

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

    async def _ask(
        self,
        visit: str,
        tell: Callable[[VisitRecord, Instant], Fact],
        fits: Callable[[VisitState], Awaitable[Refused | None]] | None = None,
    ) -> Done | Refused:
        """Tell a visit what a person asks of it; refused where it cannot be as the visit stands, and not recorded."""

        async def allows(state: VisitState, fact: Fact, now: Instant) -> Refused | None:
            wrong = cannot_be(state, fact, now, self._settings)
            return wrong if wrong is not None or fits is None else await fits(state)

        return await self._take(visit, tell, allows)

    async def _take(
        self,
        visit: str,
        tell: Callable[[VisitRecord, Instant], Fact],
        allows: Callable[[VisitState, Fact, Instant], Awaitable[Refused | None]] | None = None,
    ) -> Done | Refused:
        """Tell a visit something; where somebody else was faster, look again at what stands."""
        answer: Done | Refused = refusal_of("")
        for _ in range(TRIES):
            record = await self._records.find_visit(visit)
            if record is None:
                raise NotFound(f"there is no visit {visit}")
            state, now = decode_state(record.document), self._clock.now()
            fact = tell(record, now)
            wrong = None if allows is None else await allows(state, fact, now)
            if wrong is not None:
                return wrong
            books = await books_of(self._records, self._goods, self._write_offs, state, fact, now)
            answer = _done(await self._recording.told(record, fact, now, books))
            if answer != refusal_of(""):
                break
        return answer


def _done(step: Step | Refused) -> Done | Refused:
    return step if isinstance(step, Refused) else Done(step.state, step.commands)
