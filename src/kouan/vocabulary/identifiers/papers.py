"""Numbers that stand on papers and equipment: declarations, goods codes, batches, seals, cameras."""

import re
from collections.abc import Mapping
from typing import Literal

from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.identifiers.text import compact, digits, plain, shown
from kouan.vocabulary.places import Direction

_YEARS = range(2000, 2100)
"""Years that a declaration number may carry. Our choice: the 18-digit form is younger than 2000."""


class DeclarationNumber(str):
    """A customs declaration's (报关单) eighteen digits: customs office 4, year 4, direction 1, serial 9."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "DeclarationNumber":
        """Return the number; raise InvalidValue where its length, year or direction (1 in, 0 out) is wrong."""
        number = digits(text, "declaration", (18,))
        if int(number[4:8]) not in _YEARS:
            raise InvalidValue("declaration", "declaration.year", f"digits 5–8 must be a year, not {number[4:8]}")
        if number[8] not in "01":
            raise InvalidValue("declaration", "declaration.direction", f"digit 9 must be 1 (in) or 0, not {number[8]}")
        return cls(number)

    @classmethod
    def make(cls, customs_office: str, year: int, direction: Direction, serial: int) -> "DeclarationNumber":
        """Return the number put together from its parts; ``serial`` is 0 to 999,999,999."""
        return cls.parse(f"{customs_office}{year:04d}{'1' if direction is Direction.IN else '0'}{serial:09d}")

    @property
    def customs_office(self) -> str:
        """The customs office's (关区) four digits."""
        return self[:4]

    @property
    def year(self) -> int:
        """The year of the declaration."""
        return int(self[4:8])

    @property
    def direction(self) -> Direction:
        """Whether it declares goods in or out."""
        return Direction.IN if self[8] == "1" else Direction.OUT


class HsCode(str):
    """A goods code of the Harmonized System with 6 digits, or China's tariff with 8 or 10, e.g. ``2601111000``."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "HsCode":
        """Return the code; raise InvalidValue unless it has 6, 8 or 10 digits in a chapter that exists.

        Chapters are 01–97 without the reserved 77 (WCO, HS 2022), and 98 and 99, which are left to the countries.
        """
        code = digits(text, "hs_code", (6, 8, 10))
        if code[:2] in ("00", "77"):
            raise InvalidValue("hs_code", "hs_code.chapter", f"there is no chapter {code[:2]}")
        return cls(code)

    @property
    def chapter(self) -> str:
        """The first two digits."""
        return self[:2]

    @property
    def heading(self) -> str:
        """The first four digits."""
        return self[:4]

    @property
    def subheading(self) -> str:
        """The first six digits, the same in all countries."""
        return self[:6]

    def covers(self, other: "HsCode") -> bool:
        """Say whether ``other`` is this code or a subdivision of it."""
        return other.startswith(self)


_BATCH = re.compile(r"[A-Z0-9](?:[A-Z0-9-]{2,30}[A-Z0-9])")
_SEAL = re.compile(r"[A-Z0-9]{4,20}")
_BLANK = re.compile(r"\s+")


class BatchNumber(str):
    """A transport batch number (货物运输批次号), under which vehicles of one consignment cross together."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "BatchNumber":
        """Return the number; raise InvalidValue unless it is 4 to 32 capitals, digits and inner hyphens.

        The form is our choice: the announcements name the element and leave its inner form to the sender.
        """
        number = _BLANK.sub("", plain(text, "batch"))
        if not _BATCH.fullmatch(number):
            mend = f"must be 4 to 32 letters, digits and inner hyphens, not {shown(number)}"
            raise InvalidValue("batch", "batch.form", mend)
        return cls(number)


class SealNumber(str):
    """An electronic seal's (关锁) number."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "SealNumber":
        """Return the number; raise InvalidValue unless it is 4 to 20 letters and digits.

        Our choice: ISO 17712 asks for a unique number and leaves its form to the maker.
        """
        number = compact(text, "seal")
        if not _SEAL.fullmatch(number):
            raise InvalidValue("seal", "seal.form", f"must be 4 to 20 letters and digits, not {shown(number)}")
        return cls(number)


_CONTROLLERS: Mapping[str, Literal["customs", "police", "border", "company"]] = {
    "1": "customs",
    "2": "police",
    "3": "border",
    "5": "company",
}
_SITES: Mapping[str, str] = {"03": "rail", "04": "road", "10": "land border", "14": "border-resident trade"}


class CameraNumber(str):
    """A supervision camera's twenty digits in the customs numbering, e.g. ``42010011101320803002``."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "CameraNumber":
        """Return the number; raise InvalidValue where controller, category or type is not one of the scheme's."""
        number = digits(text, "camera", (20,))
        if number[7] not in _CONTROLLERS:
            raise InvalidValue("camera", "camera.controller", f"digit 8 must be 1, 2, 3 or 5, not {number[7]}")
        if number[8:10] != "10":
            raise InvalidValue("camera", "camera.category", f"digits 9–10 must be 10, not {number[8:10]}")
        if number[10:13] not in ("131", "132"):
            raise InvalidValue("camera", "camera.type", f"digits 11–13 must be 131 or 132, not {number[10:13]}")
        return cls(number)

    @property
    def customs_office(self) -> str:
        """The customs office's four digits."""
        return self[:4]

    @property
    def site(self) -> str:
        """The supervised site's three digits within its customs office."""
        return self[4:7]

    @property
    def controller(self) -> Literal["customs", "police", "border", "company"]:
        """Who controls the camera."""
        return _CONTROLLERS[self[7]]

    @property
    def site_class(self) -> str | None:
        """What kind of site it watches, or None where the class is not one of those known."""
        return _SITES.get(self[13:15])

    @property
    def position(self) -> str:
        """The two digits of the place within the site."""
        return self[15:17]

    @property
    def serial(self) -> str:
        """The three digits of the serial number."""
        return self[17:]

    def warnings(self) -> tuple[str, ...]:
        """Return what is unusual about the number though it is accepted."""
        return () if self.site_class else (f"camera.site_class_unknown:{self[13:15]}",)
