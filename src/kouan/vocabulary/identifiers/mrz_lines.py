"""The lines of a machine-readable zone (ICAO Doc 9303): known by their shape, look-alikes mended by their place."""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from kouan.vocabulary.identifiers.mrz_fields import refuse
from kouan.vocabulary.identifiers.text import DIGIT_FOR, LETTER_FOR, plain

Format = Literal["TD1", "TD2", "TD3"]

ALPHABET = re.compile(r"[A-Z0-9<]*")
"""The characters of a machine-readable zone (Doc 9303 part 3, clause 4.3)."""

_DATE = "9999999"
_MASKS: Mapping[tuple[int, int], tuple[Format, tuple[str, ...]]] = {
    (3, 30): ("TD1", ("A" * 5 + "." * 9 + "9" + "." * 15, f"{_DATE}.{_DATE}AAA" + "." * 11 + "9", "A" * 30)),
    (2, 36): ("TD2", ("A" * 36, "." * 9 + f"9AAA{_DATE}.{_DATE}" + "." * 7 + "9")),
    (2, 44): ("TD3", ("A" * 44, "." * 9 + f"9AAA{_DATE}.{_DATE}" + "." * 14 + "99")),
}
"""Where only letters (A), only digits (9) or both (.) stand: Doc 9303 part 5 (TD1), part 6 (TD2), part 4 (TD3)."""

_UNBROKEN = {90: 30, 72: 36, 88: 44}
_FILLERS = str.maketrans({"«": "<<", "‹": "<", "〈": "<", "《": "<<", "≪": "<<"})
_MAX_TEXT = 128


def read_lines(text: str | Sequence[str]) -> tuple[Format, tuple[str, ...]]:
    """Return format and mended lines; raise InvalidValue unless they have the shape of a travel document's zone."""
    lines = _parted(_plain(text))
    if not all(ALPHABET.fullmatch(line) for line in lines):
        raise refuse("lines", "alphabet", "must be A–Z, 0–9 and fillers")
    found = _MASKS.get((len(lines), len(lines[0]))) if lines else None
    if found is None or len({len(line) for line in lines}) != 1:
        raise refuse("lines", "form", "must be 3 lines of 30, 2 of 36 or 2 of 44 characters")
    form, masks = found
    return form, tuple(_mended(line, mask) for line, mask in zip(lines, masks, strict=True))


def _plain(text: str | Sequence[str]) -> str:
    whole = text if isinstance(text, str) else "\n".join(str(line) for line in text[:4])
    if len(whole) > _MAX_TEXT:
        raise refuse("lines", "form", f"must be at most {_MAX_TEXT} characters")
    return plain(whole.translate(_FILLERS), "travel_document", _MAX_TEXT)


def _parted(text: str) -> tuple[str, ...]:
    """Return the lines without blanks; a zone without line breaks is cut by its length."""
    lines = tuple(line for line in (re.sub(r"[ \t]", "", line) for line in text.splitlines()) if line)
    if len(lines) == 1 and len(lines[0]) in _UNBROKEN:
        width = _UNBROKEN[len(lines[0])]
        return tuple(lines[0][start : start + width] for start in range(0, len(lines[0]), width))
    return lines


def _mended(line: str, mask: str) -> str:
    """Return the line with look-alikes mended where only letters or only digits stand."""
    letters, numbers = line.translate(LETTER_FOR), line.translate(DIGIT_FOR)
    choices = {"A": letters, "9": numbers, ".": line}
    return "".join(choices[kind][place] for place, kind in enumerate(mask))
