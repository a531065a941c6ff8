"""Rulebooks: dated, versioned TOML that selects named rules and gives their parameters, outcome and owner.

A date in a rulebook is a day in China (``vocabulary.days``): ``effective_until`` is the first day on which a rule no
longer applies.
"""

import hashlib
import itertools
import tomllib
from collections.abc import Mapping
from typing import Any

import msgspec

from kouan.gate.case import Case
from kouan.gate.procedures import Authority, Outcome, Procedure
from kouan.gate.rules import RULES, SAFEGUARDS
from kouan.ledger.entries import canonical
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.days import read_day
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.places import Direction

ParamValue = int | str | bool | list[str | int] | dict[str, int]


class RuleEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule in force: which predicate, for whom, since when, whose it is and what it asks for if not satisfied.

    ``name`` begins with the procedure that it looks at (``seal.matches``) and is what findings and exceptions carry;
    ``check`` names the predicate. ``outcomes`` overrides ``outcome`` by the code of the reason. Empty ``directions``,
    ``loads`` and ``cargoes`` mean all. ``overridable`` allows an exception by a person of ``authority``, confirmed by a
    second one if ``second_person``, at most ``cap_per_hour`` of them a person; ``needs_survey`` asks for the result of
    a survey by hand as well.
    """

    name: str
    check: str
    version: int
    effective_from: Instant
    effective_until: Instant | None = None
    authority: Authority
    outcome: Outcome
    outcomes: dict[str, Outcome] = {}
    params: dict[str, ParamValue] = {}
    directions: tuple[Direction, ...] = ()
    loads: tuple[str, ...] = ()
    cargoes: tuple[str, ...] = ()
    second_person: bool = False
    needs_survey: bool = False
    overridable: bool = False
    cap_per_hour: int = 6
    source: str = ""
    unverified: bool = False

    def in_force(self, at: Instant) -> bool:
        """Say whether the rule applies at an instant."""
        return self.effective_from <= at and (self.effective_until is None or at < self.effective_until)

    def applies(self, case: Case) -> bool:
        """Say whether the rule is in force for this case; what is unknown of the vehicle excludes nothing."""
        return (
            self.in_force(case.at)
            and (not self.directions or case.direction in self.directions)
            and (not self.loads or (papers := case.papers) is None or papers.load in self.loads)
            and (not self.cargoes or (papers := case.papers) is None or papers.cargo in self.cargoes)
        )

    @property
    def reference(self) -> str:
        """Return ``name@version``."""
        return f"{self.name}@{self.version}"


class Rulebook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A validated rulebook; ``digest`` is the hex SHA-256 of the canonical form of all that stands before it."""

    id: str
    version: int
    rules: tuple[RuleEntry, ...]
    digest: str

    @property
    def reference(self) -> str:
        """Return ``<id>@<version>#<digest12>``, as decisions carry it."""
        return f"{self.id}@{self.version}#{self.digest[:12]}"

    def rules_for(self, case: Case) -> tuple[RuleEntry, ...]:
        """Return the rules in force for a case, in the order of the book."""
        return tuple(entry for entry in self.rules if entry.applies(case))

    def find(self, name: str, at: Instant) -> RuleEntry | None:
        """Return the rule of this name that is in force at an instant."""
        return next((entry for entry in self.rules if entry.name == name and entry.in_force(at)), None)


def make_rulebook(identifier: str, version: int, rules: tuple[RuleEntry, ...]) -> Rulebook:
    """Return a checked rulebook; raise InvalidValue with the field and the rule that it breaks."""
    for number, entry in enumerate(rules):
        try:
            _check_entry(entry)
        except InvalidValue as error:
            raise error.within(f"rule[{number}]") from error
    _check_once(rules)
    _check_safeguards(rules)
    digest = hashlib.sha256(canonical({"id": identifier, "rules": rules, "version": version})).hexdigest()
    return Rulebook(identifier, version, rules, digest)


def verify_rulebook(book: Rulebook) -> None:
    """Raise InvalidValue unless a rulebook read back from the ledger is what its digest says."""
    if make_rulebook(book.id, book.version, book.rules).digest != book.digest:
        raise InvalidValue("digest", "rulebook.digest", f"of {book.id}@{book.version} is not that of its rules")


