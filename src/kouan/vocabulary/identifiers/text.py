"""What all identifiers share: bounded, normalised text and the mending of look-alikes."""

import re
import unicodedata
from collections.abc import Mapping

from kouan.vocabulary.errors import InvalidValue

MAX_TEXT = 64
"""Longest text that is looked at, in characters. Our choice: twice the longest one-line identifier with separators."""

_SEPARATORS = re.compile(r"[\s.\-_·・•‧∙⋅–—/]+")
"""Blanks, dots, hyphens, middle dots and slashes, which people and cameras put between groups."""

DIGIT_FOR: Mapping[int, str | int] = str.maketrans("OQDILSZB", "00011528")
"""Letters that are read in place of a digit, where only digits stand. Our choice, from common confusions of OCR."""

LETTER_FOR: Mapping[int, str | int] = str.maketrans("01258", "OIZSB")
"""Digits that are read in place of a letter, where only letters stand. Our choice, the reverse of DIGIT_FOR."""


def plain(text: str, field: str, limit: int = MAX_TEXT) -> str:
    """Return the text in upper case, full-width forms made plain (Unicode NFKC), at most ``limit`` characters.

    Raises InvalidValue (``text.type``, ``text.length``), so that hostile input costs little and stops here.
    """
    if not isinstance(text, str):
        raise InvalidValue(field, "text.type", "must be text")
    if len(text) > limit:
        raise InvalidValue(field, "text.length", f"must be at most {limit} characters")
    tidy = unicodedata.normalize("NFKC", text).upper()
    if len(tidy) > limit:
        raise InvalidValue(field, "text.length", f"must be at most {limit} characters")
    return tidy


def compact(text: str, field: str, limit: int = MAX_TEXT) -> str:
    """Return the plain text without the separators that stand between its groups."""
    return _SEPARATORS.sub("", plain(text, field, limit))


def digits(text: str, field: str, lengths: tuple[int, ...]) -> str:
    """Return compact text of digits only, look-alike letters mended; raise InvalidValue (``<field>.digits``)."""
    found = compact(text, field).translate(DIGIT_FOR)
    if not (found.isascii() and found.isdigit() and len(found) in lengths):
        wanted = " or ".join(str(length) for length in lengths)
        raise InvalidValue(field, f"{field}.digits", f"must be {wanted} digits, not {shown(found)}")
    return found


def shown(text: str) -> str:
    """Return the text quoted and bounded, fit for an error message."""
    return ascii(text) if len(text) <= 32 else f"{text[:32]!a}…"
