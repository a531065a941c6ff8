"""What may be told about a lot. A fact says what happened; the machine says what it means.

Facts hold no personal data: people are named where a fact is recorded, by their user names.
"""

import enum

import msgspec

from kouan.inspection.release.rule import Check
from kouan.inspection.supporting import CertificateKind
from kouan.vocabulary.clock import Instant


class Wish(enum.StrEnum):
    """What a consignee may ask customs for, and customs may order ex officio (依职权)."""

    QUALITY = "quality"
    WEIGHT = "weight"


class Finding(enum.StrEnum):
    """What excludes a lot from leaving before its result; the last two bar it from the market."""

    EXCESS_RADIATION = "excess_radiation"
    SOLID_WASTE = "solid_waste"
    MISMATCH = "mismatch"
    FOREIGN_MATTER = "foreign_matter"
    HIGH_RISK = "high_risk"
    PROHIBITED = "prohibited"
    EPIDEMIC = "epidemic"


BARRING = frozenset({Finding.PROHIBITED, Finding.EPIDEMIC})
"""Findings that segment 1 of two-segment admission settles: such goods are returned or destroyed."""


class Way(enum.StrEnum):
    """How goods that failed are disposed of."""

    TREAT = "treat"
    RETURN = "return"
    DESTROY = "destroy"


class _Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Arrived(_Fact, frozen=True, tag="arrived"):
    """The goods have arrived at the port."""


class Asked(_Fact, frozen=True, tag="asked"):
    """The consignee asks for an appraisal or a test with its certificate, or customs orders it ex officio."""

    wish: Wish
    ex_officio: bool = False


class SiteChecked(_Fact, frozen=True, tag="site_checked"):
    """One of the checks on site was made."""

    check: Check
    passed: bool


class Found(_Fact, frozen=True, tag="found"):
    """Something was found that excludes the lot from leaving before its result."""

    finding: Finding


class SampleTaken(_Fact, frozen=True, tag="sample_taken"):
    """A sample was taken and sealed, with its duplicate; ``sample`` is its number."""

    sample: str


class ReportVerified(_Fact, frozen=True, tag="report_verified"):
    """A third party's report was found to be acceptable (采信); ``drawn`` says that a test again was drawn for it."""

    report: str
    agency: str
    items: tuple[str, ...]
    issued_at: Instant
    drawn: bool


class ReleaseGranted(_Fact, frozen=True, tag="release_granted"):
    """Release is granted, in whatever sense the rule allows at this point."""


class ReleaseDenied(_Fact, frozen=True, tag="release_denied"):
    """An officer denies release and holds the lot."""

    reason: str


class ResultIn(_Fact, frozen=True, tag="result_in"):
    """The laboratory's result is in: whether the goods are as they must be."""

    result: str
    passed: bool


class CertificateIssued(_Fact, frozen=True, tag="certificate_issued"):
    """A certificate for the whole lot was issued; whether it is the kind that the goods need, the rule says."""

    certificate: str
    kind: CertificateKind


class CertificateRevoked(_Fact, frozen=True, tag="certificate_revoked"):
    """The certificate of a lot was revoked by its issuer: its goods may not be sold any more."""

    certificate: str


class ReachedDestination(_Fact, frozen=True, tag="reached_destination"):
    """Goods released on condition have arrived where they are to be checked or kept."""


class CheckedThere(_Fact, frozen=True, tag="checked_there"):
    """One of the checks at the destination was made."""

    check: Check
    passed: bool


class HoldLifted(_Fact, frozen=True, tag="hold_lifted"):
    """A hold is lifted with a reason, confirmed by a second person: what failed is checked again."""

    reason: str
    second: str


class RetestOrdered(_Fact, frozen=True, tag="retest_ordered"):
    """The duplicate sample (副样) is to be tested because a result is contested."""

    sample: str


class RecallOrdered(_Fact, frozen=True, tag="recall_ordered"):
    """An officer recalls goods that have left."""

    reason: str


class Recovered(_Fact, frozen=True, tag="recovered"):
    """Recalled goods are under customs control again."""


class Disposed(_Fact, frozen=True, tag="disposed"):
    """Goods that failed, or were declared and never came, were treated, returned or destroyed."""

    way: Way
    reason: str


class Extended(_Fact, frozen=True, tag="extended"):
    """A person gives an overdue lot the rule's time once more."""

    reason: str


class DeadlinePassed(_Fact, frozen=True, tag="deadline_passed"):
    """The lot's deadline has passed with nothing heard."""


Fact = (
    Arrived | Asked | SiteChecked | Found | SampleTaken | ReportVerified | ReleaseGranted | ReleaseDenied | ResultIn
    | CertificateIssued | CertificateRevoked | ReachedDestination | CheckedThere | HoldLifted | RetestOrdered
    | RecallOrdered | Recovered | Disposed | Extended | DeadlinePassed
)  # fmt: skip


def kind_of(fact: Fact) -> str:
    """Return a fact's tag, as entries and reasons name it."""
    return str(type(fact).__struct_config__.tag)
