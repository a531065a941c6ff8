"""Targeting as papers come in: each candidate is judged once, its selection recorded, and then its order placed."""

from collections.abc import Callable, Sequence
from random import Random

from kouan.access.people import Agency
from kouan.inspection.examination.examination import Answer, AnswerOutcome
from kouan.inspection.roles import ControlDesk, PapersRecords
from kouan.inspection.rules.at_hand_in import hits_of_tables
from kouan.inspection.rules.roles import DecisionTables
from kouan.inspection.targeting.budget import PPM, Budget, Pace, pace, period_of
from kouan.inspection.targeting.candidate import DAY_US, Candidate, day_of
from kouan.inspection.targeting.drift import LOOKED_BACK_DAYS, SURPRISED, moved, surprised
from kouan.inspection.targeting.features import AT_HAND_IN
from kouan.inspection.targeting.gathering import batches_of, candidates_in
from kouan.inspection.targeting.looking import lately, outcomes_of
from kouan.inspection.targeting.model import RiskModel, read_model
from kouan.inspection.targeting.profiles import read_keys
from kouan.inspection.targeting.records import CandidateRecord
from kouan.inspection.targeting.roles import TargetingRecords
from kouan.inspection.targeting.rules import RuleSet, hits_of, watched_in
from kouan.inspection.targeting.selection import Hit, Judged, Source, judge, scored, threshold_of
from kouan.inspection.targeting.use_cases import (
    KIND,
    note_result,
    notice_drift,
    order_of,
    record_judgement,
)
from kouan.ledger.roles import Ledger, Unit, UnitRefused
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.errors import Conflict, Corrupt, InvalidValue
from kouan.vocabulary.verdict import Reason, Refused

TRIES = 5
"""How often a candidate is judged again where the budget was spent by another meanwhile. Our choice."""

COUNTED_DAYS = 7
"""Days of traffic from which the next period's is expected. Our choice: a week has every weekday once."""

RECENT_SCORES, RECENT_CANDIDATES = 2000, 2000
"""How many candidates back thresholds and drift are taken from. Our choice: a day or two of a busy port."""

UNUSABLE = "unusable"
"""What stands for the version of rules that were tampered with or cannot be read."""

NOTICES = 1000
"""How many notices back one of results is looked for: more than there are in ``LOOKED_BACK_DAYS``."""

NO_BUDGET = Budget("none", KIND.value, 24, 0, 0, 1, "no budget is set", "", 0, 0)
"""What holds until an officer sets a budget: nothing is examined but what is mandatory."""


