"""Railway wagon numbers: eight digits on 1520 mm, twelve digits in the UIC scheme."""

from typing import Literal

from stdnum import luhn

from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.identifiers.text import digits


class WagonNumber(str):
    """A wagon number in its digits, e.g. ``24548885`` (1520 mm) or ``218124712173`` (UIC)."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "WagonNumber":
        """Return the number; raise InvalidValue where its length or check digit is wrong.

        Both schemes weigh the digits 2, 1, 2, … and take the complement of the digit sum to ten, which is Luhn's
        formula: UIC Code 438-2 for twelve digits, the CIS railways' eight-digit numbering for 1520 mm.
        """
        number = digits(text, "wagon", (8, 12))
        check = luhn.calc_check_digit(number[:-1])
        if number[-1] != check:
            mend = f"{number} has check digit {number[-1]}, but {number[:-1]} asks for {check}"
            raise InvalidValue("wagon", "wagon.check_digit", mend)
        return cls(number)

    @classmethod
    def make(cls, stem: str) -> "WagonNumber":
        """Return the number with the check digit of a stem of seven or eleven digits."""
        found = digits(stem, "wagon", (7, 11))
        return cls(found + luhn.calc_check_digit(found))

    @property
    def scheme(self) -> Literal["1520", "uic"]:
        """Which scheme the number belongs to."""
        return "1520" if len(self) == 8 else "uic"

    @property
    def check_digit(self) -> str:
        """The check digit."""
        return self[-1]
