"""The inspection budget (查验预算): how many examinations an officer allows in a shift, and how many at random."""

import math

import msgspec

from kouan.inspection.targeting.candidate import CHINA_US
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import GRANTED, Granted, Refused, refuse

HOUR_US = 3_600_000_000
PPM = 1_000_000

PERIODS_H = (1, 2, 4, 6, 8, 12, 24)
"""How long a shift may be in hours: what divides a day, so that each day has the same shifts. Our choice."""

NO_REASON, NO_EXPLORATION = "targeting.no_reason", "targeting.no_exploration"
"""What a budget without a reason is refused by; one that leaves nothing to chance is named apart."""

MOST = 100_000
"""Most examinations in a period. Our choice: thirty times the record day of any land port."""


class Budget(msgspec.Struct, frozen=True):
    """What an officer allows of one kind of examination from an instant on, until the next is set.

    ``most`` is how many in each period of ``period_h`` hours (from midnight, China Standard Time); ``exploration_pm``
    is the part of them in per mille that is chosen at random; ``expected`` how many candidates an officer expects in a
    period, which counts until there is a week of traffic to count.
    """

    number: str
    kind: str
    period_h: int
    most: int
    exploration_pm: int
    expected: int
    reason: str
    set_by: str
    set_at: Instant
    effective_from: Instant


class Spent(msgspec.Struct, frozen=True):
    """What has been spent of a budget in one period, and how many candidates have been judged in it."""

    kind: str
    period: Instant
    used: int = 0
    seen: int = 0


class Pace(msgspec.Struct, frozen=True):
    """How a budget is spent now.

    ``random_ppm`` is the chance that each candidate has to be drawn, ``score_ppm`` the part of all candidates that the
    score may choose. ``left`` is what is left of the period's budget, ``reserved`` what is kept for draws to come.
    """

    random_ppm: int
    score_ppm: int
    left: int
    reserved: int


def check_budget(budget: Budget) -> Granted | Refused:
    """Refuse a budget that makes no sense, or that gives nothing to chance without saying why."""
    if budget.period_h not in PERIODS_H:
        return refuse("targeting.period", field="period_h", mend=f"must be one of {PERIODS_H}")
    if not 0 <= budget.most <= MOST or not 1 <= budget.expected <= MOST * 10:
        return refuse("targeting.budget_range", field="most", mend=f"must be from 0 to {MOST}")
    if not 0 <= budget.exploration_pm <= 1000:
        return refuse("targeting.share_range", field="exploration_pm", mend="must be from 0 to 1000")
    if budget.effective_from < budget.set_at:
        return refuse("targeting.budget_past", field="effective_from", mend="must not lie in the past")
    if not budget.reason.strip():
        mend = "must say why" if budget.exploration_pm else "must say why nothing is left to chance"
        return refuse(NO_REASON if budget.exploration_pm else NO_EXPLORATION, field="reason", mend=mend)
    return GRANTED


def period_of(budget: Budget, at: Instant) -> Instant:
    """Return the beginning of the period that an instant lies in."""
    span = budget.period_h * HOUR_US
    return (at + CHINA_US) // span * span - CHINA_US


def pace(budget: Budget, spent: Spent, expected: int) -> Pace:
    """Return how the budget is spent now, ``expected`` candidates coming in the whole period.

    The chance to be drawn is the same for every candidate of the period, so that what is drawn stands for all. What the
    draws to come may take, two deviations more than their mean, is kept back from rules and scores: else draws would
    fall to a spent budget, and the late hours of a shift would be drawn from less than the early ones.
    """
    coming = max(1, expected)
    random_ppm = min(PPM, -(-budget.most * budget.exploration_pm * (PPM // 1000) // coming))
    score_ppm = min(PPM, budget.most * (1000 - budget.exploration_pm) * (PPM // 1000) // coming)
    left = max(0, budget.most - spent.used)
    draws = random_ppm * max(0, coming - spent.seen) / PPM
    return Pace(random_ppm, score_ppm, left, min(left, math.ceil(draws + 2 * math.sqrt(draws))))
