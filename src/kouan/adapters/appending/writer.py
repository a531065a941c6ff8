"""The group writer: one task that records the units of many callers in shared commits."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import NoReturn

import msgspec

from kouan.adapters.appending.chain import Standing
from kouan.adapters.appending.store import BusyError, GroupFailedError, KeysTakenError, LostError, Store, Written
from kouan.adapters.appending.waiting import Waiting, check, keys_of
from kouan.ledger.roles import Appended, Unit, UnitRefused
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import Conflict, Fenced, KouanError, Unavailable

MAX_GROUP = 512
"""Most units in one commit. Our choice: at 40 µs a unit a commit stays near 20 ms, so that nobody waits long."""

GATHER_S = 0.004
"""Least time between the beginnings of two commits where units came in between. Our choice: the next commit is shared
by all that come meanwhile, and who comes alone still waits for nobody."""

MAX_WAITING = 20_000
"""Most units that may wait. Our choice: ten seconds' work at 2,000 units/s; beyond it, callers are told at once."""

PATIENCE_S = 30.0
"""How long a unit waits while the store cannot be reached. Our choice: PostgreSQL restarts in under a second."""

FIRST_PAUSE_S = 0.02
"""Pause before the second attempt to reach the store; it doubles up to LONGEST_PAUSE_S."""

LONGEST_PAUSE_S = 1.0
"""Longest pause between two attempts to reach the store."""


class _Doubt(msgspec.Struct, frozen=True):
    """A commit whose answer was lost: the group, and what stands if it took effect."""

    group: list[Waiting]
    written: Written


