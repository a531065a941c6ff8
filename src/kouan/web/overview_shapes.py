"""What the API shows of the port as a whole."""

from typing import Annotated

from pydantic import Field

from kouan.command.alarms import AlarmState
from kouan.web.fields import Instant, Shape
from kouan.web.gate_shapes import Reason


class Queue(Shape):
    """Vehicles that wait before the gate."""

    in_: Annotated[int, Field(alias="in")]
    out: int


class Sources(Shape):
    """How many devices are heard of, and how many there are."""

    online: int
    total: int


class LedgerStands(Shape):
    """How far the ledger is, and how far its last signed head."""

    size: int
    head_size: int | None
    head_at: Instant | None


class Minute(Shape):
    """How many vehicles passed in the minute that began at ``t``."""

    t: Instant
    in_: Annotated[int, Field(alias="in")]
    out: int


class Alarm(Shape):
    """Something that needs attention: priority 1 (emergency) to 4 (advisory), raised ``at`` last.

    ``state`` is as in IEC 62682; ``owners`` are the authorities whose it is, or ``port``; ``word`` is what who
    acknowledged it said, empty where it is about something protected.
    """

    number: str
    at: Instant
    lane: str
    passage: str | None
    priority: int
    reason: Reason
    state: AlarmState
    owners: list[str]
    returned_at: Instant | None
    acknowledged_by: str | None
    acknowledged_at: Instant | None
    word: str | None


class Alarms(Shape):
    """Alarms, the most urgent first."""

    items: list[Alarm]


class UnparsedCount(Shape):
    """How many messages on a topic could not be read since the start, and the rule that the last one broke."""

    topic: str
    count: int
    rule: str


class RulebookInForce(Shape):
    """A rulebook, where it comes from (``port file``, or the hub of the region) and since when it is in force."""

    id: str
    version: int
    digest: str
    origin: str
    since: Instant | None


class RulesInForce(RulebookInForce):
    """The rulebook under which a vehicle that stops now is judged, and the one that follows, if one is known."""

    next: RulebookInForce | None


class LedgerAtHub(Shape):
    """How far this port's ledger is at the hub: ``taken`` (null until the hub said so) of ``size`` entries.

    ``witnessed`` is the size of the largest head that the hub vouches for; ``halted`` names the rule for which nothing
    is taken any more.
    """

    size: int
    taken: int | None
    witnessed: int
    answered_at: Instant | None
    halted: str | None


class HubStands(Shape):
    """The hub of the region as this port knows it.

    ``age_s`` is how old its word is (null where it was never heard); above ``max_age_s`` it is ``stale``, and the port
    releases without a person only what was authorised beforehand. ``versions`` are those of its bulletins, by kind.
    """

    url: str | None
    connected: bool
    age_s: int | None
    max_age_s: int | None
    stale: bool
    versions: dict[str, int]
    ledger: LedgerAtHub | None


class Overview(Shape):
    """The port's counters. Stop times, rate and releases are of the last hour; null where there was no passage."""

    port: str
    name: dict[str, str]
    now: Instant
    in_today: int
    out_today: int
    queue: Queue
    sources: Sources
    stop_median_s: float | None
    stop_p95_s: float | None
    passages_per_h: int | None
    released_pm: int | None
    ledger: LedgerStands
    lanes: list[str]
    history: list[Minute]
    alarms: list[Alarm]
    unparsed: list[UnparsedCount]
    rules: RulesInForce | None
    hub: HubStands | None
