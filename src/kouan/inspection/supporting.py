"""The papers (随附单证) that accompany a declaration: certificates, results, reports, licences, reports of a gate.

Each is handed in whole under its own number, and its next version replaces it. Masses are whole kilograms; measured
values are decimal text, because entries hold no floats; days are ISO dates in China (``2026-11-22``).
"""

import enum

import msgspec

from kouan.vocabulary.clock import Instant
from kouan.vocabulary.places import Direction


class PaperKind(enum.StrEnum):
    """What kind a supporting paper is."""

    CERTIFICATE = "certificate"
    LABORATORY_RESULT = "laboratory_result"
    THIRD_PARTY_REPORT = "third_party_report"
    LICENCE = "licence"
    GATE_REPORT = "gate_report"


class CertificateKind(enum.StrEnum):
    """What a certificate states of its goods."""

    QUALITY = "quality"
    WEIGHT = "weight"
    QUARANTINE = "quarantine"
    ORIGIN = "origin"


class Bound(enum.StrEnum):
    """Whether a limit is the most or the least that a value may be."""

    MOST = "most"
    LEAST = "least"


class CoveredLot(msgspec.Struct, frozen=True):
    """A lot that a certificate covers, and how much of it."""

    lot: str
    mass_kg: int


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate (证书): who issued it, what it states, which lots and how much of each, and its first and last day.

    Without ``valid_until`` it does not expire.
    """

    number: str
    version: int
    certificate: CertificateKind
    issuer: str
    covers: tuple[CoveredLot, ...]
    valid_from: str
    valid_until: str | None = None


class TestItem(msgspec.Struct, frozen=True):
    """One test item (检测项目): what was found and, where there is a limit, whether it is kept.

    ``value`` and ``limit`` are decimal text in ``unit``; a finding that is no number stands in words, without a limit.
    """

    item: str
    value: str
    passed: bool
    unit: str | None = None
    limit: str | None = None
    bound: Bound | None = None


class LaboratoryResult(msgspec.Struct, frozen=True, kw_only=True):
    """A laboratory's result (实验室检测结果) on one sample of one lot."""

    number: str
    version: int
    laboratory: str
    lot: str
    sample: str
    items: tuple[TestItem, ...]
    reported_on: str

    @property
    def passed(self) -> bool:
        """Whether every item passed."""
        return all(item.passed for item in self.items)


class ThirdPartyReport(msgspec.Struct, frozen=True, kw_only=True):
    """A third party's report that acceptance (采信) may go by: agency, standard, items, lots, first and last day."""

    number: str
    version: int
    agency: str
    standard: str
    lots: tuple[str, ...]
    items: tuple[TestItem, ...]
    valid_from: str
    valid_until: str

    @property
    def passed(self) -> bool:
        """Whether every item passed."""
        return all(item.passed for item in self.items)


class Licence(msgspec.Struct, frozen=True, kw_only=True):
    """An import or export licence (许可证): its holder, goods codes, mass, first and last day.

    ``overrun_permille`` is how much more of goods in bulk than ``mass_kg`` may come, in thousandths.
    """

    number: str
    version: int
    holder: str
    hs_codes: tuple[str, ...]
    mass_kg: int
    valid_from: str
    valid_until: str
    overrun_permille: int = 0

    @property
    def most_kg(self) -> int:
        """The most that may be written off against it, in kilograms."""
        return self.mass_kg * (1000 + self.overrun_permille) // 1000


class GateReport(msgspec.Struct, frozen=True, kw_only=True):
    """What another gate or terminal reports (进出场报告, CODECO): containers went in or out there."""

    number: str
    version: int
    sender: str
    direction: Direction
    at: Instant
    containers: tuple[str, ...]
    plate: str | None = None
    place: str | None = None


Supporting = Certificate | LaboratoryResult | ThirdPartyReport | Licence | GateReport

KINDS: dict[type[Supporting], PaperKind] = {
    Certificate: PaperKind.CERTIFICATE,
    LaboratoryResult: PaperKind.LABORATORY_RESULT,
    ThirdPartyReport: PaperKind.THIRD_PARTY_REPORT,
    Licence: PaperKind.LICENCE,
    GateReport: PaperKind.GATE_REPORT,
}

FORMS: dict[PaperKind, type[Supporting]] = {kind: form for form, kind in KINDS.items()}


def kind_of(paper: Supporting) -> PaperKind:
    """Return what kind a supporting paper is."""
    return KINDS[type(paper)]


def lots_covered(paper: Supporting) -> tuple[str, ...]:
    """Return the numbers of the lots that a paper is about."""
    match paper:
        case Certificate():
            return tuple(each.lot for each in paper.covers)
        case LaboratoryResult():
            return (paper.lot,)
        case ThirdPartyReport():
            return paper.lots
    return ()
