"""Plates in as many spellings as people write: one vehicle each."""

import re

import polars as pl

from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.identifiers.plate import PlateNumber
from kouan.vocabulary.identifiers.text import compact

_LIKE_A_PLATE = re.compile(r"(?=.*\d)\w{4,12}")
"""What is taken for a plate of a country we do not know: four to twelve letters and digits, a digit among them."""


class Plates:
    """Reads plates, each spelling once: a month has millions of rows and some thousand vehicles."""

    def __init__(self) -> None:
        self._read: dict[str, str | None] = {}
        self._unknown: set[str] = set()

    def read(self, texts: pl.Series) -> pl.Series:
        """Return the plates as they are compared; null where a text is no plate."""
        seen = texts.drop_nulls().unique()
        for text in seen.to_list():
            if text not in self._read:
                self._read[text] = self._plate(text)
        return texts.replace_strict(seen, pl.Series([self._read[text] for text in seen], dtype=pl.String), default=None)

    def spellings(self, least: int = 2) -> dict[str, tuple[str, ...]]:
        """Return the plates that were written in at least so many ways, with the ways."""
        ways: dict[str, list[str]] = {}
        for text, plate in self._read.items():
            if plate is not None:
                ways.setdefault(plate, []).append(text)
        return {plate: tuple(sorted(texts)) for plate, texts in sorted(ways.items()) if len(texts) >= least}

    def of_no_known_form(self) -> tuple[str, ...]:
        """Return the plates that are of no form of China, Mongolia or Russia, and were used all the same."""
        return tuple(sorted(self._unknown))

    def _plate(self, text: str) -> str | None:
        try:
            return str(PlateNumber.parse(text))
        except InvalidValue:
            pass
        try:
            found = compact(text, "plate")
        except InvalidValue:
            return None
        if not _LIKE_A_PLATE.fullmatch(found):
            return None
        self._unknown.add(found)
        return found
