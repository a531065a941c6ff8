"""Who may say what on the device network: what each identity may publish and hear, made from the catalogue of channels.

Subjects are NATS's (``kouan.PORT.LANE.DEVICE.CHANNEL``); on MQTT the dots are slashes. What is not allowed is denied.
"""

import enum
from collections.abc import Callable

import msgspec

from kouan.protocols.catalogue import CHANNELS, Channel, Flow
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.places import LaneName, PortName


class Kind(enum.StrEnum):
    """The kinds of participant."""

    PLATFORM = "platform"
    LANE_CONTROLLER = "lane_controller"
    LANE = "lane"
    APPROACH = "approach"
    AGENCY = "agency"


class Identity(msgspec.Struct, frozen=True):
    """Whom a certificate speaks for, at one port.

    ``places`` are the lanes of a device box, or the one authority of an agency; nothing for the other kinds.
    """

    kind: Kind
    port: str
    places: tuple[str, ...] = ()

    def check(self) -> "Identity":
        """Return the identity; raise InvalidValue where its port or its places are none."""
        PortName.parse(self.port)
        if self.kind == Kind.LANE:
            if not self.places:
                raise InvalidValue("places", "identity.lanes", "must name one lane or more")
            for lane in self.places:
                LaneName.parse(lane)
        elif self.kind == Kind.AGENCY:
            if len(self.places) != 1 or not self.places[0].replace("_", "").isalpha() or not self.places[0].islower():
                raise InvalidValue("places", "identity.agency", "must name one authority, as in border_inspection")
        elif self.places:
            raise InvalidValue("places", "identity.places", f"must be empty for {self.kind.value}")
        return Identity(self.kind, str(self.port), tuple(map(str, self.places)))


class Permissions(msgspec.Struct, frozen=True):
    """Subjects that a user may publish and subscribe to, and those that it may not whatever the others say."""

    publish: tuple[str, ...] = ()
    subscribe: tuple[str, ...] = ()
    publish_denied: tuple[str, ...] = ()
    subscribe_denied: tuple[str, ...] = ()

    def may_publish(self, subject: str) -> bool:
        """Say whether a message may be sent on a subject."""
        return _any_covers(self.publish, subject) and not _any_covers(self.publish_denied, subject)

    def may_subscribe(self, subject: str) -> bool:
        """Say whether a subject, with wildcards or without, may be listened to."""
        return _any_covers(self.subscribe, subject) and not _any_covers(self.subscribe_denied, subject)


_INTERNAL = ("$MQTT.msgs.>",)
"""Where the gateway stores messages. A user without rules may publish here by MQTT, and what lands here reaches every
QoS 1 subscriber past all rules (tried with nats-server 2.15.1). The lists below do not allow it; it is denied besides,
because nats-server's pull request 7637 lets MQTT clients use ``$MQTT.>`` unless they are denied it."""

_JETSTREAM = (
    "$JS.API.INFO",
    "$JS.API.STREAM.INFO.$MQTT_msgs",
    "$JS.API.STREAM.MSG.GET.$MQTT_msgs",
    "$JS.API.CONSUMER.CREATE.$MQTT_msgs.>",
    "$JS.API.CONSUMER.DURABLE.CREATE.$MQTT_msgs.>",
    "$JS.API.CONSUMER.INFO.$MQTT_msgs.>",
    "$JS.API.CONSUMER.NAMES.$MQTT_msgs",
    "$JS.API.CONSUMER.LIST.$MQTT_msgs",
    "$JS.API.CONSUMER.DELETE.$MQTT_msgs.>",
    "$JS.ACK.$MQTT_msgs.>",
)
"""What reading the gateway's store takes; only the platform does it."""

WATCHED = ("plc", "barrier", "plate_camera", "seal_reader")
"""Devices whose events a lane controller hears: an order is void once the vehicle that it names has moved."""

_CONTROLLER = "controller"
"""The lane controller's place among a lane's devices."""


def permissions_of(identity: Identity) -> Permissions:
    """Return what an identity may do by MQTT; the platform nothing, since it opens a session there and speaks by NATS.

    A device box hears the commands to its own lanes' devices, and whether the lane controller is there.
    """
    port = identity.port
    publish: tuple[str, ...] = ()
    subscribe: tuple[str, ...] = ()
    match identity.kind:
        case Kind.PLATFORM:
            pass
        case Kind.LANE_CONTROLLER:
            publish = (*_subjects(port, "*", _by_controller), *_subjects(port, "*", _to_barrier))
            events = tuple(f"kouan.{port}.*.{each}.event" for each in WATCHED)
            subscribe = (f"kouan.{port}.*.order.*", *events, f"kouan.{port}.*.*.status")
        case Kind.LANE:
            publish = tuple(each for lane in identity.places for each in _subjects(port, lane, _by_device))
            subscribe = tuple(each for lane in identity.places for each in _subjects(port, lane, _to_device))
        case Kind.APPROACH:
            publish = _subjects(port, "approach", _by_device)
        case Kind.AGENCY:
            publish = tuple(f"kouan.{port}.agency.{each}.verdict" for each in identity.places)
            subscribe = tuple(f"kouan.{port}.agency.{each}.case" for each in identity.places)
    return Permissions(publish, subscribe, _INTERNAL, _INTERNAL)


def platform_permissions(port: str) -> Permissions:
    """Return what the platform may do by NATS: hear its port, and send what comes from the platform."""
    sent = [each for each in CHANNELS.values() if each.flow == Flow.FROM_PLATFORM]
    lanes = tuple(f"kouan.{port}.*.{each.device}.{each.name}" for each in sent if each.place == "lane")
    agencies = tuple(f"kouan.{port}.agency.*.{each.name}" for each in sent if each.place == "agency")
    return Permissions((*lanes, *agencies, *_JETSTREAM), (f"kouan.{port}.>", "_INBOX.>"), _INTERNAL)


def _by_controller(channel: Channel) -> bool:
    return channel.device == _CONTROLLER


def _to_barrier(channel: Channel) -> bool:
    return channel.flow == Flow.WITHIN_LANE


def _by_device(channel: Channel) -> bool:
    return channel.flow == Flow.TO_PLATFORM and channel.device != _CONTROLLER


def _to_device(channel: Channel) -> bool:
    return channel.name == "command" or channel.key == ("lane", _CONTROLLER, "status")


def _subjects(port: str, place: str, chosen: Callable[[Channel], bool]) -> tuple[str, ...]:
    kind = "approach" if place == "approach" else "lane"
    channels = [each for each in CHANNELS.values() if each.place == kind and chosen(each)]
    return tuple(f"kouan.{port}.{place}.{each.device}.{each.name}" for each in channels)


def _any_covers(patterns: tuple[str, ...], subject: str) -> bool:
    return any(covers(each, subject) for each in patterns)


def covers(pattern: str, subject: str) -> bool:
    """Say whether a subject with wildcards (``*`` one word, ``>`` one or more) covers all that another one does."""
    wanted, words = pattern.split("."), subject.split(".")
    for place, word in enumerate(wanted):
        if place >= len(words):
            return False
        if word == ">":
            return True
        if words[place] == ">" or (word != "*" and word != words[place]):
            return False
    return len(wanted) == len(words)
