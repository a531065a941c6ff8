"""First come, first served: each vehicle in its turn at the earliest minute at which a bay and its people are free.

What is used where the solver gives no plan, and what its plans are compared with.
"""

from collections.abc import Sequence

from kouan.inspection.examination.bays import BayPlan, BayProblem, Job, Placed, cost_of
from kouan.inspection.examination.yard import Yard


def first_come(problem: BayProblem, why: str = "") -> BayPlan:
    """Return the plan of first come, first served, with why it is asked for.

    Who came later begins earlier only where that delays nobody before him: in a bay or with people that stand idle.
    """
    placed, left = in_turn(problem, problem.jobs)
    return BayPlan(tuple(placed), tuple(left), "first_come", why, cost_of(problem, placed))


def in_turn(problem: BayProblem, turns: Sequence[Job]) -> tuple[list[Placed], list[str]]:
    """Place jobs one after the other, each at the earliest minute left; return who is placed, and who is not."""
    yard = Yard(problem.bays, problem.officers, problem.horizon)
    placed: list[Placed] = []
    left: list[str] = []
    for job in turns:
        found = yard.earliest(job, job.ready)
        if found is None:
            left.append(job.number)
        else:
            yard.take(job, found)
            placed.append(found)
    return placed, left
