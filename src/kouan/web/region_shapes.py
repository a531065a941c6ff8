"""What the API of a hub shows of its region."""

from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import Field, StringConstraints

from kouan.network.standing import Link
from kouan.protocols.network.messages import BulletinKind
from kouan.web.fields import Instant, Sequence, Shape, Why

Place = tuple[float, float]
Priority = Annotated[int, Field(ge=1, le=4, description="1 emergency, 2 alarm, 3 warning, 4 advisory.")]
PortId = Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[a-z0-9][a-z0-9-]*$")]
AlarmNumber = Annotated[
    str, StringConstraints(min_length=1, max_length=512, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@/-]*$")
]
AlarmPath = Annotated[AlarmNumber, Path(description="The alarm's number; it may hold slashes.")]
PortPath = Annotated[PortId, Path(description="The port's short name.")]
PortQuery = Annotated[PortId | None, Query(description="One port; without it, each.")]


class Opposite(Shape):
    """The port on the other side; ``country`` by ISO 3166-1, ``local`` as it is written there."""

    country: str
    zh: str
    en: str
    local: str


class RegionAlarmView(Shape):
    """Something that a person at the hub must look at; ``code`` and ``params`` make a message of the catalogues."""

    number: str
    port: str
    at: Instant
    priority: Priority
    code: str
    params: dict[str, Any]
    acknowledged_by: str | None


class PortStandingView(Shape):
    """How a port stands, as the hub knows it.

    ``taken`` counts the entries that the hub holds, ``behind`` how many more the port had when it was last heard.
    ``hour_…`` and ``day_…`` are releases within the last 60 minutes and 24 hours; ``held`` the open passages that wait
    for a person. ``unverified`` names facts that nobody published. ``priority`` is null where all is well. ``heard_at``
    may be up to five seconds old. ``console`` is the address of the port's own console, null where that is not known.
    """

    port: str
    title: dict[str, str]
    kind: Literal["road", "rail", "air"]
    latitude_udeg: Annotated[int, Field(ge=-90_000_000, le=90_000_000)]
    longitude_udeg: Annotated[int, Field(ge=-180_000_000, le=180_000_000)]
    hours: str
    opposite: Opposite | None
    lanes_in: int | None
    lanes_out: int | None
    unverified: list[str]
    enrolled: bool
    link: Link
    priority: Priority | None
    suspended: str | None
    taken: Sequence
    behind: Sequence | None
    heard_at: Instant | None
    entry_at: Instant | None
    witnessed_size: Sequence
    witnessed_at: Instant | None
    hour_in: int
    hour_out: int
    day_in: int
    day_out: int
    open_passages: int
    held: int
    median_stop_us: int | None
    alarms: list[RegionAlarmView]
    console: str | None


class RegionLabel(Shape):
    """Words on the map, set about a place."""

    zh: str
    en: str
    at: Place


class RegionView(Shape):
    """The region and its ports; ``border`` and ``inland`` are a sketch of its outline, degrees east and north."""

    region: str
    title: dict[str, str]
    timezone: str
    border: list[Place]
    inland: list[Place]
    labels: list[RegionLabel]
    now: Instant
    ports: list[PortStandingView]


class FlowHour(Shape):
    """The passages of one port that ended within the hour that begins at ``hour``."""

    port: str
    hour: Instant
    released_in: int
    released_out: int
    diverted: int
    refused: int


class RegionFlow(Shape):
    """Traffic by port and hour, oldest first; hours without traffic are left out."""

    items: list[FlowHour]


class RegionAlarms(Shape):
    """The latest alarms, those that nobody acknowledged first, newest first."""

    items: list[RegionAlarmView]


class PortDetail(Shape):
    """One port, its alarms, and its traffic of the last 24 hours."""

    now: Instant
    port: PortStandingView
    alarms: list[RegionAlarmView]
    flow: list[FlowHour]


class Decided(Shape):
    """Why somebody decided so; it goes into the hub's ledger."""

    reason: Why


class RegionHoldView(Shape):
    """A hold in the whole region (布控); ``placed_by`` is ``hub`` where the hub itself found a cloned plate."""

    number: str
    authority: str
    kind: str
    plate: str | None
    container: str | None
    reason: str
    placed_by: str
    placed_at: Instant
    lifted_by: str | None
    lifted_at: Instant | None


class WatchedView(Shape):
    """What is watched for in the whole region."""

    number: str
    authority: str
    plate: str | None
    container: str | None
    document_commitment: str | None
    reason: str
    added_by: str
    added_at: Instant


class PermitView(Shape):
    """A vehicle that may pass a port that does not hear the hub; ``given_at`` is 0 where that was not noted."""

    plate: str
    trailer: str | None
    carrier: str
    not_before: Instant
    expires_at: Instant
    low_risk: bool
    given_by: str
    given_at: Instant


class SpreadView(Shape):
    """How far a kind of bulletin has come at a port: ``version`` was issued, ``held`` is what the port acts on.

    ``held`` and ``heard_at`` are null where the port has not said since the hub started.
    """

    port: str
    kind: BulletinKind
    version: int
    held: int | None
    heard_at: Instant | None


class RegionInForce(Shape):
    """What holds in the whole region, and which ports act on it."""

    now: Instant
    holds: list[RegionHoldView]
    watched: list[WatchedView]
    permits: list[PermitView]
    spread: list[SpreadView]
