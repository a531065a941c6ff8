"""What ``kouan bench targeting`` reports: a score against chance, a look-up and rules, on months that it never saw."""

import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from kouan.inspection.targeting.estimate import offence_rate
from kouan.inspection.targeting.grading import (
    SHARES_PM,
    Ranked,
    base_rate,
    brier,
    expected_error,
    precision_at,
    reliability,
    template_lookup,
)
from kouan.inspection.targeting.learning import Example, Learner
from kouan.inspection.targeting.rules import RuleSet
from kouan.proving.bench_targeting.season import LEARNED_EVERY_DAYS, Course, Looked, Season
from kouan.simulator.trade.market import TradeSetting
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import InvalidValue

PPM = 1_000_000

DRIFT_DAYS = 45
"""Days within which a drift must be noticed. Our choice: a model is learned anew after a month."""

MEASURED_DAYS = 60
"""Days before the drift on which everything is measured. Our choice: two months, each with the month's model."""

FEWEST_MONTHS = 6
"""Shortest season: three months collect and learn, two are measured, and then the trade drifts."""

WANTED_RATIO = 3.0
"""How many times the random rate the score must find at a 5 % budget: the goal."""

DECIDING_PM = 50


class BenchSetting(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured: so many months for each seed, with the budget and exploration share in per mille."""

    seeds: tuple[int, ...]
    months: int = 7
    budget_pm: int = 50
    exploration_pm: int = 200


def measure(
    setting: BenchSetting, learner: Learner, rules: RuleSet, clock: Clock, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Return the figures of all seeds, and whether the goals are reached; raise Unavailable, InvalidValue."""
    if setting.months < FEWEST_MONTHS:
        raise InvalidValue("months", "bench.months", f"must be at least {FEWEST_MONTHS}")
    runs = []
    for seed in setting.seeds:
        tell(f"seed {seed}")
        runs.append(_run(setting, seed, learner, rules, clock))
    return {"setting": msgspec.to_builtins(setting), "summary": _summary(runs), "runs": runs}


def _run(setting: BenchSetting, seed: int, learner: Learner, rules: RuleSet, clock: Clock) -> dict[str, Any]:
    drift_day = (setting.months - 1) * 30
    trade = TradeSetting(drift_day=drift_day)
    course = Course(trade=trade, budget_pm=setting.budget_pm, exploration_pm=setting.exploration_pm, seed=seed)
    season = Season(course, learner, rules)
    began = clock.monotonic()
    season.play(drift_day)
    took_s = (clock.monotonic() - began) / PPM
    quiet = season.fork(msgspec.structs.replace(trade, quiet_drift=True))
    measured = _found(season, drift_day)
    for each in (season, quiet):
        each.play(drift_day + DRIFT_DAYS)
    before = [each for each in season.looked if each.day < drift_day]
    return {
        "seed": seed,
        "candidates": len(before),
        "candidates_per_s": round(len(before) / took_s, 1),
        **measured,
        **_estimates(before, drift_day),
        "drift": _noticed(season, drift_day),
        "quiet_drift": _noticed(quiet, drift_day),
        "noticed_before_days": len({day for day, _ in season.alarms if day <= drift_day}),
        **_spending(season),
        "grades": [
            {"day": day, "failed": [reason.code for reason in trained.grade.failed]} for day, trained in season.trained
        ],
    }


def _found(season: Season, drift_day: int) -> dict[str, Any]:
    """Return what each way of ranking finds on the measured days, mean over the months."""
    months = [
        _month(season, day, [each for each in season.looked if day <= each.day < day + LEARNED_EVERY_DAYS])
        for day in range(drift_day - MEASURED_DAYS, drift_day, LEARNED_EVERY_DAYS)
    ]
    random_ = statistics.fmean(base_rate(month["random"]) for month in months)
    precision = {
        name: {f"{share // 10}%": _mean(months, name, share) for share in SHARES_PM}
        for name in ("score", "lookup", "rules")
    }
    scored = [each for month in months for each in month["score"]]
    score, lookup = (precision[name][f"{DECIDING_PM // 10}%"] for name in ("score", "lookup"))
    return {
        "offence_rate": round(random_, 4),
        "precision": precision,
        "ratio_to_random": round(score / random_, 2),
        "ratio_to_lookup": round(score / lookup, 2) if lookup else None,
        "brier": round(brier(scored), 4),
        "expected_error": round(expected_error(scored), 4),
        "reliability": [msgspec.to_builtins(each) for each in reliability(scored)],
    }


def _month(season: Season, day: int, looked: Sequence[Looked]) -> Mapping[str, Sequence[Ranked]]:
    first = looked[0].candidate.at
    known = [each.example for each in season.looked if each.day < day and each.example is not None]
    lookup = template_lookup([each for each in known if each.result_at <= first and each.propensity_ppm])
    return {
        "random": [Ranked(0, each.false) for each in looked],
        "score": [Ranked(each.judged.score_ppm or 0, each.false) for each in looked],
        "lookup": [Ranked(lookup(_as_example(each)), each.false) for each in looked],
        "rules": [Ranked(int(each.hit), each.false) for each in looked],
    }


def _as_example(looked: Looked) -> Example:
    one = looked.candidate
    template = (one.importer or "", one.hs_code, one.route or "")
    return Example(one.number, one.at, one.at, looked.features, template, PPM, drawn=False, found=looked.false)


def _mean(months: Sequence[Mapping[str, Sequence[Ranked]]], name: str, share: int) -> float:
    return round(statistics.fmean(precision_at(month[name], share) for month in months), 4)


def _estimates(looked: Sequence[Looked], days: int) -> dict[str, Any]:
    """Return how often the interval from the random share holds the true rate, month by month."""
    held, intervals = 0, []
    for begin in range(0, days, 30):
        part = [each for each in looked if begin <= each.day < begin + 30]
        drawn = [each for each in part if each.judged.drawn and each.example is not None]
        rate = offence_rate([(each.judged.random_ppm, each.false) for each in drawn])
        if rate is None:
            continue
        truth = sum(each.false for each in part) / len(part)
        held += rate.low_ppm <= truth * PPM <= rate.high_ppm
        intervals.append({"true": round(truth, 4), **msgspec.to_builtins(rate)})
    return {"intervals_that_hold": held, "intervals": intervals}


def _noticed(season: Season, drift_day: int) -> dict[str, Any]:
    """Return after how many days a drift was noticed, and by what."""
    after = [(day, reason) for day, reason in season.alarms if day > drift_day]
    first = min((day for day, _ in after), default=None)
    by = {str(reason.params.get("name", reason.code)) for day, reason in after if day == first}
    return {"after_days": None if first is None else first - drift_day, "by": sorted(by)}


def _spending(season: Season) -> dict[str, Any]:
    most = season.course.trade.shipments_a_day * season.course.budget_pm // 1000
    spent = Counter(each.day for each in season.looked if each.judged.spends)
    return {
        "budget_a_day": most,
        "most_spent_on_a_day": max(spent.values()),
        "selected_by": dict(Counter(each.judged.source.value for each in season.looked if each.judged.source)),
        "after_the_budget": sum(each.judged.exhausted for each in season.looked),
    }


def _summary(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    ratios = [run["ratio_to_random"] for run in runs]
    delays = [run["drift"]["after_days"] for run in runs]
    quiet = [run["quiet_drift"]["after_days"] for run in runs]
    goals = {
        "finds_3_times_random": min(ratios) >= WANTED_RATIO,
        "beats_the_lookup": all(run["ratio_to_lookup"] is None or run["ratio_to_lookup"] > 1 for run in runs),
        "notices_drift": None not in delays,
        "notices_quiet_drift": None not in quiet,
        "keeps_the_budget": all(run["most_spent_on_a_day"] <= run["budget_a_day"] for run in runs),
    }
    intervals = sum(len(run["intervals"]) for run in runs)
    return {
        "offence_rate": round(statistics.fmean(run["offence_rate"] for run in runs), 4),
        **{
            f"{name}_at_{share}": round(statistics.fmean(run["precision"][name][share] for run in runs), 4)
            for name in ("score", "lookup", "rules")
            for share in runs[0]["precision"]["score"]
        },
        "ratio_to_random_mean": round(statistics.fmean(ratios), 2),
        "ratio_to_random_least": min(ratios),
        "brier": round(statistics.fmean(run["brier"] for run in runs), 4),
        "expected_error": round(statistics.fmean(run["expected_error"] for run in runs), 4),
        "intervals_that_hold": f"{sum(run['intervals_that_hold'] for run in runs)} of {intervals}",
        "drift_noticed_after_days": delays,
        "quiet_drift_noticed_after_days": quiet,
        "noticed_before_days": sum(run["noticed_before_days"] for run in runs),
        "candidates_per_s": round(statistics.fmean(run["candidates_per_s"] for run in runs), 1),
        "goals": goals,
        "reached": all(goals.values()),
    }
