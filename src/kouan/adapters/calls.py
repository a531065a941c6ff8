"""What people were called for by steps that are recorded, read from the ledger again.

A step is committed before anybody is called, and the alarm is recorded after that. A process that dies in between
leaves a step that called somebody, and no alarm; so a starting one reads the end of the ledger, and raises what is
missing there.
"""

import logging
from collections.abc import Callable, Mapping, Sequence

import msgspec

from kouan.adapters.driver import release_watch
from kouan.adapters.papers_watch import PRIORITY as PAPER_PRIORITY
from kouan.adapters.papers_watch import declaration_overdue
from kouan.adapters.policies import policy_by
from kouan.command.alarms import Called
from kouan.gate.commands import RaiseAlarm, StopLane
from kouan.gate.events import PassageOpened
from kouan.gate.policy import LanePolicy
from kouan.gate.recovery import FOLLOWING, OPENED, take_entry
from kouan.gate.states import PassageState
from kouan.inspection.release.lot import LotState
from kouan.ledger.entries import Entry
from kouan.ledger.roles import Ledger
from kouan.vocabulary.errors import Corrupt
from kouan.yard.events import PersonCalled

_log = logging.getLogger(__name__)

TAIL = 1000
"""How many of the latest entries are read. Our choice: an alarm is recorded as soon as it is raised, so that a few
dozen entries lie between it and its step; while the store is away there are no steps either."""

MOST = 10_000
"""Most entries of a passage that are read, as where it is taken up again."""


class _Moved(msgspec.Struct, frozen=True):
    after: LotState
    cites: tuple[str, ...]


class _Overdue(msgspec.Struct, frozen=True):
    declaration: str
    due: int


def _by_yard(entry: Entry) -> Called:
    found = msgspec.json.decode(entry.body, type=PersonCalled)
    return Called(entry.at, "", "", found.priority, found.reason)


def _by_release(entry: Entry) -> Called | None:
    moved = msgspec.json.decode(entry.body, type=_Moved)
    if moved.after is not LotState.ESCALATED:
        return None
    return Called(entry.at, "", "", release_watch.PRIORITY, release_watch.calls_for(entry.stream, moved.cites[0]))


def _by_papers(entry: Entry) -> Called:
    found = msgspec.json.decode(entry.body, type=_Overdue)
    return Called(entry.at, "", "", PAPER_PRIORITY, declaration_overdue(found.declaration, found.due))


_BY_KIND: Mapping[str, Callable[[Entry], Called | None]] = {
    "yard.called/1": _by_yard,
    "release.moved/1": _by_release,
    "papers.declaration_overdue/1": _by_papers,
}


async def calls_of(ledger: Ledger) -> list[Called]:
    """Return what the latest steps called people for, in the order of their entries; raise Unavailable.

    A passage's calls are found by taking its facts once more; what cannot be read is logged, and left out: the port
    opens all the same.
    """
    found: dict[int, list[Called]] = {}
    passages = dict[str, int]()
    for entry in await ledger.read(after=max(await ledger.size() - TAIL, 0), limit=TAIL):
        called = _read(entry)
        if called is not None:
            found[entry.seq] = [called]
        elif entry.kind.startswith("gate."):
            passages.setdefault(entry.stream, entry.seq)
    for passage, since in passages.items():
        try:
            found.update(await _of_passage(ledger, passage, since))
        except (Corrupt, msgspec.MsgspecError) as error:
            _log.error("whom passage %s called cannot be read: %s", passage, error)
    return [called for seq in sorted(found) for called in found[seq]]


def _read(entry: Entry) -> Called | None:
    reader = _BY_KIND.get(entry.kind)
    try:
        return None if reader is None else reader(entry)
    except msgspec.MsgspecError as error:
        _log.error("whom entry %d called cannot be read: %s", entry.seq, error)
        return None


async def _of_passage(ledger: Ledger, passage: str, since: int) -> Mapping[int, list[Called]]:
    """Return what the steps of a passage called for from an entry on, by entry; nothing where it is no passage."""
    entries = await ledger.read(stream=passage, limit=MOST)
    if not entries or entries[0].kind != OPENED:
        return {}
    opened = msgspec.json.decode(entries[0].body, type=PassageOpened)
    return _called(entries, await policy_by(ledger, opened.policy), since)


def _called(entries: Sequence[Entry], policy: LanePolicy, since: int) -> Mapping[int, list[Called]]:
    found: dict[int, list[Called]] = {}
    state: PassageState | None = None
    for entry in entries:
        if entry.kind in FOLLOWING:
            continue
        taken = take_entry(state, entry, policy)
        state = taken.state
        for command in taken.commands if entry.seq >= since else ():
            if isinstance(command, RaiseAlarm):
                called = Called(entry.at, command.lane, command.passage, command.priority, command.reason)
            elif isinstance(command, StopLane):
                called = Called(entry.at, command.lane, "", 2, command.reason)
            else:
                continue
            found.setdefault(entry.seq, []).append(called)
    return found
