"""What the announcements ask for, written apart from the rules, so that a wrong rule or a wrong date is seen.

A norm is a least: a rule may ask for more. Where no announcement speaks, the rule in force is taken at its word.
"""

import datetime as dt

import msgspec

from kouan.inspection.release.rule import Check, Leaves, Need, ReleaseRule
from kouan.vocabulary.clock import Instant, seconds
from kouan.vocabulary.places import Direction

_BEIJING = dt.timezone(dt.timedelta(hours=8))
_ORDER = (Need.NONE, Need.ON_REQUEST, Need.REQUIRED)


class Norm(msgspec.Struct, frozen=True, kw_only=True):
    """The least that must hold of goods before sale: tests, certificate, checks; and whether they may leave before.

    ``exempt`` says that without a request goods must be able to go free untested: what the announcement grants.
    """

    tests: Need = Need.NONE
    certificate: Need = Need.NONE
    early: bool = False
    exempt: bool = False
    site: frozenset[Check] = frozenset({Check.RADIATION})
    destination: frozenset[Check] = frozenset()
    report_days: int = 366


class Dated(msgspec.Struct, frozen=True):
    """A norm for goods whose codes begin so, declared from one day until another."""

    hs: tuple[str, ...]
    since: dt.date | None
    until: dt.date | None
    norm: Norm


_MINERAL = frozenset({Check.RADIATION, Check.FOREIGN_MATTER, Check.SOLID_WASTE})
_FIRST = dt.date(2018, 10, 19)
_WEIGHT = dt.date(2019, 11, 1)
_IRON = dt.date(2020, 6, 1)
_LEAD_ZINC = dt.date(2023, 9, 1)
IRON = ("2601111000", "2601112000", "2601119000", "2601120000", "2601200000")
_APPRAISED = Norm(
    tests=Need.REQUIRED,
    certificate=Need.REQUIRED,
    early=True,
    site=_MINERAL | {Check.APPEARANCE, Check.WEIGHT},
)
_AFTER_WEIGHT = msgspec.structs.replace(_APPRAISED, site=_MINERAL | {Check.APPEARANCE})
_ON_REQUEST = Norm(tests=Need.ON_REQUEST, certificate=Need.ON_REQUEST, early=True, exempt=True, site=_MINERAL)

NORMS: tuple[Dated, ...] = (
    # Announcement 2018 no. 134, of 2018-10-19: release before inspection; announcement 2019 no. 159: weight on request
    Dated((*IRON, "2602", "2607", "2608", "2610"), _FIRST, _WEIGHT, _APPRAISED),
    Dated(("2602", "2610"), _WEIGHT, None, _AFTER_WEIGHT),
    # Announcement 2020 no. 69: iron ore on request, by five codes of ten digits
    Dated(IRON, _WEIGHT, _IRON, _AFTER_WEIGHT),
    Dated(IRON, _IRON, None, _ON_REQUEST),
    Dated(("260111", "260112", "260120"), _IRON, None, _AFTER_WEIGHT),
    # Announcement 2023 no. 108: lead and zinc on request
    Dated(("2607", "2608"), _WEIGHT, _LEAD_ZINC, _AFTER_WEIGHT),
    Dated(("2607", "2608"), _LEAD_ZINC, None, _ON_REQUEST),
    # Copper concentrate: radiation at the border; waste and samples at the destination (unverified)
    Dated(
        ("2603",),
        dt.date(2018, 4, 20),
        None,
        Norm(
            tests=Need.REQUIRED,
            certificate=Need.REQUIRED,
            early=True,
            destination=frozenset({Check.SOLID_WASTE}),
        ),
    ),
    # Coal: until sourced, every batch is inspected and sampled (unverified)
    Dated(
        ("2701", "2702", "2703", "2704"),
        dt.date(2018, 4, 20),
        None,
        Norm(tests=Need.REQUIRED, certificate=Need.REQUIRED, site=_MINERAL),
    ),
    # Acceptance of reports: clothing, one year
    Dated(("61", "62"), dt.date(2022, 12, 1), None, Norm(tests=Need.REQUIRED, early=True, report_days=365)),
)


def midnight(day: dt.date) -> Instant:
    """Return when a day begins in China, reckoned apart from ``vocabulary.days``."""
    return seconds(dt.datetime(day.year, day.month, day.day, tzinfo=_BEIJING).timestamp())


def norm_for(hs_code: str, direction: Direction, declared_at: Instant) -> Norm | None:
    """Return what the announcements ask of goods declared at an instant; None where they say nothing."""
    if direction is Direction.OUT:
        return None
    found = [
        (max(len(code) for code in dated.hs if hs_code.startswith(code)), dated.norm)
        for dated in NORMS
        if any(hs_code.startswith(code) for code in dated.hs)
        and (dated.since is None or midnight(dated.since) <= declared_at)
        and (dated.until is None or declared_at < midnight(dated.until))
    ]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def days_that_matter() -> tuple[Instant, ...]:
    """Return the midnights at which some norm begins or ends, in order."""
    days = {day for dated in NORMS for day in (dated.since, dated.until) if day is not None}
    return tuple(midnight(day) for day in sorted(days))


def with_rule(norm: Norm | None, rule: ReleaseRule) -> Norm:
    """Return the stricter of a norm and what the rule itself asks for (I22 speaks of the rule in force)."""
    own = Norm(
        tests=rule.sampling,
        certificate=rule.certificate,
        early=rule.leaves is Leaves.ON_CONDITION,
        site=frozenset(rule.site_checks),
        destination=frozenset(rule.destination_checks),
        report_days=rule.report.valid_days if rule.report else 0,
    )
    if norm is None:
        return own
    return Norm(
        tests=max(norm.tests, own.tests, key=_ORDER.index),
        certificate=max(norm.certificate, own.certificate, key=_ORDER.index),
        early=norm.early and own.early,
        exempt=norm.exempt,
        site=norm.site | own.site,
        destination=norm.destination | own.destination,
        report_days=min(norm.report_days, own.report_days),
    )
