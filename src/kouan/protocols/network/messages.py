"""Messages between a port (the edge) and the hub of its region.

To the hub: ``Entries``, the ledger as it stands; ``Head``, what its writer vouches for;
``Wanted``, the question what has been taken. From the hub: ``Taken``, and signed ``Witnessed`` and bulletins.
"""

import enum
from typing import Annotated

import msgspec

from kouan.protocols.fields import LARGEST, At, AuthorityName, Identity, Lane, LongText, Port, Sha256, Text
from kouan.vocabulary.places import Direction

MAX_ENTRIES = 1_000
"""Most entries in a batch. Our choice: the hub verifies and commits so many in some 50 ms."""

MAX_BATCH_BYTES = 786_432
"""Most bytes of entries in a batch. Our choice: three quarters of what nats-server carries by default (1 MiB)."""

MAX_ITEMS = 1_000
"""Most items in one bulletin. Our choice: with the longest texts that are usual it fits into one ledger entry."""

Size = Annotated[int, msgspec.Meta(ge=0, le=LARGEST, description="Number of entries in a ledger.")]
Version = Annotated[int, msgspec.Meta(ge=1, le=LARGEST, description="Rises by one with each change of the items.")]
Plate = Annotated[Text, msgspec.Meta(min_length=1)]
Title = Annotated[LongText, msgspec.Meta(min_length=1)]


class BulletinKind(enum.StrEnum):
    """What a bulletin is a list of."""

    HOLDS = "holds"
    WATCH_LIST = "watch_list"
    RULEBOOK = "rulebook"
    PRE_AUTHORISED = "pre_authorised"
    SIGHTINGS = "sightings"


# ---- from the edge to the hub


class Entries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Consecutive entries of a port's ledger, each in its canonical bytes; ``size`` is how many the ledger holds."""

    port: Port
    size: Size
    entries: Annotated[tuple[msgspec.Raw, ...], msgspec.Meta(min_length=1, max_length=MAX_ENTRIES)]


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The latest signed head of a port's ledger, in its canonical bytes."""

    port: Port
    head: msgspec.Raw


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The edge is there and asks what the hub has taken of it, and for bulletins later than those it holds.

    ``bulletins`` are the versions that it holds, by kind.
    """

    port: Port
    size: Size
    at: At
    bulletins: dict[BulletinKind, Version] = {}


# ---- from the hub to the edge


class Taken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The hub holds the port's entries up to ``size`` durably; ``last`` is the hex hash of the last of them.

    ``suspended`` names why nothing more is taken until a person decides: a rule as in ``chain.fork``; None as a rule.
    """

    port: Port
    size: Size
    last: Sha256
    suspended: Identity | None = None


class Witnessed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The hub saw that a signed head of a port's ledger agrees with all entries that it has taken up to ``size``.

    ``root`` is the head's Merkle root in hex, ``head_at`` the head's time, ``at`` the hub's.
    """

    region: Port
    port: Port
    size: Size
    root: Sha256
    head_at: At
    at: At


class HoldItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A hold that is in force in the whole region, on a plate or a container; ``kind`` as in ``detain``."""

    number: Identity
    authority: AuthorityName
    kind: AuthorityName
    plate: Plate | None = None
    container: Plate | None = None
    reason: LongText


class WatchItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who or what is watched for: a plate, a container, or a person's document by its commitment."""

    plate: Plate | None = None
    container: Plate | None = None
    document_commitment: Sha256 | None = None
    reason: LongText
    authority: AuthorityName


class RulebookItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rulebook as TOML, in force from an instant on."""

    name: Port
    version: Identity
    effective_from: At
    text: Annotated[str, msgspec.Meta(max_length=65_536)]


class PreAuthorisedItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A vehicle that may pass a disconnected port, within a span of time, if its risk is low."""

    plate: Plate
    trailer: Plate | None = None
    carrier: Identity
    not_before: At
    expires_at: At
    low_risk: bool


class SightingItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where in the region a plate stood at a stop line lately."""

    plate: Plate
    port: Port
    lane: Lane
    at: At
    direction: Direction


class _Bulletin(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind"):
    """What all bulletins carry: whose it is, for which port, its version, when it was issued and until when it holds.

    A bulletin is a whole list: the highest version replaces the ones before. One of the same version that was issued
    later says only that the hub is reachable still.
    """

    region: Port
    port: Port
    version: Version
    issued_at: At
    valid_until: At

    @property
    def kind(self) -> BulletinKind:
        """What it is a list of."""
        return BulletinKind(str(type(self).__struct_config__.tag))


_MANY = msgspec.Meta(max_length=MAX_ITEMS)


class Holds(_Bulletin, frozen=True, kw_only=True, tag="holds"):
    """The holds in force."""

    items: Annotated[tuple[HoldItem, ...], _MANY]


class WatchList(_Bulletin, frozen=True, kw_only=True, tag="watch_list"):
    """What is watched for."""

    items: Annotated[tuple[WatchItem, ...], _MANY]


class Rulebooks(_Bulletin, frozen=True, kw_only=True, tag="rulebook"):
    """The rulebooks in force and to come."""

    items: Annotated[tuple[RulebookItem, ...], _MANY]


class PreAuthorised(_Bulletin, frozen=True, kw_only=True, tag="pre_authorised"):
    """The vehicles that may pass while the hub cannot be reached."""

    items: Annotated[tuple[PreAuthorisedItem, ...], _MANY]


class Sightings(_Bulletin, frozen=True, kw_only=True, tag="sightings"):
    """Where plates were seen lately at the other ports."""

    items: Annotated[tuple[SightingItem, ...], _MANY]


Bulletin = Holds | WatchList | Rulebooks | PreAuthorised | Sightings
"""One list from the hub."""
