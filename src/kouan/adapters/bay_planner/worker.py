"""The BayPlanner role over a process of its own: loading and running the solver holds up nobody else."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Sequence

import msgspec

from kouan.adapters.bay_planner.process import Question
from kouan.inspection.examination.bays import BayPlan, BayProblem, Budget
from kouan.inspection.examination.first_come import first_come

_log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "kouan.adapters.bay_planner.process")

LOADS_WITHIN_S = 30.0
"""How long the process may take to its first plan, loading the solver included. Our choice: 4 s on a busy machine."""

SLACK_S = 5.0
"""How much longer than its budget a plan may take on the clock before the process is given up. Our choice."""

LINE_BYTES = 16 * 1024 * 1024
"""Longest plan. Our choice: 200 vehicles make 40 KiB."""


class WorkerPlanner:
    """Plans in a process that is started when it is first needed, and again after it died."""

    def __init__(self, budget: Budget, command: Sequence[str] = COMMAND) -> None:
        self._budget = budget
        self._command = command
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def plan(self, problem: BayProblem) -> BayPlan:
        """Return a plan; first come, first served, and why, where the process fails or takes too long."""
        async with self._turn:
            try:
                return await self._ask(problem)
            except TimeoutError:
                why = "the planner took too long"
            except (OSError, EOFError, msgspec.DecodeError) as error:
                why = f"the planner failed: {type(error).__name__} {error}"
            _log.warning("bays are planned first come, first served: %s", why)
            await self._end()
            return first_come(problem, why)

    async def close(self) -> None:
        """End the process."""
        async with self._turn:
            await self._end()

    async def _ask(self, problem: BayProblem) -> BayPlan:
        fresh = self._process is None or self._process.returncode is not None
        if fresh:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LINE_BYTES,
            )
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise EOFError("has no pipes")
        async with asyncio.timeout(self._budget.wall_s + (LOADS_WITHIN_S if fresh else SLACK_S)):
            process.stdin.write(msgspec.json.encode(Question(problem, self._budget)) + b"\n")
            await process.stdin.drain()
            line = await process.stdout.readline()
        if not line:
            raise EOFError("ended")
        return msgspec.json.decode(line, type=BayPlan)

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
