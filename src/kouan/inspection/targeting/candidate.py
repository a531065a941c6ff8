"""A candidate (布控对象): one consignment, as its papers tell of it before anything of it is examined."""

import hashlib

import msgspec

from kouan.ledger.entries import canonical
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.places import Direction

DAY_US = 86_400_000_000
CHINA_US = 8 * 3_600_000_000
"""How far China Standard Time is ahead of UTC, in microseconds: days and hours are those of the port's clocks."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One consignment whose confirmation, manifest and declaration are complete.

    ``at`` is when the last of its papers came. ``importer`` is the declaration's consignee, ``exporter`` the manifest's
    sender, ``agent`` who sent the confirmation; None where the papers do not say. ``gross_kg`` is the manifest's mass,
    ``value_fen`` the declared value in 1/100 yuan, ``lines`` how many consignments the declaration holds, ``vehicles``
    how many lorries share the batch.
    """

    number: str
    at: Instant
    direction: Direction
    consignment: str
    declaration: str | None
    plate: str
    carrier: str
    importer: str | None
    exporter: str | None
    agent: str | None
    route: str | None
    hs_code: str
    goods: str
    gross_kg: int
    value_fen: int | None
    lines: int = 1
    vehicles: int = 1

    @property
    def digest(self) -> str:
        """The hex SHA-256 of what the papers say, but for when: papers that say something else are judged again."""
        return hashlib.sha256(canonical(msgspec.structs.replace(self, at=0))).hexdigest()


def day_of(at: Instant) -> int:
    """Return the day of an instant in China, counted from 1970."""
    return (at + CHINA_US) // DAY_US
