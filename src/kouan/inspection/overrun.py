"""How much more than declared may be unloaded (溢装) of goods in bulk, by a dated list. Pure."""

from collections.abc import Callable

import msgspec

from kouan.inspection.rules.lists import ReferenceList
from kouan.vocabulary.clock import Instant


class Overrun(msgspec.Struct, frozen=True):
    """By how much a declared mass may be exceeded, in thousandths, and which version of the list says so."""

    permille: int
    rule: str


OverrunAt = Callable[[str, Instant], Overrun | None]
"""Says by how much the declared mass of a goods code may be exceeded, by the rules of an instant; None: not at all."""


def no_overrun(hs_code: str, at: Instant) -> Overrun | None:  # noqa: ARG001 - the role's form
    """Return what holds where nothing is listed: nothing may come over what is declared."""
    return None


def overrun_by(bulk: ReferenceList, reference: str, hs_code: str, at: Instant) -> Overrun | None:
    """Return the tolerance of a goods code by the longest code in force that it begins with, citing ``reference``."""
    found = [item for item in bulk.at(at) if hs_code.startswith(item.code)]
    if not found:
        return None
    permille = max(found, key=lambda item: len(item.code)).value
    return Overrun(permille, reference) if permille else None
