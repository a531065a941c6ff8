"""Where things happen: ports, lanes and their directions."""

import enum
import re

from kouan.vocabulary.errors import InvalidValue

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_LANE = re.compile(r"[A-Z][A-Z0-9-]{0,15}")


class Direction(enum.StrEnum):
    """Which way a lane, a passage or a consignment goes, seen from China."""

    IN = "in"
    OUT = "out"


class PortName(str):
    """A border port's (口岸) short name, as in file names and topics: ``ganqimaodu``."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "PortName":
        """Return the name; raise InvalidValue unless it is lower-case letters, digits and hyphens."""
        if not _NAME.fullmatch(text):
            raise InvalidValue("port", "port.name", f"{text!r} must be lower-case letters, digits and hyphens")
        return cls(text)


class LaneName(str):
    """A lane's short name within its port, as painted on the ground: ``I1``."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "LaneName":
        """Return the name; raise InvalidValue unless it is capitals, digits and hyphens, a capital first."""
        if not _LANE.fullmatch(text):
            raise InvalidValue("lane", "lane.name", f"{text!r} must be capitals, digits and hyphens, as in I1")
        return cls(text)
