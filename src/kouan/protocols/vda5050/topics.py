"""Topics of VDA 5050: ``interfaceName/majorVersion/manufacturer/serialNumber/topic`` (section 6.3)."""

import enum
import re

import msgspec

from kouan.vocabulary.errors import InvalidValue

INTERFACE = "uagv"
"""The interface name that the standard suggests (section 6.14)."""

LONGEST_LEVEL = 64
"""Longest level in characters. Our choice: a serial number is a name, and a topic of four such is easily carried."""

_NAME = re.compile(rf"[A-Za-z0-9_.:-]{{1,{LONGEST_LEVEL}}}")
_MAJOR = re.compile(r"v[0-9]{1,3}")
_FORBIDDEN = re.compile(r"[/+#\x00-\x1f\x7f-\x9f]")


class Kind(enum.StrEnum):
    """The last level: what travels there (section 6.5)."""

    ORDER = "order"
    INSTANT_ACTIONS = "instantActions"
    STATE = "state"
    VISUALIZATION = "visualization"
    CONNECTION = "connection"
    FACTSHEET = "factsheet"

    @property
    def qos(self) -> int:
        """MQTT quality of service: once at least for the connection, at most once for all else (section 6.2)."""
        return 1 if self is Kind.CONNECTION else 0

    @property
    def retained(self) -> bool:
        """Whether the broker keeps the last message: the connection always, the factsheet by our choice."""
        return self in {Kind.CONNECTION, Kind.FACTSHEET}

    @property
    def from_master(self) -> bool:
        """Whether the master publishes it."""
        return self in {Kind.ORDER, Kind.INSTANT_ACTIONS}


class Identity(msgspec.Struct, frozen=True, order=True):
    """A vehicle on a broker: who made it, its serial number, and under which interface name and major version."""

    manufacturer: str
    serial_number: str
    interface: str = INTERFACE
    major: str = "v2"

    def topic(self, kind: Kind) -> str:
        """Return the topic; raise InvalidValue (``topic.level``) if MQTT or the standard forbids one of its levels."""
        for field, level in self._levels():
            _carried(field, level)
        return "/".join((*(level for _, level in self._levels()), kind))

    def _levels(self) -> tuple[tuple[str, str], ...]:
        return (
            ("interface", self.interface),
            ("major", self.major),
            ("manufacturer", self.manufacturer),
            ("serial_number", self.serial_number),
        )


def _carried(field: str, level: str) -> None:
    if not level or _FORBIDDEN.search(level) or level.startswith("$"):
        raise InvalidValue(field, "topic.level", "must have a character, none of / + # or control, and no $ first")


def check_identity(identity: Identity) -> None:
    """Refuse an identity that the embedded broker cannot carry; called where a vehicle is registered.

    The standard recommends A–Z a–z 0–9 _ - . : for identifiers (section 6.1.2) and prescribes them for the serial
    number (section 6.3). A foreign broker may carry more: there ``Identity.topic`` alone decides.

    Raises InvalidValue: ``topic.level`` for what MQTT forbids, ``topic.characters`` for all else, spaces among them,
    ``topic.major`` for a version that is not v and a number.
    """
    if not _MAJOR.fullmatch(identity.major):
        raise InvalidValue("major", "topic.major", "must be v and a number, as v2")
    for field in ("interface", "manufacturer", "serial_number"):
        level = getattr(identity, field)
        _carried(field, level)
        if not _NAME.fullmatch(level):
            mend = f"must be 1 to {LONGEST_LEVEL} of A-Z a-z 0-9 _ . : - without spaces"
            raise InvalidValue(field, "topic.characters", mend)


def parse(topic: str) -> tuple[Identity, Kind]:
    """Return what a topic names; raise InvalidValue (``topic.unknown``, ``topic.level``) if it is not one of these."""
    levels = topic.split("/")
    if len(levels) != 5 or levels[4] not in set(Kind):
        form = "must be interfaceName/majorVersion/manufacturer/serialNumber/topic"
        raise InvalidValue("topic", "topic.unknown", form)
    interface, major, manufacturer, serial_number, kind = levels
    identity = Identity(manufacturer, serial_number, interface, major)
    identity.topic(Kind(kind))
    return identity, Kind(kind)
