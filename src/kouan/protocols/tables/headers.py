"""Headers as they are compared: width, case, blanks and marks do not matter; a unit at the end says how to read."""

import re
import unicodedata

_UNIT = re.compile(r"[(\[/,]\s*(千克|公斤|kgs?|кг|吨|t|mt|tons?|tonnes?|т|тн|тонн)\.?\s*[)\]]?$")
_TONNES = frozenset({"吨", "t", "mt", "ton", "tons", "tonne", "tonnes", "т", "тн", "тонн"})
_MARKS = re.compile(r"[\s*_\-:.·#№]+")


def plain(title: str) -> str:
    """Return a header as it is compared: width, case, blanks and marks do not matter."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", title).lower().lstrip("\ufeff"))


def base(title: str) -> str:
    """Return a header as it is compared, without a unit of mass at its end."""
    return plain(_UNIT.sub("", _lower(title)))


def unit_kg(title: str) -> int | None:
    """Return the kilograms of the unit of mass that a header ends with, None where it names none."""
    found = _UNIT.search(_lower(title))
    return None if found is None else 1000 if found[1] in _TONNES else 1


def _lower(title: str) -> str:
    return unicodedata.normalize("NFKC", title).lower().strip()
