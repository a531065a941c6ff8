"""Freight container numbers (ISO 6346:2022)."""

import re

from stdnum import iso6346

from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.identifiers.text import DIGIT_FOR, LETTER_FOR, compact, shown

_FORM = re.compile(r"[A-Z]{3}[UJZ][0-9]{7}")
"""ISO 6346 clause 3: owner code, equipment category (U container, J detachable equipment, Z trailer), serial, check."""


class ContainerNumber(str):
    """A container number in its eleven characters, e.g. ``CSQU3054383``."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "ContainerNumber":
        """Return the number, look-alikes mended by position; raise InvalidValue where form or check digit is wrong."""
        tidy = compact(text, "container")
        number = tidy[:4].translate(LETTER_FOR) + tidy[4:].translate(DIGIT_FOR)
        if not _FORM.fullmatch(number):
            mend = f"must be three letters, U, J or Z, and seven digits, not {shown(tidy)}"
            raise InvalidValue("container", "container.form", mend)
        check = iso6346.calc_check_digit(number[:10])
        if number[10] != check:
            mend = f"{number} has check digit {number[10]}, but {number[:10]} asks for {check}"
            raise InvalidValue("container", "container.check_digit", mend)
        return cls(number)

    @classmethod
    def make(cls, owner: str, serial: int, category: str = "U") -> "ContainerNumber":
        """Return the number of an owner (three letters) with a serial (0 to 999,999), its check digit computed."""
        stem = f"{owner}{category}{serial:06d}"
        if not re.fullmatch(r"[A-Z]{3}[UJZ][0-9]{6}", stem):
            raise InvalidValue("container", "container.form", f"{shown(stem)} is no owner, category and serial")
        return cls(stem + iso6346.calc_check_digit(stem))

    @property
    def owner(self) -> str:
        """The owner code: three letters registered with the BIC."""
        return self[:3]

    @property
    def category(self) -> str:
        """The equipment category: U container, J detachable equipment, Z trailer or chassis."""
        return self[3]

    @property
    def serial(self) -> str:
        """The six digits of the serial number."""
        return self[4:10]

    @property
    def check_digit(self) -> str:
        """The check digit."""
        return self[10]
