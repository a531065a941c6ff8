"""The release desk: what is told of lots is judged against what stands, recorded, and tried again where lots moved."""

from collections.abc import Awaitable, Callable, Sequence
from random import Random

from kouan.inspection.release.attested import PER_MILLE, Certified, Report, certify, reissue, verify_report
from kouan.inspection.release.facts import CertificateRevoked, Fact
from kouan.inspection.release.lot import Lot, LotState
from kouan.inspection.release.records import CustodyRecord, LotRecord, standing_of, state_of
from kouan.inspection.release.roles import ReleaseRecords, ReleaseRules
from kouan.inspection.release.samples import (
    Taking,
    hand_over,
    order_retest,
    take_result,
    take_sample,
)
from kouan.inspection.release.use_cases import (
    PLAIN,
    Told,
    amend,
    ask_lift,
    confirm_lift,
    open_lot,
    pass_deadline,
    refine,
    refusal_of,
    tell,
)
from kouan.ledger.roles import Ledger, Unit, UnitRefused
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.errors import Conflict, NotFound
from kouan.vocabulary.verdict import GRANTED, Granted, Refused, refuse

TRIES = 4
"""How often a fact is told again where the lot moved meanwhile. Our choice: few people work on one lot at a time."""

AT_ONCE = 200
"""How many overdue lots are noted before looking again. Our choice."""

Telling = Callable[[LotRecord], Awaitable[Told | Refused]]

Moved = Callable[[Told], Awaitable[None]]
"""Is told of each durable transition of a lot."""


