"""Fields of a machine-readable zone: how they are mended, checked and refused (ICAO Doc 9303 part 3, eighth edition).

Refusals name the field and the rule and never the value, because these values are personal data.
"""

import re
from datetime import date
from typing import Literal

from kouan.vocabulary.errors import InvalidValue

_VALUES = {character: value for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {"<": 0}
"""Doc 9303 part 3, clause 4.9: digits as they are, A–Z as 10–35, the filler as 0."""

_WEIGHTS = (7, 3, 1)
"""Doc 9303 part 3, clause 4.9."""

_LETTERS = re.compile(r"[A-Z<]*")
Sex = Literal["M", "F", "X"]

_SEXES: dict[str, Sex] = {"M": "M", "F": "F", "X": "X", "<": "X"}


def check_digit(text: str) -> str:
    """Return the check digit of a field: its characters weighed 7, 3, 1, …, modulo 10."""
    return str(sum(_VALUES[character] * _WEIGHTS[place % 3] for place, character in enumerate(text)) % 10)


def refuse(field: str, rule: str, mend: str) -> InvalidValue:
    """Return the refusal of one field of a travel document."""
    return InvalidValue(f"travel_document.{field}", f"mrz.{rule}", mend)


def letters(field: str, text: str) -> str:
    """Return a field of letters and fillers only."""
    if not _LETTERS.fullmatch(text):
        raise refuse(field, "letters", "must be letters and fillers")
    return text


def checked(field: str, text: str, check: str) -> str:
    """Return the field if ``check`` is its check digit; an empty field may have a filler instead."""
    empty = check == "<" and not text.strip("<")
    if not empty and check != check_digit(text):
        raise refuse(field, "check_digit", "its check digit does not hold")
    return text


def birth_date(text: str, check: str) -> str:
    """Return a date of birth as YYMMDD, parts of it fillers where unknown (Doc 9303 part 3, clause 4.8)."""
    found = checked("birth_date", text, check)
    if not re.fullmatch(r"[0-9<]{2}(?:[0-9]{2}|<<)(?:[0-9]{2}|<<)", found):
        raise refuse("birth_date", "date", "must be year, month and day")
    if "<" not in found:
        _require_date("birth_date", 2000 + int(found[:2]), found)
    return found


def expiry_date(text: str, check: str) -> str:
    """Return a date of expiry as YYMMDD."""
    found = checked("expiry_date", text, check)
    if not re.fullmatch(r"[0-9]{6}", found):
        raise refuse("expiry_date", "date", "must be year, month and day")
    _require_date("expiry_date", 2000 + int(found[:2]), found)
    return found


def _require_date(field: str, year: int, text: str) -> None:
    try:
        date(year, int(text[2:4]), int(text[4:6]))
    except ValueError:
        if text[2:] == "0229":  # a leap day of the other century
            return
        raise refuse(field, "date", "must be a day of the calendar") from None


def sex(text: str) -> Sex:
    """Return the sex as M, F or X; Doc 9303 writes X as a filler."""
    if text not in _SEXES:
        raise refuse("sex", "sex", "must be M, F or a filler")
    return _SEXES[text]


def names(text: str) -> tuple[str, str]:
    """Return surname and given names, fillers turned to blanks."""
    found = letters("names", text).rstrip("<")
    if not found or found.startswith("<"):
        raise refuse("names", "names", "must begin with a name")
    surname, _, given = found.partition("<<")
    return surname.replace("<", " ").strip(), re.sub("<+", " ", given).strip()
