"""What a port sends to its hub next: the ledger from where the hub stands, asked for again whenever it is silent.

The ledger itself is the outbox, so nothing of this is kept: after a start the hub says how far it is.
"""

import msgspec
from msgspec.structs import replace

from kouan.protocols.network.messages import MAX_ENTRIES, Taken
from kouan.vocabulary.clock import SECOND

WINDOW = 4 * MAX_ENTRIES
"""Most entries on their way at once. Our choice: four batches, so that a road of 100 ms carries 20,000 entries/s."""

GATHER_US = SECOND
"""Least time between two batches that are not full. Our choice: the hub, too, commits in groups, and a second's age
is nothing to a region."""

FIRST_PAUSE_US = SECOND
"""Longest silence of the hub before it is asked again where it stands. Our choice: a commit takes 30 ms."""

LONGEST_PAUSE_US = 8 * SECOND
"""Longest time between two questions, to which the pause doubles. Our choice: it bounds what a cut's end costs."""

HEARTBEAT_US = 10 * SECOND
"""Time between two questions of a port that has nothing to send. Our choice: the page shows ages under 15 s."""


class Forwarding(msgspec.Struct, frozen=True):
    """How far a port's forwarding is. Times are the port's monotonic microseconds.

    ``taken`` is what the hub said that it holds, None while that is not known; ``sent`` the last entry sent since.
    ``asked_at`` is the last question, ``sent_at`` the last batch, ``moved_at`` the last batch or progress; ``pause_us``
    what is waited for an answer. ``halted`` names why nothing is sent: the rule under which the hub, or this port,
    found a fork.
    """

    taken: int | None = None
    sent: int = 0
    asked_at: int | None = None
    sent_at: int | None = None
    moved_at: int = 0
    pause_us: int = FIRST_PAUSE_US
    halted: str | None = None


class Send(msgspec.Struct, frozen=True):
    """Send a batch of the entries after ``after``, ``limit`` at most."""

    after: int
    limit: int


class Ask(msgspec.Struct, frozen=True):
    """Ask the hub where it stands, and send it the latest signed head."""


class Wait(msgspec.Struct, frozen=True):
    """Do nothing before ``until``, unless an entry is written or the hub answers."""

    until: int


def due(state: Forwarding, size: int, now: int) -> Send | Ask | Wait:
    """Return what is to be done now by a port whose ledger holds ``size`` entries."""
    if state.asked_at is None:
        return Ask()
    if state.taken is None or state.halted is not None:
        return _unless_due(Ask(), state.asked_at + state.pause_us, now)
    heartbeat = state.asked_at + HEARTBEAT_US
    if now >= heartbeat:
        return Ask()
    room = min(size, state.taken + WINDOW) - state.sent
    if room >= MAX_ENTRIES:
        return Send(state.sent, MAX_ENTRIES)
    if state.sent > state.taken:
        return _unless_due(Ask(), min(state.moved_at + state.pause_us, heartbeat), now)
    gathered = now if state.sent_at is None else state.sent_at + GATHER_US
    return _unless_due(Send(state.sent, room), min(gathered, heartbeat), now) if room > 0 else Wait(heartbeat)


def _unless_due(action: Send | Ask, at: int, now: int) -> Send | Ask | Wait:
    return action if now >= at else Wait(at)


def asked(state: Forwarding, now: int) -> Forwarding:
    """Return the state after a question: where an answer was owed, where the hub stands is no longer known."""
    owed = state.taken is None or state.halted is not None or _overdue(state, now)
    if not owed:
        return replace(state, asked_at=now)
    pause_us = min(2 * state.pause_us, LONGEST_PAUSE_US) if state.asked_at is not None else state.pause_us
    return replace(state, taken=None, asked_at=now, pause_us=pause_us)


def _overdue(state: Forwarding, now: int) -> bool:
    return state.taken is not None and state.sent > state.taken and now >= state.moved_at + state.pause_us


def sent(state: Forwarding, through: int, now: int) -> Forwarding:
    """Return the state after a batch that ends with entry ``through`` went out."""
    return replace(state, sent=through, sent_at=now, moved_at=now)


def failed(state: Forwarding, now: int) -> Forwarding:
    """Return the state after the carrier took nothing: the hub is asked again after a pause."""
    again = state.pause_us if state.asked_at is None else min(2 * state.pause_us, LONGEST_PAUSE_US)
    return replace(state, taken=None, asked_at=now, pause_us=again)


def heard(state: Forwarding, taken: Taken, size: int, own: str | None, now: int) -> Forwarding:
    """Return the state after the hub said how far it is.

    ``size`` is how many entries this port's ledger holds and ``own`` the hex hash of its entry ``taken.size``, None
    where it has none. The hub holding another entry there, or more than there is, means that this ledger was replaced
    by an older or another one: nothing is sent then until a person decides.
    """
    if taken.size > size or own != taken.last:
        return replace(state, halted="chain.fork", taken=None)
    if taken.suspended is not None:
        return replace(state, halted=taken.suspended, taken=None)
    if state.taken is None or state.halted is not None:
        return replace(state, halted=None, taken=taken.size, sent=taken.size, moved_at=now, pause_us=FIRST_PAUSE_US)
    if taken.size <= state.taken:
        return state  # said before, or overtaken on its way
    ahead = max(state.sent, taken.size)
    return replace(state, taken=taken.size, sent=ahead, moved_at=now, pause_us=FIRST_PAUSE_US)
