"""Number plates of the vehicles that meet at the border: Chinese, Mongolian and Russian."""

import enum
import functools
import re
from collections.abc import Callable, Iterator

from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.identifiers import plate_tables as tables
from kouan.vocabulary.identifiers.text import compact, shown


class Country(enum.StrEnum):
    """The country that issued a plate, by ISO 3166-1 alpha-3."""

    CHINA = "CHN"
    MONGOLIA = "MNG"
    RUSSIA = "RUS"


class PlateSeries(enum.StrEnum):
    """What kind of plate it is.

    A Chinese ``ordinary`` plate is blue on small and yellow, in two rows, on large vehicles: the number is of one form,
    so the colour is the camera's to tell.
    """

    ORDINARY = "ordinary"
    NEW_ENERGY = "new_energy"
    POLICE = "police"
    EMBASSY = "embassy"
    CONSULATE = "consulate"
    HONG_KONG = "hong_kong"
    MACAO = "macao"
    TRAILER = "trailer"
    LEARNER = "learner"
    TEMPORARY = "temporary"
    PUBLIC = "public"
    MOTORCYCLE = "motorcycle"
    DIPLOMATIC = "diplomatic"


_PROVINCE = f"[{tables.PROVINCES}]"
_ANY = "[0-9A-HJ-NP-Z]"
_M = f"[{tables.MONGOLIAN_LETTERS}]"
_R = f"[{tables.RUSSIAN_LETTERS}]"
_REGION = r"(?!0{2,3}$)(?:[1-9][0-9]{2}|[0-9]{2})"

_FORMS: tuple[tuple[Country, PlateSeries, re.Pattern[str]], ...] = tuple(
    (country, series, re.compile(form))
    for country, series, form in (
        # GA 36-2018: province, letter of the issuing office, five characters without I and O; suffixes take the last.
        (Country.CHINA, PlateSeries.ORDINARY, rf"{_PROVINCE}[A-HJ-Z]{_ANY}{{5}}"),
        # GA 36-2018 7.2: six characters, the energy's letter first (small vehicles) or last (large).
        (Country.CHINA, PlateSeries.NEW_ENERGY, rf"{_PROVINCE}[A-HJ-Z](?:[A-HJK]{_ANY}[0-9]{{4}}|[0-9]{{5}}[A-HJK])"),
        (Country.CHINA, PlateSeries.TRAILER, rf"{_PROVINCE}[A-HJ-Z]{_ANY}{{4}}挂"),
        (Country.CHINA, PlateSeries.POLICE, rf"{_PROVINCE}[A-HJ-Z]{_ANY}{{4}}警"),
        (Country.CHINA, PlateSeries.LEARNER, rf"{_PROVINCE}[A-HJ-Z]{_ANY}{{4}}学"),
        (Country.CHINA, PlateSeries.TEMPORARY, rf"{_PROVINCE}[A-HJ-Z]{_ANY}{{4,5}}临"),
        (Country.CHINA, PlateSeries.HONG_KONG, rf"粤Z{_ANY}{{4}}港"),
        (Country.CHINA, PlateSeries.MACAO, rf"粤Z{_ANY}{{4}}澳"),
        (Country.CHINA, PlateSeries.CONSULATE, rf"{_PROVINCE}[A-HJ-Z]{_ANY}{{4}}领"),
        (Country.CHINA, PlateSeries.EMBASSY, r"使[0-9]{6}|[0-9]{6}使"),
        (Country.MONGOLIA, PlateSeries.ORDINARY, rf"[0-9]{{4}}{_M}{{3}}"),
        (Country.MONGOLIA, PlateSeries.TRAILER, rf"[0-9]{{4}}{_M}{{2}}"),
        (Country.MONGOLIA, PlateSeries.DIPLOMATIC, r"ДК[0-9]{4}"),
        # GOST R 50577-2018, annex A: types 1, 1Б, 2, 20, 4 in turn.
        (Country.RUSSIA, PlateSeries.ORDINARY, rf"{_R}[0-9]{{3}}{_R}{{2}}{_REGION}"),
        (Country.RUSSIA, PlateSeries.TRAILER, rf"{_R}{{2}}[0-9]{{4}}{_REGION}"),
        (Country.RUSSIA, PlateSeries.PUBLIC, rf"{_R}{{2}}[0-9]{{3}}{_REGION}"),
        (Country.RUSSIA, PlateSeries.POLICE, rf"{_R}[0-9]{{4}}{_REGION}"),
        (Country.RUSSIA, PlateSeries.MOTORCYCLE, rf"[0-9]{{4}}{_R}{{2}}{_REGION}"),
    )
)

