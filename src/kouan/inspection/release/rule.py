"""One release rule: for which goods, since when, what is checked where, and what must stand before goods are sold."""

import enum
from typing import Annotated

import msgspec

from kouan.inspection.supporting import CertificateKind
from kouan.vocabulary.clock import Instant, seconds
from kouan.vocabulary.places import Direction


class Check(enum.StrEnum):
    """What is looked at on site or at the destination before goods go on.

    ``QUANTITY`` is that goods and number are as declared, ``WEIGHT`` the appraisal of weight (重量鉴定).
    """

    RADIATION = "radiation"
    FOREIGN_MATTER = "foreign_matter"
    SOLID_WASTE = "solid_waste"
    QUANTITY = "quantity"
    APPEARANCE = "appearance"
    WEIGHT = "weight"
    QUARANTINE = "quarantine"
    UNLOADED = "unloaded"


class Need(enum.StrEnum):
    """When something is asked for: always, where the consignee or customs asks for it, or not at all."""

    REQUIRED = "required"
    ON_REQUEST = "on_request"
    NONE = "none"


class Leaves(enum.StrEnum):
    """When goods may leave the customs site.

    ``ON_CONDITION`` (附条件提离) is before the result, not to be sold or used; ``WITH_RESULT`` (合规提离) is after it.
    """

    ON_CONDITION = "on_condition"
    WITH_RESULT = "with_result"


class DatedBy(enum.StrEnum):
    """Which of a lot's dates chooses the version of a rule: its declaration's or its arrival's."""

    DECLARATION = "declaration"
    ARRIVAL = "arrival"


class UnderWay(enum.StrEnum):
    """What a new version means to lots under way: they keep the version that was chosen for them."""

    KEEP = "keep"


class GrantedBy(enum.StrEnum):
    """Who grants release once all that the rule asks for is there: the rule itself, or an officer."""

    RULE = "rule"
    OFFICER = "officer"


Hours = Annotated[int, msgspec.Meta(ge=1, le=24 * 400)]


class Deadlines(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long a lot may stay in a state before somebody is called, in hours. All are our choice."""

    arrival_h: Hours = 14 * 24
    on_site_h: Hours = 24
    hold_h: Hours = 7 * 24
    result_h: Hours = 10 * 24
    certificate_h: Hours = 3 * 24
    destination_h: Hours = 15 * 24
    recall_h: Hours = 2 * 24
    treatment_h: Hours = 7 * 24
    grace_h: Hours = 24
    again_h: Hours = 24

    def us(self, name: str) -> int:
        """Return one of these spans in microseconds."""
        hours: int = getattr(self, name)
        return seconds(hours * 3600)


class ReportTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """On which terms a third party's report is accepted (采信): by whom, of what, how old, how often tested again."""

    agencies: tuple[str, ...]
    items: tuple[str, ...]
    valid_days: Annotated[int, msgspec.Meta(ge=1, le=3660)]
    retest_per_mille: Annotated[int, msgspec.Meta(ge=1, le=1000)]

    @property
    def valid_us(self) -> int:
        """For how long a report holds after it was issued, in microseconds."""
        return seconds(self.valid_days * 86_400)


class Unloading(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Release on unloading (卸货即放行) at one port: these goods' checks are made while they are unloaded in the yard.

    It stands on top of the goods' own rule and takes nothing away from it: what must be tested and certified before
    sale is the rule's alone.
    """

    name: str
    version: Annotated[int, msgspec.Meta(ge=1)]
    effective_from: Instant
    effective_until: Instant | None = None
    dated_by: DatedBy
    under_way: UnderWay
    hs: tuple[str, ...]
    source: str
    unverified: bool = False

    @property
    def reference(self) -> str:
        """Return ``name@version``."""
        return f"{self.name}@{self.version}"


class ReleaseRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One version of one regime, in force from ``effective_from`` until before ``effective_until``.

    ``hs`` are goods codes or their beginnings, none for all goods that no other rule names. ``site_checks`` must pass
    on site, ``checks_on_request`` as well where asked for, ``destination_checks`` at the destination. ``sampling`` and
    ``certificate`` say when goods are tested and certified before sale, ``certificate_kind`` by what. ``source`` names
    the document, ``unverified`` says that none was found for it.
    """

    name: str
    version: Annotated[int, msgspec.Meta(ge=1)]
    effective_from: Instant
    effective_until: Instant | None = None
    dated_by: DatedBy
    under_way: UnderWay
    directions: tuple[Direction, ...]
    hs: tuple[str, ...]
    site_checks: tuple[Check, ...]
    checks_on_request: tuple[Check, ...] = ()
    destination_checks: tuple[Check, ...] = ()
    sampling: Need
    certificate: Need
    certificate_kind: CertificateKind = CertificateKind.QUALITY
    leaves: Leaves
    granted_by: GrantedBy = GrantedBy.RULE
    report: ReportTerms | None = None
    deadlines: Deadlines = Deadlines()
    source: str
    unverified: bool = False
    unloading: str | None = None

    @property
    def reference(self) -> str:
        """Return ``name@version``, and after a plus sign that of the release on unloading that stands on top."""
        own = f"{self.name}@{self.version}"
        return own if self.unloading is None else f"{own}+{self.unloading}"


def in_force(rule: ReleaseRule | Unloading, at: Instant) -> bool:
    """Say whether a rule applies at an instant."""
    return rule.effective_from <= at and (rule.effective_until is None or at < rule.effective_until)


def on_unloading(rule: ReleaseRule, unloading: Unloading) -> ReleaseRule:
    """Return a rule whose goods must have been unloaded before they leave, which cites both."""
    checks = (*rule.site_checks, Check.UNLOADED)
    return msgspec.structs.replace(rule, site_checks=checks, unloading=unloading.reference)
