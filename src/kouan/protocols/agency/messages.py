"""Case files to agencies, and their verdicts."""

import enum
from collections.abc import Mapping
from typing import Annotated

import msgspec

from kouan.protocols.fields import LARGEST, At, AuthorityName, Code, Count, Identity, Lane, LongText, Port, Text
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Reason

WholeNumber = Annotated[int, msgspec.Meta(ge=-LARGEST, le=LARGEST)]


class CaseFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one authority needs to know of one passage; ``revision`` rises with each version, ``final`` marks the last.

    ``case`` is the passage's id. ``facts`` holds nothing that this authority does not need.
    """

    case: Identity
    revision: Count
    port: Port
    lane: Lane
    direction: Direction
    authority: AuthorityName
    opened_at: At
    plate: Text | None = None
    trailer: Text | None = None
    containers: Annotated[tuple[Text, ...], msgspec.Meta(max_length=8)] = ()
    facts: Annotated[Mapping[Code, LongText | WholeNumber | bool], msgspec.Meta(max_length=64)] = {}
    final: bool = False


class VerdictOutcome(enum.StrEnum):
    """What an authority says: yes, no, or that it wants to examine."""

    GRANT = "grant"
    REFUSE = "refuse"
    REFER = "refer"


class VerdictReason(Reason, frozen=True, forbid_unknown_fields=True):
    """A reason as it comes over the wire: as in ``vocabulary.verdict``, and bounded."""

    code: Code
    params: Annotated[Mapping[Code, LongText | WholeNumber], msgspec.Meta(max_length=16)] = {}


class Verdict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One authority's word on one revision of one case, from ``issued_at`` until ``expires_at``.

    Raises InvalidValue when made so that it expires before it is issued (``verdict.expiry``), or refuses or refers
    without a reason (``verdict.reasons``).
    """

    authority: AuthorityName
    port: Port
    case: Identity
    revision: Count
    outcome: VerdictOutcome
    reasons: Annotated[tuple[VerdictReason, ...], msgspec.Meta(max_length=16)] = ()
    issued_at: At
    expires_at: At

    def __post_init__(self) -> None:
        """Refuse a verdict that contradicts itself."""
        if self.expires_at <= self.issued_at:
            raise InvalidValue("expires_at", "verdict.expiry", "must be after issued_at")
        if self.outcome != VerdictOutcome.GRANT and not self.reasons:
            raise InvalidValue("reasons", "verdict.reasons", "must say why, unless the outcome is grant")
