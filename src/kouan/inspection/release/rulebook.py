"""The release rules of a port: read from dated, versioned TOML, checked as a whole, and chosen from for a lot.

The name of the field that is wrong begins with the table: ``rule[3].sampling``.
"""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from kouan.inspection.release.rule import DatedBy, Deadlines, ReleaseRule, Unloading, in_force, on_unloading
from kouan.inspection.release.rule_checks import check_book
from kouan.ledger.entries import canonical
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.days import read_day
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Refused, refuse

Form = TypeVar("Form")

_FIELDS = frozenset({"id", "version", "title", "remarks", "deadlines", "rule", "on_unloading"})


class ReleaseBook(msgspec.Struct, frozen=True):
    """Checked release rules; ``digest`` is the hex SHA-256 of their canonical form."""

    rules: tuple[ReleaseRule, ...]
    unloadings: tuple[Unloading, ...]
    digest: str

    def choose(
        self, hs_code: str, direction: Direction, declared_at: Instant, arrived_at: Instant
    ) -> ReleaseRule | Refused:
        """Return the rule for goods: of those in force at the date that each goes by, the one that names them closest.

        Whoever asks before the arrival gives the present instant for it, and asks again when the lot has arrived.
        """
        found = [
            (closeness, rule)
            for rule in self.rules
            if direction in rule.directions
            and (closeness := _closeness(rule.hs, hs_code)) is not None
            and in_force(rule, _date(rule, declared_at, arrived_at))
        ]
        if not found:
            return refuse("release.no_rule", hs_code=hs_code, direction=direction.value)
        return max(found, key=lambda pair: pair[0])[1]

    def unload(
        self, rule: ReleaseRule, hs_code: str, direction: Direction, declared_at: Instant, arrived_at: Instant
    ) -> ReleaseRule:
        """Return the rule with this port's release on unloading on top, where the goods are released so."""
        if direction is Direction.OUT or rule.unloading is not None:
            return rule
        for unloading in self.unloadings:
            if _closeness(unloading.hs, hs_code) and in_force(unloading, _date(unloading, declared_at, arrived_at)):
                return on_unloading(rule, unloading)
        return rule


def _closeness(prefixes: Sequence[str], hs_code: str) -> int | None:
    """Return how many digits of a goods code a rule names; 0 where it names no goods, None where only others."""
    if not prefixes:
        return 0
    return max((len(prefix) for prefix in prefixes if hs_code.startswith(prefix)), default=None)


def _date(rule: ReleaseRule | Unloading, declared_at: Instant, arrived_at: Instant) -> Instant:
    return declared_at if rule.dated_by is DatedBy.DECLARATION else arrived_at


def make_book(rules: Sequence[ReleaseRule], unloadings: Sequence[Unloading] = ()) -> ReleaseBook:
    """Return checked release rules; raise InvalidValue with the field and the rule that it breaks."""
    check_book(rules, unloadings)
    digest = hashlib.sha256(canonical({"rules": tuple(rules), "on_unloading": tuple(unloadings)})).hexdigest()
    return ReleaseBook(tuple(rules), tuple(unloadings), digest)


def parse_book(texts: Sequence[str]) -> ReleaseBook:
    """Return the release rules written in TOML texts, taken together; raise InvalidValue."""
    return read_book([parse_document(text) for text in texts])


def read_book(documents: Sequence[Mapping[str, Any]]) -> ReleaseBook:
    """Return the release rules of documents as ``parse_document`` returns them, taken together; raise InvalidValue."""
    rules: list[ReleaseRule] = []
    unloadings: list[Unloading] = []
    for document in documents:
        deadlines = document.get("deadlines", {})
        for table in document.get("rule", ()):
            field = f"rule[{len(rules)}]"
            own = _convert(f"{field}.deadlines", {**deadlines, **table.get("deadlines", {})}, Deadlines)
            rules.append(_read(field, {**table, "deadlines": own}, ReleaseRule))
        for table in document.get("on_unloading", ()):
            unloadings.append(_read(f"on_unloading[{len(unloadings)}]", table, Unloading))
    return make_book(rules, unloadings)


def parse_document(text: str) -> dict[str, Any]:
    """Return one TOML text as it stands; raise InvalidValue where it is none, or no release rules."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidValue("", "release.toml", f"is not TOML: {error}") from error
    unknown = sorted(set(document) - _FIELDS)
    if unknown:
        raise InvalidValue(unknown[0], "release.unknown_field", "is no field of release rules")
    if not isinstance(document.get("id"), str) or not isinstance(document.get("version"), int):
        raise InvalidValue("id", "release.identity", "release rules have an id (text) and a version (whole number)")
    return document


def _read(field: str, table: Mapping[str, Any], form: type[Form]) -> Form:
    values = dict(table)
    for name in ("effective_from", "effective_until"):
        if name in values:
            values[name] = read_day(f"{field}.{name}", values[name], "release.day")
    if "unloading" in values:
        raise InvalidValue(f"{field}.unloading", "release.unknown_field", "is set where the rule is chosen, not here")
    return _convert(field, values, form)


def _convert(field: str, values: Mapping[str, Any], form: type[Form]) -> Form:
    try:
        return msgspec.convert(values, type=form, strict=True)
    except msgspec.ValidationError as error:
        raise InvalidValue(field, "release.shape", str(error)) from error
