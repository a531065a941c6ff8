"""A dry run always ends: done, or failed with what failed it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from kouan.adapters.rules.dry_runs import DryRuns
from kouan.inspection.rules.document import Kind, RuleDocument, digest_of
from kouan.journeys.rule_dry_run import Effect
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.vocabulary.errors import Corrupt

DRAFT = RuleDocument(
    kind=Kind.TABLE, name="customs-at-gate", version=1, effective_from=0, content=b"{}", digest=digest_of(b"{}"),
    drafted_by="li",
)  # fmt: skip


class Failing:
    """A dry run that finds one thing and then breaks, or never ends."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    async def __call__(self, draft: RuleDocument) -> AsyncIterator[Effect]:
        yield Effect(counts=[])
        if self.error is not None:
            raise self.error
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("error", "told"),
    [(Corrupt("entry 7 is not what was signed"), "entry 7 is not what was signed"),
     (KeyError("hs_code"), "it broke: KeyError: 'hs_code'")],
)  # fmt: skip
def test_whatever_breaks_a_dry_run_it_ends_as_failed_with_its_reason(error: Exception, told: str) -> None:
    loop = VirtualLoop()

    async def main() -> Any:
        runs = DryRuns(Failing(error), VirtualClock(loop))
        job = runs.begin(DRAFT)
        await asyncio.sleep(1)
        return job

    job = run(main(), loop)
    assert (job.done, job.failed) == (False, told)


def test_of_dry_runs_begun_at_once_only_the_last_goes_on_and_none_is_left_hanging() -> None:
    loop = VirtualLoop()

    async def main() -> list[Any]:
        runs = DryRuns(Failing(None), VirtualClock(loop))
        jobs = [runs.begin(DRAFT) for _ in range(3)]
        await asyncio.sleep(1)
        assert [job.failed for job in jobs] == ["another dry run was begun"] * 2 + [None]
        await runs.close()
        return jobs

    assert [(job.done, job.failed) for job in run(main(), loop)] == [
        (False, "another dry run was begun"), (False, "another dry run was begun"), (False, "the port stopped"),
    ]  # fmt: skip