class ReleaseDesk:
    """Takes in what happens to lots. Each method returns what it did, or every reason why not; all raise Unavailable.

    ``chance`` draws which accepted reports are tested again. Methods that name a lot raise NotFound.
    """

    def __init__(
        self,
        records: ReleaseRecords,
        ledger: Ledger,
        rules: ReleaseRules,
        clock: Clock,
        chance: Random,
        moved: Moved | None = None,
    ) -> None:
        """``moved`` is told of what happened to a lot that stands; it may be set later: the yard is built on this."""
        self.moved = moved
        self._records = records
        self._ledger = ledger
        self._rules = rules
        self._clock = clock
        self._chance = chance

    async def open(self, lot: Lot, declared_at: Instant) -> Told | Refused:
        """Open a lot under the rule in force for it; one that stands already is refused."""
        now = self._clock.now()
        told = open_lot(lot, await self._rules.book(now), declared_at, now)
        if isinstance(told, Refused):
            return told
        answer = await self._ledger.append(told.unit)
        if isinstance(answer, UnitRefused) or answer.repeated:
            return refusal_of("release.insert_lot")
        return told

    async def refine(self, number: str, hs_code: str, by: str) -> Told | Refused:
        """Complete a lot's goods code as its full declaration gives it."""

        async def act(record: LotRecord) -> Told | Refused:
            now = self._clock.now()
            return refine(record, hs_code, await self._rules.book(now), by, now)

        return await self._act(number, act)

    async def amend(self, number: str, mass_kg: int, by: str) -> Told | Refused:
        """Take the mass that an amended declaration gives a lot, in kilograms."""

        async def act(record: LotRecord) -> Told | Refused:
            return amend(record, mass_kg, by, self._clock.now())

        return await self._act(number, act)

    async def revoke(self, number: str, certificate: str, by: str) -> Told | Refused:
        """Take free goods back whose certificate its issuer revoked; another certificate's end is none of theirs."""

        async def act(record: LotRecord) -> Told | Refused:
            fact, now = CertificateRevoked(certificate), self._clock.now()
            return tell(record, fact, f"revoked:{certificate}:{record.version}", by, now)

        return await self._act(number, act)

    async def tell(self, number: str, fact: Fact, by: str, identity: str) -> Told | Refused:
        """Tell a plain fact of a lot; under an ``identity`` that was heard it is refused, and changes nothing."""
        if not isinstance(fact, PLAIN):
            return refuse("release.not_alone")

        async def act(record: LotRecord) -> Told | Refused:
            now = self._clock.now()
            return tell(record, fact, identity, by, now, await self._rules.book(now), await self._trail(record))

        return await self._act(number, act)

    async def take_sample(self, number: str, taking: Taking, by: str) -> Told | Refused:
        """Take a sample with its duplicate."""

        async def act(record: LotRecord) -> Told | Refused:
            return take_sample(record, taking, by, self._clock.now())

        return await self._act(number, act)

    async def take_result(self, number: str, sample: str, result: str, passed: bool, by: str) -> Told | Refused:
        """Take a laboratory's result."""

        async def act(record: LotRecord) -> Told | Refused:
            samples, trail = await self._records.samples_of(number), await self._trail(record)
            return take_result(record, samples, sample, result, passed, by, self._clock.now(), trail)

        return await self._act(number, act)

    async def order_retest(self, number: str, by: str) -> Told | Refused:
        """Have the duplicate sample tested."""

        async def act(record: LotRecord) -> Told | Refused:
            return order_retest(record, await self._records.samples_of(number), by, self._clock.now())

        return await self._act(number, act)

    async def verify_report(self, number: str, report: Report, by: str) -> Told | Refused:
        """Accept a third party's report in place of a sample."""
        draw = self._chance.randrange(PER_MILLE)  # once, however often the lot moves meanwhile

        async def act(record: LotRecord) -> Told | Refused:
            return verify_report(record, report, draw, by, self._clock.now())

        return await self._act(number, act)

    async def certify(self, number: str, certificate: Certified, by: str) -> Told | Refused:
        """Take the certificate of a lot that passed, or of one that it freed, issued anew."""

        async def act(record: LotRecord) -> Told | Refused:
            anew = standing_of(record).certificate == certificate.number
            return (reissue if anew else certify)(record, certificate, by, self._clock.now())

        return await self._act(number, act)

    async def lift(self, number: str, reason: str, by: str) -> Told | Refused:
        """Ask that a hold be lifted, or confirm it as a second officer."""

        async def act(record: LotRecord) -> Told | Refused:
            now = self._clock.now()
            return ask_lift(record, reason, by, now) if record.lift_by is None else confirm_lift(record, by, now)

        return await self._act(number, act)

    async def hand_over(
        self, number: str, item: str, location: str, holder: str, seal: str | None, by: str
    ) -> Granted | Refused:
        """Note where goods of a lot, or one of its samples, are from now on, and who has them."""
        for _ in range(TRIES):
            record = await self._found(number)
            if item != number and item not in [each.number for each in await self._records.samples_of(number)]:
                return refuse("release.sample_unknown")
            trail = await self._records.custody_of(item)
            unit: Unit = hand_over(item, record, location, holder, seal, trail, by, self._clock.now())
            answer = await self._ledger.append(unit)
            if not isinstance(answer, UnitRefused) and not answer.repeated:
                return GRANTED
        return refusal_of("release.hand_over")

    async def wake(self) -> list[Told]:
        """Note every deadline that has passed, the earliest first; return what came of it, calls included."""
        noted: list[Told] = []
        while True:
            now = self._clock.now()
            due = await self._records.lots_due(now, AT_ONCE)
            done = len(noted)
            for record in due:
                told = pass_deadline(record, now)
                if isinstance(told, Refused):
                    continue
                answer = await self._ledger.append(told.unit)
                if not isinstance(answer, UnitRefused) and not answer.repeated:
                    noted.append(await self._followed(told))
            if len(due) < AT_ONCE or len(noted) == done:
                return noted

    async def _act(self, number: str, act: Telling) -> Told | Refused:
        refusal = refusal_of("")
        for _ in range(TRIES):
            record = await self._found(number)
            told = await act(record)
            if isinstance(told, Refused):
                return told
            if not told.unit.drafts:  # it stands already; whoever told it first may have died before it was followed
                return await self._followed(told)
            try:
                answer = await self._ledger.append(told.unit)
            except Conflict:
                return refuse("release.told_already")
            if not isinstance(answer, UnitRefused):
                return refuse("release.told_already") if answer.repeated else await self._followed(told)
            refusal = refusal_of(answer.guard)
            if answer.guard != "release.move_lot":
                break
        return refusal

    async def _followed(self, told: Told) -> Told:
        if self.moved is not None:
            await self.moved(told)
        return told

    async def _found(self, number: str) -> LotRecord:
        record = await self._records.find_lot(number)
        if record is None:
            raise NotFound(f"there is no lot {number}")
        return record

    async def _trail(self, record: LotRecord) -> Sequence[CustodyRecord]:
        """Return who had the goods where, which a recall names; read only for lots that may have left."""
        left = state_of(record) not in (LotState.DECLARED, LotState.ARRIVED, LotState.ON_SITE)
        return await self._records.custody_of(record.number) if left else ()
