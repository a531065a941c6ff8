"""Customs and laboratories for one lot after another: checks on site, samples, results, certificates, disposal."""

import asyncio
from collections.abc import Mapping

from kouan.inspection.release.facts import (
    CheckedThere,
    Disposed,
    Extended,
    Fact,
    Finding,
    Found,
    ReachedDestination,
    Recovered,
    ReleaseGranted,
    SiteChecked,
    Way,
)
from kouan.inspection.release.lot import LotState
from kouan.inspection.release.records import LotRecord, rule_of, standing_of, state_of
from kouan.inspection.release.rule import Check, GrantedBy
from kouan.inspection.release.samples import Taking
from kouan.inspection.release.standing import (
    checked,
    leaves_on_condition,
    needs_certificate,
    needs_result,
    site_checks,
)
from kouan.inspection.release.use_cases import Told
from kouan.inspection.supporting import PaperKind
from kouan.proving.month.port import MonthPort
from kouan.proving.month.setting import HOUR_S
from kouan.proving.month.traders import day_text
from kouan.proving.month.trips import Strategy, Trip
from kouan.vocabulary.verdict import Refused

INSPECTOR, SECOND_INSPECTOR, DUTY_OFFICER = "customs-3", "customs-4", "duty-1"
LABORATORY = "Bayannur laboratory"

CHECK_S: Mapping[Check, tuple[float, float]] = {
    Check.RADIATION: (240.0, 600.0),
    Check.FOREIGN_MATTER: (600.0, 1500.0),
    Check.SOLID_WASTE: (480.0, 1200.0),
    Check.QUANTITY: (600.0, 1800.0),
    Check.APPEARANCE: (300.0, 900.0),
    Check.QUARANTINE: (900.0, 2400.0),
    Check.WEIGHT: (300.0, 900.0),
}
"""How long an inspector takes for a check, in seconds. Our choice, about ``ports/rules/examination.toml``'s minutes."""

LABORATORY_H: Mapping[str, tuple[float, float]] = {
    "27": (20.0, 72.0),
    "26": (48.0, 120.0),
    "02": (24.0, 96.0),
    "10": (24.0, 72.0),
}
"""Hours from sample to result, by the beginning of the goods code. Our choice: ash and sulphur of coal take a day, an
assay of ores several."""

AWAITED = (LotState.SAMPLED, LotState.CONDITIONALLY_RELEASED)
"""States of a lot whose first result is awaited."""

OTHER_LABORATORY_H = (24.0, 96.0)
LOST_PM = 6
"""Results that nobody sends in time, per mille: somebody is called, and the laboratory looks for them. Our choice."""

LOST_H = (250.0, 320.0)
FAILS_PM = 6
"""Honest goods that are out of limits all the same, per mille. Our choice."""

FINDS_PM = 970
"""Goods out of limits that a test finds, per mille. Our choice."""

SEEN_ON_SITE_PM, SEEN_IN_TEST_PM = 150, 600
"""Goods other than declared that a check on site, or a laboratory, finds, per mille. Our choice."""

CERTIFICATE_H = (3.0, 40.0)
CONTESTED_PM = 400
"""Failed tests that the consignee contests, per mille. Our choice."""

DESTINATION_H = (10.0, 60.0)
RECOVERED_H = (8.0, 70.0)
DISPOSED_H = (12.0, 120.0)
OFFICER_S = (600.0, 5400.0)
ANSWERED_H = (1.0, 10.0)
"""How long a person who is called about an overdue lot takes, in hours. Our choice."""


