"""Reading a document field by field, so that its sender learns of everything that is wrong with it at once."""

import enum
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.verdict import Reason, Refused

Parse = Callable[[Any], Any]
"""Returns the value of a field from its JSON; raises InvalidValue."""

MOST_ITEMS = 64
"""Longest list in a document. Our choice: a road vehicle carries two containers and rarely ten consignments."""

MOST_KG = 1_000_000
"""Heaviest mass of one consignment on one manifest in kilograms. Our choice: a convoy of ten lorries of 100 t."""


class Need(enum.StrEnum):
    """What the field matrix says of one field in one case."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    FORBIDDEN = "forbidden"


class Violation(msgspec.Struct, frozen=True):
    """One thing that is wrong: the field (``consignments.0.hs_code``), the rule, and what would be right."""

    field: str
    rule: str
    mend: str


class Field(msgspec.Struct, frozen=True):
    """One field of a document: its name, the customs data-element number it stands for, and how it is read."""

    name: str
    element: str
    parse: Parse


def refused(violations: Sequence[Violation]) -> Refused:
    """Return the refusal of a document, one reason a violation."""
    return Refused(tuple(Reason(each.rule, {"field": each.field, "mend": each.mend}) for each in violations))


def violations_of(refusal: Refused) -> tuple[Violation, ...]:
    """Return what ``refused`` was given, for answers that list field, rule and mend."""
    return tuple(
        Violation(str(reason.params.get("field", "")), reason.code, str(reason.params.get("mend", "")))
        for reason in refusal.reasons
    )


def read_fields(
    document: object, fields: Sequence[Field], needs: Callable[[str], Need]
) -> tuple[dict[str, Any], list[Violation]]:
    """Return the values of the fields that are there and right, and every violation of the others."""
    if not isinstance(document, Mapping):
        return {}, [Violation("", "field.type", "must be a JSON object")]
    names = {field.name for field in fields}
    found = [
        Violation(str(name)[:64], "field.unknown", "is no field of this document")
        for name in document
        if name not in names
    ]
    values: dict[str, Any] = {}
    for field in fields:
        violations = _read_field(field, document.get(field.name), needs(field.name), values)
        found.extend(violations)
    return values, found


def _read_field(field: Field, raw: object, need: Need, values: dict[str, Any]) -> list[Violation]:
    absent = raw is None or raw in ("", [], {})
    if absent:
        if need is Need.REQUIRED:
            return [Violation(field.name, "field.required", "must be given in this case")]
        return []
    if need is Need.FORBIDDEN:
        return [Violation(field.name, "field.forbidden", "must not be given in this case")]
    try:
        values[field.name] = field.parse(raw)
    except Violations as error:
        return [msgspec.structs.replace(each, field=_path(field.name, each.field)) for each in error.violations]
    except InvalidValue as error:
        return [Violation(field.name, error.rule, error.mend)]
    return []


def _path(parent: str, child: str) -> str:
    return f"{parent}.{child}" if child else parent


class Violations(InvalidValue):
    """Several violations inside one field."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        first = violations[0]
        super().__init__(first.field, first.rule, first.mend)
        self.violations = tuple(violations)


# How values are read --------------------------------------------------------------------------------------------------


def text(longest: int, pattern: str | None = None, rule: str = "text.form") -> Parse:
    """Return a reader of text of at most ``longest`` characters, without control characters."""
    form = re.compile(pattern) if pattern else None

    def parse(raw: Any) -> str:
        if not isinstance(raw, str) or not raw.strip() or len(raw) > longest or not raw.isprintable():
            raise InvalidValue("", "field.text", f"must be text of 1 to {longest} printable characters")
        if form is not None and not form.fullmatch(raw):
            raise InvalidValue("", rule, f"must match {form.pattern}")
        return raw.strip()

    return parse


def identifier(parse_text: Callable[[str], str]) -> Parse:
    """Return a reader of an identifier by its own parser, as a plain string in its normal form."""

    def parse(raw: Any) -> str:
        if not isinstance(raw, str):
            raise InvalidValue("", "field.type", "must be text")
        return str(parse_text(raw))

    return parse


def whole(least: int, most: int) -> Parse:
    """Return a reader of a whole number in a range."""

    def parse(raw: Any) -> int:
        if not isinstance(raw, int) or isinstance(raw, bool) or not least <= raw <= most:
            raise InvalidValue("", "field.range", f"must be a whole number from {least} to {most}")
        return raw

    return parse


def flag(raw: Any) -> bool:
    """Read true or false."""
    if not isinstance(raw, bool):
        raise InvalidValue("", "field.type", "must be true or false")
    return raw


def choice(kind: type[enum.StrEnum]) -> Parse:
    """Return a reader of one of an enumeration's values."""

    def parse(raw: Any) -> enum.StrEnum:
        try:
            return kind(raw)
        except (ValueError, TypeError):
            raise InvalidValue("", "field.choice", f"must be one of {', '.join(kind)}") from None

    return parse


def many(parse_one: Parse) -> Parse:
    """Return a reader of a list without repetitions, that tells of every item that is wrong."""

    def parse(raw: Any) -> tuple[Any, ...]:
        if not isinstance(raw, list | tuple) or len(raw) > MOST_ITEMS:
            raise InvalidValue("", "field.list", f"must be a list of at most {MOST_ITEMS}")
        items: list[Any] = []
        wrong: list[Violation] = []
        for index, each in enumerate(raw):
            try:
                items.append(parse_one(each))
            except Violations as error:
                wrong.extend(
                    msgspec.structs.replace(one, field=_path(str(index), one.field)) for one in error.violations
                )
            except InvalidValue as error:
                wrong.append(Violation(str(index), error.rule, error.mend))
        if len(items) != len(set(items)):
            wrong.append(Violation("", "field.repeated", "must name each item once"))
        if wrong:
            raise Violations(wrong)
        return tuple(items)

    return parse


def part(kind: type[msgspec.Struct], fields: Sequence[Field], optional: Sequence[str] = ()) -> Parse:
    """Return a reader of an object within a document, made into ``kind``."""

    def parse(raw: Any) -> msgspec.Struct:
        values, wrong = read_fields(raw, fields, lambda name: Need.OPTIONAL if name in optional else Need.REQUIRED)
        if wrong:
            raise Violations(wrong)
        return kind(**values)

    return parse
