"""Cells of a decision table, as officers write them.

==============  =====================================================================
``2701*, 2702*`` words that begin so; without ``*`` exactly this word
``>= 500``      whole numbers: ``>``, ``>=``, ``<``, ``<=``, ``500``, ``1..5``
``yes``, ``no`` flags
``@minerals``   what a list of reference data holds on that day, also ``<= @price_low``
(empty)         anything, known or not
==============  =====================================================================
"""

import re
from collections.abc import Mapping, Sequence

import msgspec

from kouan.inspection.rules.facts import Fact, FactType
from kouan.vocabulary.errors import InvalidValue

MAX_WHOLE = 2**53 - 1
"""Largest whole number in a cell: the largest that every JSON reader keeps exactly (RFC 7493 section 2.2)."""

_BOUND = re.compile(r"(>=|<=|>|<)?\s*(-?\d{1,16})")
_BETWEEN = re.compile(r"(-?\d{1,16})\s*\.\.\s*(-?\d{1,16})")
_WORD = re.compile(r"[^\"'\\*@\x00-\x1f\x7f]+")


class Words(msgspec.Struct, frozen=True, tag="words"):
    """Words that are one of ``exact`` or begin with one of ``begins``."""

    exact: tuple[str, ...]
    begins: tuple[str, ...]


class Between(msgspec.Struct, frozen=True, tag="between"):
    """Whole numbers from ``low`` to ``high``, both included; None has no end."""

    low: int | None
    high: int | None


class Flag(msgspec.Struct, frozen=True, tag="flag"):
    """A flag that is ``value``."""

    value: bool


Cell = Words | Between | Flag | None
"""None is met by anything, known or not; every other cell only by what is known."""


class Lists(msgspec.Struct, frozen=True):
    """What cells may name with ``@``: ``codes`` of each list, and ``values`` of each threshold."""

    codes: Mapping[str, tuple[str, ...]] = {}
    values: Mapping[str, int] = {}


def parse_cell(text: str, kind: FactType, lists: Lists) -> Cell:
    """Return a cell; raise InvalidValue (``rules.cell``, ``rules.list``) without a field."""
    text = text.strip()
    if not text:
        return None
    if kind is FactType.FLAG:
        if text not in ("yes", "no"):
            raise InvalidValue("", "rules.cell", f"{text!r} must be yes or no")
        return Flag(text == "yes")
    return _words(text, lists) if kind is FactType.WORD else _between(text, lists)


def _words(text: str, lists: Lists) -> Words:
    exact: list[str] = []
    begins: list[str] = []
    for part in (each.strip() for each in text.split(",")):
        if part.startswith("@"):
            if part[1:] not in lists.codes:
                raise InvalidValue("", "rules.list", f"{part} is no list; known: {', '.join(sorted(lists.codes))}")
            begins += lists.codes[part[1:]]
        elif not _WORD.fullmatch(part.removesuffix("*")):
            raise InvalidValue("", "rules.cell", f"{part!r} must be words joined by commas, as in 2701*, 2702*")
        else:
            (begins if part.endswith("*") else exact).append(part.removesuffix("*"))
    return Words(tuple(dict.fromkeys(exact)), tuple(dict.fromkeys(begins)))


def _between(text: str, lists: Lists) -> Between:
    head, at, name = text.partition("@")
    if at:
        if name not in lists.values:
            raise InvalidValue("", "rules.list", f"@{name} is no threshold; known: {', '.join(sorted(lists.values))}")
        text = f"{head}{lists.values[name]}"
    if (both := _BETWEEN.fullmatch(text)) is not None:
        low, high = int(both[1]), int(both[2])
        if low > high:
            raise InvalidValue("", "rules.cell", f"{text!r} is met by nothing: {low} is more than {high}")
        return _bounded(Between(low, high))
    one = _BOUND.fullmatch(text)
    if one is None:
        raise InvalidValue("", "rules.cell", f"{text!r} must be a whole number, as in >= 500 or 1..5")
    number = int(one[2])
    match one[1]:
        case ">=":
            return _bounded(Between(number, None))
        case "<=":
            return _bounded(Between(None, number))
        case ">":
            return _bounded(Between(number + 1, None))
        case "<":
            return _bounded(Between(None, number - 1))
    return _bounded(Between(number, number))


def _bounded(cell: Between) -> Between:
    if any(end is not None and abs(end) > MAX_WHOLE for end in (cell.low, cell.high)):
        raise InvalidValue("", "rules.cell", f"must be within ±{MAX_WHOLE}")
    return cell


def met(cell: Cell, fact: Fact) -> bool:
    """Say whether a fact meets a cell; what is not known meets only the empty one."""
    if cell is None:
        return True
    if fact is None:
        return False
    match cell:
        case Words(exact, begins):
            return isinstance(fact, str) and (fact in exact or fact.startswith(begins))
        case Between(low, high):
            whole = isinstance(fact, int) and not isinstance(fact, bool)
            return whole and (low is None or fact >= low) and (high is None or fact <= high)  # type: ignore[operator]
        case Flag(value):
            return fact is value


def holds_all(wide: Cell, narrow: Cell) -> bool:
    """Say whether everything that meets ``narrow`` meets ``wide``; both are of one column."""
    if wide is None or narrow is None:
        return wide is None
    match wide, narrow:
        case Words(), Words():
            words = all(each in wide.exact or each.startswith(wide.begins) for each in narrow.exact)
            return words and all(each.startswith(wide.begins) for each in narrow.begins)
        case Between(), Between():
            lower = wide.low is None or (narrow.low is not None and narrow.low >= wide.low)
            return lower and (wide.high is None or (narrow.high is not None and narrow.high <= wide.high))
    return wide == narrow


def share(one: Cell, other: Cell) -> bool:
    """Say whether some fact meets both cells; both are of one column."""
    if one is None or other is None:
        return True
    match one, other:
        case Words(), Words():
            return _share_words(one, other) or _share_words(other, one)
        case Between(), Between():
            below = one.high is not None and other.low is not None and one.high < other.low
            above = other.high is not None and one.low is not None and other.high < one.low
            return not below and not above
    return one == other


def _share_words(one: Words, other: Words) -> bool:
    return any(each in other.exact or each.startswith(other.begins) for each in (*one.exact, *one.begins))


def all_of(pairs: Sequence[tuple[Cell, Cell]]) -> bool:
    """Say whether the first of each pair holds all of the second."""
    return all(holds_all(wide, narrow) for wide, narrow in pairs)
