"""How a port runs its gate: procedures and deadlines, who must agree, how long an order lives, and the rulebook."""

import functools
import hashlib

import msgspec

from kouan.gate.procedures import Outcome, Procedure
from kouan.gate.rulebook import Rulebook
from kouan.ledger.entries import canonical
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.places import Direction

MAX_ORDER_LIFETIME_US = 5 * SECOND
"""Longest life of an order in microseconds (I2)."""


class Requirement(msgspec.Struct, frozen=True):
    """One procedure of a lane: how long its evidence is awaited, and for which vehicles it is required.

    ``deadline_us`` counts from the vehicle's stop. Where directions or loads are empty, the requirement is for all.
    """

    procedure: Procedure
    deadline_us: int
    directions: tuple[Direction, ...] = ()
    loads: tuple[str, ...] = ()


class LanePolicy(msgspec.Struct, frozen=True, dict=True):
    """Everything outside the facts on which a step depends; recorded once by its digest, so that replay finds it.

    Spans are in microseconds. ``verdict_wait_us`` is how long verdicts are awaited once all procedures ended;
    ``report_wait_us`` how long the lane controller's report is, once an order expired; ``leave_wait_us`` how long a
    vehicle may take to leave. ``review_wait_us`` is how long a person may still settle a ``DIVERT_*`` at the stop line
    before the vehicle is diverted; outcomes not named are diverted at once, HOLD and REFUSE wait without end.
    ``papers_wait_us`` is how long papers are awaited that a person asked for again.
    """

    requirements: tuple[Requirement, ...]
    rulebook: Rulebook
    order_lifetime_us: int = MAX_ORDER_LIFETIME_US
    verdict_wait_us: int = 5 * SECOND
    report_wait_us: int = 2 * SECOND
    leave_wait_us: int = 120 * SECOND
    review_wait_us: dict[Outcome, int] = msgspec.field(default_factory=lambda: {Outcome.DIVERT_MANUAL: 60 * SECOND})
    papers_wait_us: int = 5 * SECOND

    def __post_init__(self) -> None:
        """Refuse a policy under which an order lives too long, or a procedure is asked for twice."""
        if not 0 < self.order_lifetime_us <= MAX_ORDER_LIFETIME_US:
            raise InvalidValue("order_lifetime_us", "policy.order_lifetime", "must be above 0 and at most 5 s")
        asked = [requirement.procedure for requirement in self.requirements]
        if len(set(asked)) != len(asked):
            raise InvalidValue("requirements", "policy.procedure_once", "each procedure stands once")

    @functools.cached_property
    def digest(self) -> str:
        """Return the hex SHA-256 of the canonical form, under which passages name their policy."""
        return hashlib.sha256(canonical(self)).hexdigest()

    def requirement(self, procedure: Procedure) -> Requirement | None:
        """Return what this port asks of a procedure, or None where it does not have it."""
        return next((found for found in self.requirements if found.procedure == procedure), None)