class Targeting:
    """Judges candidates, places their control orders, and takes the results of examinations."""

    def __init__(
        self,
        papers: PapersRecords,
        records: TargetingRecords,
        ledger: Ledger,
        orders: ControlDesk,
        clock: Clock,
        chance: Random,
        rules: Callable[[Instant], RuleSet],
        tables: DecisionTables | None = None,
    ) -> None:
        """``rules`` are those in force at an instant, ``tables`` what officers wrote beside them.

        ``chance`` draws lots: where goods are real, of the system's.
        """
        self._papers = papers
        self._records = records
        self._ledger = ledger
        self._orders = orders
        self._clock = clock
        self._chance = chance
        self._rules = rules
        self._tables = tables
        self._model: RiskModel | None = None
        self._no_model = Reason("targeting.no_model")
        self._read = False
        self._looked_day = -1
        self._traffic: tuple[Instant, int | None] | None = None

    async def start(self) -> None:
        """Place what was selected before a restart and not ordered yet; raise Unavailable."""
        await self.model_changed()
        for record in await self._records.unordered():
            await self._order(record)

    async def model_changed(self) -> None:
        """Read the model in force; where there is none, or it is not what it should be, chance and rules go on."""
        standing = await self._records.active_model()
        self._model, self._no_model, self._read = None, Reason("targeting.no_model"), True
        if standing is None:
            return
        try:
            self._model = read_model(standing.artefact, standing.digest, AT_HAND_IN.names)
        except InvalidValue as error:
            self._no_model = Reason("targeting.model_unusable", {"model": standing.version, "rule": error.rule})

    @property
    def state(self) -> Reason | None:
        """Why there is no score now; None where there is one."""
        return self._no_model if self._model is None else None

    async def papers_came(self, number: str) -> tuple[CandidateRecord, ...]:
        """Judge the candidates that a paper may have completed or changed; return them as they stand now."""
        found = []
        for batch in await batches_of(self._papers, number):
            found += [await self.judge(candidate) for candidate in await candidates_in(self._papers, batch)]
        return tuple(found)

    async def judge(self, candidate: Candidate) -> CandidateRecord:
        """Judge a candidate unless that was done on the same papers; a selected one has its order when this returns."""
        if not self._read:
            await self.model_changed()
        await self._look_for_drift()
        draw_ppm = self._chance.randrange(PPM)
        for _ in range(TRIES):
            standing = await self._records.find_candidate(candidate.number)
            if standing is not None and (standing.source is not None or standing.digest == candidate.digest):
                return standing
            record, unit = await self._judged(candidate, draw_ppm)
            answer = await self._ledger.append(unit)
            if not isinstance(answer, UnitRefused) and not answer.repeated:  # else it was judged meanwhile
                if record.source is not None:
                    await self._order(record)
                return record
        raise Conflict(f"candidate {candidate.number} could not be judged: others were faster {TRIES} times")

    async def learned(self, answer: Answer) -> Unit | None:
        """Return what records the result of an examination that targeting asked for; None for any other order.

        What an agency keeps, or lets go against its steps, was false; its first word on an order is the result. It is
        recorded with that word, in one commit: apart, a crash between the two would leave the result unlearned.
        """
        record = await self._records.candidate_of_order(answer.ask)
        if record is None:
            return None
        found = answer.outcome is AnswerOutcome.KEEP or answer.override
        unit = note_result(record, found=found, by=answer.by, now=self._clock.now())
        return None if isinstance(unit, Refused) else unit

    async def pace(self, now: Instant) -> tuple[Budget, Pace]:
        """Return the budget in force and how it is spent now."""
        budget = await self._records.budget(KIND.value, now) or NO_BUDGET
        period = period_of(budget, now)
        spent = await self._records.spent(budget.kind, period)
        return budget, pace(budget, spent, await self._expected(budget, period))

    async def _judged(self, candidate: Candidate, draw_ppm: int) -> tuple[CandidateRecord, Unit]:
        now = self._clock.now()
        profiles = await self._records.profiles(read_keys(candidate))
        features = AT_HAND_IN.of(candidate, profiles)
        version, named = self._named(candidate, features, now)
        hits = (*watched_in(await self._records.watched(now), candidate), *named)
        budget, spending = await self.pace(now)
        judged = await self._decided(features, hits, spending, draw_ppm)
        return record_judgement(candidate, features, judged, hits, version, budget, now)

    def _named(
        self, candidate: Candidate, features: dict[str, int | None], now: Instant
    ) -> tuple[str, tuple[Hit, ...]]:
        """Return the version of the rules in force, and what tables and rules name.

        Rules that cannot be used have the candidate examined, as a table does: they did not say that it may pass.
        """
        tabled = () if self._tables is None else hits_of_tables(self._tables, candidate, features)
        try:
            rules = self._rules(now)
        except Corrupt:
            unusable = Hit(Source.RULE, "targeting", UNUSABLE, Agency.CUSTOMS.value, KIND.value, mandatory=True)
            return UNUSABLE, (*tabled, unusable)
        return rules.version, (*tabled, *hits_of(rules, candidate, features))

    async def _decided(
        self, features: dict[str, int | None], hits: Sequence[Hit], spending: Pace, draw_ppm: int
    ) -> Judged:
        model, scoring = self._model, None
        if model is not None:
            recent = await self._records.recent_scores(model.version, RECENT_SCORES)
            threshold = threshold_of(recent, model.artefact.quantiles_ppm, spending.score_ppm)
            scoring = scored(model, features, threshold)
        return judge(hits, scoring, spending, draw_ppm, self.state)

    async def _expected(self, budget: Budget, period: Instant) -> int:
        """Return how many candidates a period brings: as the week before it did, or as its officer expects.

        It is the same all through the period, so that the chance to be drawn is.
        """
        if self._traffic is None or self._traffic[0] != period:  # all that was judged is counted once a period
            week = period - COUNTED_DAYS * DAY_US
            known = await self._records.count_judged(0, week) > 0
            self._traffic = (period, await self._records.count_judged(week, period) if known else None)
        count = self._traffic[1]
        return budget.expected if count is None else max(1, count * budget.period_h // (24 * COUNTED_DAYS))

    async def _order(self, record: CandidateRecord) -> None:
        """Place the control order of a selected candidate; doing so twice changes nothing."""
        order, authority, by = order_of(record)
        placed = await self._orders.place(order, authority, by, record.order_number)
        if isinstance(placed, Refused):
            raise Conflict(f"the control order of {record.number} was refused: {placed.reasons[0].code}")

    async def _look_for_drift(self) -> None:
        """Look once a day whether the trade is still what the model was trained on; a change is recorded."""
        now = self._clock.now()
        if self._model is None or day_of(now) == self._looked_day:
            return
        self._looked_day = day_of(now)
        today, model = day_of(now), self._model.version
        values = lately(await self._records.latest(RECENT_CANDIDATES), model)
        results = outcomes_of(await self._records.examined(await self._watched_since(now)))
        for reason in (*moved(self._model.artefact.references, values), *surprised(results, today)):
            await self._ledger.append(notice_drift(reason, model, today, now))

    async def _watched_since(self, now: Instant) -> Instant:
        """Return since when results count: a notice of them begins the count afresh."""
        noticed = [each.at for each in await self._records.notices(NOTICES) if each.code == SURPRISED]
        return max([now - LOOKED_BACK_DAYS * DAY_US, *noticed[:1]])
