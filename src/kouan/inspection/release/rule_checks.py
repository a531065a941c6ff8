"""What every set of release rules must satisfy before it is used, whoever wrote it."""

import itertools
from collections.abc import Sequence

from kouan.inspection.release.rule import Check, Leaves, Need, ReleaseRule, Unloading
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.places import Direction

COAL = ("2701", "2702", "2703", "2704")
"""Goods codes of coal, lignite, peat and coke (customs tariff, headings 27.01 to 27.04)."""

_LENGTHS = (2, 4, 6, 8, 10)
"""Digits of a chapter, heading, subheading and of China's tariff lines (customs tariff)."""


def check_book(rules: Sequence[ReleaseRule], unloadings: Sequence[Unloading]) -> None:
    """Raise InvalidValue with the field and the rule that a set of release rules breaks."""
    for number, rule in enumerate(rules):
        field = f"rule[{number}]"
        _check_goods(field, rule.hs)
        _check_dates(field, rule)
        _check_needs(field, rule)
        _check_coal(field, rule)
    for number, unloading in enumerate(unloadings):
        field = f"on_unloading[{number}]"
        _check_goods(field, unloading.hs)
        _check_dates(field, unloading)
        _check_unloading(field, unloading, rules)
    _check_versions("rule", rules)
    _check_versions("on_unloading", unloadings)
    _check_ambiguous(rules)
    _check_whole(rules)


def _check_goods(field: str, hs: Sequence[str]) -> None:
    for code in hs:
        if len(code) not in _LENGTHS or not code.isascii() or not code.isdigit():
            raise InvalidValue(f"{field}.hs", "release.hs", f"{code!r} must be 2, 4, 6, 8 or 10 digits")
    if len(set(hs)) != len(hs):
        raise InvalidValue(f"{field}.hs", "release.hs", "must name each code once")


def _check_dates(field: str, rule: ReleaseRule | Unloading) -> None:
    if rule.effective_until is not None and rule.effective_until <= rule.effective_from:
        raise InvalidValue(f"{field}.effective_until", "release.dates", "must come after effective_from")
    if not rule.source.strip():
        raise InvalidValue(f"{field}.source", "release.source", "must name the document, or say whose choice it is")


def _check_needs(field: str, rule: ReleaseRule) -> None:
    """Refuse a rule that asks for a certificate of what was never tested, or lets goods in without radiation."""
    if not rule.directions:
        raise InvalidValue(f"{field}.directions", "release.directions", "must name a direction")
    if Direction.IN in rule.directions and Check.RADIATION not in rule.site_checks:
        raise InvalidValue(f"{field}.site_checks", "release.radiation", "must hold radiation: it is never left out")
    if len(set(rule.site_checks)) != len(rule.site_checks) or set(rule.site_checks) & set(rule.checks_on_request):
        raise InvalidValue(f"{field}.site_checks", "release.checks", "must name each check once")
    tested = (Need.NONE, Need.ON_REQUEST, Need.REQUIRED)
    if tested.index(rule.certificate) > tested.index(rule.sampling):
        raise InvalidValue(f"{field}.certificate", "release.certificate", "certifies only what is sampled as often")
    if rule.destination_checks and (rule.leaves is not Leaves.ON_CONDITION or rule.sampling is not Need.REQUIRED):
        mend = "goods with checks at their destination leave on condition and are sampled there"
        raise InvalidValue(f"{field}.destination_checks", "release.destination", mend)
    if rule.report is not None and (rule.destination_checks or rule.sampling is not Need.REQUIRED):
        raise InvalidValue(f"{field}.report", "release.report", "replaces a sample that is taken on site every time")


def _check_coal(field: str, rule: ReleaseRule) -> None:
    """Refuse coal in a rule with other goods, and an unverified rule for coal that does not test every batch."""
    named = [code for code in rule.hs if _touches(code)]
    if named and len(named) != len(rule.hs):
        raise InvalidValue(f"{field}.hs", "release.coal", f"{named[0]} is coal, which has a rule of its own")
    strict = rule.sampling is Need.REQUIRED and rule.certificate is Need.REQUIRED and rule.leaves is Leaves.WITH_RESULT
    if named and rule.unverified and not strict:
        mend = "while no source is known, every batch of coal is inspected, sampled and certified before it leaves"
        raise InvalidValue(field, "release.coal", mend)


