"""Months of a simulated trade under one way of targeting: judged, examined, learned from, day after day."""

import copy
import heapq
from collections.abc import Mapping, Sequence
from random import Random

import msgspec

from kouan.inspection.targeting.budget import PPM, Budget, Pace, Spent, pace
from kouan.inspection.targeting.candidate import DAY_US, Candidate
from kouan.inspection.targeting.drift import LOOKED_BACK_DAYS, SCORE, WATCHED, Outcome, moved, share_of, surprised
from kouan.inspection.targeting.features import AT_HAND_IN
from kouan.inspection.targeting.learning import Example, Learner
from kouan.inspection.targeting.looking import RECENT_DAYS, template_of
from kouan.inspection.targeting.model import Artefact, RiskModel, digest_of, read_model
from kouan.inspection.targeting.profiles import Addition, Profile, added, examined, read_keys, seen
from kouan.inspection.targeting.rules import RuleSet, hits_of
from kouan.inspection.targeting.selection import Hit, Judged, Scoring, judge, scored, threshold_of
from kouan.inspection.targeting.training import train
from kouan.proving.bench_targeting.window import WINDOW_DAYS, surprised_in_window
from kouan.simulator.trade.market import Market, TradeSetting
from kouan.simulator.trade.shipments import Shipment
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Reason

DETECTED_PM = 950
"""How many false shipments an examination finds out, per mille. Our choice: examinations miss some."""

RESULT_US = DAY_US
"""How long a result takes. Our choice: a day."""

LEARNED_AFTER_DAYS, LEARNED_EVERY_DAYS = 60, 30
"""When the first model is learned, and how often anew. Our choice: what is examined at random must suffice before."""

COLLECTING_PM = 800
"""Exploration share in per mille until there is a model. Our choice: chance finds what no rule thinks of."""

LOOKED_AT_DAYS = 7
"""Over how many days values are watched for drift. Our choice: a week, so that weekdays weigh alike."""


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """How a season is run: its trade, and its budget in per mille of the usual traffic."""

    trade: TradeSetting
    budget_pm: int = 50
    exploration_pm: int = 200
    seed: int = 1


class Looked(msgspec.Struct, frozen=True):
    """One judged shipment of the season: what was decided, what is true, and what was found where it was examined."""

    day: int
    candidate: Candidate
    features: Mapping[str, int | None]
    judged: Judged
    false: bool
    hit: bool
    example: Example | None


