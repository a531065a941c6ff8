"""What the region page shows: how each port stands, what alarms there are, and the traffic by the hour."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from kouan.vocabulary.clock import Instant

PortKind = Literal["road", "rail", "air"]


class PortFacts(msgspec.Struct, frozen=True):
    """What is known of a port of the region without asking it.

    Coordinates are WGS 84 in millionths of a degree; ``hours`` are its opening hours as people write them.
    """

    port: str
    title: dict[str, str]
    kind: PortKind
    latitude_udeg: int
    longitude_udeg: int
    hours: str


class RegionAlarm(msgspec.Struct, frozen=True):
    """Something that a person at the hub must look at; priority 1 is the gravest, ``code`` names a message."""

    number: str
    port: str
    at: Instant
    priority: int
    code: str
    params: Mapping[str, str | int]
    acknowledged_by: str | None = None


class PortStanding(msgspec.Struct, frozen=True):
    """How a port stands, as the hub knows it.

    ``taken`` counts the entries that the hub holds; ``behind`` how many more the port had when it was last heard, None
    where it never was; ``heard_at`` is the hub's time, ``entry_at`` that of the latest entry taken. ``hour_…`` and
    ``day_…`` count releases within the last 60 minutes and 24 hours of the hub's time. ``held`` counts the open
    passages that wait for a person; ``median_stop_us`` is of the releases of the last hour, None without any.
    ``suspended`` names the rule for which nothing more is taken, None as a rule.
    """

    port: str
    title: dict[str, str]
    kind: PortKind
    latitude_udeg: int
    longitude_udeg: int
    hours: str
    enrolled: bool = False
    taken: int = 0
    behind: int | None = None
    heard_at: Instant | None = None
    entry_at: Instant | None = None
    witnessed_size: int = 0
    witnessed_at: Instant | None = None
    hour_in: int = 0
    hour_out: int = 0
    day_in: int = 0
    day_out: int = 0
    open_passages: int = 0
    held: int = 0
    median_stop_us: int | None = None
    suspended: str | None = None
    alarms: tuple[RegionAlarm, ...] = ()


class Flow(msgspec.Struct, frozen=True):
    """The passages of one port that ended within the hour that begins at ``hour``."""

    port: str
    hour: Instant
    released_in: int = 0
    released_out: int = 0
    diverted: int = 0
    refused: int = 0