def _touches(code: str) -> bool:
    return any(code.startswith(coal) or coal.startswith(code) for coal in COAL)


def _check_unloading(field: str, unloading: Unloading, rules: Sequence[ReleaseRule]) -> None:
    """Refuse release on unloading without a list, of coal, or of goods that do not leave before their result."""
    if not unloading.hs:
        raise InvalidValue(f"{field}.hs", "release.hs", "must list the goods that are released on unloading")
    for code in unloading.hs:
        if _touches(code):
            mend = f"{code} is coal, which has a rule of its own and is never one of these silently"
            raise InvalidValue(f"{field}.hs", "release.coal", mend)
        governing = _governing(code, rules)
        for rule in governing:
            if rule.leaves is not Leaves.ON_CONDITION:
                mend = f"{code} leaves only with its result by {rule.reference}"
                raise InvalidValue(f"{field}.hs", "release.on_unloading", mend)
        if not governing:
            raise InvalidValue(f"{field}.hs", "release.on_unloading", f"{code} needs a release rule that names it")


def _governing(code: str, rules: Sequence[ReleaseRule]) -> list[ReleaseRule]:
    """Return the rules for incoming goods that name a code closest, and those that name a part of it."""
    named = [(own, rule) for rule in rules if Direction.IN in rule.directions for own in rule.hs]
    closest = max((len(own) for own, _ in named if code.startswith(own)), default=0)
    return [
        rule
        for own, rule in named
        if (code.startswith(own) and len(own) == closest) or (own.startswith(code) and own != code)
    ]


def _check_versions(table: str, rules: Sequence[ReleaseRule] | Sequence[Unloading]) -> None:
    """Refuse versions of one name that overlap, leave a gap, are not counted up, or go by different dates."""
    names = dict.fromkeys(rule.name for rule in rules)
    for name in names:
        versions = sorted((rule for rule in rules if rule.name == name), key=lambda rule: rule.effective_from)
        for earlier, later in itertools.pairwise(versions):
            if earlier.effective_until != later.effective_from:
                mend = f"must end where {later.reference} begins"
                raise InvalidValue(f"{table} {earlier.reference}.effective_until", "release.unbroken", mend)
            if later.version <= earlier.version:
                raise InvalidValue(f"{table} {later.reference}.version", "release.version", "must count up with time")
            if later.dated_by is not earlier.dated_by:
                mend = f"must be that of {earlier.reference}, or a lot between both has no rule"
                raise InvalidValue(f"{table} {later.reference}.dated_by", "release.dated_by", mend)


def _check_ambiguous(rules: Sequence[ReleaseRule]) -> None:
    """Refuse two rules of different names that name the same goods for the same direction at the same time."""
    for one, other in itertools.combinations(rules, 2):
        apart = one.name == other.name or not set(one.directions) & set(other.directions)
        ended = (one.effective_until is not None and one.effective_until <= other.effective_from) or (
            other.effective_until is not None and other.effective_until <= one.effective_from
        )
        same = set(one.hs) & set(other.hs) if one.hs and other.hs else (not one.hs and not other.hs)
        if not apart and not ended and same:
            mend = f"{one.reference} and {other.reference} name the same goods at the same time"
            raise InvalidValue("rule", "release.ambiguous", mend)


def _check_whole(rules: Sequence[ReleaseRule]) -> None:
    """Refuse rules that leave any goods without one, or coal without its own, or end without a successor."""
    for direction in Direction:
        if not any(not rule.hs and direction in rule.directions for rule in rules):
            raise InvalidValue("rule", "release.whole", f"goods going {direction} that no rule names need one as well")
    if not any(set(COAL[:2]) <= set(rule.hs) and Direction.IN in rule.directions for rule in rules):
        raise InvalidValue("rule", "release.coal", "coal (2701, 2702) needs a rule of its own")
    for name in dict.fromkeys(rule.name for rule in rules):
        last = max((rule for rule in rules if rule.name == name), key=lambda rule: rule.effective_from)
        if last.effective_until is not None:
            mend = f"{last.reference} runs out and nothing follows: its goods would fall to another rule unnoticed"
            raise InvalidValue("rule", "release.unbroken", mend)