_CHINESE = re.compile(f"[{tables.PROVINCES}使]")


class PlateNumber(str):
    """A number plate without separators, in its own script: ``蒙B023H6``, ``1234УБА``, ``А129ХУ196``."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "PlateNumber":
        """Return the plate, its country found by its form and look-alikes turned to the country's script.

        Raises InvalidValue (``plate.form``) where the text is no plate of China, Mongolia or Russia.
        """
        tidy = compact(text, "plate")
        found = _read(tidy)
        if found is not None:
            return cls(found)
        mend = f"must be a plate of China, Mongolia or Russia, as 蒙B023H6, 1234УБА or А129ХУ196, not {shown(tidy)}"
        raise InvalidValue("plate", "plate.form", mend)

    @property
    def country(self) -> Country:
        """The country that issued it."""
        return self._kind()[0]

    @property
    def series(self) -> PlateSeries:
        """What kind of plate it is."""
        return self._kind()[1]

    @property
    def region(self) -> str | None:
        """Province and office (China), aimag letters (Mongolia) or region digits (Russia); None where it has none."""
        country, series = self._kind()
        if country is Country.CHINA:
            return None if series is PlateSeries.EMBASSY else self[:2]
        if country is Country.MONGOLIA:
            return None if series is PlateSeries.DIPLOMATIC else self[4:6]
        return self[_REGION_STARTS[series] :]

    @property
    def is_trailer(self) -> bool:
        """Whether it is a trailer's plate."""
        return self.series is PlateSeries.TRAILER

    def warnings(self) -> tuple[str, ...]:
        """Return what is unusual about the plate though it is accepted, as ``<message id>:<value>``."""
        if self.country is Country.MONGOLIA and self.region is not None and self.region not in tables.AIMAGS:
            return (f"plate.aimag_unknown:{self.region}",)
        return ()

    def _kind(self) -> tuple[Country, PlateSeries]:
        found = _classify(self)
        if found is None:
            raise InvalidValue("plate", "plate.form", f"{shown(self)} was not made by PlateNumber.parse")
        return found


_REGION_STARTS = {
    PlateSeries.ORDINARY: 6,
    PlateSeries.TRAILER: 6,
    PlateSeries.PUBLIC: 5,
    PlateSeries.POLICE: 5,
    PlateSeries.MOTORCYCLE: 6,
}


def _classify(text: str) -> tuple[Country, PlateSeries] | None:
    for country, series, form in _FORMS:
        if form.fullmatch(text):
            return country, series
    return None


@functools.lru_cache(maxsize=4096)
def _read(text: str) -> str | None:
    """Return the first way to read a text that is a plate; remembered, because a vehicle's is read a dozen times."""
    return next((candidate for candidate in _candidates(text) if _classify(candidate)), None)


def _candidates(text: str) -> Iterator[str]:
    """Yield the ways to read a text, most literal first."""
    if _CHINESE.search(text):
        yield _chinese(text)
        return
    cyrillic = text.translate(tables.TO_CYRILLIC)
    yield cyrillic
    for shape in _SHAPES.get(len(cyrillic), ()):
        yield _by_place(cyrillic, shape)


def _chinese(text: str) -> str:
    coloured = text[0] in tables.COLOURS and _CHINESE.fullmatch(text[1:2])  # 黑 is a province, too
    tidy = text[1:] if coloured else text
    latin = tidy.translate(tables.TO_LATIN)
    if latin[:1] == "使" or latin[-1:] == "使":
        return latin.translate({ord("O"): "0", ord("I"): "1"})
    return latin[:2] + latin[2:].replace("O", "0").replace("I", "1")


_SHAPES: dict[int, tuple[str, ...]] = {
    6: ("9999AA",),
    7: ("9999AAA", "A999999", "AA99999"),
    8: ("A999AA99", "AA999999", "9999AA99", "A9999999"),
    9: ("A999AA999", "AA9999999", "9999AA999"),
}
"""Where letters (A) and digits (9) stand, by length: Mongolian first, then Russian."""


def _by_place(text: str, shape: str) -> str:
    """Mend each character by whether a letter or a digit stands in its place."""
    return "".join(_MENDERS[kind](character) for character, kind in zip(text, shape, strict=True))


_MENDERS: dict[str, Callable[[str], str]] = {
    "A": lambda character: character.translate(tables.CYRILLIC_FOR_DIGIT),
    "9": lambda character: character.translate(tables.DIGIT_FOR_CYRILLIC).translate({ord("I"): "1"}),
}
