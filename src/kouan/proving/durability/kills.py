"""Power cuts under load, one after the other: what was acknowledged, what is lost, and how long a restart takes."""

import contextlib
import enum
import time
from collections.abc import Callable
from random import Random

import msgspec

from kouan.adapters.clock import SystemClock
from kouan.proving import ledger_facts
from kouan.proving.durability.acknowledged import Lost
from kouan.proving.durability.disk import Damage, total
from kouan.proving.durability.edge import Edge, Restart
from kouan.proving.durability.file_data import ALL_LOST, Odds
from kouan.proving.running_port import wait_until
from kouan.vocabulary.errors import Unavailable

WHOLE_EVERY = 100
"""Cuts between two comparisons of the whole ledger; in between only its end is read. Our choice."""

ACTUATION_WITHIN_S = 30.0
"""Seconds for which a cut waits for an arm to move. Our choice: at speed, one moves within five on a quiet machine."""

ROUGH = (Odds(), Odds(), Odds(), Odds(lost=0.1, torn=0.8), ALL_LOST)
"""What a cut does to what was not synced: mostly all of it mixed, sometimes mostly torn, sometimes all lost."""


class Moment(enum.StrEnum):
    """When the power is cut."""

    STARTING = "starting"
    OPEN = "open"
    STALLED = "stalled"
    ACTUATED = "actuated"


MOMENTS = {Moment.STARTING: 0.15, Moment.OPEN: 0.55, Moment.STALLED: 0.1, Moment.ACTUATED: 0.2}
"""How often a cut comes while the port starts, soon after it opened, while the platform hangs, and right after an arm
moved. Our choice: most are soon after opening, because that gives the most cuts an hour."""


class Accident(msgspec.Struct, frozen=True):
    """One cut: its moment, seconds until it or after it, what becomes of what was not synced, and its seed."""

    moment: Moment
    after_s: float
    odds: Odds
    seed: int


def draw(chance: Random) -> Accident:
    """Draw the next cut."""
    moment = chance.choices(list(MOMENTS), list(MOMENTS.values()))[0]
    longest_s = {Moment.STARTING: 1.5, Moment.OPEN: 1.5, Moment.STALLED: 0.8, Moment.ACTUATED: 0.3}[moment]
    return Accident(moment, chance.uniform(0, longest_s), chance.choice(ROUGH), chance.getrandbits(48))


class Tally(msgspec.Struct):
    """What happened so far. ``damage`` is the sum over all cuts."""

    kills: int = 0
    moments: dict[str, int] = msgspec.field(default_factory=dict)
    restarts: list[Restart] = msgspec.field(default_factory=list)
    damage: Damage = Damage()
    lost: Lost = msgspec.field(default_factory=Lost)
    entries: int = 0
    papers: int = 0
    messages: int = 0
    actuations: int = 0
    cleared: int = 0
    failure: str = ""

    @property
    def acknowledged(self) -> int:
        """How many facts were acknowledged; an actuation's nonce is one."""
        return self.entries + self.papers + self.messages + self.actuations


def run_kills(edge: Edge, kills: int, chance: Random, tally: Tally, tell: Callable[[Tally], None]) -> None:
    """Cut the power so often, on a port that has begun and is down; what happens is added to the tally at once."""
    try:
        for _ in range(kills):
            _one(edge, draw(chance), tally)
            tell(tally)
        _whole(edge, tally)
    except Unavailable as error:
        tally.failure = str(error)
    _count(edge, tally)
    tally.cleared = edge.port.cleared()


def _one(edge: Edge, accident: Accident, tally: Tally) -> None:
    """Start, check what the last cut left, and cut again."""
    tally.lost += edge.check_barriers()
    if accident.moment is Moment.STARTING:
        _begin_to_start(edge)
    else:
        _serve(edge, accident, tally)
    time.sleep(accident.after_s)
    damage = edge.cut(accident.seed, accident.odds)
    tally.kills += 1
    tally.moments[accident.moment.value] = tally.moments.get(accident.moment.value, 0) + 1
    tally.damage = total(tally.damage, damage)
    _count(edge, tally)


def _begin_to_start(edge: Edge) -> None:
    """Start, and wait until the database's process runs: what comes before does nothing to the disk."""
    edge.port.launch()
    edge.port.wait_until(lambda: edge.port.child("postgres") is not None, "the database starts", look_every_s=0.01)


def _serve(edge: Edge, accident: Accident, tally: Tally) -> None:
    started_at = SystemClock().now()
    opened = edge.start()
    if (tally.kills + 1) % WHOLE_EVERY == 0:
        tally.lost += edge.check_all()[0]
    else:
        tally.lost += edge.check_recent()
    if accident.moment is Moment.STALLED:
        edge.stall()
    elif accident.moment is Moment.ACTUATED:
        opened = edge.wait_until_served(started_at, opened)
        _await_actuation(edge)
    tally.restarts.append(opened)


def _await_actuation(edge: Edge) -> None:
    """Wait for an arm to move; traffic may stand still for its own reasons, and then the cut comes all the same."""
    before = edge.recorded_bytes()
    with contextlib.suppress(Unavailable):
        wait_until(lambda: edge.recorded_bytes() > before, "an arm moves", ACTUATION_WITHIN_S, 0.01)


def _whole(edge: Edge, tally: Tally) -> None:
    """Start once more, and hold everything against everything; then verify the ledger as anybody would."""
    tally.lost += edge.check_barriers()
    edge.start()
    moved = edge.port.actuations()  # before the entries: the port is at work, and the next order is recorded meanwhile
    lost, entries = edge.check_all()
    tally.lost += lost
    tally.lost.twice += ledger_facts.barriers(entries, moved)
    verified = edge.port.command("ledger", "verify", "--json")
    if verified.returncode != 0:
        tally.lost.entries.append(f"the ledger does not verify: {verified.stdout}{verified.stderr}")


def _count(edge: Edge, tally: Tally) -> None:
    """Count what was acknowledged; the field's own record, which grows to the end, is counted as it is checked."""
    known = edge.acknowledged
    tally.entries, tally.papers, tally.messages = known.entries, known.papers, known.messages
    tally.actuations = edge.checked_actuations
