"""Scales of the yard: tickets, reference vehicles, zero checks, and a scale that drifts is put out of use (I9)."""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from kouan.journeys.yard_visits import TRIES, Done, YardVisits
from kouan.ledger.roles import Ledger, Statement, Unit, UnitRefused
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.verdict import Reason, Refused, refuse
from kouan.yard.drift import Check, Finding, PairedOffset, check_scale, paired_offsets, permitted_kg, references_of
from kouan.yard.reconcile import CarrierAccount, reconcile
from kouan.yard.records import ScaleRecord, params_of
from kouan.yard.roles import YardRecords
from kouan.yard.settings import Scale, YardSettings
from kouan.yard.tickets import ScaleState, Ticket, Weighing, as_found
from kouan.yard.units import draft, put, refusal_of, ticket_record

PAIRED_AT_KG = 100_000
"""Load at which the permitted difference of two scales is taken, in kilograms. Our choice: a laden coal lorry."""


class Weighed(msgspec.Struct, frozen=True):
    """What became of a weighing: the ticket as it counts, the visit that took it, what a reference vehicle showed."""

    ticket: Ticket
    visit: Done | Refused | None = None
    check: Check | None = None


class YardScales:
    """Takes weighings in. ``calibrated_until`` is the end of the weighbridges' verification."""

    def __init__(
        self,
        settings: YardSettings,
        records: YardRecords,
        ledger: Ledger,
        visits: YardVisits,
        clock: Clock,
        calibrated_until: Instant,
    ) -> None:
        self._settings = settings
        self._records = records
        self._ledger = ledger
        self._visits = visits
        self._clock = clock
        self._calibrated_until = calibrated_until

    async def weighed(self, scale: str, plate: str, mass_kg: int, at: Instant) -> Weighed:
        """Take a weighing of a vehicle: its visit's, a reference vehicle's, or nobody's. The same twice is one."""
        setting = self._settings.scale(scale)
        number = f"{scale}-{at}"
        standing = await self._standing(setting)
        ticket = as_found(Ticket(number, scale, plate, mass_kg, at), self._state(standing))
        known_kg = self._settings.reference_kg(plate)
        if known_kg is not None:
            return await self._reference(setting, ticket, known_kg)
        visit = await self._records.open_visit_of(plate)
        if visit is None or visit.site != setting.site:
            return await self._kept(ticket, Weighing.OTHER, None)
        return Weighed(ticket, await self._visits.weigh(visit.visit, ticket))

    async def zero_checked(self, scale: str, at: Instant) -> ScaleRecord | Refused:
        """Note that an empty scale showed zero."""

        def seen(standing: ScaleRecord, _now: Instant) -> ScaleRecord:
            known = standing.zero_checked_at is not None and standing.zero_checked_at >= at
            return standing if known else replace(standing, zero_checked_at=at)

        return await self._change(scale, seen, "scale_zero", "scale")

    async def put_out_of_use(self, scale: str, reason: str, by: str) -> ScaleRecord | Refused:
        """Take a scale out of use: what it weighs from now on counts as unweighed (I9)."""
        if not reason.strip():
            return refuse("scale.reason", field="reason", mend="must say why")
        return await self._change(
            scale, lambda standing, _: replace(standing, in_use=0, reason=reason), "scale_out_of_use", by
        )

    async def adjusted(self, scale: str, reason: str, by: str) -> ScaleRecord | Refused:
        """Take a scale into use again after it was adjusted; reference weighings from before count no more."""
        if not reason.strip():
            return refuse("scale.reason", field="reason", mend="must say what was done")
        return await self._change(
            scale, lambda standing, now: replace(standing, in_use=1, reason=None, adjusted_at=now), "scale_adjusted", by
        )

    async def checks(self) -> tuple[Check, ...]:
        """Return what reference vehicles say of each scale, in the order of the port file."""
        return tuple([await self._check(scale) for scale in self._settings.scales])

    async def offsets(self, since: Instant) -> tuple[PairedOffset, ...]:
        """Return how scales show beside each other for the same loads, since an instant; the gate's are among them."""
        divisions = [scale.division_kg for scale in self._settings.scales]
        permitted = permitted_kg(PAIRED_AT_KG, max(divisions, default=20))
        return paired_offsets(await self._records.tickets(since), permitted)

    async def carriers(self, since: Instant, until: Instant) -> tuple[CarrierAccount, ...]:
        """Return the carriers' tickets reconciled with the port's, from an instant to before another."""
        nets = [each for each in await self._records.nets(since, until) if each.purpose == "delivery"]
        return reconcile(nets, self._settings.tolerances.ticket_pm)

    async def _reference(self, setting: Scale, ticket: Ticket, known_kg: int) -> Weighed:
        """Keep a reference weighing, and put a drifting scale out of use."""
        weighed = await self._kept(ticket, Weighing.REFERENCE, known_kg)
        check = await self._check(setting)
        standing = await self._standing(setting)
        if check.finding is Finding.DRIFTING and standing.in_use:
            await self.put_out_of_use(setting.name, "drift", "reference vehicle")
        return replace(weighed, check=check)

    async def _kept(self, ticket: Ticket, kind: Weighing, known_kg: int | None) -> Weighed:
        row = ticket_record(ticket, kind, None, known_kg)
        entry = draft("ticket", ticket.scale, f"ticket:{ticket.number}", row)
        await self._ledger.append(Unit((entry,), (Statement("yard.add_ticket", params_of(row)),)))
        return Weighed(ticket)

    async def _check(self, setting: Scale) -> Check:
        standing = await self._standing(setting)
        found = references_of(await self._records.references(setting.name, standing.adjusted_at))
        return check_scale(setting.name, found, setting.division_kg)

    async def _standing(self, setting: Scale) -> ScaleRecord:
        """Return how a scale stands; one of which nothing is recorded is in use, and its zero was never checked."""
        found = await self._records.find_scale(setting.name)
        return found or ScaleRecord(setting.name, 0, setting.site, 1, None, None, 0, "", 0)

    def _state(self, standing: ScaleRecord) -> ScaleState:
        return ScaleState(bool(standing.in_use), standing.zero_checked_at, self._calibrated_until, standing.reason)

    async def _change(
        self, scale: str, change: Callable[[ScaleRecord, Instant], ScaleRecord], kind: str, by: str
    ) -> ScaleRecord | Refused:
        """Change how a scale stands; where somebody else was faster, change what stands then."""
        for _ in range(TRIES):
            standing, now = await self._standing(self._settings.scale(scale)), self._clock.now()
            after = change(standing, now)
            if after is standing:
                return standing
            after = replace(after, version=after.version + 1, changed_by=by, changed_at=now)
            entry = draft(kind, after.scale, f"scale:{after.scale}:{after.version}", after)
            answer = await self._ledger.append(Unit((entry,), (put("scale", after),)))
            if not isinstance(answer, UnitRefused) and not answer.repeated:  # else this version is somebody else's
                return after
        return refusal_of("")


def drift_reason(check: Check) -> Reason:
    """Return what a reference vehicle showed, for people."""
    shown = check.estimate.median_kg if check.estimate else 0
    return Reason("yard.scale_drifts", {"scale": check.scale, "drift_kg": shown, "permitted_kg": check.permitted_kg})
