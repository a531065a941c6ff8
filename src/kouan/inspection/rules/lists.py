"""Reference data: dated lists of codes and thresholds that rules and tables name, read from TOML.

[[item]]
code = "2601"
zh = "铁矿砂及其精矿"
en = "Iron ores and concentrates"
effective_from = 2018-04-20
"""

import datetime as dt
import re
import tomllib
from typing import Annotated

import msgspec

from kouan.inspection.rules.cells import MAX_WHOLE, Lists
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.days import midnight
from kouan.vocabulary.errors import InvalidValue

_Code = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
_HS = re.compile(r"\d{2}|\d{4}|\d{6}|\d{8}|\d{10}")
OF_GOODS = ("hs-codes", "minerals", "bulk-goods")
"""The lists whose codes are of goods: 2, 4, 6, 8 or 10 digits (customs tariff)."""

VALUED = ("thresholds", "bulk-goods")
"""The lists of which every item has a value."""

MOST_OVERRUN_PERMILLE = 50
"""Largest tolerance of goods in bulk, in thousandths: 5 %, as of import licences [Ministry of Commerce order 2004 no.
27], and no measure that is known gives more."""


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One entry of a list; days are days in China, ``effective_until`` the first on which it no longer holds.

    ``value`` is a whole number in ``unit``, where the list is one of ``VALUED``.
    """

    code: _Code
    en: str
    zh: str
    effective_from: dt.date
    effective_until: dt.date | None = None
    value: Annotated[int, msgspec.Meta(ge=-MAX_WHOLE, le=MAX_WHOLE)] | None = None
    unit: str | None = None

    def holds(self, at: Instant) -> bool:
        """Say whether it holds at an instant."""
        begun = midnight(self.effective_from) <= at
        return begun and (self.effective_until is None or at < midnight(self.effective_until))


class ReferenceList(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A list with its source; ``unverified`` says that none was found for it."""

    id: str
    version: Annotated[int, msgspec.Meta(ge=1)]
    title: str
    source: Annotated[str, msgspec.Meta(min_length=1)]
    unverified: bool = False
    item: tuple[Item, ...]

    def at(self, at: Instant) -> tuple[Item, ...]:
        """Return the items that hold at an instant, in their order."""
        return tuple(item for item in self.item if item.holds(at))


def read_list(name: str, content: bytes) -> ReferenceList:
    """Return a checked list; raise InvalidValue, whose field is ``item[<place>]…``, with the rule it breaks."""
    try:
        raw = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidValue("", "rules.toml", f"is not TOML: {error}") from error
    try:
        found = msgspec.convert(raw, ReferenceList)
    except msgspec.ValidationError as error:
        text, _, place = str(error).partition(" - at `$.")
        raise InvalidValue(place.rstrip("`"), "rules.form", text[:1].lower() + text[1:]) from error
    if found.id != name:
        raise InvalidValue("id", "rules.id", f"must be {name}")
    for number, item in enumerate(found.item):
        _check(name, f"item[{number}]", item)
    _check_dates(found)
    return found


def _check(name: str, where: str, item: Item) -> None:
    if item.effective_until is not None and item.effective_until <= item.effective_from:
        raise InvalidValue(f"{where}.effective_until", "rules.dates", "must come after effective_from")
    if (item.value is not None) != (name in VALUED):
        mend = "must have a value" if name in VALUED else f"has a value, which only {' and '.join(VALUED)} have"
        raise InvalidValue(f"{where}.value", "rules.value", mend)
    if name == "bulk-goods" and not 0 <= (item.value or 0) <= MOST_OVERRUN_PERMILLE:
        raise InvalidValue(f"{where}.value", "rules.value", f"must be 0 to {MOST_OVERRUN_PERMILLE} per mille")
    if name in OF_GOODS and not _HS.fullmatch(item.code):
        raise InvalidValue(f"{where}.code", "rules.hs", f"{item.code!r} must be 2, 4, 6, 8 or 10 digits")


def _check_dates(found: ReferenceList) -> None:
    """Refuse a code that stands twice on one day."""
    ends: dict[str, dt.date | None] = {}
    for place, item in sorted(enumerate(found.item), key=lambda each: (each[1].effective_from, each[0])):
        if item.code in ends:
            end = ends[item.code]
            if end is None or end > item.effective_from:
                raise InvalidValue(f"item[{place}].code", "rules.twice", f"{item.code} stands twice on one day")
        ends[item.code] = item.effective_until


def lists_of(found: tuple[ReferenceList, ...], at: Instant) -> Lists:
    """Return what cells may name at an instant: the codes of each list, and each threshold's value by its code."""
    codes = {each.id: tuple(item.code for item in each.at(at)) for each in found if each.id != "thresholds"}
    values = {
        item.code: item.value
        for each in found
        if each.id == "thresholds"
        for item in each.at(at)
        if item.value is not None
    }
    return Lists(codes, values)