class Lots:
    """Takes each lot through its regime, by what the release desk says of it and nothing else."""

    def __init__(self, port: MonthPort) -> None:
        self.refused: dict[str, int] = {}
        self._port = port
        self._round: dict[str, int] = {}

    async def found(self, trip: Trip) -> LotRecord | None:
        """Return the lot as it stands."""
        return await self._port.records.release.find_lot(trip.lot)

    async def tell(self, trip: Trip, fact: Fact, by: str, identity: str) -> bool:
        """Tell the desk a fact; say whether it was taken."""
        return self._took(await self._port.release.tell(trip.lot, fact, by, identity))

    async def on_site(self, trip: Trip) -> None:
        """Make the checks on site that are still open, and sample and grant where the rule asks for it."""
        while (record := await self.found(trip)) is not None:
            standing, rule = standing_of(record), rule_of(record)
            if standing.at not in (LotState.ARRIVED, LotState.ON_SITE, LotState.TREATED):
                return
            left = [each for each in site_checks(standing, rule) if each not in standing.passed]
            own = [each for each in left if each is not Check.UNLOADED]
            if not own:
                break
            await self._check(trip, own[0])
        if record is not None and checked(standing_of(record), rule_of(record)):
            await self._after_checks(trip, record)

    async def _check(self, trip: Trip, check: Check) -> None:
        await asyncio.sleep(trip.chance.uniform(*CHECK_S[check]))
        shows = trip.false_goods and check in (Check.QUANTITY, Check.APPEARANCE)
        passed = not (shows and trip.chance.randrange(1000) < SEEN_ON_SITE_PM)
        if not passed:
            trip.found("site check")
        await self.tell(trip, SiteChecked(check, passed), INSPECTOR, self._once(trip, f"check:{check}"))

    async def _after_checks(self, trip: Trip, record: LotRecord) -> None:
        standing, rule = standing_of(record), rule_of(record)
        there = bool(rule.destination_checks) and leaves_on_condition(standing, rule)
        if needs_result(standing, rule) and not there and standing.at is LotState.ON_SITE:
            await self.sample(trip, "customs site")
        if rule.granted_by is GrantedBy.OFFICER:
            await asyncio.sleep(trip.chance.uniform(*OFFICER_S))
            await self.tell(trip, ReleaseGranted(), SECOND_INSPECTOR, self._once(trip, "granted"))

    async def sample(self, trip: Trip, place: str) -> bool:
        """Take a sample with its duplicate."""
        number = self._once(trip, f"S{trip.number}").replace(":", "-")
        taking = Taking(number, f"SL{number}", f"{number}D", f"SL{number}D", place, "firm", LABORATORY, "sample store")
        return self._took(await self._port.release.take_sample(trip.lot, taking, INSPECTOR))

    async def at_destination(self, trip: Trip) -> None:
        """Check and sample goods that are checked where they are unloaded, as copper concentrate is."""
        record = await self.found(trip)
        if record is None or not rule_of(record).destination_checks or standing_of(record).sampled:
            return
        await asyncio.sleep(trip.chance.uniform(*DESTINATION_H) * HOUR_S)
        await self.tell(trip, ReachedDestination(), "destination-1", "there")
        for check in rule_of(record).destination_checks:
            await asyncio.sleep(trip.chance.uniform(*CHECK_S[check]))
            passed = not (trip.false_goods and trip.chance.randrange(1000) < SEEN_IN_TEST_PM)
            if not passed:
                trip.found("destination check")
            await self.tell(trip, CheckedThere(check, passed), "destination-1", f"there:{check}")
        await self.sample(trip, "destination")

    async def tested(self, trip: Trip) -> None:
        """Let the laboratory test the sample that is out, and again where the consignee contests its result."""
        record = await self.found(trip)
        if record is None or not standing_of(record).sampled or standing_of(record).at not in AWAITED:
            return
        lost = trip.chance.randrange(1000) < LOST_PM
        span_h = LOST_H if lost else LABORATORY_H.get(record.hs_code[:2], OTHER_LABORATORY_H)
        await asyncio.sleep(trip.chance.uniform(*span_h) * HOUR_S)
        await self._result(trip, self._passes(trip))
        await self._contested(trip)

    def _passes(self, trip: Trip) -> bool:
        chance = trip.chance.randrange(1000)
        if trip.strategy is Strategy.OUT_OF_LIMITS and not trip.within_limits:
            return chance >= FINDS_PM
        if trip.false_goods:
            return chance >= SEEN_IN_TEST_PM
        return chance >= FAILS_PM

    async def _result(self, trip: Trip, passed: bool) -> None:
        samples = [each for each in await self._port.records.release.samples_of(trip.lot) if each.result is None]
        record = await self.found(trip)
        if not samples or record is None:
            return
        duplicate = standing_of(record).retest
        fitting = [each for each in samples if (each.duplicate_of is not None) is duplicate]
        if not fitting:
            return
        sample = max(fitting, key=lambda each: each.taken_at)
        now = self._port.clock.now()
        document = {
            "number": f"LR{sample.number}", "laboratory": LABORATORY, "lot": trip.lot, "sample": sample.number,
            "items": [{"item": "limits", "value": "kept" if passed else "not kept", "passed": passed}],
            "reported_on": day_text(now),
        }  # fmt: skip
        await self._port.counter.supporting(PaperKind.LABORATORY_RESULT, document)
        if not passed:
            trip.found("laboratory")

    async def _contested(self, trip: Trip) -> None:
        """Let the consignee contest a failed test; the duplicate mostly says the same."""
        record = await self.found(trip)
        if record is None or state_of(record) not in (LotState.HELD, LotState.RECALLED):
            return
        if trip.chance.randrange(1000) >= CONTESTED_PM:
            return
        if self._took(await self._port.release.order_retest(trip.lot, SECOND_INSPECTOR)):
            span_h = LABORATORY_H.get(record.hs_code[:2], OTHER_LABORATORY_H)
            await asyncio.sleep(trip.chance.uniform(*span_h) * HOUR_S)
            await self._result(trip, trip.strategy is None and trip.chance.randrange(1000) < 500)

    async def certify(self, trip: Trip) -> None:
        """Issue the certificate of a lot that passed, where its rule asks for one."""
        record = await self.found(trip)
        if record is None or state_of(record) is not LotState.PASSED:
            return
        rule = rule_of(record)
        if not needs_certificate(standing_of(record), rule):
            return
        await asyncio.sleep(trip.chance.uniform(*CERTIFICATE_H) * HOUR_S)
        now = self._port.clock.now()
        document = {
            "number": f"CT{trip.number}", "certificate": rule.certificate_kind.value, "issuer": "customs",
            "covers": [{"lot": trip.lot, "mass_kg": record.mass_kg}], "valid_from": day_text(now),
        }  # fmt: skip
        await self._port.counter.supporting(PaperKind.CERTIFICATE, document)
        trip.certified_at = self._port.clock.now()

    async def dispose(self, trip: Trip) -> None:
        """Bring recalled goods back, and return what is held for good."""
        record = await self.found(trip)
        if record is not None and state_of(record) is LotState.RECALLED:
            await asyncio.sleep(trip.chance.uniform(*RECOVERED_H) * HOUR_S)
            await self.tell(trip, Recovered(), INSPECTOR, self._once(trip, "recovered"))
        elif record is None or state_of(record) not in (LotState.HELD, LotState.OVERDUE, LotState.ESCALATED):
            return
        await asyncio.sleep(trip.chance.uniform(*DISPOSED_H) * HOUR_S)
        await self.tell(trip, Disposed(Way.RETURN, "not as it must be"), INSPECTOR, self._once(trip, "disposed"))

    async def sent_back(self, trip: Trip) -> None:
        """Close the lot of a lorry in which something was found: it is held, and returned."""
        record = await self.found(trip)
        if record is not None and state_of(record) not in (LotState.HELD, LotState.DECLARED):
            await self.tell(trip, Found(Finding.MISMATCH), INSPECTOR, self._once(trip, "mismatch"))
        await self.tell(trip, Disposed(Way.RETURN, "not as declared"), INSPECTOR, self._once(trip, "disposed"))

    async def never_came(self, trip: Trip) -> None:
        """Close a lot that was declared and never came."""
        await self.tell(trip, Disposed(Way.RETURN, "never came"), INSPECTOR, "never came")

    async def called(self, trip: Trip) -> None:
        """Answer the call about an overdue lot: a person looks after it and gives it its time once more."""
        await asyncio.sleep(trip.chance.uniform(*ANSWERED_H) * HOUR_S)
        await self.tell(trip, Extended("looked after"), DUTY_OFFICER, self._once(trip, "extended"))

    def _once(self, trip: Trip, what: str) -> str:
        """Return an identity under which a fact counts once, and again in its next round."""
        key = f"{trip.lot}/{what}"
        self._round[key] = count = self._round.get(key, 0) + 1
        return f"{what}:{count}"

    def _took(self, told: Told | Refused) -> bool:
        if isinstance(told, Refused):
            code = told.reasons[0].code
            self.refused[code] = self.refused.get(code, 0) + 1
            return False
        return True