def _check_entry(entry: RuleEntry) -> None:
    if entry.check not in RULES:
        raise InvalidValue("check", "rulebook.unknown_rule", f"{entry.check!r} is no rule; known: {', '.join(RULES)}")
    RULES[entry.check].parse_params(entry.params)
    if entry.name.split(".", 1)[0] not in _TOPICS or "." not in entry.name:
        raise InvalidValue(
            "name", "rulebook.name", f"{entry.name!r} must begin with one of {', '.join(_TOPICS)} and a dot"
        )
    if entry.version < 1:
        raise InvalidValue("version", "rulebook.version", "must be at least 1")
    if Outcome.RELEASE in (entry.outcome, *entry.outcomes.values()):
        raise InvalidValue("outcome", "rulebook.outcome", "a rule that is not satisfied cannot ask for RELEASE")
    if entry.effective_until is not None and entry.effective_until <= entry.effective_from:
        raise InvalidValue("effective_until", "rulebook.dates", "must come after effective_from")
    if entry.cap_per_hour < 0:
        raise InvalidValue("cap_per_hour", "rulebook.cap", "must not be negative")


_TOPICS = (*(str(procedure) for procedure in Procedure), "lane", "network")


def _check_once(rules: tuple[RuleEntry, ...]) -> None:
    """Refuse two entries of one name that are in force at the same time, or share a version."""
    for number, entry in enumerate(rules):
        for other in rules[:number]:
            if other.name != entry.name:
                continue
            if other.version == entry.version:
                raise InvalidValue(f"rule[{number}].version", "rulebook.once", f"{entry.reference} stands twice")
            if entry.in_force(other.effective_from) or other.in_force(entry.effective_from):
                raise InvalidValue(
                    f"rule[{number}].effective_from", "rulebook.overlap", f"{entry.name} is in force twice at a time"
                )


def _check_safeguards(rules: tuple[RuleEntry, ...]) -> None:
    """Refuse a rulebook that leaves out, narrows or softens what no setting may bypass (I3, I7, I8)."""
    for check, floor in SAFEGUARDS.items():
        entries = [entry for entry in rules if entry.check == check]
        if not entries and not floor.always:
            continue
        if not entries:
            raise InvalidValue("rule", "rulebook.safeguard", f"{check} must stand in every rulebook")
        for entry in entries:
            if entry.directions or entry.loads or entry.cargoes:
                raise InvalidValue(entry.name, "rulebook.safeguard", f"{check} must apply to every vehicle")
            if entry.outcomes or (entry.outcome != floor.outcome and floor.outcome is not None):
                raise InvalidValue(entry.name, "rulebook.safeguard", f"{check} must ask for {floor.outcome}")
            if entry.overridable and not entry.second_person:
                raise InvalidValue(entry.name, "rulebook.safeguard", f"{check} needs a second person")
            if entry.overridable and floor.needs_survey and not entry.needs_survey:
                raise InvalidValue(entry.name, "rulebook.safeguard", f"{check} needs a survey")
            if entry.authority != floor.authority:
                raise InvalidValue(entry.name, "rulebook.safeguard", f"{check} belongs to {floor.authority}")
        _check_unbroken(check, entries)


def _check_unbroken(check: str, entries: list[RuleEntry]) -> None:
    ordered = sorted(entries, key=lambda entry: entry.effective_from)
    for earlier, later in itertools.pairwise(ordered):
        if earlier.effective_until != later.effective_from:
            raise InvalidValue(earlier.name, "rulebook.safeguard", f"{check} must be in force without a gap")
    if ordered[-1].effective_until is not None:
        raise InvalidValue(ordered[-1].name, "rulebook.safeguard", f"{check} must not run out")


def parse_rulebook(text: str) -> Rulebook:
    """Return the rulebook written in a TOML text; raise InvalidValue with the field and the rule that it breaks."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidValue("", "rulebook.toml", f"is not TOML: {error}") from error
    unknown = sorted(set(document) - {"id", "version", "rule", "title", "remarks"})
    if unknown:
        raise InvalidValue(unknown[0], "rulebook.unknown_field", "is no field of a rulebook")
    if not isinstance(document.get("id"), str) or not isinstance(document.get("version"), int):
        raise InvalidValue("id", "rulebook.identity", "a rulebook has an id (text) and a version (whole number)")
    tables = document.get("rule", [])
    rules = tuple(_read_entry(number, table) for number, table in enumerate(tables))
    return make_rulebook(document["id"], document["version"], rules)


def _read_entry(number: int, table: Mapping[str, Any]) -> RuleEntry:
    values = dict(table)
    for field in ("effective_from", "effective_until"):
        if field in values:
            values[field] = read_day(f"rule[{number}].{field}", values[field], "rulebook.day")
    try:
        return msgspec.convert(values, type=RuleEntry, strict=True)
    except msgspec.ValidationError as error:
        raise InvalidValue(f"rule[{number}]", "rulebook.shape", str(error)) from error