class GroupWriter:
    """Drains waiting units into commits, in the order in which they came; one per port and process."""

    def __init__(self, store: Store, clock: Clock, *, patience_s: float = PATIENCE_S) -> None:
        self._store = store
        self._clock = clock
        self._patience_s = patience_s
        self._waiting: deque[Waiting] = deque()
        self._wake: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._standing: Standing | None = None
        self._epoch: int | None = None
        self._end: KouanError | None = None
        self._abandoned = False

    async def open(self) -> None:
        """Raise the port's epoch and begin; raise Unavailable or Corrupt."""
        try:
            self._hold(await self._store.open(None))
        except LostError as error:
            raise Unavailable(f"the ledger's store cannot be reached: {error}") from error
        self._task = asyncio.get_running_loop().create_task(self._run(), name="ledger-writer")

    @property
    def standing(self) -> Standing | None:
        """Where the ledger stands after the last commit; None while that is unknown, after a lost connection."""
        return self._standing

    @property
    def end(self) -> KouanError | None:
        """Why this writer writes no more: Fenced, or Unavailable once closed; None while it writes."""
        return self._end

    async def ended(self) -> NoReturn:
        """Wait until this writer writes no more, and raise why: a port whose writer was fenced is not the port."""
        if self._task is not None:
            await asyncio.shield(self._task)
        raise self._end or Unavailable("the ledger's writer has not begun")

    async def append(self, unit: Unit) -> Appended | UnitRefused:
        """Record the unit durably; see ``ledger.roles.Ledger.append``."""
        check(unit, self._store.known)
        if self._end is not None:
            raise type(self._end)(*self._end.args)
        if len(self._waiting) >= MAX_WAITING:
            raise Unavailable(f"{MAX_WAITING} units wait for the ledger already")
        loop = asyncio.get_running_loop()
        waiting = Waiting(unit, loop.create_future(), loop.time() + self._patience_s)
        if not self._abandoned:
            self._waiting.append(waiting)
            if self._wake is not None and not self._wake.done():
                self._wake.set_result(None)
        return await waiting.answer

    async def close(self) -> None:
        """Stop: what is being committed is finished, what still waits is told Unavailable."""
        self._stop(Unavailable("the ledger's writer is closed"))
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
        if self._task is not None:
            await self._task
        await self._store.close()

    def abandon(self) -> None:
        """Stop as a crash does: nobody waiting is ever answered, and nothing more is written."""
        self._abandoned = True
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    def _stop(self, end: KouanError) -> None:
        if self._end is None:
            self._end = end
        _fail_all(self._waiting, end)
        self._waiting.clear()

    async def _run(self) -> None:
        try:
            while self._end is None:
                if not self._waiting:
                    self._wake = asyncio.get_running_loop().create_future()
                    await self._wake
                began_s = asyncio.get_running_loop().time()
                group = self._take()
                if group:
                    await self._record(group)
                if self._waiting:
                    await asyncio.sleep(began_s + GATHER_S - asyncio.get_running_loop().time())
        except Exception as error:  # noqa: BLE001 - whatever it is, no caller may wait for ever
            self._stop(Unavailable(f"the ledger's writer failed: {error!r}"))

    def _take(self) -> list[Waiting]:
        """Return the next group: units in order, up to MAX_GROUP, none with a key that one before it has."""
        group: list[Waiting] = []
        keys: set[str] = set()
        while self._waiting and len(group) < MAX_GROUP:
            own = keys_of(self._waiting[0].unit)
            if not keys.isdisjoint(own):
                break
            waiting = self._waiting.popleft()
            if not waiting.answer.done():
                keys.update(own)
                group.append(waiting)
        return group

    async def _record(self, group: list[Waiting]) -> None:
        """Commit the group, whatever it takes, until every caller in it is answered."""
        try:
            await self._commit(group)
        except Fenced as error:
            _fail_all(group, error)
            self._stop(error)
        except GroupFailedError as failed:
            if len(group) == 1:
                group[0].fail(failed.error)
                return
            for waiting in group:
                if not waiting.answer.done():
                    await self._record([waiting])
        except BaseException as error:
            if not self._abandoned:
                _fail_all(group, Unavailable(f"the ledger's writer failed: {error!r}"))
            raise

    async def _commit(self, group: list[Waiting]) -> None:
        """Try until nothing is left to do; ``doubt`` is the commit of which it is not known whether it took effect."""
        left, doubt = group, None
        pause_s = FIRST_PAUSE_S
        while left:
            try:
                left, doubt = await self._attempt(left, doubt)
            except LostError as error:
                self._standing = None
                if error.written is not None:
                    doubt = _Doubt(left, error.written)
                left = self._without_late(left, str(error))
            except BusyError as error:
                left = self._without_late(left, str(error))
            else:
                pause_s = FIRST_PAUSE_S
                continue
            if left:
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _attempt(self, left: list[Waiting], doubt: "_Doubt | None") -> "tuple[list[Waiting], _Doubt | None]":
        """Take one step: open the store again if need be, else commit; return what is left to do."""
        if self._standing is None:
            return await self._reopen(left, doubt), None
        try:
            written = await self._store.commit([waiting.unit for waiting in left], self._standing, self._clock.now())
        except KeysTakenError:
            fresh = await self._answer_repeated(left)
            if len(fresh) == len(left):
                raise GroupFailedError(Conflict("a key is said to be recorded, and is not found")) from None
            return fresh, None
        self._standing = written.block.after
        _answer(left, written)
        return [], None

    async def _reopen(self, left: list[Waiting], doubt: "_Doubt | None") -> list[Waiting]:
        """Open the store again, and settle whether the commit in doubt took effect; return what is left to do."""
        try:
            standing = await self._store.open(self._epoch)
        except Fenced:
            await self._answer_repeated(left, repeated=False)
            raise
        self._hold(standing)
        if doubt is None or standing.commits < doubt.written.block.after.commits:
            return left
        _answer(doubt.group, doubt.written)
        return [waiting for waiting in left if not waiting.answer.done()]

    def _hold(self, standing: Standing) -> None:
        self._standing = standing
        self._epoch = standing.epoch

    def _without_late(self, group: list[Waiting], reason: str) -> list[Waiting]:
        """Fail the units whose patience is over, all of them once the writer is closed; return the others."""
        now = asyncio.get_running_loop().time()
        kept: list[Waiting] = []
        late: list[Waiting] = []
        for waiting in group:
            (kept if waiting.deadline_s > now and self._end is None else late).append(waiting)
        _fail_all(late, Unavailable(f"the ledger's store cannot be reached: {reason}"))
        return kept

    async def _answer_repeated(self, group: Sequence[Waiting], *, repeated: bool = True) -> list[Waiting]:
        """Answer the units whose keys are recorded; return those of which none is."""
        recorded = await self._store.recorded([key for waiting in group for key in keys_of(waiting.unit)])
        left: list[Waiting] = []
        for waiting in group:
            keys = keys_of(waiting.unit)
            found = tuple(recorded[key] for key in keys if key in recorded)
            if not found:
                left.append(waiting)
            elif len(found) == len(keys):
                waiting.tell(Appended(found, repeated))
            else:
                waiting.fail(Conflict(f"{len(found)} of the unit's {len(keys)} keys are recorded, the others are not"))
        return left


def _answer(group: Sequence[Waiting], written: Written) -> None:
    """Tell each caller what became of its unit."""
    place = 0
    for index, waiting in enumerate(group):
        guard = written.refused.get(index)
        if guard is not None:
            waiting.tell(UnitRefused(guard))
        else:
            waiting.tell(Appended(written.block.entries_of(place)))
            place += 1


def _fail_all(group: Sequence[Waiting], error: KouanError) -> None:
    for waiting in group:
        waiting.fail(type(error)(*error.args))
