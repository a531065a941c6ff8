"""The BayPlanner role in process, for virtual time: solving holds up everything else, which costs no virtual time."""

from kouan.inspection.examination.bays import BayPlan, BayProblem, Budget


class InProcessPlanner:
    """Plans where it is asked; the same question under the same budget and seed gets the same plan."""

    def __init__(self, budget: Budget) -> None:
        """``budget.wall_s`` is to be far more than needed: a plan that the clock cuts short is not the same twice."""
        self._budget = budget

    async def plan(self, problem: BayProblem) -> BayPlan:
        """Return a plan."""
        from kouan.adapters.bay_planner.cp_sat import solve

        return solve(problem, self._budget)
