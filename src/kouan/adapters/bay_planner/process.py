"""The planner's own process: a problem a line on standard input, a plan a line on standard output, both JSON."""

import sys
from typing import BinaryIO

import msgspec

from kouan.inspection.examination.bays import BayPlan, BayProblem, Budget


class Question(msgspec.Struct, frozen=True):
    """What the process is asked."""

    problem: BayProblem
    budget: Budget


def answer(asked: BinaryIO, told: BinaryIO) -> None:
    """Answer each question until there are no more, or nobody hears the answers."""
    from kouan.adapters.bay_planner.cp_sat import solve

    for line in asked:
        question = msgspec.json.decode(line, type=Question)
        plan: BayPlan = solve(question.problem, question.budget)
        try:
            told.write(msgspec.json.encode(plan) + b"\n")
            told.flush()
        except BrokenPipeError:
            return  # whoever asked has died, and nobody waits for a plan


if __name__ == "__main__":
    answer(sys.stdin.buffer, sys.stdout.buffer)
