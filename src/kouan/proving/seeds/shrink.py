"""Making a failing plan smaller while it still violates the same invariant, so that a person sees what matters."""

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from kouan.proving.nemesis.plan import Plan
from kouan.vocabulary.clock import SECOND

MOST_RUNS = 60
"""How many runs shrinking takes at most. Our choice: a minute of one core."""

AFTER_US = 20 * SECOND
"""How long after a violation a shortened run goes on. Our choice."""

Fails = Callable[[Plan], bool]


def shrink(plan: Plan, fails: Fails, most_runs: int = MOST_RUNS) -> Plan:
    """Return the smallest plan found that still fails, within so many runs."""
    left = most_runs

    def still(smaller: Plan) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and fails(smaller)

    plan = _fewer_faults(plan, still)
    changed = True
    while changed and left > 0:
        changed = False
        for smaller in _smaller(plan):
            if still(smaller):
                plan, changed = smaller, True
                break
    return plan


def _fewer_faults(plan: Plan, fails: Fails) -> Plan:
    """Drop faults by halves, quarters, … and one by one (delta debugging, Zeller 1999)."""
    parts = 2
    while plan.faults:
        size = max(1, -(-len(plan.faults) // parts))
        for start in range(0, len(plan.faults), size):
            fewer = replace(plan, faults=plan.faults[:start] + plan.faults[start + size :])
            if fails(fewer):
                plan, parts = fewer, max(2, parts - 1)
                break
        else:
            if size == 1:
                break
            parts = min(len(plan.faults), 2 * parts)
    return plan


def _smaller(plan: Plan) -> Iterator[Plan]:
    """Yield plans that are smaller by one step each: vehicles without trouble, less traffic, shorter faults."""
    if plan.rates:
        yield replace(plan, rates={})
        for kind in plan.rates:
            yield replace(plan, rates={other: share for other, share in plan.rates.items() if other != kind})
    if plan.queue > 1:
        yield replace(plan, queue=1)
    if plan.per_hour > 10:
        yield replace(plan, per_hour=plan.per_hour // 2)
    if len(plan.lanes) > 2:
        yield replace(plan, lanes=(plan.lanes[0], plan.lanes[-1]))
    for place, act in enumerate(plan.faults):
        if act.span_us > 2 * SECOND:
            shorter = replace(act, span_us=act.span_us // 2)
            yield replace(plan, faults=(*plan.faults[:place], shorter, *plan.faults[place + 1 :]))
