"""How the ports of a region stand, put together from what is known of them and what they sent."""

from collections.abc import Collection, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from kouan.network.records import PortRecord
from kouan.network.views import PortFacts, PortStanding, RegionAlarm
from kouan.vocabulary.clock import SECOND

HOUR_US = 3600 * SECOND
DAY_US = 24 * HOUR_US

SHOWN_ALARMS = 200
"""Most alarms that the standings look through. Our choice: a region with more has another problem."""


class Traffic(msgspec.Struct, frozen=True):
    """What is counted of a port's passages; see ``PortStanding`` for each."""

    port: str
    open_passages: int = 0
    held: int = 0
    hour_in: int = 0
    hour_out: int = 0
    day_in: int = 0
    day_out: int = 0
    median_stop_us: int | None = None


def standings(
    facts: Sequence[PortFacts],
    enrolled: Collection[str],
    ports: Sequence[PortRecord],
    traffic: Sequence[Traffic],
    alarms: Sequence[RegionAlarm],
) -> tuple[PortStanding, ...]:
    """Return how every port stands, in the order of ``facts``; ports that only sent something come last, by name."""
    records = {record.port: record for record in ports}
    counted = {one.port: one for one in traffic}
    known = {one.port for one in facts}
    others = [_unlisted(port) for port in sorted(records.keys() - known)]
    return tuple(
        _standing(one, one.port in enrolled, records.get(one.port), counted, alarms) for one in (*facts, *others)
    )


def _unlisted(port: str) -> PortFacts:
    return PortFacts(port, {"zh": port, "en": port}, "road", 0, 0, "")


def _standing(
    facts: PortFacts,
    enrolled: bool,
    record: PortRecord | None,
    counted: Mapping[str, Traffic],
    alarms: Sequence[RegionAlarm],
) -> PortStanding:
    standing = PortStanding(
        facts.port, facts.title, facts.kind, facts.latitude_udeg, facts.longitude_udeg, facts.hours, enrolled
    )
    if record is None:
        return standing
    traffic = counted.get(facts.port, Traffic(facts.port))
    return replace(
        standing,
        taken=record.taken,
        behind=None if record.heard_at is None else max(0, record.size - record.taken),
        heard_at=record.heard_at,
        entry_at=record.entry_at,
        witnessed_size=record.witnessed_size,
        witnessed_at=record.witnessed_at,
        suspended=record.suspended,
        alarms=tuple(alarm for alarm in alarms if alarm.port == facts.port and alarm.acknowledged_by is None),
        **{name: getattr(traffic, name) for name in Traffic.__struct_fields__ if name != "port"},
    )
