"""Quantities with their units: whole base units where something is recorded, Decimal for money.

What is recorded is whole: kilograms, millimetres, millimetres a second, and money in Decimal with its currency.
Conversions go through Decimal and round half to even, so that no float ever decides anything.
"""

import enum
import re
import unicodedata
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import NewType

import msgspec

from kouan.vocabulary.errors import InvalidValue

MassKg = NewType("MassKg", int)
"""A mass in whole kilograms."""

LengthMm = NewType("LengthMm", int)
"""A length in whole millimetres."""

SpeedMmps = NewType("SpeedMmps", int)
"""A speed in whole millimetres a second."""

Exact = int | str | Decimal
"""What a quantity is made from: never a float."""

_MAX_TEXT = 40
_MASS_UNITS = {"KG": Decimal(1), "千克": Decimal(1), "公斤": Decimal(1), "T": Decimal(1000), "吨": Decimal(1000)}
_LENGTH_UNITS = {"MM": Decimal(1), "CM": Decimal(10), "M": Decimal(1000), "米": Decimal(1000), "KM": Decimal(10**6)}
_SPEED_UNITS = {"MM/S": Decimal(1), "M/S": Decimal(1000), "KM/H": Decimal(10**6) / Decimal(3600)}
_AMOUNT = re.compile(r"([+-]?[0-9]{1,3}(?:,[0-9]{3})+|[+-]?[0-9]+)(\.[0-9]+)?\s*([^\s0-9.,+-].*)")
_LIMIT = Decimal(10) ** 15


def exact(value: Exact, field: str = "value") -> Decimal:
    """Return the Decimal of a whole number, a decimal text or a Decimal; raise InvalidValue for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise InvalidValue(field, "quantity.exact", "must be a whole number, a text or a Decimal")
    if isinstance(value, str) and len(value) > _MAX_TEXT:
        raise InvalidValue(field, "text.length", f"must be at most {_MAX_TEXT} characters")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise InvalidValue(field, "quantity.number", "must be a decimal number") from error
    if not number.is_finite() or abs(number) >= _LIMIT:
        raise InvalidValue(field, "quantity.range", f"must be finite and below {_LIMIT:.0E}")
    return number


def mass_from_tonnes(tonnes: Exact) -> MassKg:
    """Return a mass given in tonnes, to the nearest kilogram."""
    return MassKg(_whole(exact(tonnes, "tonnes") * 1000))


def tonnes(mass: MassKg) -> Decimal:
    """Return a mass in tonnes, exactly."""
    return Decimal(mass) / 1000


def length_from_metres(metres: Exact) -> LengthMm:
    """Return a length given in metres, to the nearest millimetre."""
    return LengthMm(_whole(exact(metres, "metres") * 1000))


def metres(length: LengthMm) -> Decimal:
    """Return a length in metres, exactly."""
    return Decimal(length) / 1000


def speed_from_kmph(kmph: Exact) -> SpeedMmps:
    """Return a speed given in kilometres an hour, to the nearest millimetre a second."""
    return SpeedMmps(_whole(exact(kmph, "kmph") * 10**6 / 3600))


def kmph(speed: SpeedMmps) -> Decimal:
    """Return a speed in kilometres an hour, exactly."""
    return Decimal(speed) * Decimal("0.0036")


def parse_mass(text: str) -> MassKg:
    """Return the mass of a text as ``117.5 t``, ``117,500 kg`` or ``117.5 吨``; raise InvalidValue."""
    return MassKg(_parse(text, "mass", _MASS_UNITS))


def parse_length(text: str) -> LengthMm:
    """Return the length of a text as ``6.19 km`` or ``17.5 m``; raise InvalidValue."""
    return LengthMm(_parse(text, "length", _LENGTH_UNITS))


def parse_speed(text: str) -> SpeedMmps:
    """Return the speed of a text as ``25 km/h`` or ``1.5 m/s``; raise InvalidValue."""
    return SpeedMmps(_parse(text, "speed", _SPEED_UNITS))


def _parse(text: str, field: str, units: dict[str, Decimal]) -> int:
    number, unit = _parts(text, field)
    if unit not in units:
        raise InvalidValue(field, f"{field}.unit", f"must have a unit: {', '.join(units).lower()}")
    return _whole(number * units[unit])


def _parts(text: str, field: str) -> tuple[Decimal, str]:
    """Return number and unit of a text."""
    if len(text) > _MAX_TEXT:
        raise InvalidValue(field, "text.length", f"must be at most {_MAX_TEXT} characters")
    found = _AMOUNT.fullmatch(unicodedata.normalize("NFKC", text).strip().upper())
    if not found or not found[1].isascii() or not (found[2] or "").isascii():
        raise InvalidValue(field, f"{field}.form", "must be a number and a unit")
    return exact(found[1].replace(",", "") + (found[2] or ""), field), found[3].strip()


def _whole(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_HALF_EVEN))


class Currency(enum.StrEnum):
    """Currencies of the border's trade, by ISO 4217."""

    CNY = "CNY"
    MNT = "MNT"
    RUB = "RUB"
    KZT = "KZT"
    USD = "USD"
    EUR = "EUR"
    JPY = "JPY"

    @property
    def decimals(self) -> int:
        """Decimal places of the smallest unit (ISO 4217, list one)."""
        return 0 if self is Currency.JPY else 2


class Money(msgspec.Struct, frozen=True):
    """An amount of one currency, exact to its smallest unit."""

    amount: Decimal
    currency: Currency

    @classmethod
    def of(cls, amount: Exact, currency: Currency) -> "Money":
        """Return the amount; raise InvalidValue where it is finer than the currency's smallest unit."""
        number = exact(amount, "amount")
        tidy = _rounded(number, currency)
        if tidy != number:
            raise InvalidValue("amount", "money.unit", f"{currency} has {currency.decimals} decimal places")
        return cls(tidy, currency)

    @classmethod
    def parse(cls, text: str) -> "Money":
        """Return the money of a text as ``8,000 CNY``; raise InvalidValue."""
        number, unit = _parts(text, "money")
        if unit not in Currency.__members__:
            raise InvalidValue("money", "money.currency", f"must name one of {', '.join(Currency)}")
        return cls.of(number, Currency(unit))

    def __str__(self) -> str:
        """The amount with all its decimal places, and the currency."""
        return f"{self.amount:f} {self.currency}"

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._alike(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._alike(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._alike(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._alike(other)

    def times(self, factor: Exact) -> "Money":
        """Return the money times a rate or quantity, rounded half to even to the smallest unit."""
        return Money(_rounded(self.amount * exact(factor, "factor"), self.currency), self.currency)

    def _alike(self, other: "Money") -> Decimal:
        if self.currency is not other.currency:
            raise InvalidValue("currency", "money.currency", f"{self.currency} and {other.currency} do not add up")
        return other.amount


def _rounded(amount: Decimal, currency: Currency) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-currency.decimals), ROUND_HALF_EVEN)
