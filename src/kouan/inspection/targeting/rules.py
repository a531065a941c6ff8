"""Dated rules that name candidates: read from TOML, each a list of conditions on what papers say and on features.

version = 1

[[rule]]
name = "price_far_below_usual"
effective_from = "2025-01-01"
kind = "examine"
authority = "customs"
when = [{ field = "price_usual_pm", is = "at_most", value = 600 }]
"""

import datetime as dt
import enum
import tomllib
from collections.abc import Mapping, Sequence

import msgspec

from kouan.access.people import Agency
from kouan.inspection.control_orders import AUTHORITIES, ControlKind
from kouan.inspection.targeting.candidate import CHINA_US, Candidate
from kouan.inspection.targeting.features import AT_HAND_IN
from kouan.inspection.targeting.records import WatchRecord
from kouan.inspection.targeting.selection import Hit, Source
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import InvalidValue

PAPER_FIELDS = tuple(name for name in Candidate.__struct_fields__ if name not in ("number", "at"))
"""What of the papers a condition may ask for, beside features."""


class Test(enum.StrEnum):
    """How a condition compares: a value that is not known meets none."""

    EQUAL = "equal"
    BEGINS = "begins"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One condition of a rule on a field of the papers or a feature."""

    field: str
    test: Test = msgspec.field(name="is")
    value: int | str

    def met(self, candidate: Candidate, features: Mapping[str, int | None]) -> bool:
        """Say whether a candidate meets it."""
        found = getattr(candidate, self.field) if self.field in PAPER_FIELDS else features.get(self.field)
        if found is None:
            return False
        if self.test is Test.BEGINS:
            return str(found).startswith(str(self.value))
        if self.test is Test.EQUAL:
            return bool(found == self.value)
        if not isinstance(found, int) or not isinstance(self.value, int):
            return False
        return found >= self.value if self.test is Test.AT_LEAST else found <= self.value


class TargetingRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule: all its conditions must be met. ``mandatory`` ones are not bound by the budget.

    Dates are days in China; ``effective_until`` is the first day on which it no longer holds.
    """

    name: str
    effective_from: dt.date
    effective_until: dt.date | None = None
    kind: ControlKind = ControlKind.EXAMINE
    authority: Agency = Agency.CUSTOMS
    mandatory: bool = False
    when: tuple[Condition, ...]

    def in_force(self, today: dt.date) -> bool:
        """Say whether it holds on a day in China."""
        return self.effective_from <= today and (self.effective_until is None or today < self.effective_until)


class RuleSet(msgspec.Struct, frozen=True):
    """The rules of one version; ``version`` is that of the document that they stand in."""

    version: str
    rule: tuple[TargetingRule, ...] = ()


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    rule: tuple[TargetingRule, ...] = ()


def read_rules(content: bytes) -> RuleSet:
    """Return the rules of a TOML text.

    Raises InvalidValue with the field, as ``rule[3].when``: ``rules.form``, ``rules.field``, ``rules.authority`` or
    ``rules.name``.
    """
    try:
        document = msgspec.convert(tomllib.loads(content.decode("utf-8")), _Document)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidValue("", "rules.form", f"are no targeting rules: {error}") from error
    except msgspec.ValidationError as error:
        text, _, place = str(error).partition(" - at `$.")
        raise InvalidValue(place.rstrip("`"), "rules.form", f"are no targeting rules: {text}") from error
    known, names = {*PAPER_FIELDS, *AT_HAND_IN.names}, [rule.name for rule in document.rule]
    for number, rule in enumerate(document.rule):
        strange = [each.field for each in rule.when if each.field not in known]
        if strange or not rule.when:
            mend = f"must ask for what is known of papers, not {strange}" if strange else "must have a condition"
            raise InvalidValue(f"rule[{number}].when", "rules.field", mend)
        if rule.authority not in AUTHORITIES:
            raise InvalidValue(f"rule[{number}].authority", "rules.authority", f"must be {', '.join(AUTHORITIES)}")
        if rule.name in names[:number]:
            raise InvalidValue(f"rule[{number}].name", "rules.name", "must have each name once")
    return RuleSet(str(document.version), document.rule)


def hits_of(rules: RuleSet, candidate: Candidate, features: Mapping[str, int | None]) -> tuple[Hit, ...]:
    """Return the rules in force that name a candidate, in their order."""
    today = dt.datetime.fromtimestamp((candidate.at + CHINA_US) // SECOND, tz=dt.UTC).date()
    return tuple(
        Hit(Source.RULE, rule.name, rules.version, rule.authority.value, rule.kind.value, rule.mandatory)
        for rule in rules.rule
        if rule.in_force(today) and all(each.met(candidate, features) for each in rule.when)
    )


def watched_in(listed: Sequence[WatchRecord], candidate: Candidate) -> tuple[Hit, ...]:
    """Return the entries of a watch list that name a candidate; whoever is watched for is examined in any case."""
    return tuple(
        Hit(Source.WATCH, each.number, "1", each.authority, each.kind, mandatory=True)
        for each in listed
        if str(getattr(candidate, each.field)) == each.value
    )
