"""How a cell is read, whoever filled it in: numbers as text, text as numbers, days in many forms."""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from kouan.protocols.tables.reading import Cell
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.days import SHANGHAI
from kouan.vocabulary.errors import InvalidValue

Read = Callable[[Cell], Any]
"""Returns the JSON value of a cell that is not empty; raises InvalidValue."""

EXACT = 2**53
"""Numbers from here on are not exact as a spreadsheet keeps them (IEEE 754 doubles): an identifier has lost digits."""

_PARTS = re.compile(r"[,、;|\s]+")
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_COMPACT_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_TIME = re.compile(r"(\d{1,2})\s*[:时点]\s*(\d{1,2})(?:\s*[:分]\s*(\d{1,2})\s*秒?|\s*分?)?|(\d{2})(\d{2})(\d{2})?")

_YES = frozenset({"是", "有", "合格", "通过", "y", "yes", "true", "1", "√", "pass", "passed"})
_NO = frozenset({"否", "无", "不合格", "不通过", "n", "no", "false", "0", "×", "fail", "failed"})


def text(cell: Cell) -> str:
    """Read text; a whole number that a spreadsheet made of an identifier is written out again."""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        if abs(cell) >= EXACT:
            raise InvalidValue("", "cell.precision", "has lost digits as a number: format the column as text")
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, dt.datetime | dt.date):
        return cell.isoformat()
    if isinstance(cell, int):
        return str(cell)
    if not isinstance(cell, str):
        raise InvalidValue("", "cell.text", "must be text")
    found = cell.strip().removeprefix("'").strip()
    if re.fullmatch(r"\d(\.\d+)?[eE]\+\d{1,3}", found):
        raise InvalidValue("", "cell.precision", "has lost digits as a number: format the column as text")
    return found


def code(cell: Cell) -> str:
    """Read a code: text whose full-width letters and digits are made plain."""
    return unicodedata.normalize("NFKC", text(cell))


def several(cell: Cell) -> list[str]:
    """Read a list: its items are parted by commas, semicolons, enumeration commas or blanks."""
    return [part for part in _PARTS.split(code(cell)) if part]


def number(cell: Cell) -> Decimal:
    """Read a number, its thousands parted by commas or not."""
    if isinstance(cell, bool | dt.date | dt.time | dt.timedelta):
        raise InvalidValue("", "cell.number", "must be a number")
    if isinstance(cell, int | float):
        return Decimal(repr(cell))
    found = code(cell).replace(",", "").replace(" ", "")
    try:
        value = Decimal(found)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise InvalidValue("", "cell.number", "must be a number")
    return value


def whole(cell: Cell) -> int:
    """Read a whole number."""
    value = number(cell)
    if value != value.to_integral_value() or abs(value) >= EXACT:
        raise InvalidValue("", "cell.whole", "must be a whole number")
    return int(value)


def mass(unit_kg: int) -> Read:
    """Return a reader of a mass in a unit of so many kilograms, as whole kilograms."""

    def read(cell: Cell) -> int:
        kilograms = number(cell) * unit_kg
        if kilograms != kilograms.to_integral_value() or abs(kilograms) >= EXACT:
            raise InvalidValue("", "cell.mass", "must be whole kilograms")
        return int(kilograms)

    return read


def fen(cell: Cell) -> int:
    """Read an amount in yuan as whole fen."""
    amount = number(cell) * 100
    if amount != amount.to_integral_value() or abs(amount) >= EXACT:
        raise InvalidValue("", "cell.fen", "must be an amount in yuan with at most two decimals")
    return int(amount)


def decimal(cell: Cell) -> str:
    """Read a measured value as decimal text; one that is no number stays as it is."""
    try:
        return format(number(cell), "f")
    except InvalidValue:
        return text(cell)


def truth(cell: Cell) -> bool:
    """Read yes or no, passed or failed."""
    if isinstance(cell, bool):
        return cell
    found = code(cell).lower()
    if found in _YES or found in _NO:
        return found in _YES
    raise InvalidValue("", "cell.truth", "must be 是 or 否 (yes or no)")


def one_of(words: Mapping[str, str]) -> Read:
    """Return a reader of one of some words, in Chinese or English; another word stays as it is, to be refused later."""

    def read(cell: Cell) -> str:
        found = code(cell)
        return words.get(found.lower(), found)

    return read


def day(cell: Cell) -> str:
    """Read a day: a spreadsheet's, ``2026-11-22``, ``2026/11/22``, ``2026.11.22``, ``20261122``, ``2026年11月22日``."""
    return _moment(cell).date().isoformat()


def instant(cell: Cell) -> int:
    """Read a day and time in China, as microseconds since 1970; without a time, the day's beginning."""
    at = _moment(cell)
    return int((at if at.tzinfo else at.replace(tzinfo=SHANGHAI)).timestamp()) * SECOND


def _moment(cell: Cell) -> dt.datetime:
    if isinstance(cell, dt.datetime):
        return cell
    if isinstance(cell, dt.date):
        return dt.datetime.combine(cell, dt.time())
    found = code(cell)
    wrong = InvalidValue("", "cell.date", "must be a day as 2026-11-22, with a time as 08:30 where one is asked for")
    matched = _DAY.match(found) or _COMPACT_DAY.match(found)
    if matched is None:
        raise wrong
    rest = found[matched.end() :].strip().removeprefix("T").strip()
    clock = _TIME.fullmatch(rest) if rest else None
    if rest and clock is None:
        return _iso(found, wrong)
    hour, minute, second = (0, 0, 0) if clock is None else _clock(clock)
    try:
        return dt.datetime(int(matched[1]), int(matched[2]), int(matched[3]), hour, minute, second)  # noqa: DTZ001
    except ValueError:
        raise wrong from None


def _clock(found: re.Match[str]) -> tuple[int, int, int]:
    parts = found.groups()
    hour, minute, second = parts[:3] if parts[0] is not None else parts[3:]
    return int(hour), int(minute), int(second or 0)


def _iso(found: str, wrong: InvalidValue) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(found)
    except ValueError:
        raise wrong from None
