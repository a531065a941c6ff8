"""Goods in the yard: pick-up orders, the mass book, warehouse warrants, and the balance over all of it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from kouan.journeys.yard_visits import TRIES
from kouan.ledger.roles import Draft, Ledger, Statement, Unit, UnitRefused
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import Reason, Refused, refuse
from kouan.yard.balance import Balance, balance_of_lot, balance_of_site
from kouan.yard.book import Line, LossReason, Posting, determine, dry, empty_stack, move, state_loss
from kouan.yard.pickups import Wanted, cancel_pickup, order_pickup
from kouan.yard.records import LotRecord, MovementRecord, PickupRecord, StackRecord, WarrantRecord
from kouan.yard.roles import GoodsReleased, YardRecords
from kouan.yard.settings import Place, SiteKind, YardSettings, may_lie
from kouan.yard.states import decode_state
from kouan.yard.units import cover, draft, is_conflict, posting_guards, put, refusal_of
from kouan.yard.warrants import (
    WantedWarrant,
    WarrantState,
    free_dg,
    issue,
    pledge,
    redeem,
    release_pledge,
    transfer,
)

Result = TypeVar("Result")

Act = Callable[[WarrantRecord, Instant], WarrantRecord | Refused]
"""What is done to a warrant."""


class YardGoods:
    """Takes in what people order and state of goods; each method returns what stands then, or why nothing was done."""

    def __init__(
        self, settings: YardSettings, records: YardRecords, ledger: Ledger, goods: GoodsReleased, clock: Clock
    ) -> None:
        self._settings = settings
        self._records = records
        self._ledger = ledger
        self._goods = goods
        self._clock = clock

    async def order(self, wanted: Wanted, by: str) -> PickupRecord | Refused:
        """Place a pick-up order, within what is released and not ordered or taken yet."""

        async def attempt(now: Instant) -> tuple[Unit, PickupRecord] | Refused:
            if await self._records.find_pickup(wanted.order) is not None:
                return refuse("order.number", field="order", mend=f"{wanted.order} exists: use a new number")
            lot = await self._lot(wanted.lot)
            ordered = order_pickup(wanted, lot, await self._goods.of(lot.lot), self._settings, by, now)
            if isinstance(ordered, Refused):
                return ordered
            entry = draft("pickup_ordered", wanted.order, f"pickup:{wanted.order}:1", ordered.pickup)
            return Unit((entry,), (put("pickup", ordered.pickup), put("lot", ordered.lot))), ordered.pickup

        return await self._until_settled(attempt)

    async def cancel(self, number: str, by: str) -> PickupRecord | Refused:
        """Cancel a pick-up order that nobody came for."""

        async def attempt(now: Instant) -> tuple[Unit, PickupRecord] | Refused:
            pickup = await self._records.find_pickup(number)
            if pickup is None:
                raise NotFound(f"there is no pick-up order {number}")
            gone = cancel_pickup(pickup, await self._lot(pickup.lot), now)
            if isinstance(gone, Refused):
                return gone
            body = {"at": now, "by": by, "order": number}
            entry = draft("pickup_cancelled", number, f"pickup:{number}:{gone.pickup.version}", body)
            return Unit((entry,), (put("pickup", gone.pickup), put("lot", gone.lot))), gone.pickup

        return await self._until_settled(attempt)

    async def lose(self, number: str, place: str, wet_kg: int | None, reason: LossReason, by: str) -> Posting | Refused:
        """State a loss at a place with its reason; None for all that the book says lies there."""
        return await self._post(
            number, place, by, lambda lot, stack, line: state_loss(lot, stack, wet_kg, reason, line)
        )

    async def restack(self, number: str, place: str, onto: str, wet_kg: int, by: str) -> Posting | Refused:
        """Move goods from one stack to another of the same site."""
        target = Place.parse(onto)
        if target.site != Place.parse(place).site:
            return refuse("yard.other_site", field="onto", mend="goods leave a site by a visit only")
        block = self._settings.block(target.site, target.block)

        async def attempt(now: Instant) -> tuple[Unit, Posting] | Refused:
            stack, there = await self._records.find_stack(place), await self._records.find_stack(onto)
            if stack is None:
                return _nothing_at(place)
            lot = await self._lot(stack.lot)
            verdict = may_lie(self._settings, target, lot.hs_code, block.warmest_dc)
            if isinstance(verdict, Refused):
                return verdict
            bare = there or empty_stack(onto, lot.site, lot.lot)
            return self._posted(number, move(lot, stack, bare, wet_kg, block.stack_kg, Line(number, by, now)))

        return await self._until_settled(attempt)

    async def dried(self, number: str, place: str, moisture_bp: int, by: str) -> Posting | Refused:
        """State the moisture that a stack has now; its dry mass stays."""
        return await self._post(number, place, by, lambda lot, stack, line: dry(lot, stack, moisture_bp, line))

    async def determined(self, visit: str, moisture_bp: int, by: str) -> Posting | Refused:
        """Correct what a delivery brought by the laboratory's moisture of its arrival sample, once."""
        record, net = await self._records.find_visit(visit), await self._records.find_net(visit)
        stay = None if record is None else decode_state(record.document).stay
        if stay is None or net is None or stay.tally is None or stay.place is None:
            return refuse("yard.nothing_to_determine", field="visit", mend="must be a delivery that was weighed")
        assumed_bp = stay.tally.moisture_bp
        return await self._post(
            f"{visit}:determined", stay.place, by,
            lambda lot, stack, line: determine(lot, stack, net.net_kg, assumed_bp, moisture_bp, line),
        )  # fmt: skip

    async def issue_warrant(self, wanted: WantedWarrant, by: str) -> WarrantRecord | Refused:
        """Issue a warehouse warrant (仓单) on what lies free of a grade."""

        async def attempt(now: Instant) -> tuple[Unit, WarrantRecord] | Refused:
            if await self._records.find_warrant(wanted.warrant) is not None:
                return refuse("warrant.number", field="warrant", mend=f"{wanted.warrant} exists: use a new number")
            lots = [each for each in await self._records.lots(wanted.site) if each.grade == wanted.grade]
            bound = [each for each in await self._records.warrants(wanted.site) if each.grade == wanted.grade]
            issued = issue(wanted, free_dg(lots, bound), self._settings, now)
            if isinstance(issued, Refused):
                return issued
            covered = Statement("yard.cover_warrants", {"site": wanted.site, "grade": wanted.grade})
            entry = _warrant_entry("warrant_issued", issued, by)
            return Unit((entry,), (put("warrant", issued), covered)), issued

        return await self._until_settled(attempt)

    async def transfer_warrant(self, warrant: str, holder: str, to: str, by: str) -> WarrantRecord | Refused:
        """Transfer a warrant to another holder."""
        return await self._on_warrant(
            warrant, "warrant_transferred", by, lambda one, now: transfer(one, holder, to, now)
        )

    async def pledge_warrant(self, warrant: str, holder: str, pledgee: str, by: str) -> WarrantRecord | Refused:
        """Pledge a warrant."""
        return await self._on_warrant(
            warrant, "warrant_pledged", by, lambda one, now: pledge(one, holder, pledgee, now)
        )

    async def release_warrant(self, warrant: str, pledgee: str, by: str) -> WarrantRecord | Refused:
        """Let go of a pledge."""
        return await self._on_warrant(warrant, "warrant_let_go", by, lambda one, now: release_pledge(one, pledgee, now))

    async def redeem_warrant(self, warrant: str, holder: str, by: str) -> WarrantRecord | Refused:
        """Redeem a warrant, so that its goods may be fetched."""
        return await self._on_warrant(warrant, "warrant_redeemed", by, lambda one, now: redeem(one, holder, now))

    async def balances(self, site: str | None = None) -> tuple[Balance, ...]:
        """Return the balance of every lot at a site, or at all, found from journal and stacks.

        They are read one after the other: where goods moved meanwhile they are read again before anybody is alarmed.
        """
        found = await self._balances(site)
        for _ in range(TRIES - 1):
            if not any(each.findings for each in found):
                break
            found = await self._balances(site)
        return found

    async def _balances(self, site: str | None) -> tuple[Balance, ...]:
        stacks, journal = dict[str, list[StackRecord]](), dict[str, list[MovementRecord]]()
        for stack in await self._records.stacks(site):
            stacks.setdefault(stack.lot, []).append(stack)
        for line in await self._records.movements_at(site):
            journal.setdefault(line.lot, []).append(line)
        lots = await self._records.lots(site)
        return tuple([balance_of_lot(lot, stacks.get(lot.lot, []), journal.get(lot.lot, [])) for lot in lots])

    async def balance(self, site: str) -> Balance:
        """Return a site's balance; a warrant that is not covered is a finding as well."""
        found = balance_of_site(site, await self.balances(site))
        if self._settings.site(site).kind is not SiteKind.DELIVERY_WAREHOUSE:
            return found
        lots, warrants = await self._records.lots(site), await self._records.warrants(site)
        grades = sorted({each.grade for each in warrants if each.state != WarrantState.REDEEMED})
        short = tuple(
            Reason("yard.warrants_uncovered", {"grade": grade})
            for grade in grades
            if free_dg((x for x in lots if x.grade == grade), (x for x in warrants if x.grade == grade)) < 0
        )
        return msgspec.structs.replace(found, findings=(*found.findings, *short))

    async def _lot(self, number: str) -> LotRecord:
        found = await self._records.find_lot(number)
        if found is None:
            raise NotFound(f"there is no lot {number} in the yard")
        return found

    async def _post(
        self, number: str, place: str, by: str, moved: Callable[[LotRecord, StackRecord, Line], Posting | Refused]
    ) -> Posting | Refused:
        """Record a movement at one place by hand."""

        async def attempt(now: Instant) -> tuple[Unit, Posting] | Refused:
            stack = await self._records.find_stack(place)
            if stack is None:
                return _nothing_at(place)
            return self._posted(number, moved(await self._lot(stack.lot), stack, Line(number, by, now)))

        return await self._until_settled(attempt)

    def _posted(self, number: str, posted: Posting | Refused) -> tuple[Unit, Posting] | Refused:
        """Return the unit that records a movement; warrants stay covered."""
        if isinstance(posted, Refused):
            return posted
        guards = list(posting_guards(posted))
        if self._settings.site(posted.lot.site).kind is SiteKind.DELIVERY_WAREHOUSE:
            guards.append(cover(posted.lot))
        entry = draft("moved", posted.lot.lot, f"movement:{number}", posted.movements)
        return Unit((entry,), tuple(guards)), posted

    async def _on_warrant(self, warrant: str, kind: str, by: str, act: Act) -> WarrantRecord | Refused:
        async def attempt(now: Instant) -> tuple[Unit, WarrantRecord] | Refused:
            standing = await self._records.find_warrant(warrant)
            if standing is None:
                raise NotFound(f"there is no warrant {warrant}")
            after = act(standing, now)
            if isinstance(after, Refused):
                return after
            return Unit((_warrant_entry(kind, after, by),), (put("warrant", after),)), after

        return await self._until_settled(attempt)

    async def _until_settled(
        self, attempt: Callable[[Instant], Awaitable[tuple[Unit, Result] | Refused]]
    ) -> Result | Refused:
        """Record what an attempt returns; where somebody else was faster, attempt it again on what stands then."""
        refusal = refusal_of("")
        for _ in range(TRIES):
            made = await attempt(self._clock.now())
            if isinstance(made, Refused):
                return made
            unit, result = made
            answer = await self._ledger.append(unit)
            if not isinstance(answer, UnitRefused) and not answer.repeated:
                return result
            if isinstance(answer, UnitRefused):
                refusal = refusal_of(answer.guard)
                if not is_conflict(answer.guard):
                    break
            else:  # the next version, or the number, is what somebody else recorded
                mend = "was used before: look what stands, or use a new number"
                refusal = refuse("yard.number_used", field="number", mend=mend)
        return refusal


def _nothing_at(place: str) -> Refused:
    return refuse("yard.no_stack", field="place", mend=f"nothing lies at {place}")


def _warrant_entry(kind: str, warrant: WarrantRecord, by: str) -> Draft:
    body = {"by": by, "warrant": warrant}
    return draft(kind, warrant.warrant, f"warrant:{warrant.warrant}:{warrant.version}", body)
