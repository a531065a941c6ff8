"""Dry runs in the background: each is read from what was recorded, reports how far it is, and yields to the port."""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

from kouan.gate.events import PassageOpened
from kouan.gate.replay import Replay, read_policy, replay
from kouan.gate.roles import GateRecords
from kouan.inspection.examination.examination import Examination
from kouan.inspection.examination.records import ExaminationRecords, examination_of
from kouan.inspection.release.lot import LotState
from kouan.inspection.release.records import LotRecord
from kouan.inspection.release.roles import ReleaseRecords
from kouan.inspection.rules.document import RuleDocument
from kouan.inspection.targeting.records import CandidateRecord
from kouan.inspection.targeting.roles import TargetingRecords
from kouan.journeys.rule_dry_run import Effect, Job, Recorded
from kouan.ledger.roles import Ledger
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.errors import KouanError, NotFound

_log = logging.getLogger(__name__)

AT_ONCE = 200
"""How many passages are listed at once. Our choice."""

MOST = 20_000
"""Most candidates, lots of one state, and examinations looked at. Our choice: more than a busy port's month."""

KEPT = 16
"""How many dry runs are remembered. Our choice: they can be run again."""

Start = Callable[[RuleDocument], AsyncIterator[Effect]]
Rest = Callable[[float], Awaitable[None]]


class DryRuns:
    """Plays ``RuleDryRuns``: runs one dry run at a time and remembers the last; one that runs makes way."""

    def __init__(self, start: Start, clock: Clock, rest: Rest = asyncio.sleep) -> None:
        """``start`` is the dry run itself. ``rest`` lets the port's own work go first: as long as each step took."""
        self._start = start
        self._clock = clock
        self._rest = rest
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._task: asyncio.Task[None] | None = None
        self._running: Job | None = None
        self._count = 0

    def begin(self, draft: RuleDocument) -> Job:
        """Begin the dry run of a draft; one that runs is given up."""
        self._give_up("another dry run was begun")
        self._count += 1
        number = f"{draft.kind.value}-{draft.name}-{draft.version}-{self._count}"
        job = Job(number, draft.reference, draft.digest, self._clock.now(), Effect(counts=[]))
        self._jobs[number] = self._running = job
        while len(self._jobs) > KEPT:
            self._jobs.popitem(last=False)
        self._task = asyncio.create_task(self._run(job, draft), name=f"dry run {number}")
        return job

    def find(self, number: str) -> Job:
        """Return a dry run; raise NotFound."""
        job = self._jobs.get(number)
        if job is None:
            raise NotFound(f"there is no dry run {number}")
        return job

    async def close(self) -> None:
        """Give up what runs."""
        self._give_up("the port stopped")
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _give_up(self, why: str) -> None:
        """End what runs, or was begun and has not had its turn yet."""
        if self._task is not None and self._running is not None and not self._task.done():
            self._task.cancel()
            self._running.failed = why

    async def _run(self, job: Job, draft: RuleDocument) -> None:
        try:
            began = self._clock.monotonic()
            async for job.effect in self._start(draft):
                await self._rest((self._clock.monotonic() - began) / 1_000_000)
                began = self._clock.monotonic()
            job.done = True
        except KouanError as error:
            job.failed = str(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, who asked waits for an end
            _log.exception("dry run %s of %s broke", job.number, job.document)
            job.failed = f"it broke: {type(error).__name__}: {error}"


class _Reading:
    def __init__(
        self, gate: GateRecords, ledger: Ledger, targeting: TargetingRecords | None, release: ReleaseRecords | None,
        examinations: ExaminationRecords | None,
    ) -> None:  # fmt: skip
        self._gate, self._ledger = gate, ledger
        self._targeting, self._release, self._examinations = targeting, release, examinations

    async def passages(self, since: Instant) -> AsyncIterator[Replay]:
        before: Instant | None = None
        while True:
            page = await self._gate.list_passages(before=before, limit=AT_ONCE)
            for record in page:
                if record.opened_at < since:
                    return
                found = await _replayed(self._ledger, record.passage)
                if found is not None:
                    yield found
            if len(page) < AT_ONCE:
                return
            before = page[-1].opened_at

    async def candidates(self, since: Instant) -> AsyncIterator[CandidateRecord]:
        if self._targeting is not None:
            for record in await self._targeting.latest(MOST):
                if record.judged_at >= since:
                    yield record

    async def lots(self, since: Instant) -> AsyncIterator[LotRecord]:
        if self._release is not None:
            for state in LotState:
                for record in await self._release.lots_in(state.value, MOST):
                    if record.declared_at >= since:
                        yield record

    async def examinations(self, since: Instant) -> AsyncIterator[Examination]:
        if self._examinations is not None:
            for record in await self._examinations.list_examinations(limit=MOST):
                if record.ordered_at >= since:
                    yield examination_of(record)


def recorded(
    gate: GateRecords, ledger: Ledger, targeting: TargetingRecords | None, release: ReleaseRecords | None,
    examinations: ExaminationRecords | None = None,
) -> Recorded:  # fmt: skip
    """Return where the last month is read; without targeting, release or examinations there is nothing of theirs."""
    reading = _Reading(gate, ledger, targeting, release, examinations)
    return Recorded(reading.passages, reading.candidates, reading.lots, reading.examinations)


async def _replayed(ledger: Ledger, passage: str) -> Replay | None:
    entries = await ledger.read(stream=passage, limit=10_000)
    if not entries or entries[0].kind != "gate.passage_opened/1":
        return None
    digest = msgspec.json.decode(entries[0].body, type=PassageOpened).policy
    policies = await ledger.read(stream=digest, limit=1)
    return replay(entries, read_policy(bytes(policies[0].body), digest)) if policies else None
