"""How the field speaks to a port: its links, what each must bring, and what a broker tells once one is gone."""

from collections.abc import Mapping, Sequence

import msgspec

from kouan.protocols import topics
from kouan.protocols.link import Link
from kouan.protocols.status.messages import DeviceStatus


class Links(msgspec.Struct, frozen=True):
    """How the field speaks: a link for each lane (one may serve several), for each agency, the approach and the yard.

    A link brings what ``subscriptions`` names. Without a link the yard has no devices.
    """

    lanes: Mapping[str, Link]
    agencies: Mapping[str, Link]
    approach: Link
    yard: Link | None = None


def lane_subscriptions(port: str, lane: str) -> tuple[str, ...]:
    """Return the topics that a lane's link must bring."""
    commands = (f"kouan/{port}/{lane}/{device}/command" for device in ("barrier", "light", "display"))
    return (*commands, f"kouan/{port}/{lane}/controller/status")


def exit_subscriptions(port: str, exits: Sequence[str]) -> tuple[str, ...]:
    """Return the topics that the yard's link must bring: what its exit lanes' barriers and PLCs hear."""
    devices = ("barrier/command", "controller/status")
    return tuple(f"kouan/{port}/{each}/{device}" for each in exits for device in devices)


def agency_subscriptions(port: str, authority: str = "+") -> tuple[str, ...]:
    """Return the topics that an agency's link must bring; one that serves all brings those of all."""
    return (f"kouan/{port}/agency/{authority}/case",)


def last_will(port: str, lane: str, at: int) -> tuple[str, bytes]:
    """Return topic and payload, to be retained, by which a broker tells that a lane's devices are gone."""
    topic = f"kouan/{port}/{lane}/plc/status"
    return topic, topics.encode(topic, DeviceStatus(device=f"{lane}.plc", seq=0, at=at, online=False))


def approach_will(port: str, at: int) -> tuple[str, bytes]:
    """Return topic and payload, to be retained, by which a broker tells that the approach's counter is gone."""
    topic = f"kouan/{port}/approach/queue_counter/status"
    return topic, topics.encode(topic, DeviceStatus(device="approach.queue_counter", seq=0, at=at, online=False))
