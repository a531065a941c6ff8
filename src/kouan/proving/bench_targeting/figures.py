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

DECIDING_PM, DECIDING = 50, "5%"
"""The share of candidates at which goals are set, and its name among the figures: the usual budget."""


class BenchSetting(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured: so many months for each seed, with the budget and exploration share in per mille."""

    seeds: tuple[int, ...]
    months: int = 7
    budget_pm: int = 50
    exploration_pm: int = 200


class Month(msgspec.Struct, frozen=True):
    """A measured month from a day on: its shipments as each way ranks them; ``stood`` says that all had a score."""

    day: int
    stood: bool
    ranked: Mapping[str, Sequence[Ranked]]


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
        **_noticed_before(season, drift_day),
        **_spending(season),
        "grades": [
            {"day": day, "failed": [reason.code for reason in trained.grade.failed]} for day, trained in season.trained
        ],
    }


def _found(season: Season, drift_day: int) -> dict[str, Any]:
    """Return what each way of ranking finds on the measured days, mean over the months."""
    months = [
        month_of(season, day, [each for each in season.looked if day <= each.day < day + LEARNED_EVERY_DAYS])
        for day in range(drift_day - MEASURED_DAYS, drift_day, LEARNED_EVERY_DAYS)
    ]
    random_ = statistics.fmean(base_rate(month.ranked["random"]) for month in months)
    precision = {
        name: {f"{share // 10}%": _mean(months, name, share) for share in SHARES_PM}
        for name in ("score", "lookup", "rules")
    }
    stood = [month for month in months if month.stood]
    scored = [each for month in stood for each in month.ranked["score"]]
    return {
        "offence_rate": round(random_, 4),
        "precision": precision,
        "ratio_to_random": round(precision["score"][DECIDING] / random_, 2),
        "leak_check": leak_check(stood),
        "months_without_score": [_without_score(month) for month in months if not month.stood],
        "brier": round(brier(scored), 4),
        "expected_error": round(expected_error(scored), 4),
        "reliability": [msgspec.to_builtins(each) for each in reliability(scored)],
    }


def leak_check(stood: Sequence[Month]) -> dict[str, Any]:
    """Return the score against the look-up in the months in which a score stood; it fails where it never did."""
    score, lookup = (_mean(stood, name, DECIDING_PM) if stood else 0.0 for name in ("score", "lookup"))
    ratio = round(score / lookup, 2) if lookup else None
    return {"months": len(stood), "score": score, "lookup": lookup, "ratio": ratio, "passed": score > lookup}


def _without_score(month: Month) -> dict[str, Any]:
    """Return what there was to go by in a month in which no model was in force: rules and chance."""
    found = {name: round(precision_at(month.ranked[name], DECIDING_PM), 4) for name in ("rules", "lookup")}
    return {"day": month.day, **found, "random": round(base_rate(month.ranked["random"]), 4)}


def month_of(season: Season, day: int, looked: Sequence[Looked]) -> Month:
    """Return what was looked at from a day on, as each way ranks it by what was known on that day."""
    first = looked[0].candidate.at
    known = [each.example for each in season.looked if each.day < day and each.example is not None]
    lookup = template_lookup([each for each in known if each.result_at <= first and each.propensity_ppm])
    ranked = {
        "random": [Ranked(0, each.false) for each in looked],
        "score": [Ranked(each.judged.score_ppm or 0, each.false) for each in looked],
        "lookup": [Ranked(lookup(_as_example(each)), each.false) for each in looked],
        "rules": [Ranked(int(each.hit), each.false) for each in looked],
    }
    return Month(day, all(each.judged.score_ppm is not None for each in looked), ranked)


def _as_example(looked: Looked) -> Example:
    one = looked.candidate
    template = (one.importer or "", one.hs_code, one.route or "")
    return Example(one.number, one.at, one.at, looked.features, template, PPM, drawn=False, found=looked.false)


def _mean(months: Sequence[Month], name: str, share: int) -> float:
    return round(statistics.fmean(precision_at(month.ranked[name], share) for month in months), 4)


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
    by = {str(reason.params.get("name", reason.params.get("share"))) for day, reason in after if day == first}
    window = min((day for day in season.windowed if day > drift_day), default=None)
    return {
        "after_days": None if first is None else first - drift_day,
        "by": sorted(by),
        "window_after_days": None if window is None else window - drift_day,
    }


def _noticed_before(season: Season, drift_day: int) -> dict[str, Any]:
    """Return how often something was noticed before the drift, by the test in use and by one of a fixed window.

    Notices that stand for some days on end are one.
    """
    days = {
        "notices": {day for day, _ in season.alarms},
        "notices_of_offences": {day for day, reason in season.alarms if reason.code == "targeting.surprised"},
        "window_notices": set(season.windowed),
    }
    counted = {name: sum(day <= drift_day and day - 1 not in found for day in found) for name, found in days.items()}
    first = min((day for day, trained in season.trained if not trained.grade.failed), default=drift_day)
    return {
        **{f"{name}_before": count for name, count in counted.items()},
        "window_days_before": sum(day <= drift_day for day in season.windowed),
        "watched_days_before": drift_day - first,
    }


def _spending(season: Season) -> dict[str, Any]:
    most = season.course.trade.shipments_a_day * season.course.budget_pm // 1000
    spent = Counter(each.day for each in season.looked if each.judged.spends)
    return {
        "budget_a_day": most,
        "most_spent_on_a_day": max(spent.values()),
        "selected_by": dict(Counter(each.judged.source.value for each in season.looked if each.judged.source)),
        "after_the_budget": sum(each.judged.exhausted for each in season.looked),
    }


def goals_of(runs: Sequence[Mapping[str, Any]]) -> dict[str, bool]:
    """Return which goals all runs reach; a port without a score in the measured months reaches none of the score's."""
    return {
        "finds_3_times_random": all(run["ratio_to_random"] >= WANTED_RATIO for run in runs),
        "beats_the_lookup": all(run["leak_check"]["passed"] for run in runs),
        "notices_drift": all(run["drift"]["after_days"] is not None for run in runs),
        "notices_quiet_drift": all(run["quiet_drift"]["after_days"] is not None for run in runs),
        "keeps_the_budget": all(run["most_spent_on_a_day"] <= run["budget_a_day"] for run in runs),
    }


def _summary(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    ratios = [run["ratio_to_random"] for run in runs]
    goals = goals_of(runs)
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
        "ratio_to_lookup": [run["leak_check"]["ratio"] for run in runs],
        "months_without_score": sum(len(run["months_without_score"]) for run in runs),
        "brier": round(statistics.fmean(run["brier"] for run in runs), 4),
        "expected_error": round(statistics.fmean(run["expected_error"] for run in runs), 4),
        "intervals_that_hold": f"{sum(run['intervals_that_hold'] for run in runs)} of {intervals}",
        "drift_noticed_after_days": [run["drift"]["after_days"] for run in runs],
        "quiet_drift_noticed_after_days": [run["quiet_drift"]["after_days"] for run in runs],
        "quiet_drift_seen_in_window_after_days": [run["quiet_drift"]["window_after_days"] for run in runs],
        **{name: sum(run[name] for run in runs) for name in runs[0] if name.endswith("_before")},
        "candidates_per_s": round(statistics.fmean(run["candidates_per_s"] for run in runs), 1),
        "goals": goals,
        "reached": all(goals.values()),
    }
