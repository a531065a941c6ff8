"""How far apart two readings of a plate are, with characters that look alike counted as near."""

from collections.abc import Iterable

from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.identifiers.plate_tables import CONFUSED
from kouan.vocabulary.identifiers.text import MAX_TEXT

EDIT = 10
"""One insertion, deletion or substitution, in tenths of an edit."""

CONFUSION = 3
"""One character taken for another that looks like it, in tenths of an edit. Our choice: three make nearly one edit."""

_NEAR = frozenset((left, right) for group in CONFUSED for left in group for right in group if left != right)


def plate_distance(left: str, right: str) -> int:
    """Return the edit distance in tenths of an edit; look-alikes (O and 0, В and B) count CONFUSION.

    Raises InvalidValue for texts longer than MAX_TEXT.
    """
    if max(len(left), len(right)) > MAX_TEXT:
        raise InvalidValue("plate", "text.length", f"must be at most {MAX_TEXT} characters")
    above = [place * EDIT for place in range(len(right) + 1)]
    for row, a in enumerate(left, start=1):
        here = [row * EDIT]
        for column, b in enumerate(right, start=1):
            here.append(min(above[column] + EDIT, here[-1] + EDIT, above[column - 1] + _substitution(a, b)))
        above = here
    return above[-1]


def _substitution(a: str, b: str) -> int:
    if a == b:
        return 0
    return CONFUSION if (a, b) in _NEAR else EDIT


def nearest_plates(read: str, known: Iterable[str], within: int = EDIT) -> tuple[tuple[str, int], ...]:
    """Return the known plates within a distance of what was read, with their distances, nearest first."""
    found = [(plate, plate_distance(read, plate)) for plate in known]
    return tuple(sorted((pair for pair in found if pair[1] <= within), key=lambda pair: (pair[1], pair[0])))
