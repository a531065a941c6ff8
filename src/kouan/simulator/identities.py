"""Plates, container numbers, seals and document numbers, all synthetic and all well formed."""

from collections.abc import Callable
from random import Random

from stdnum import iso6346

_AIMAGS = ("ӨМ",) * 14 + ("УБ",) * 3 + ("ДГ", "ӨВ", "ГС", "ДО")
"""First letters of Mongolian plates; Ömnögovi (ӨМ), which faces Ganqimaodu, most often (our choice of shares)."""

_LAST = "АБВГДЕЖЗИКЛМНОӨПРСТУҮХЦЧЭЯ"
_BAYANNUR = "蒙L"
_CHINESE_SERIAL = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_OWNERS = ("TGHU", "CSQU", "MNLU", "OMGU", "BYTU")


def mongolian_plate(random: Random) -> str:
    """Return four digits and three Cyrillic letters, as on lorries of Mongolia."""
    return f"{random.randrange(1, 10_000):04d}{random.choice(_AIMAGS)}{random.choice(_LAST)}"


def mongolian_trailer_plate(random: Random) -> str:
    """Return four digits and two Cyrillic letters, as on trailers of Mongolia."""
    return f"{random.randrange(1, 10_000):04d}{random.choice(_AIMAGS)}"


def chinese_plate(random: Random) -> str:
    """Return a plate of Bayannur: 蒙L and five characters, neither I nor O among them."""
    return _BAYANNUR + "".join(random.choice(_CHINESE_SERIAL) for _ in range(5))


def chinese_trailer_plate(random: Random) -> str:
    """Return a trailer's plate: 蒙L, four digits and 挂 (GA 36-2018)."""
    return f"{_BAYANNUR}{random.randrange(1, 10_000):04d}挂"


def container_number(random: Random) -> str:
    """Return an ISO 6346 number with its check digit; serials whose remainder is 10 are not used (clause 3.1.4.3)."""
    while True:
        text = f"{random.choice(_OWNERS)}{random.randrange(10**6):06d}"
        digit = iso6346.calc_check_digit(text)
        # 10 is written as 0, so a 0 may hide a remainder of 10: leave both to other makers.
        if digit != "0":
            return f"{text}{digit}"


def seal_number(random: Random) -> str:
    """Return the number of an electronic customs seal (关锁); the form is our choice."""
    return f"CN{random.randrange(10**8):08d}"


class Serials:
    """Gives numbers that no two calls share, within this run and across runs that start at different seconds."""

    def __init__(self, base_s: int, year: int, customs_office: str) -> None:
        """Start from the second at which this run began."""
        self._base = base_s % 10**9
        self._year = year
        self._office = customs_office
        self._count = 0

    def number(self, prefix: str) -> str:
        """Return the next number under a prefix."""
        self._count += 1
        return f"{prefix}{self._base:09d}{self._count:06d}"

    def declaration(self, direction_digit: int) -> str:
        """Return a declaration number: customs 4, year 4, direction 1, serial 9 (``identifiers.md``)."""
        self._count += 1
        serial = (self._base * 1_000 + self._count) % 10**9
        return f"{self._office}{self._year:04d}{direction_digit}{serial:09d}"


def unused(make: Callable[[Random], str], random: Random, used: set[str]) -> str:
    """Return the first identity that ``make`` gives and that is not yet ``used``, and mark it used."""
    while (text := make(random)) in used:
        continue
    used.add(text)
    return text
