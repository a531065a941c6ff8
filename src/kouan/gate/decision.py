"""A decision about one vehicle: what, why, by which rules, and until when it may be acted on."""

import msgspec

from kouan.gate.procedures import Authority, Outcome
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Reason

DECIDER = 1
"""Version of ``decide``; every decision names it, and old entries replay with the decider that made them."""


class Finding(msgspec.Struct, frozen=True):
    """One rule that was not satisfied: its name and version, whose it is, what it asks for, and why."""

    rule: str
    version: int
    authority: Authority
    outcome: Outcome
    reason: Reason


class AgencyVerdict(msgspec.Struct, frozen=True):
    """The signed word of one authority on one case, after its signature was checked.

    ``outcome`` is ``grant``, ``refuse`` or ``refer`` (wants to examine); ``revision`` is the case file's that was
    judged.
    """

    authority: Authority
    outcome: str
    revision: int
    issued_at: Instant
    expires_at: Instant
    key_id: str
    reasons: tuple[Reason, ...] = ()


class RuleException(msgspec.Struct, frozen=True):
    """A person's signed exception from one rule (or, as ``verdict.<authority>``, from an agency's own refusal).

    Belongs to the authority that held; ``confirmed_by`` is the second person where the rule asks for one. It lifts only
    the ``reasons`` that the person saw, only if the person had ``stepped_up`` (signed in again), and only while
    ``recent``, the exceptions that the person gave in the hour before, is under the rule's cap. ``survey`` is what a
    survey by hand found, for rules that ask for one (I8).
    """

    rule: str
    authority: Authority
    by: str
    reason: str
    at: Instant
    confirmed_by: str | None = None
    reasons: tuple[Reason, ...] = ()
    stepped_up: bool = False
    recent: int = 0
    survey: str | None = None


class Decision(msgspec.Struct, frozen=True):
    """What was decided of a passage, with everything needed to decide it again.

    ``epoch`` is the hold epoch of the lane at that time; ``rulebook`` names the dated rulebook, ``rules`` every rule
    that applied as ``name@version``.
    """

    passage: str
    outcome: Outcome
    findings: tuple[Finding, ...]
    rulebook: str
    rules: tuple[str, ...]
    epoch: int
    at: Instant
    decider: int = DECIDER
    exceptions: tuple[str, ...] = ()