class Season:
    """A season in play.

    ``looked`` is everything that was judged, ``trained`` the models by the day on which they were learned, ``alarms``
    the notices of drift by day, ``windowed`` the days on which a test of a fixed window would have given one.
    """

    def __init__(self, course: Course, learner: Learner, rules: RuleSet) -> None:
        self.course = course
        self.looked: list[Looked] = []
        self.trained: list[tuple[int, Artefact]] = []
        self.alarms: list[tuple[int, Reason]] = []
        self.windowed: list[int] = []
        self._learner = learner
        self._rules = rules
        self._market = Market(course.trade, Random(course.seed))
        self._chance = Random(course.seed + 1)
        self._profiles: dict[str, Profile] = {}
        self._results: list[tuple[int, str, tuple[Addition, ...]]] = []
        self._model: RiskModel | None = None
        self._threshold = PPM + 1
        self._noticed = 0
        self._day = 0

    def fork(self, trade: TradeSetting) -> "Season":
        """Return a season that went the same way until now, and goes on under another setting of its trade."""
        other = copy.copy(self)
        other.course = msgspec.structs.replace(self.course, trade=trade)
        other.looked, other.trained = [*self.looked], [*self.trained]
        other.alarms, other.windowed = [*self.alarms], [*self.windowed]
        other._market = self._market.becoming(trade)  # noqa: SLF001 - its own copy
        other._chance = copy.copy(self._chance)  # noqa: SLF001 - its own copy
        other._profiles, other._results = dict(self._profiles), [*self._results]  # noqa: SLF001 - its own copy
        return other

    def play(self, until: int) -> None:
        """Let the days before a day pass."""
        begin, self._day = self._day, until
        for day in range(begin, until):
            if day >= LEARNED_AFTER_DAYS and (day - LEARNED_AFTER_DAYS) % LEARNED_EVERY_DAYS == 0:
                self._learn(day)
            self._watch(day)
            self._pass(day)

    def _pass(self, day: int) -> None:
        expected = self.course.trade.shipments_a_day
        budget = self._budget(expected)
        spent = Spent(budget.kind, 0)
        for shipment in self._market.day(day):
            candidate = candidate_of(shipment)
            self._settle(candidate.at)
            known = {key: self._profiles[key] for key in read_keys(candidate) if key in self._profiles}
            features = AT_HAND_IN.of(candidate, known)
            hits = hits_of(self._rules, candidate, features)
            judged = self._judge(features, hits, pace(budget, spent, expected))
            spent = msgspec.structs.replace(spent, used=spent.used + judged.spends, seen=spent.seen + 1)
            self._add(seen(candidate))
            self._look(Looked(day, candidate, features, judged, shipment.trick is not None, bool(hits), None), shipment)

    def _budget(self, expected: int) -> Budget:
        course = self.course
        most = expected * course.budget_pm // 1000
        exploration_pm = COLLECTING_PM if self._model is None else course.exploration_pm
        return Budget("bench", "examine", 24, most, exploration_pm, expected, "bench", "bench", 0, 0)

    def _judge(self, features: Mapping[str, int | None], hits: Sequence[Hit], now: Pace) -> Judged:
        scoring: Scoring | None = None
        missing = Reason("targeting.no_model")
        if self._model is not None:
            scoring = scored(self._model, features, self._threshold)
        return judge(hits, scoring, now, self._chance.randrange(PPM), None if scoring else missing)

    def _look(self, looked: Looked, shipment: Shipment) -> None:
        """Remember what was judged, and examine it where it was selected."""
        if looked.judged.source is not None:
            looked = msgspec.structs.replace(looked, example=self._examine(looked))
            if looked.example is not None and looked.example.found:
                self._market.caught(shipment)
        self.looked.append(looked)

    def _examine(self, looked: Looked) -> Example:
        candidate = looked.candidate
        found = looked.false and self._chance.randrange(1000) < DETECTED_PM
        at = candidate.at + RESULT_US
        heapq.heappush(self._results, (at, candidate.number, examined(candidate, found=found, at=at)))
        return Example(
            number=candidate.number,
            at=candidate.at,
            result_at=at,
            features=looked.features,
            template=template_of(candidate),
            propensity_ppm=looked.judged.propensity_ppm,
            drawn=looked.judged.drawn,
            found=found,
        )

    def _settle(self, now: int) -> None:
        """Take in the results that are known by now."""
        while self._results and self._results[0][0] <= now:
            self._add(heapq.heappop(self._results)[2])

    def _add(self, additions: Sequence[Addition]) -> None:
        for addition in additions:
            self._profiles[addition.key] = added(self._profiles.get(addition.key), addition)

    def _learn(self, day: int) -> None:
        """Learn a model of all that is known this morning; put it to use if its grade allows."""
        now = self.looked[-1].candidate.at
        known = [each.example for each in self.looked if each.example is not None and each.example.result_at <= now]
        recent = [each.features for each in self.looked if each.day >= day - RECENT_DAYS]
        try:
            trained = train(known, recent, self._learner, self.course.seed)
        except InvalidValue:  # too little is known yet: the next month knows more
            return
        self.trained.append((day, trained))
        if trained.grade.failed:
            return
        data = trained.encode()
        self._model = read_model(data, digest_of(data), AT_HAND_IN.names)
        share = self.course.budget_pm * (1000 - self.course.exploration_pm)
        self._threshold = threshold_of((), trained.quantiles_ppm, share)

    def _watch(self, day: int) -> None:
        """Look for drift this morning."""
        if self._model is None:
            return
        lately = [each for each in self._since(day - LOOKED_AT_DAYS) if each.judged.model == self._model.version]
        values: dict[str, list[int | None]] = {
            name: [each.features[name] for each in lately] for name in WATCHED if name != SCORE
        }
        values[SCORE] = [each.judged.score_ppm for each in lately]
        found = surprised(self._outcomes(max(day - LOOKED_BACK_DAYS, self._noticed)), day)
        if found:
            self._noticed = day
        self.alarms += [(day, reason) for reason in (*moved(self._model.artefact.references, values), *found)]
        if surprised_in_window(self._outcomes(day - WINDOW_DAYS, self._model.version)):
            self.windowed.append(day)

    def _outcomes(self, since: int, model: str | None = None) -> list[Outcome]:
        """Return the results, each a day later, of what was judged since a day by one model, or by any."""
        return [
            Outcome(
                day=each.day + 1,
                score_ppm=each.judged.score_ppm,
                found=each.example.found,
                share=share_of(each.features, drawn=each.judged.drawn),
            )
            for each in self._since(since)
            if each.example is not None
            and each.judged.score_ppm is not None
            and (model is None or each.judged.model == model)
        ]

    def _since(self, day: int) -> list[Looked]:
        """Return what was judged since a day, looking from the end."""
        found: list[Looked] = []
        for each in reversed(self.looked):
            if each.day < day:
                break
            found.append(each)
        return found


def candidate_of(shipment: Shipment) -> Candidate:
    """Return a shipment as its papers tell of it; what is true of it stays behind."""
    return Candidate(
        number=shipment.number,
        at=shipment.at,
        direction=Direction.IN,
        consignment=shipment.number,
        declaration=None,
        plate=shipment.plate,
        carrier=shipment.carrier,
        importer=shipment.importer,
        exporter=shipment.exporter,
        agent=shipment.agent,
        route=shipment.route,
        hs_code=shipment.hs_code,
        goods=shipment.goods,
        gross_kg=shipment.gross_kg,
        value_fen=shipment.value_fen,
        lines=shipment.lines,
    )
