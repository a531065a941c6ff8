"""The targeting desk: where officers set budgets, keep the watch list, put models in force, and see what it brings."""

import hashlib
from collections.abc import Callable

import msgspec

from kouan.access.people import Principal
from kouan.inspection.control_orders import ControlKind
from kouan.inspection.targeting.budget import Budget, Pace, Spent, period_of
from kouan.inspection.targeting.candidate import DAY_US
from kouan.inspection.targeting.estimate import Rate
from kouan.inspection.targeting.features import AT_HAND_IN
from kouan.inspection.targeting.looking import Yield, true_rate, yields_of
from kouan.inspection.targeting.model import read_model
from kouan.inspection.targeting.records import ModelRecord, NoticeRecord, WatchRecord
from kouan.inspection.targeting.roles import Artefacts, TargetingRecords
from kouan.inspection.targeting.use_cases import (
    KIND,
    acknowledge,
    activate_model,
    hand_in_model,
    propose_model,
    refusal_of,
    set_budget,
    unwatch,
    watch,
)
from kouan.journeys.targeting import Targeting
from kouan.ledger.roles import Ledger, Unit, UnitRefused
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.verdict import GRANTED, Granted, Reason, Refused

YIELD_DAYS = 28
"""Days over which the yield and the true rate are shown. Our choice: four weeks, so that weekdays weigh alike."""

NOTICES = 50
"""How many notices of drift are shown. Our choice."""


class Standing(msgspec.Struct, frozen=True):
    """How targeting stands: its budget and what is left of it, its model or why there is none, and what it brought.

    ``true_rate`` is estimated from the random share of the last ``YIELD_DAYS`` days, None before there is any.
    """

    at: Instant
    budget: Budget
    spent: Spent
    pace: Pace
    model: str | None
    no_score: Reason | None
    yields: tuple[Yield, ...]
    true_rate: Rate | None
    notices: tuple[NoticeRecord, ...]


class TargetingDesk:
    """Takes what officers ask for; who may ask is decided before."""

    def __init__(
        self,
        targeting: Targeting,
        records: TargetingRecords,
        ledger: Ledger,
        artefacts: Artefacts,
        clock: Clock,
        secret: Callable[[], str],
    ) -> None:
        self.targeting = targeting
        self.records = records
        self._ledger = ledger
        self._artefacts = artefacts
        self._clock = clock
        self._secret = secret

    async def standing(self) -> Standing:
        """Return how targeting stands now; raise Unavailable."""
        now = self._clock.now()
        budget, pace = await self.targeting.pace(now)
        examined = await self.records.examined(now - YIELD_DAYS * DAY_US)
        active = await self.records.active_model()
        return Standing(
            at=now,
            budget=budget,
            spent=await self.records.spent(budget.kind, period_of(budget, now)),
            pace=pace,
            model=None if active is None else active.version,
            no_score=self.targeting.state,
            yields=yields_of(examined),
            true_rate=true_rate(examined),
            notices=tuple(await self.records.notices(NOTICES)),
        )

    async def set_budget(
        self,
        by: Principal,
        *,
        most: int,
        period_h: int,
        exploration_pm: int,
        expected: int,
        reason: str,
        effective_from: Instant | None = None,
    ) -> Budget | Refused:
        """Set what may be examined, from now on or from a later instant."""
        now = self._clock.now()
        begins = now if effective_from is None else effective_from
        number = self._number("B")
        budget = Budget(number, KIND.value, period_h, most, exploration_pm, expected, reason, by.username, now, begins)
        done = await self._done(set_budget(budget))
        return done if isinstance(done, Refused) else budget

    async def watch(
        self, by: Principal, field: str, value: str, kind: ControlKind, reason: str, until: Instant | None
    ) -> WatchRecord | Refused:
        """Put something on the watch list of the officer's authority."""
        now = self._clock.now()
        record = WatchRecord(
            self._number("W"), field, value, kind.value, by.agency.value, reason, by.username, now, until
        )
        done = await self._done(watch(record))
        return done if isinstance(done, Refused) else record

    async def unwatch(self, by: Principal, number: str, reason: str) -> Granted | Refused:
        """Take an entry off the watch list of the officer's authority."""
        return await self._done(unwatch(number, by.agency, by.username, reason, self._clock.now()))

    async def hand_in(self, by: Principal, digest: str) -> ModelRecord | Refused:
        """Keep a trained model with its grade; raise NotFound, InvalidValue where it is none, Corrupt."""
        model = read_model(await self._artefacts.get(digest), digest, AT_HAND_IN.names)
        done = await self._done(hand_in_model(model, by.username, self._clock.now()))
        kept = await self.records.find_model(model.version)
        if isinstance(done, Refused) or kept is None:
            return done if isinstance(done, Refused) else refusal_of("")
        return kept

    async def propose(self, by: Principal, version: str, reason: str) -> Granted | Refused:
        """Propose, as a first officer, to put a model in force."""
        standing = await self.records.find_model(version)
        return await self._done(propose_model(standing, by.username, reason, self._clock.now()))

    async def activate(self, by: Principal, version: str, reason: str) -> Granted | Refused:
        """Put a proposed model in force, as a second officer; it scores from the next candidate on."""
        standing = await self.records.find_model(version)
        done = await self._done(activate_model(standing, by.username, reason, self._clock.now()))
        if not isinstance(done, Refused):
            await self.targeting.model_changed()
        return done

    async def acknowledge(self, by: Principal, number: str) -> Granted | Refused:
        """Note that an officer has seen a notice of drift."""
        return await self._done(acknowledge(number, by.username, self._clock.now()))

    async def _done(self, unit: Unit | Refused) -> Granted | Refused:
        if isinstance(unit, Refused):
            return unit
        answer = await self._ledger.append(unit)
        return refusal_of(answer.guard) if isinstance(answer, UnitRefused) else GRANTED

    def _number(self, prefix: str) -> str:
        return f"{prefix}-{hashlib.sha256(self._secret().encode()).hexdigest()[:20]}"
