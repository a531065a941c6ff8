"""Topics: how they are written, and what travels on each.

    kouan/<port>/<lane>/<device>/<channel>              a device or the lane controller at one lane
    kouan/<port>/agency/<authority>/<channel>           an authority that judges cases of this port
    kouan/<port>/approach/queue_counter/<channel>       the road before the gate
    kouan/<port>/hub/<channel>                          between this port and the hub of its region

The same text with dots for slashes is the NATS subject, so no part holds a dot, a slash, a space or a wildcard.
"""

import functools
import re
from typing import Any

import msgspec

from kouan.protocols.catalogue import CHANNELS, Channel
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.places import LaneName, PortName

ROOT = "kouan"
"""The first level of every topic."""

MAX_CHARACTERS = 256
"""Longest topic that is looked at. Our choice: twice the longest that our names allow."""

_NAME = re.compile(r"[a-z][a-z_]{0,31}")


class DeviceTopic(msgspec.Struct, frozen=True):
    """One channel of one device at one lane."""

    port: str
    lane: str
    device: str
    channel: str

    def __str__(self) -> str:
        return f"{ROOT}/{self.port}/{self.lane}/{self.device}/{self.channel}"


class AgencyTopic(msgspec.Struct, frozen=True):
    """Case files to one authority, or its verdicts."""

    port: str
    authority: str
    channel: str

    def __str__(self) -> str:
        return f"{ROOT}/{self.port}/agency/{self.authority}/{self.channel}"


class ApproachTopic(msgspec.Struct, frozen=True):
    """One channel of a device on the road before the gate."""

    port: str
    device: str
    channel: str

    def __str__(self) -> str:
        return f"{ROOT}/{self.port}/approach/{self.device}/{self.channel}"


class HubTopic(msgspec.Struct, frozen=True):
    """One channel between a port and the hub of its region."""

    port: str
    channel: str

    def __str__(self) -> str:
        return f"{ROOT}/{self.port}/hub/{self.channel}"


Topic = DeviceTopic | AgencyTopic | ApproachTopic | HubTopic


def _unknown(mend: str) -> InvalidValue:
    return InvalidValue("topic", "topic.unknown", mend)


@functools.lru_cache(maxsize=4096)
def parse(topic: str) -> Topic:
    """Return what a topic names; raise InvalidValue (``topic.unknown``) unless it is one of this catalogue."""
    levels = topic.split("/") if len(topic) <= MAX_CHARACTERS else []
    if levels[2:3] == ["hub"]:
        levels.insert(3, "hub")
    if len(levels) != 5 or levels[0] != ROOT:
        raise _unknown(f"must be {ROOT}/<port>/<lane>/<device>/<channel>")
    _, port, place, device, channel = levels
    parsed: Topic
    try:
        PortName.parse(port)
        if place == "hub":
            parsed = HubTopic(port, channel)
        elif place == "agency":
            parsed = AgencyTopic(port, device, channel)
        elif place == "approach":
            parsed = ApproachTopic(port, device, channel)
        else:
            parsed = DeviceTopic(port, LaneName.parse(place), device, channel)
    except InvalidValue as error:
        raise _unknown(f"must name a port and a lane: {error.mend}"[:200]) from error
    _channel(parsed)
    return parsed


def _key(topic: Topic) -> tuple[str, str, str]:
    match topic:
        case DeviceTopic(device=device, channel=channel):
            return "lane", device, channel
        case ApproachTopic(device=device, channel=channel):
            return "approach", device, channel
        case HubTopic(channel=channel):
            return "hub", "hub", channel
        case AgencyTopic(authority=authority, channel=channel):
            return "agency", "*" if _NAME.fullmatch(authority) else "", channel


def _channel(topic: Topic) -> Channel:
    found = CHANNELS.get(_key(topic))
    if found is None:
        raise _unknown("must be a channel of the catalogue (docs/reference/asyncapi.yaml)")
    return found


@functools.lru_cache(maxsize=4096)
def channel_of(topic: str) -> Channel:
    """Return the channel that a topic belongs to; raise InvalidValue (``topic.unknown``) if there is none."""
    return _channel(parse(topic))


def decode(topic: str, payload: bytes) -> Any:
    """Return the message of the channel's type; raise InvalidValue, and nothing else, for any other topic or bytes.

    Byte streams come back as ``stream.Chunk``, signed messages as ``signed.Unverified``.
    """
    return channel_of(topic).codec.decode(payload)


def encode(topic: str, message: Any) -> bytes:
    """Return the payload for a message on this topic; raise InvalidValue if it does not belong there."""
    return channel_of(topic).codec.encode(message)


def subject(topic: str) -> str:
    """Return the NATS subject under which the broker's MQTT gateway carries this topic."""
    return topic.replace("/", ".")


def from_subject(nats_subject: str) -> str:
    """Return the MQTT topic of a NATS subject."""
    return nats_subject.replace(".", "/")
