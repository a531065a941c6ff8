"""What the API says of lots, and what it is told of them."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Annotated, Any, Literal

from pydantic import Field as Limits

from kouan.access.words import Field
from kouan.gate.catalogue import Catalogue, render
from kouan.inspection.release.blocking import blocking
from kouan.inspection.release.facts import Finding, Way, Wish
from kouan.inspection.release.lot import LotState
from kouan.inspection.release.permits import may_leave, may_sell, released_kg
from kouan.inspection.release.records import CustodyRecord, LotRecord, SampleRecord, rule_of, standing_of
from kouan.inspection.release.rule import Check
from kouan.inspection.supporting import CertificateKind
from kouan.vocabulary.clock import Instant as At
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import GRANTED, Reason, Verdict
from kouan.web.fields import Instant, Line, Number, Shape, Why


class ReasonView(Shape):
    """A message id with its parameters, and its text in English."""

    code: str
    params: dict[str, str | int]
    text: str


class LotView(Shape):
    """One lot on the worklist; ``blocking`` is what keeps it from its next step, nearest first.

    ``consignee`` is null where it is withheld: whose goods they are is read for a purpose.
    """

    number: str
    declaration: str
    hs_code: str
    goods: str
    direction: Direction
    mass_kg: int
    consignee: str | None
    regime: str
    state: LotState
    overdue: LotState | None
    deadline: Instant | None
    blocking: list[ReasonView]


class Lots(Shape):
    """Lots by number; ``next`` is where the next page begins, None on the last."""

    items: list[LotView]
    next: str | None


class SampleView(Shape):
    """One sealed sample, or the duplicate of one, with its chain of custody."""

    number: str
    duplicate_of: str | None
    seal: str
    taken_by: str
    witness: str
    location: str
    taken_at: Instant
    result: str | None
    passed: bool | None
    custody: list["CustodyView"]


class CustodyView(Shape):
    """Who has had something where, since when and under which seal."""

    step: int
    location: str
    holder: str
    seal: str | None
    since: Instant
    noted_by: str


class RuleView(Shape):
    """The rule of a lot: what it asks for, since when it is in force, and where that is written."""

    reference: str
    effective_from: Instant
    site_checks: list[Check]
    destination_checks: list[Check]
    sampling: str
    certificate: str
    certificate_kind: CertificateKind
    leaves: str
    source: str
    unverified: bool


class LotSheet(LotView):
    """One lot with all that is known of it; samples and custody are none where they are ``withheld``."""

    declared_at: Instant
    arrived_at: Instant | None
    version: int
    rule: RuleView
    passed: list[Check]
    passed_there: list[Check]
    may_leave: bool
    may_sell: bool
    released_kg: int
    lift_asked_by: str | None
    samples: list[SampleView]
    custody: list[CustodyView]
    withheld: bool


class CheckRequest(Shape):
    """The outcome of a check on site or, ``there``, at the destination."""

    check: Check
    passed: bool
    there: bool = False


class FindingRequest(Shape):
    """Something that excludes a lot from leaving before its result."""

    finding: Finding


class SampleRequest(Shape):
    """A sample and its duplicate as they were taken and sealed."""

    sample: Number
    seal: Number
    duplicate: Number
    duplicate_seal: Number
    location: Line
    witness: Annotated[Line, Limits(description="The firm or office that saw it, not a person's name.")]
    laboratory: Line
    store: Line


class DecisionRequest(Shape):
    """What an officer decides, with the reason."""

    decision: Literal["grant", "deny", "recall", "extend"]
    reason: Why


class DisposalRequest(Shape):
    """How goods that failed are disposed of."""

    way: Way
    reason: Why


class MovementRequest(Shape):
    """Where goods have come to: the port, their destination, or back under control."""

    reached: Literal["port", "destination", "control"]


class WishRequest(Shape):
    """What is asked for: a test of quality, or an appraisal of weight."""

    wish: Wish


class CustodyRequest(Shape):
    """Who has the lot, or one of its samples, from now on, where and under which seal."""

    item: Number
    location: Line
    holder: Line
    seal: Number | None = None


class LiftRequest(Shape):
    """Why a hold may be lifted."""

    reason: Why


def summary(record: LotRecord, texts: Catalogue, read: AbstractSet[Field]) -> dict[str, Any]:
    """Return a lot as the worklist shows it; ``read`` are the fields of it that its reader may see."""
    standing, rule = standing_of(record), rule_of(record)
    return {
        "number": record.number,
        "declaration": record.declaration,
        "hs_code": record.hs_code,
        "goods": record.goods,
        "direction": record.direction,
        "mass_kg": record.mass_kg,
        "consignee": record.consignee if Field.FIRM in read else None,
        "regime": record.regime,
        "state": record.state,
        "overdue": standing.interrupted,
        "deadline": record.deadline,
        "blocking": [_reason(reason, texts) for reason in blocking(standing, rule)],
    }


def sheet(
    record: LotRecord,
    samples: Sequence[tuple[SampleRecord, Sequence[CustodyRecord]]],
    custody: Sequence[CustodyRecord],
    texts: Catalogue,
    now: At,
    read: AbstractSet[Field],
) -> dict[str, Any]:
    """Return a lot with its rule, what was done, its samples and its custody."""
    standing, rule = standing_of(record), rule_of(record)
    withheld = Field.SAMPLE not in read
    return summary(record, texts, read) | {
        "declared_at": record.declared_at,
        "arrived_at": record.arrived_at,
        "version": record.version,
        "rule": {
            "reference": rule.reference,
            "effective_from": rule.effective_from,
            "site_checks": rule.site_checks,
            "destination_checks": rule.destination_checks,
            "sampling": rule.sampling,
            "certificate": rule.certificate,
            "certificate_kind": rule.certificate_kind,
            "leaves": rule.leaves,
            "source": rule.source,
            "unverified": rule.unverified,
        },
        "passed": standing.passed,
        "passed_there": standing.passed_there,
        "may_leave": _granted(may_leave(standing, rule, now)),
        "may_sell": _granted(may_sell(standing, rule)),
        "released_kg": released_kg(standing, record.mass_kg),
        "lift_asked_by": record.lift_by,
        "samples": [] if withheld else [_sample(sample, links) for sample, links in samples],
        "custody": [] if withheld else [_link(link) for link in custody],
        "withheld": withheld,
    }


def _granted(verdict: Verdict) -> bool:
    return verdict is GRANTED


def _reason(reason: Reason, texts: Catalogue) -> dict[str, Any]:
    return {"code": reason.code, "params": dict(reason.params), "text": render(texts, reason)}


def _sample(sample: SampleRecord, links: Sequence[CustodyRecord]) -> dict[str, Any]:
    return {
        "number": sample.number,
        "duplicate_of": sample.duplicate_of,
        "seal": sample.seal,
        "taken_by": sample.taken_by,
        "witness": sample.witness,
        "location": sample.location,
        "taken_at": sample.taken_at,
        "result": sample.result,
        "passed": None if sample.passed is None else bool(sample.passed),
        "custody": [_link(link) for link in links],
    }


def _link(link: CustodyRecord) -> dict[str, Any]:
    return {name: getattr(link, name) for name in ("step", "location", "holder", "seal", "since", "noted_by")}
